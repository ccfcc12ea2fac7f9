"""Anthropic's SDK."""

import anthropic

from . import MODEL, PIXEL, Turn


class Talk:
    def __init__(self, upstream):
        self.client = anthropic.Anthropic(
            base_url=upstream.url, api_key=upstream.key, max_retries=0, default_headers=upstream.headers
        )
        self.messages = []
        self.calls = []

    def say(self, text, image=False):
        content = [{"type": "text", "text": text}]
        if image:
            source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
            content.insert(0, {"type": "image", "source": source})
        self.messages.append({"role": "user", "content": content})

    def results(self, texts):
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": text}
            for call, text in zip(self.calls, texts, strict=True)
        ]
        self.messages.append({"role": "user", "content": results})

    def turn(self, wish, streamed):
        ask = {"model": MODEL, "max_tokens": 8192, "messages": self.messages}
        config = {}
        if wish.tools:
            ask["tools"] = [{"name": name, "input_schema": schema} for name, schema in wish.tools.items()]
        if wish.schema:
            config["format"] = {"type": "json_schema", "schema": wish.schema}
        if wish.effort:
            ask["thinking"] = {"type": "adaptive"}
            config["effort"] = wish.effort
        if config:
            ask["output_config"] = config
        if streamed:
            with self.client.messages.stream(**ask) as stream:
                answer = stream.get_final_message()
        else:
            answer = self.client.messages.create(**ask)
        self.messages.append({"role": "assistant", "content": answer.content})
        self.calls = [block for block in answer.content if block.type == "tool_use"]
        usage = answer.usage
        cached = usage.cache_read_input_tokens
        return Turn(
            text="".join(block.text for block in answer.content if block.type == "text"),
            thinking="".join(block.thinking for block in answer.content if block.type == "thinking"),
            calls=[(call.name, call.input) for call in self.calls],
            finish={"end_turn": "stop", "tool_use": "tool"}.get(answer.stop_reason, answer.stop_reason),
            usage=(
                usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0),
                cached,
                usage.output_tokens,
                usage.output_tokens_details.thinking_tokens,
            ),
        )
