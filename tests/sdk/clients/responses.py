"""OpenAI's SDK, Responses."""

import json

import openai

from . import MODEL, PIXEL, Turn


class Talk:
    def __init__(self, upstream):
        self.client = openai.OpenAI(
            base_url=f"{upstream.url}/v1", api_key=upstream.key, max_retries=0, default_headers=upstream.headers
        )
        self.items = []
        self.calls = []

    def say(self, text, image=False):
        content = [{"type": "input_text", "text": text}]
        if image:
            content.insert(0, {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"})
        self.items.append({"role": "user", "content": content})

    def results(self, texts):
        for call, text in zip(self.calls, texts, strict=True):
            self.items.append({"type": "function_call_output", "call_id": call.call_id, "output": text})

    def turn(self, wish, streamed):
        ask = {"model": MODEL, "input": self.items, "store": False}
        if wish.tools:
            tools = wish.tools.items()
            ask["tools"] = [
                {"type": "function", "name": name, "parameters": schema, "strict": False} for name, schema in tools
            ]
        if wish.schema:
            form = {"type": "json_schema", "name": "answer", "schema": wish.schema, "strict": True}
            ask["text"] = {"format": form}
        if wish.effort:
            ask["reasoning"] = {"effort": wish.effort, "summary": "auto"}
            ask["include"] = ["reasoning.encrypted_content"]
        if streamed:
            events = list(self.client.responses.create(**ask, stream=True))
            assert [event.sequence_number for event in events] == list(range(len(events)))
            answer = events[-1].response
            said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
            assert said == answer.output_text
        else:
            answer = self.client.responses.create(**ask)
        self.items += answer.output
        self.calls = [item for item in answer.output if item.type == "function_call"]
        summaries = [part.text for item in answer.output if item.type == "reasoning" for part in item.summary]
        finish = "tool" if self.calls else "stop"
        usage = answer.usage
        return Turn(
            text=answer.output_text,
            thinking="".join(summaries),
            calls=[(call.name, json.loads(call.arguments)) for call in self.calls],
            finish=finish if answer.status == "completed" else answer.status,
            usage=(
                usage.input_tokens,
                usage.input_tokens_details.cached_tokens,
                usage.output_tokens,
                usage.output_tokens_details.reasoning_tokens,
            ),
        )
