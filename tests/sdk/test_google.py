"""The Google GenAI SDK: generation, streams, tools, tokens, embeddings, models."""

import base64

import pytest
from google import genai
from google.genai import errors, types

PROTOCOLS = ["gemini"]
MODEL = "gemini-2.5-flash"
CITY = {"city": "Zürich"}
WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="weather",
            description="Weather of a city.",
            parameters_json_schema={"type": "object", "properties": {"city": {"type": "string"}}},
        )
    ]
)


@pytest.fixture(params=[None, "v1beta"], ids=["default", "v1beta"])
def client(upstream, request):
    """The SDK's own choice of version, `v1`, and the one it made for years."""
    options = types.HttpOptions(
        base_url=upstream.url,
        headers=upstream.headers,
        api_version=request.param,
        retry_options=types.HttpRetryOptions(attempts=1),
    )
    return genai.Client(api_key=upstream.key, vertexai=False, http_options=options)


def test_gemini_answers(client, upstream):
    upstream.says(text="Grüezi 🌉")
    answer = client.models.generate_content(model=MODEL, contents="hi")
    assert answer.text == "Grüezi 🌉"
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.usage_metadata.total_token_count == 30


def test_gemini_streams(client, upstream):
    upstream.says(text="one two three", thinking="Counting.", delayMs=2)
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="hi"))
    assert len(chunks) == 4
    assert "".join(chunk.text or "" for chunk in chunks) == "one two three"
    assert upstream.seen()["requests"][-1]["query"] == "alt=sse"


@pytest.mark.parametrize("streamed", [False, True])
def test_gemini_finishes_a_tool_turn(client, upstream, streamed):
    config = types.GenerateContentConfig(
        tools=[WEATHER], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True)
    )

    def turn(contents):
        if streamed:
            chunks = list(client.models.generate_content_stream(model=MODEL, contents=contents, config=config))
            return [part for chunk in chunks for part in chunk.candidates[0].content.parts]
        answer = client.models.generate_content(model=MODEL, contents=contents, config=config)
        return answer.candidates[0].content.parts

    upstream.says(text="Sunny.", tool={"name": "weather", "arguments": CITY})
    contents = [types.Content(role="user", parts=[types.Part(text="weather?")])]
    first = turn(contents)
    call = first[-1].function_call
    assert (call.name, call.args) == ("weather", CITY)
    contents.append(types.Content(role="model", parts=first))
    response = types.FunctionResponse(id=call.id, name=call.name, response={"result": "24 °C"})
    contents.append(types.Content(role="user", parts=[types.Part(function_response=response)]))
    last = turn(contents)
    assert "".join(part.text or "" for part in last) == "Sunny."
    replayed = upstream.requests()[-1]["contents"]
    assert replayed[1]["parts"][-1]["thoughtSignature"] in upstream.seen()["seals"]


def test_gemini_takes_an_image(client, upstream, pixel):
    image = types.Part.from_bytes(data=base64.b64decode(pixel), mime_type="image/png")
    client.models.generate_content(model=MODEL, contents=[image, "what is it?"])
    parts = upstream.requests()[-1]["contents"][0]["parts"]
    assert base64.b64decode(parts[0]["inlineData"]["data"]) == base64.b64decode(pixel)


def test_tokens_are_counted(client):
    assert client.models.count_tokens(model=MODEL, contents="hi").total_tokens == 21


def test_texts_are_embedded(client):
    answer = client.models.embed_content(model="gemini-embedding-001", contents=["a", "b"])
    assert [len(embedding.values) for embedding in answer.embeddings] == [8, 8]


def test_models_are_listed_and_found(client):
    assert {"models/mock-large", "models/mock-small"} <= {model.name for model in client.models.list()}
    assert client.models.get(model="mock-small").name == "models/mock-small"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "status, error",
    [
        (400, errors.ClientError),
        (401, errors.ClientError),
        (404, errors.ClientError),
        (413, errors.ClientError),
        (429, errors.ClientError),
        (500, errors.ServerError),
        (529, errors.ServerError),
    ],
)
def test_errors_have_their_own_classes(client, upstream, status, error, streamed):
    upstream.fails(status)
    with pytest.raises(error) as raised:
        if streamed:
            list(client.models.generate_content_stream(model=MODEL, contents="hi"))
        else:
            client.models.generate_content(model=MODEL, contents="hi")
    assert raised.value.code == status
    assert raised.value.message and raised.value.status
