"""The OpenAI SDK: chat, responses, images, embeddings, models."""

import base64
import io
import json

import openai
import pytest

PROTOCOLS = ["chat", "responses", "images", "embeddings"]
MODEL = "mock-large"
TOOL = {"name": "weather", "description": "Weather of a city.", "parameters": {"type": "object", "properties": {}}}
CITY = {"city": "Zürich"}


@pytest.fixture
def client(upstream):
    return openai.OpenAI(
        base_url=f"{upstream.url}/v1", api_key=upstream.key, max_retries=0, default_headers=upstream.headers
    )


def test_chat_answers(client, upstream):
    upstream.says(text="Grüezi 🌉")
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hi"}])
    assert answer.choices[0].message.content == "Grüezi 🌉"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == 30


def test_chat_streams(client, upstream):
    upstream.says(text="one two three four", delayMs=2)
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "hi"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "one two three four"
    assert chunks[-1].usage.prompt_tokens_details.cached_tokens == 4


def test_chat_finishes_a_tool_turn(client, upstream):
    upstream.says(text="Sunny.", tool={"name": "weather", "arguments": CITY})
    messages = [{"role": "user", "content": "weather?"}]
    tools = [{"type": "function", "function": TOOL}]
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=tools).choices[0]
    assert first.finish_reason == "tool_calls"
    call = first.message.tool_calls[0]
    assert json.loads(call.function.arguments) == CITY
    messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": "24 °C"}]
    last = client.chat.completions.create(model=MODEL, messages=messages, tools=tools).choices[0]
    assert (last.finish_reason, last.message.content) == ("stop", "Sunny.")
    assert upstream.requests()[-1]["messages"][-1]["content"] == "24 °C"


def test_chat_streams_a_tool_call(client, upstream):
    upstream.says(tool={"name": "weather", "arguments": CITY})
    with client.chat.completions.stream(
        model=MODEL, messages=[{"role": "user", "content": "weather?"}], tools=[{"type": "function", "function": TOOL}]
    ) as stream:
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments) == CITY


def test_chat_takes_an_image(client, upstream, pixel):
    url = f"data:image/png;base64,{pixel}"
    content = [{"type": "text", "text": "what is it?"}, {"type": "image_url", "image_url": {"url": url}}]
    client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}])
    assert upstream.requests()[-1]["messages"][0]["content"] == content


def test_responses_answers(client, upstream):
    upstream.says(text="Hello there.", thinking="Politely.")
    answer = client.responses.create(model=MODEL, input="hi", reasoning={"summary": "auto"})
    assert answer.output_text == "Hello there."
    assert [item.type for item in answer.output] == ["reasoning", "message"]
    assert answer.usage.output_tokens_details.reasoning_tokens == 3


def test_responses_streams(client, upstream):
    upstream.says(text="one two three", thinking="Counting.", delayMs=2)
    with client.responses.stream(model=MODEL, input="count") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == "one two three"
    assert kinds.count("response.output_text.delta") == 3
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"


def test_responses_finishes_a_tool_turn(client, upstream):
    upstream.says(text="Sunny.", tool={"name": "weather", "arguments": CITY})
    tools = [{"type": "function", "strict": False, **TOOL}]
    items = [{"role": "user", "content": "weather?"}]
    first = client.responses.create(model=MODEL, input=items, tools=tools)
    call = first.output[-1]
    assert (call.type, json.loads(call.arguments)) == ("function_call", CITY)
    items += first.output
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": "24 °C"})
    last = client.responses.create(model=MODEL, input=items, tools=tools)
    assert last.output_text == "Sunny."


def test_responses_takes_an_image(client, upstream, pixel):
    content = [
        {"type": "input_text", "text": "what is it?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{pixel}", "detail": "auto"},
    ]
    client.responses.create(model=MODEL, input=[{"role": "user", "content": content}])
    assert upstream.requests()[-1]["input"][0]["content"] == content


def test_responses_counts_and_compacts(client):
    assert client.responses.input_tokens.count(model=MODEL, input="hi").input_tokens == 21
    compacted = client.responses.compact(model=MODEL, input="hi")
    assert compacted.output[0].type == "compaction"


def test_images_are_made_changed_and_varied(client, upstream, pixel):
    def png():
        return ("pixel.png", io.BytesIO(base64.b64decode(pixel)), "image/png")

    made = client.images.generate(model="gpt-image-1", prompt="a bridge", n=2)
    assert [image.b64_json for image in made.data] == [pixel, pixel]
    changed = client.images.edit(model="gpt-image-1", image=png(), prompt="taller")
    assert changed.data[0].b64_json == pixel
    varied = client.images.create_variation(model="dall-e-2", image=png())
    assert varied.data[0].b64_json == pixel
    operations = [seen["operation"] for seen in upstream.seen()["requests"]]
    assert operations == ["image_generate", "image_edit", "image_variation"]


def test_images_stream_their_parts(client):
    stream = client.images.generate(model="gpt-image-1", prompt="a bridge", stream=True, partial_images=2)
    kinds = [event.type for event in stream]
    assert kinds == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]


def test_embeddings_come_as_numbers_whatever_the_encoding(client, upstream):
    packed = client.embeddings.create(model="embed", input=["a", "b"])
    plain = client.embeddings.create(model="embed", input=["a", "b"], encoding_format="float")
    assert len(packed.data) == 2
    assert packed.data[1].embedding == plain.data[1].embedding
    assert len(client.embeddings.create(model="embed", input="a", dimensions=16).data[0].embedding) == 16
    assert upstream.requests()[0]["encoding_format"] == "base64"


def test_models_are_listed_and_found(client):
    assert {"mock-large", "mock-small"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("mock-small").id == "mock-small"


CALLS = {
    "chat": lambda client: client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hi"}]),
    "chat stream": lambda client: list(
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hi"}], stream=True)
    ),
    "responses": lambda client: client.responses.create(model=MODEL, input="hi"),
    "images": lambda client: client.images.generate(model="gpt-image-1", prompt="a bridge"),
    "embeddings": lambda client: client.embeddings.create(model="embed", input="hi"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize(
    "status, error",
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (413, openai.APIStatusError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (529, openai.InternalServerError),
    ],
)
def test_errors_have_their_own_classes(client, upstream, call, status, error):
    upstream.fails(status)
    with pytest.raises(error) as raised:
        call(client)
    assert raised.value.status_code == status
    assert raised.value.body["message"]


def test_a_wrong_key_is_an_authentication_error(client, upstream):
    if upstream.channel is None:
        pytest.skip("the mock takes every key")
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="cw-not-the-client-key").models.list()
