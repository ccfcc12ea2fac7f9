"""OpenAI's SDK, Chat Completions."""

import json

import openai

from . import MODEL, PIXEL, Turn


class Talk:
    def __init__(self, upstream):
        self.client = openai.OpenAI(
            base_url=f"{upstream.url}/v1", api_key=upstream.key, max_retries=0, default_headers=upstream.headers
        )
        self.messages = []
        self.calls = []

    def say(self, text, image=False):
        content = text
        if image:
            picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
            content = [picture, {"type": "text", "text": text}]
        self.messages.append({"role": "user", "content": content})

    def results(self, texts):
        for call, text in zip(self.calls, texts, strict=True):
            self.messages.append({"role": "tool", "tool_call_id": call.id, "content": text})

    def turn(self, wish, streamed):
        ask = {"model": MODEL, "messages": self.messages}
        if wish.tools:
            tools = [{"name": name, "parameters": schema} for name, schema in wish.tools.items()]
            ask["tools"] = [{"type": "function", "function": tool} for tool in tools]
        if wish.schema:
            schema = {"name": "answer", "schema": wish.schema, "strict": True}
            ask["response_format"] = {"type": "json_schema", "json_schema": schema}
        if wish.effort:
            ask["reasoning_effort"] = wish.effort
        if streamed:
            with self.client.chat.completions.stream(**ask, stream_options={"include_usage": True}) as stream:
                answer = stream.get_final_completion()
        else:
            answer = self.client.chat.completions.create(**ask)
        choice, usage = answer.choices[0], answer.usage
        message = choice.message.model_dump(exclude_none=True)
        message.pop("parsed", None)
        for call in message.get("tool_calls", []):
            call.pop("index", None)
            call["function"].pop("parsed_arguments", None)
        self.messages.append(message)
        self.calls = choice.message.tool_calls or []
        return Turn(
            text=choice.message.content or "",
            thinking=getattr(choice.message, "reasoning_content", None) or "",
            calls=[(call.function.name, json.loads(call.function.arguments)) for call in self.calls],
            finish={"tool_calls": "tool"}.get(choice.finish_reason, choice.finish_reason),
            usage=(
                usage.prompt_tokens,
                usage.prompt_tokens_details.cached_tokens,
                usage.completion_tokens,
                usage.completion_tokens_details.reasoning_tokens,
            ),
        )
