//! A request as the answers need it: checked, and read no further than that.

use serde_json::Value;

use super::route::{Operation, Protocol};

#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) operation: Operation,
    pub(super) protocol: Protocol,
    pub(super) model: String,
    pub(super) stream: bool,
    /// A Gemini stream without `alt=sse` is one JSON array.
    pub(super) array: bool,
    /// A list of Anthropic models is wanted, not of OpenAI's.
    pub(super) anthropic: bool,
    /// `Null` for multipart bodies and for `GET`.
    pub(super) body: Value,
    /// Unique among the answers of this mock.
    pub(super) serial: u64,
}

impl Ask {
    /// The name of the tool to call, if the request offers it and brings no tool result yet.
    pub(super) fn callable(&self, wanted: &str) -> Option<String> {
        let tools = self.tools();
        let name = if wanted.is_empty() { tools.first()?.clone() } else { wanted.to_owned() };
        (tools.contains(&name) && !self.has_tool_result()).then_some(name)
    }

    /// Whether a chat client asked for the usage chunk of a stream.
    pub(super) fn wants_usage(&self) -> bool {
        self.body.pointer("/stream_options/include_usage").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether the answer's text must be JSON.
    pub(super) fn wants_json(&self) -> bool {
        self.text("/generationConfig/responseMimeType") == Some("application/json")
            || ["/response_format/type", "/text/format/type", "/output_config/format/type"]
                .iter()
                .any(|pointer| self.text(pointer).is_some_and(|kind| kind.starts_with("json")))
    }

    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }

    pub(super) fn number(&self, pointer: &str) -> Option<u64> {
        self.body.pointer(pointer).and_then(Value::as_u64)
    }

    fn tools(&self) -> Vec<String> {
        let tools = self.body.get("tools").and_then(Value::as_array).into_iter().flatten();
        let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
        match self.protocol {
            Protocol::Messages | Protocol::Responses => tools.filter_map(name).collect(),
            Protocol::Chat => tools.filter_map(|tool| name(tool.get("function")?)).collect(),
            Protocol::Gemini => tools
                .filter_map(|tool| tool.get("functionDeclarations").and_then(Value::as_array))
                .flatten()
                .filter_map(name)
                .collect(),
            Protocol::Images | Protocol::Embeddings => Vec::new(),
        }
    }

    fn has_tool_result(&self) -> bool {
        let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let is = |value: &Value, kind: &str| value.get("type").and_then(Value::as_str) == Some(kind);
        match self.protocol {
            Protocol::Messages => items(self.body.get("messages"))
                .iter()
                .any(|message| items(message.get("content")).iter().any(|block| is(block, "tool_result"))),
            Protocol::Chat => items(self.body.get("messages"))
                .iter()
                .any(|message| message.get("role").and_then(Value::as_str) == Some("tool")),
            Protocol::Responses => {
                items(self.body.get("input")).iter().any(|item| is(item, "function_call_output"))
            }
            Protocol::Gemini => items(self.body.get("contents")).iter().any(|content| {
                items(content.get("parts")).iter().any(|part| part.get("functionResponse").is_some())
            }),
            Protocol::Images | Protocol::Embeddings => false,
        }
    }
}
