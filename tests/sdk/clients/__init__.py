"""The official SDKs behind one face: a conversation, whose turns give a `Turn`.

Each `Talk` keeps the history the way its SDK's users do, and puts back what it got without looking into it.
"""

import base64
import dataclasses

MODEL = "mock-large"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PIXEL_BYTES = base64.b64decode(PIXEL)


@dataclasses.dataclass
class Turn:
    """What a client saw of one answer."""

    text: str
    thinking: str
    # Name and arguments of each call, in order.
    calls: list
    # `stop`, `tool` or what else the protocol says.
    finish: str
    # Tokens: prompt with what was cached, of it cached, output with reasoning, of it reasoning.
    usage: tuple


@dataclasses.dataclass
class Wish:
    """What a turn asks for beside the conversation."""

    tools: dict = dataclasses.field(default_factory=dict)
    schema: dict | None = None
    effort: str | None = None


def of(protocol, upstream):
    """A conversation with the SDK of `protocol`."""
    from . import chat, gemini, messages, responses

    modules = {"chat": chat, "responses": responses, "messages": messages, "gemini": gemini}
    return modules[protocol].Talk(upstream)
