"""A gateway and a mock upstream for the official SDKs.

Where they run is told by CAUSEWAY_URL, CAUSEWAY_KEY, CAUSEWAY_ADMIN_KEY and MOCK_URL. With none of them, `serve-fixture`
(or CAUSEWAY_FIXTURE) is started. With MOCK_URL alone the SDKs talk to the mock directly, which tests the mock.
"""

import itertools
import json
import os
import pathlib
import subprocess
import urllib.request

import pytest
from clients import PIXEL

ROOT = pathlib.Path(__file__).resolve().parents[2]
NUMBERS = itertools.count(1)


def request(method, url, body=None, key=None):
    """One call in JSON; errors raise."""
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(call, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


class Upstream:
    """One lane of the mock, with the channel that leads to it."""

    def __init__(self, target, protocols):
        self.target = target
        self.lane = f"sdk-{os.getpid()}-{next(NUMBERS)}"
        self.control = f"{target['mock']}/_control/lanes/{self.lane}"
        self.channel = None
        self.headers = {}
        if target["url"] is None:
            self.url, self.key = f"{target['mock']}/{self.lane}", "sk-direct"
            return
        self.url, self.key = target["url"], target["key"]
        self.headers = {"X-Channel": self.lane}
        base = f"{target['mock']}/{self.lane}"
        self.channel = self.api(
            "POST",
            "channels",
            {
                "name": self.lane,
                "endpoints": [{"protocol": protocol, "baseUrl": base} for protocol in protocols],
                "keys": [{"key": f"sk-{self.lane}"}],
            },
        )

    def api(self, method, path, body=None):
        return request(method, f"{self.target['url']}/api/{path}", body, self.target["adminKey"])

    def says(self, **reply):
        """What every request is answered with."""
        request("POST", self.control, {"default": {"reply": reply}})

    def fails(self, status, **headers):
        """What every request is refused with."""
        behaviour = {"do": {"status": {"code": status}}, "reply": {"headers": headers}}
        request("POST", self.control, {"default": behaviour})

    def requests(self):
        """Bodies of the requests that arrived, those that were JSON."""
        return [json.loads(seen["body"]) for seen in self.seen()["requests"] if seen["body"].startswith("{")]

    def seen(self):
        return request("GET", self.control)

    def close(self):
        violations = self.seen()["violations"]
        if self.channel:
            self.api("DELETE", f"channels/{self.channel['id']}")
        assert violations == []


@pytest.fixture(scope="session")
def target():
    mock, url = os.environ.get("MOCK_URL"), os.environ.get("CAUSEWAY_URL")
    if mock:
        keys = {"key": os.environ.get("CAUSEWAY_KEY"), "adminKey": os.environ.get("CAUSEWAY_ADMIN_KEY")}
        yield {"url": url, "mock": mock, **keys}
        return
    folder = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = os.environ.get("CAUSEWAY_FIXTURE", folder / "debug" / "serve-fixture")
    with subprocess.Popen([program, "--attached"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()


@pytest.fixture
def upstream(request, target):
    """A fresh channel for the protocols a module names in PROTOCOLS."""
    upstream = Upstream(target, request.module.PROTOCOLS)
    yield upstream
    upstream.close()


@pytest.fixture
def pixel():
    return PIXEL
