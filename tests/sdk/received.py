"""What an upstream received, read the same way whatever its protocol."""

import json


def _blocks(body, kind):
    contents = [message["content"] for message in body["messages"] if isinstance(message["content"], list)]
    return [block for content in contents for block in content if block["type"] == kind]


def _items(body, kind):
    return [item for item in body["input"] if item.get("type") == kind]


def _parts(body, kind):
    return [part for content in body["contents"] for part in content["parts"] if kind in part]


def _text(content):
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content)


def calls(protocol, body):
    """Name and arguments of every call in the history."""
    if protocol == "messages":
        return [(block["name"], block["input"]) for block in _blocks(body, "tool_use")]
    if protocol == "chat":
        functions = [call["function"] for message in body["messages"] for call in message.get("tool_calls", [])]
        return [(function["name"], json.loads(function["arguments"])) for function in functions]
    if protocol == "responses":
        return [(item["name"], json.loads(item["arguments"])) for item in _items(body, "function_call")]
    return [(part["functionCall"]["name"], part["functionCall"]["args"]) for part in _parts(body, "functionCall")]


def results(protocol, body):
    """What every tool said: text, or the object it is in JSON. Gemini's one-field objects count as their text."""
    return [_said(result) for result in _results(protocol, body)]


def _said(result):
    if isinstance(result, str):
        try:
            return _said(json.loads(result))
        except ValueError:
            return result
    return _said(next(iter(result.values()))) if result.keys() in ({"result"}, {"output"}) else result


def _results(protocol, body):
    if protocol == "messages":
        return [_text(block["content"]) for block in _blocks(body, "tool_result")]
    if protocol == "chat":
        return [_text(message["content"]) for message in body["messages"] if message["role"] == "tool"]
    if protocol == "responses":
        return [_text(item["output"]) for item in _items(body, "function_call_output")]
    return [part["functionResponse"]["response"] for part in _parts(body, "functionResponse")]


def images(protocol, body):
    """The base64 of every image."""
    if protocol == "messages":
        return [block["source"]["data"] for block in _blocks(body, "image")]
    if protocol == "chat":
        return [block["image_url"]["url"].partition(",")[2] for block in _blocks(body, "image_url")]
    if protocol == "responses":
        contents = [item["content"] for item in body["input"] if isinstance(item.get("content"), list)]
        parts = [part for content in contents for part in content if part["type"] == "input_image"]
        return [part["image_url"].partition(",")[2] for part in parts]
    return [part["inlineData"]["data"] for part in _parts(body, "inlineData")]


def seals(protocol, body):
    """What proves earlier thinking: signatures, or for Chat the thinking itself."""
    if protocol == "messages":
        return [block["signature"] for block in _blocks(body, "thinking")]
    if protocol == "chat":
        return [message["reasoning_content"] for message in body["messages"] if message.get("reasoning_content")]
    if protocol == "responses":
        return [item["encrypted_content"] for item in _items(body, "reasoning")]
    return [part["thoughtSignature"] for part in _parts(body, "thoughtSignature")]


def schema(protocol, body):
    """The form wanted of the answer."""
    if protocol == "messages":
        return body["output_config"]["format"]["schema"]
    if protocol == "chat":
        return body["response_format"]["json_schema"]["schema"]
    if protocol == "responses":
        return body["text"]["format"]["schema"]
    config = body["generationConfig"]
    return config.get("responseJsonSchema") or config["responseSchema"]


def effort(protocol, body):
    """How much thinking was asked for."""
    if protocol == "messages":
        assert body["thinking"]["type"] == "adaptive"
        return body["output_config"]["effort"]
    if protocol == "chat":
        return body["reasoning_effort"]
    if protocol == "responses":
        return body["reasoning"]["effort"]
    # Google's own SDK mixes its two spellings.
    config = {name.replace("_", "").lower(): value for name, value in body["generationConfig"]["thinkingConfig"].items()}
    assert config["includethoughts"]
    return config["thinkinglevel"].lower()
