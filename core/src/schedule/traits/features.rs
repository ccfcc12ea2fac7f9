//! What a request has that an upstream may not know.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::codec::json;

/// The features of a request, read from the body as it was sent.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// Every field, wherever it stands; not those of schemas and arguments, which are the client's own words.
    names: BTreeSet<String>,
    /// Roles, types and kinds of media.
    kinds: BTreeSet<String>,
    betas: Vec<String>,
    effort: Option<String>,
    thinking: Option<String>,
    max_output: Option<u64>,
    forced_tool: bool,
    asks_reasoning: bool,
}

/// Below these only the client's words stand.
const FOREIGN: [&str; 10] = [
    "parameters",
    "input_schema",
    "schema",
    "parametersJsonSchema",
    "responseSchema",
    "responseJsonSchema",
    "arguments",
    "args",
    "response",
    "metadata",
];

/// Tools that only Codex and OpenAI know.
const CODEX_TOOLS: [&str; 8] = [
    "custom",
    "namespace",
    "tool_search",
    "local_shell",
    "shell",
    "apply_patch",
    "web_search",
    "image_generation",
];

impl Features {
    /// Of a JSON body in any protocol; `beta` is the request's `anthropic-beta`. A body that is no JSON has
    /// no features.
    pub fn of(body: &[u8], beta: Option<&str>) -> Self {
        let mut features = Self::default();
        let tokens = beta.unwrap_or_default().split(',').map(str::trim).filter(|token| !token.is_empty());
        features.betas = tokens.map(str::to_owned).collect();
        if let Ok(Value::Object(request)) = json::read(body) {
            features.forced_tool = is_forced(&request);
            features.asks_reasoning = request.contains_key("reasoning");
            features.thinking = text_at(request.get("thinking"), "type");
            features.note(&request);
        }
        features
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.names.contains(field)
    }

    pub(super) fn developer(&self) -> bool {
        self.is_any(&["developer"])
    }

    pub(super) fn images(&self) -> bool {
        self.is_any(&["image", "image_url", "input_image"])
    }

    pub(super) fn files(&self) -> bool {
        self.is_any(&["document", "file", "input_file"])
    }

    pub(super) fn audio(&self) -> bool {
        self.is_any(&["audio", "input_audio"])
    }

    pub(super) fn sealed(&self) -> bool {
        ["signature", "encrypted_content", "thoughtSignature", "thought_signature", "reasoning_details"]
            .iter()
            .any(|name| self.has(name))
            || self.is_any(&["redacted_thinking"])
    }

    /// The tools only Codex has that are declared here.
    pub(super) fn codex_tools(&self) -> impl Iterator<Item = &'static str> {
        CODEX_TOOLS.into_iter().filter(|tool| self.kinds.contains(*tool))
    }

    pub(super) fn json_schema(&self) -> bool {
        self.is_any(&["json_schema"])
    }

    pub(super) fn forced_tool(&self) -> bool {
        self.forced_tool
    }

    /// Whether `reasoning` is a field of the request, and not only of its messages.
    pub(super) fn asks_reasoning(&self) -> bool {
        self.asks_reasoning
    }

    pub(super) fn effort(&self) -> Option<&str> {
        self.effort.as_deref()
    }

    /// The `type` of Claude's `thinking`.
    pub(super) fn thinking(&self) -> Option<&str> {
        self.thinking.as_deref()
    }

    pub(super) fn max_output(&self) -> Option<u64> {
        self.max_output
    }

    pub(super) fn betas(&self) -> &[String] {
        &self.betas
    }

    fn is_any(&self, kinds: &[&str]) -> bool {
        kinds.iter().any(|kind| self.kinds.contains(*kind))
    }

    fn note(&mut self, object: &Map<String, Value>) {
        for (name, value) in object {
            if !self.names.contains(name) {
                self.names.insert(name.clone());
            }
            match (name.as_str(), value) {
                ("type" | "role", Value::String(kind)) => self.note_kind(kind),
                ("mimeType" | "mime_type" | "media_type", Value::String(mime)) => {
                    let kind = mime.split('/').next().unwrap_or_default();
                    self.note_kind(if kind == "application" { "document" } else { kind });
                }
                (
                    "reasoning_effort" | "effort" | "thinkingLevel" | "thinking_level",
                    Value::String(effort),
                ) => {
                    self.effort = Some(effort.to_ascii_lowercase());
                }
                (
                    "max_tokens" | "max_completion_tokens" | "max_output_tokens" | "maxOutputTokens",
                    Value::Number(limit),
                ) => self.max_output = limit.as_u64(),
                (name, _) if FOREIGN.contains(&name) => {}
                // The arguments of Claude's tool calls; the input of Responses is a list.
                ("input", Value::Object(_)) => {}
                (_, value) => self.descend(value),
            }
        }
    }

    fn descend(&mut self, value: &Value) {
        match value {
            Value::Object(object) => self.note(object),
            Value::Array(values) => values.iter().for_each(|value| self.descend(value)),
            _ => {}
        }
    }

    fn note_kind(&mut self, kind: &str) {
        if !self.kinds.contains(kind) {
            self.kinds.insert(kind.to_owned());
        }
    }
}

/// Whether the model must call a tool.
fn is_forced(request: &Map<String, Value>) -> bool {
    let free = |choice: &str| matches!(choice.to_ascii_lowercase().as_str(), "auto" | "none" | "validated");
    if let Some(choice) = request.get("tool_choice") {
        let kind = choice.as_str().or_else(|| choice.get("type")?.as_str());
        return kind.is_some_and(|kind| !free(kind));
    }
    let config = request.get("toolConfig").or_else(|| request.get("tool_config"));
    let calling = config.and_then(|config| config.get("functionCallingConfig"));
    text_at(calling, "mode").is_some_and(|mode| !free(&mode))
}

fn text_at(object: Option<&Value>, field: &str) -> Option<String> {
    object?.get(field)?.as_str().map(str::to_owned)
}
