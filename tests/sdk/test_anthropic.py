"""The Anthropic SDK: messages, token counts, models."""

import anthropic
import pytest

PROTOCOLS = ["messages"]
MODEL = "claude-mock-1"
ASK = {"model": MODEL, "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}
TOOLS = [{"name": "weather", "description": "Weather of a city.", "input_schema": {"type": "object", "properties": {}}}]
CITY = {"city": "Zürich"}


@pytest.fixture
def client(upstream):
    return anthropic.Anthropic(
        base_url=upstream.url, api_key=upstream.key, max_retries=0, default_headers=upstream.headers
    )


def test_messages_answers(client, upstream):
    upstream.says(text="Grüezi 🌉", thinking="Politely.")
    answer = client.messages.create(**ASK)
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert answer.content[0].signature
    assert answer.content[1].text == "Grüezi 🌉"
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens) == (17, 4)


def test_messages_streams(client, upstream):
    upstream.says(text="one two three", thinking="Counting.", delayMs=2)
    with client.messages.stream(**ASK) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == "one two three"
    assert (final.stop_reason, final.content[0].thinking) == ("end_turn", "Counting.")


@pytest.mark.parametrize("streamed", [False, True])
def test_messages_finishes_a_tool_turn(client, upstream, streamed):
    def turn(messages):
        if not streamed:
            return client.messages.create(**{**ASK, "messages": messages}, tools=TOOLS)
        with client.messages.stream(**{**ASK, "messages": messages}, tools=TOOLS) as stream:
            return stream.get_final_message()

    upstream.says(text="Sunny.", thinking="Ask.", tool={"name": "weather", "arguments": CITY})
    messages = list(ASK["messages"])
    first = turn(messages)
    call = first.content[-1]
    assert (first.stop_reason, call.type, call.input) == ("tool_use", "tool_use", CITY)
    messages.append({"role": "assistant", "content": first.content})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "24 °C"}
    messages.append({"role": "user", "content": [result]})
    last = turn(messages)
    assert (last.stop_reason, last.content[-1].text) == ("end_turn", "Sunny.")
    replayed = upstream.requests()[-1]["messages"]
    assert replayed[1]["content"][0]["signature"] == first.content[0].signature
    assert replayed[2]["content"] == [result]


def test_messages_takes_an_image(client, upstream, pixel):
    source = {"type": "base64", "media_type": "image/png", "data": pixel}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "what is it?"}]
    client.messages.create(**{**ASK, "messages": [{"role": "user", "content": content}]})
    assert upstream.requests()[-1]["messages"][0]["content"] == content


def test_beta_headers_and_queries_arrive(client, upstream):
    client.beta.messages.create(**ASK, betas=["context-1m-2025-08-07"], extra_query={"beta": "true"})
    seen = upstream.seen()["requests"][-1]
    assert dict(seen["headers"])["anthropic-beta"] == "context-1m-2025-08-07"
    assert seen["query"] == "beta=true"


def test_a_token_can_be_the_credential(upstream):
    client = anthropic.Anthropic(
        base_url=upstream.url, auth_token=upstream.key, max_retries=0, default_headers=upstream.headers
    )
    assert client.messages.create(**ASK).content


def test_tokens_are_counted(client):
    counted = client.messages.count_tokens(model=MODEL, messages=ASK["messages"])
    assert counted.input_tokens == 21


def test_models_are_listed_and_found(client):
    assert {"mock-large", "mock-small"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("mock-small").display_name


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "status, error",
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (404, anthropic.NotFoundError),
        (413, anthropic.RequestTooLargeError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.OverloadedError),
    ],
)
def test_errors_have_their_own_classes(client, upstream, status, error, streamed):
    upstream.fails(status)
    with pytest.raises(error) as raised:
        if streamed:
            with client.messages.stream(**ASK) as stream:
                stream.get_final_message()
        else:
            client.messages.create(**ASK)
    assert raised.value.status_code == status
    assert raised.value.body["type"] == "error"
    assert raised.value.body["error"]["message"]
