"""What the management API answers to what its OpenAPI document allows, and to what it does not allow.

schemathesis makes the calls out of the document, always the same ones. Others, and more of them, by hand:

    OPENAPI_EXAMPLES=500 tests/.venv/bin/python -m pytest tests/sdk/test_openapi.py --hypothesis-seed=7
"""

import itertools
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import schemathesis
from conftest import ROOT, request
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES = os.environ.get("OPENAPI_EXAMPLES")
DOCUMENT = schemathesis.openapi.from_path(ROOT / "docs" / "openapi.json")
DOCUMENT.config.generation.update(
    max_examples=int(EXAMPLES or 10),
    deterministic=EXAMPLES is None,
    # The key is the suite's to send: one that is made up would be a guess, and guesses are throttled.
    with_security_parameters=False,
)

# That what the document allows is done cannot be asked for: a name may be taken, an id unknown.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NUMBERS = itertools.count(1)


class Stage:
    """What a path can name, there for each call whatever the one before did to it."""

    def __init__(self, target):
        self.target = target
        self.channel = self.client_key = self.request = None

    def named_in(self, path):
        """A value for each parameter of a path."""
        if path.startswith("/api/channels/"):
            return self.a_channel()
        if path.startswith("/api/client-keys/"):
            return self.a_client_key()
        if path.startswith("/api/requests/{id}"):
            return self.a_request()
        return {}

    def a_channel(self):
        """One with a key."""
        channel = self.read(f"channels/{self.channel}")
        if not (channel and channel["keys"]):
            channel = self.make_channel()
            self.channel = channel["id"]
        return {"id": self.channel, "keyId": channel["keys"][0]["id"]}

    def make_channel(self):
        endpoint = {"protocol": "chat", "baseUrl": f"{self.target['mock']}/openapi"}
        fields = {"endpoints": [endpoint], "keys": [{"key": "sk-openapi"}]}
        return self.api("POST", "channels", {"name": f"openapi-{next(NUMBERS)}", **fields})

    def a_client_key(self):
        if not self.read(f"client-keys/{self.client_key}"):
            made = self.api("POST", "client-keys", {"name": f"openapi-{next(NUMBERS)}"})
            self.client_key = made["clientKey"]["id"]
        return {"id": self.client_key}

    def a_request(self):
        """One that is recorded, and captured."""
        if not self.is_kept(self.request):
            # As they may be by now, nothing need get through.
            self.api("PUT", "settings", {})
            self.api("POST", "capture", {"requests": 1})
            body = {"model": "mock-large", "messages": [{"role": "user", "content": "hello"}]}
            headers = {"authorization": f"Bearer {self.target['key']}", "content-type": "application/json"}
            headers["x-channel"] = self.make_channel()["name"]
            url = f"{self.target['url']}/v1/chat/completions"
            with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
                self.request = answer.headers["x-causeway-request-id"]
            while not self.is_kept(self.request):
                time.sleep(0.05)
        return {"id": self.request}

    def is_kept(self, request):
        return self.read(f"requests/{request}") and self.read(f"requests/{request}/capture")

    def read(self, path):
        """None where there is nothing."""
        try:
            return self.api("GET", path)
        except urllib.error.HTTPError:
            return None

    def api(self, method, path, body=None):
        return request(method, f"{self.target['url']}/api/{path}", body, self.target["adminKey"])


@pytest.fixture(scope="session")
def stage(target):
    if target["url"] is None:
        pytest.skip("the mock has no management API")
    return Stage(target)


@DOCUMENT.parametrize()
def test_every_answer_is_one_of_the_document(case, target, stage):
    if not is_wrong(case, ParameterLocation.PATH):
        named = stage.named_in(case.path)
        case.path_parameters.update({name: named[name] for name in case.path_parameters if name in named})
    if case.path == "/api/session" and isinstance(case.body, dict) and "key" in case.body:
        # One wrong key over and over is no guess.
        case.body["key"] = "cwa-nobodys-key"
    answer = case.call(base_url=target["url"], headers={"authorization": f"Bearer {target['adminKey']}"})
    must_refuse = must_refuse_wrong(case, answer.request.url)
    case.validate_response(answer, checks=[*CHECKS, negative_data_rejection] if must_refuse else CHECKS)


def must_refuse_wrong(case, url):
    """Whether the answer to a wrong call has to be an error: an empty parameter is one left out, and an object in a body
    may also be the list of its fields. `tests/suite/contract.rs` has the wrong bodies.
    """
    sent = urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True)
    return not is_wrong(case, ParameterLocation.BODY) and all(value for _, value in sent)


def is_wrong(case, part):
    component = case.meta.components.get(part)
    return component is not None and component.mode.is_negative
