"""Every SDK on every upstream protocol: what the client sees, and what the upstream receives."""

import json

import clients
import pytest
import received
from clients import PIXEL, Wish
from conftest import Upstream

PROTOCOLS = ["chat", "messages", "responses", "gemini"]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ANSWER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "warm": {"type": "boolean"}},
    "required": ["city", "warm"],
    "additionalProperties": False,
}
THINKING = "I must look outside, twice."

# The mock counts the same for every answer: 21 in, of them 4 cached; 9 out, of them 3 reasoning.
USAGE = (21, 4, 9, 3)


@pytest.fixture(params=PROTOCOLS)
def protocol(request):
    """What the upstream speaks."""
    return request.param


@pytest.fixture
def upstream(target, protocol):
    upstream = Upstream(target, [protocol])
    yield upstream
    upstream.close()


@pytest.fixture(params=PROTOCOLS)
def talk(request, upstream, protocol):
    """A conversation of each SDK; against the mock alone only those it can answer itself."""
    if upstream.channel is None and request.param != protocol:
        pytest.skip("nobody converts")
    return clients.of(request.param, upstream)


streamed = pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])


@streamed
def test_an_answer_arrives_with_its_thinking_and_its_usage(talk, upstream, protocol, streamed):
    upstream.says(text="Grüezi 🌉, how are you?", thinking=THINKING)
    talk.say("hi")
    turn = talk.turn(Wish(effort="high"), streamed)
    assert (turn.text, turn.thinking, turn.calls) == ("Grüezi 🌉, how are you?", THINKING, [])
    assert (turn.finish, turn.usage) == ("stop", USAGE)
    assert received.effort(protocol, upstream.requests()[-1]) == "high"


@streamed
def test_parallel_calls_are_answered_and_the_thinking_goes_back(talk, upstream, protocol, streamed):
    zurich, bern = ({"name": "weather", "arguments": {"city": city}} for city in ("Zürich", "Bern"))
    upstream.says(text="Both are sunny.", thinking=THINKING, tool=zurich, tools=[bern, {"name": "time", "arguments": {}}])
    wish = Wish(effort="high", tools={"weather": CITY, "time": {"type": "object", "properties": {}}})
    talk.say("weather?")
    first = talk.turn(wish, streamed)
    calls = [("weather", {"city": "Zürich"}), ("weather", {"city": "Bern"}), ("time", {})]
    assert (first.thinking, first.calls, first.finish) == (THINKING, calls, "tool")
    talk.results(["24 °C", '{"celsius": 19}', "noon"])
    last = talk.turn(wish, streamed)
    assert (last.text, last.calls, last.finish) == ("Both are sunny.", [], "stop")
    body = upstream.requests()[-1]
    assert received.calls(protocol, body) == calls
    assert received.results(protocol, body) == ["24 °C", {"celsius": 19}, "noon"]
    issued = [THINKING] if protocol == "chat" else upstream.seen()["seals"][:1]
    assert [seal.replace("-", "+").replace("_", "/") for seal in received.seals(protocol, body)] == issued
    talk.say("thanks")
    assert talk.turn(wish, streamed).text == "Both are sunny."


@streamed
def test_an_image_arrives(talk, upstream, protocol, streamed):
    talk.say("what is it?", image=True)
    assert talk.turn(Wish(), streamed).text
    assert received.images(protocol, upstream.requests()[-1]) == [PIXEL]


@streamed
def test_an_answer_takes_the_form_that_was_asked_for(talk, upstream, protocol, streamed):
    upstream.says(structured={"city": "Zürich", "warm": True})
    talk.say("where?")
    turn = talk.turn(Wish(schema=ANSWER), streamed)
    assert json.loads(turn.text) == {"city": "Zürich", "warm": True}
    assert received.schema(protocol, upstream.requests()[-1])["properties"].keys() == {"city", "warm"}
