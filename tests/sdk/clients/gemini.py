"""Google's SDK."""

from google import genai
from google.genai import types

from . import MODEL, PIXEL_BYTES, Turn


class Talk:
    def __init__(self, upstream):
        options = types.HttpOptions(
            base_url=upstream.url,
            headers=upstream.headers,
            api_version="v1beta",
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        self.client = genai.Client(api_key=upstream.key, vertexai=False, http_options=options)
        self.contents = []
        self.calls = []

    def say(self, text, image=False):
        parts = [types.Part(text=text)]
        if image:
            parts.insert(0, types.Part.from_bytes(data=PIXEL_BYTES, mime_type="image/png"))
        self.contents.append(types.Content(role="user", parts=parts))

    def results(self, texts):
        parts = [
            types.Part(
                function_response=types.FunctionResponse(id=call.id, name=call.name, response={"result": text})
            )
            for call, text in zip(self.calls, texts, strict=True)
        ]
        self.contents.append(types.Content(role="user", parts=parts))

    def turn(self, wish, streamed):
        config = types.GenerateContentConfig(
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True)
        )
        if wish.tools:
            functions = [
                types.FunctionDeclaration(name=name, parameters_json_schema=schema)
                for name, schema in wish.tools.items()
            ]
            config.tools = [types.Tool(function_declarations=functions)]
        if wish.schema:
            config.response_mime_type = "application/json"
            config.response_json_schema = wish.schema
        if wish.effort:
            config.thinking_config = types.ThinkingConfig(include_thoughts=True, thinking_level=wish.effort.upper())
        ask = {"model": MODEL, "contents": self.contents, "config": config}
        if streamed:
            chunks = list(self.client.models.generate_content_stream(**ask))
        else:
            chunks = [self.client.models.generate_content(**ask)]
        parts = [part for chunk in chunks for part in (chunk.candidates[0].content.parts or [])]
        self.contents.append(types.Content(role="model", parts=parts))
        self.calls = [part.function_call for part in parts if part.function_call]
        finish = chunks[-1].candidates[0].finish_reason
        usage = chunks[-1].usage_metadata
        reasoning = usage.thoughts_token_count
        assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count + reasoning
        ended = "tool" if self.calls else "stop"
        return Turn(
            text="".join(part.text for part in parts if part.text and not part.thought),
            thinking="".join(part.text for part in parts if part.text and part.thought),
            calls=[(call.name, call.args) for call in self.calls],
            finish=ended if finish == types.FinishReason.STOP else str(finish),
            usage=(
                usage.prompt_token_count,
                usage.cached_content_token_count,
                usage.candidates_token_count + reasoning,
                reasoning,
            ),
        )
