"""What the gateway makes of the fixtures, judged by the official SDKs: no gateway is needed.

Every request must be one that the SDK of its target could have sent; every answer is read by the SDK of its client.
Known differences between an SDK's types and its vendor's API are in `KNOWN`.
"""

import json
import pathlib
import re

import anthropic
import httpx2 as httpx
import openai
import pytest
from anthropic.types.beta import BetaMessage
from anthropic.types.beta import message_create_params as messages
from google.genai import types as gemini
from openai.types.chat import ChatCompletion
from openai.types.chat import completion_create_params as chat
from openai.types.responses import Response
from openai.types.responses import response_create_params as responses

import shape

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"
# What vendors and their imitators take although the SDK's types do not know it.
KNOWN = {
    # Older models take them still.
    "messages": [r"body\.(temperature|top_p|top_k): unknown"],
    "chat": [
        r"messages\[\d+\]\.name: unknown",
        r"\.(reasoning_content|reasoning|reasoning_details|cache_control): unknown",
        # Google's face of Chat carries thought signatures so.
        r"tool_calls\[\d+\]\.extra_content: unknown",
        r"'image' is none of \['text', 'audio'\]",
        r"body\.(top_k|min_p|repetition_penalty|provider|enable_thinking|thinking_budget|thinking): unknown",
    ],
    # Codex gives every message an id.
    "responses": [r"body\.client_metadata: unknown", r"input\[\d+\]\.id: unknown"],
    "gemini": [r"generationConfig\.(imageConfig|image_config)", r"(videoMetadata|video_metadata)"],
}
REQUESTS = {
    "messages": (messages.MessageCreateParamsNonStreaming, messages.MessageCreateParamsStreaming),
    "chat": (chat.CompletionCreateParamsNonStreaming, chat.CompletionCreateParamsStreaming),
    "responses": (responses.ResponseCreateParamsNonStreaming, responses.ResponseCreateParamsStreaming),
}
GEMINI = {
    "contents": list[gemini.Content],
    "systemInstruction": gemini.Content,
    "tools": list[gemini.Tool],
    "toolConfig": gemini.ToolConfig,
    "generationConfig": gemini.GenerationConfig,
    "safetySettings": list[gemini.SafetySetting],
    "cachedContent": str,
    "labels": dict[str, str],
    "serviceTier": str,
    "store": bool,
}


def cases(kind, suffix):
    """(protocol, path) of every golden output, and of every input that is one of the vendor's."""
    found = []
    for path in sorted((FIXTURES / kind).glob("*/*")):
        case, *target, extension = path.name.split(".")
        protocol = target[0] if target else path.parent.name
        known = str(path.relative_to(FIXTURES)) not in ODD_OUTPUTS
        legal = known if target else not (case.startswith("odd_") or f"{protocol}/{case}" in ODD_INPUTS)
        if f".{extension}" == suffix and legal:
            found.append(pytest.param(protocol, path, id=str(path.relative_to(FIXTURES))))
    return found


# What only some SDKs' types know of an answer: custom calls are streamed, but not in the types.
ODD_OUTPUTS = {"stream/responses/custom_tools.chat.sse"}
# Inputs that clients or vendors do send, and that the SDKs' types do not have.
ODD_INPUTS = {"chat/images", "responses/codex", "responses/thinking", "gemini/snake_case"}


def golden(path):
    """The body of a golden file, or of an input."""
    document = json.loads(path.read_text())
    if path.name.count(".") == 1:
        return document
    if "refused" in document:
        pytest.skip("refused")
    return document["body"]


@pytest.mark.parametrize(("protocol", "path"), cases("request", ".json"))
def test_a_request_is_what_the_sdk_could_have_sent(protocol, path):
    body = golden(path)
    if protocol == "gemini":
        lines = gemini_problems(body)
    else:
        body = {"model": "m", **body}
        lines = shape.problems(body, REQUESTS[protocol][bool(body.get("stream"))])
    assert [line for line in lines if not any(re.search(known, line) for known in KNOWN[protocol])] == []


def gemini_problems(body):
    lines = []
    for key, value in body.items():
        if key not in GEMINI:
            lines.append(f"body.{key}: unknown")
            continue
        try:
            gemini.pydantic.TypeAdapter(GEMINI[key]).validate_python(value)
        except gemini.pydantic.ValidationError as error:
            lines += [f"{key}.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return lines


@pytest.mark.parametrize(("protocol", "path"), cases("response", ".json"))
def test_an_answer_is_read(protocol, path):
    body = golden(path)
    if "error" in body and body["error"]:
        pytest.skip("an error")
    model = {"messages": BetaMessage, "chat": ChatCompletion, "responses": Response}.get(protocol)
    if model is None:
        gemini.GenerateContentResponse.model_validate(body)
    else:
        model.model_validate(body)


@pytest.mark.parametrize(("protocol", "path"), cases("stream", ".sse"))
def test_a_stream_is_read_to_its_end(protocol, path):
    content = path.read_bytes()
    last = [event for event in content.split(b"\n\n") if event and not event.startswith(b":")][-1]
    failed = b"event: error" in last or b'"error":{' in last
    try:
        READ[protocol](httpx.MockTransport(lambda _: httpx.Response(200, headers=SSE, content=content)))
    except (openai.APIError, anthropic.APIError, ValueError):
        assert failed, "the SDK raises although the stream ends well"
    else:
        assert not failed or protocol in ("gemini", "responses"), "the SDK takes a failure for an end"


SSE = {"content-type": "text/event-stream"}


def read_messages(transport):
    client = anthropic.Anthropic(api_key="k", http_client=httpx.Client(transport=transport), max_retries=0)
    with client.beta.messages.stream(model="m", max_tokens=1, messages=[{"role": "user", "content": "x"}]) as stream:
        for event in stream:
            type(event).model_validate(event.to_dict())
        BetaMessage.model_validate(stream.get_final_message().to_dict())


def read_chat(transport):
    client = openai.OpenAI(api_key="k", http_client=httpx.Client(transport=transport), max_retries=0)
    finished = False
    for chunk in client.chat.completions.create(model="m", messages=[], stream=True):
        type(chunk).model_validate(chunk.to_dict())
        finished |= any(choice.finish_reason for choice in chunk.choices)
    assert finished


def read_responses(transport):
    client = openai.OpenAI(api_key="k", http_client=httpx.Client(transport=transport), max_retries=0)
    last = None
    for event in client.responses.create(model="m", input="x", stream=True):
        type(event).model_validate(event.to_dict())
        last = event.type
    assert last in ("response.completed", "response.incomplete", "response.failed", "error")


def read_gemini(transport):
    # The SDK's own client wants a key and a transport of its own; its line reader is what matters.
    response = httpx.Client(transport=transport).get("http://gemini")
    for event in response.content.decode().replace("\r\n", "\n").split("\n\n"):
        data = "\n".join(line.removeprefix("data:") for line in event.split("\n") if line.startswith("data:"))
        if data:
            body = json.loads(data)
            if "error" in body:
                raise ValueError(body["error"]["message"])
            gemini.GenerateContentResponse.model_validate(body)


READ = {"messages": read_messages, "chat": read_chat, "responses": read_responses, "gemini": read_gemini}
