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

/// A tool that a request offers.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    pub(super) name: String,
    /// It takes free text instead of arguments.
    pub(super) free: bool,
}

impl Ask {
    /// The tool to call, if the request offers it and brings no tool result yet.
    pub(super) fn callable(&self, wanted: &str) -> Option<Offered> {
        if self.has_tool_result() {
            return None;
        }
        self.tools().into_iter().find(|tool| wanted.is_empty() || tool.name == wanted)
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

    fn tools(&self) -> Vec<Offered> {
        let tools = self.body.get("tools").and_then(Value::as_array).into_iter().flatten();
        let offered = |value: &Value, free: bool| {
            let name = value.get("name").and_then(Value::as_str)?.to_owned();
            Some(Offered { name, free })
        };
        let is_custom = |tool: &Value| tool.get("type").and_then(Value::as_str) == Some("custom");
        match self.protocol {
            Protocol::Messages => tools.filter_map(|tool| offered(tool, false)).collect(),
            Protocol::Responses => tools.filter_map(|tool| offered(tool, is_custom(tool))).collect(),
            Protocol::Chat => tools
                .filter_map(|tool| match tool.get("function") {
                    Some(function) => offered(function, false),
                    None => offered(tool.get("custom")?, true),
                })
                .collect(),
            Protocol::Gemini => tools
                .filter_map(|tool| tool.get("functionDeclarations").and_then(Value::as_array))
                .flatten()
                .filter_map(|function| offered(function, false))
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
            Protocol::Responses => items(self.body.get("input"))
                .iter()
                .any(|item| is(item, "function_call_output") || is(item, "custom_tool_call_output")),
            Protocol::Gemini => items(self.body.get("contents")).iter().any(|content| {
                items(content.get("parts")).iter().any(|part| part.get("functionResponse").is_some())
            }),
            Protocol::Images | Protocol::Embeddings => false,
        }
    }
}
