//! Vendors, as variables and types name them.

use crate::config::Protocol;

/// The beginning of a variable's name, and the vendor's preset.
const PREFIXES: [(&str, &str); 26] = [
    ("AZURE_OPENAI", "azure-openai"),
    ("ANTHROPIC", "anthropic"),
    ("CLAUDE", "anthropic"),
    ("OPENAI", "openai"),
    ("CODEX", "openai"),
    ("GEMINI", "gemini"),
    ("GOOGLE", "gemini"),
    ("DEEPSEEK", "deepseek"),
    ("DASHSCOPE", "qwen"),
    ("QWEN", "qwen"),
    ("MOONSHOT", "kimi"),
    ("KIMI", "kimi"),
    ("ZHIPU", "glm"),
    ("BIGMODEL", "glm"),
    ("ZAI", "glm"),
    ("GLM", "glm"),
    ("MINIMAX", "minimax"),
    ("OPENROUTER", "openrouter"),
    ("SILICONFLOW", "siliconflow"),
    ("GROQ", "groq"),
    ("MISTRAL", "mistral"),
    ("XAI", "xai"),
    ("TOGETHER", "together"),
    ("FIREWORKS", "fireworks"),
    ("CEREBRAS", "cerebras"),
    ("OLLAMA", "ollama"),
];
/// What follows the prefix of a variable of no vendor that is known.
const SUFFIXES: [&str; 10] = [
    "_API_KEY",
    "_AUTH_TOKEN",
    "_BASE_URL",
    "_API_BASE",
    "_API_URL",
    "_API_HOST",
    "_ENDPOINT",
    "_TOKEN",
    "_MODEL",
    "_KEY",
];

/// What the variables of one vendor have in common: its preset's name, or their own prefix in lower case.
pub(super) fn prefix(variable: &str) -> Option<String> {
    let known = PREFIXES.iter().find(|(prefix, _)| variable.starts_with(prefix)).map(|(_, preset)| *preset);
    known.map(str::to_owned).or_else(|| {
        let prefix = SUFFIXES.iter().find_map(|suffix| variable.strip_suffix(suffix))?;
        (!prefix.is_empty() && prefix != "LLM" && prefix != "AI").then(|| prefix.to_ascii_lowercase())
    })
}

/// What a variable's or a vendor's name says of the protocol.
pub(super) fn protocol(name: &str) -> Option<Protocol> {
    let name = name.to_ascii_lowercase();
    let holds = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if holds(&["anthropic", "claude"]) {
        Some(Protocol::Messages)
    } else if holds(&["gemini", "google"]) {
        Some(Protocol::Gemini)
    } else if holds(&["codex"]) {
        Some(Protocol::Responses)
    } else if holds(&["openai"]) {
        Some(Protocol::Chat)
    } else {
        None
    }
}

/// The protocol that a client or gateway means by a type: `wire_api` of Codex, `npm` of OpenCode, `type` of Cherry
/// Studio, the numbers of one-api.
pub(super) fn kind(kind: &str) -> Option<Protocol> {
    match kind.to_ascii_lowercase().as_str() {
        "responses" | "openai-response" | "openai-responses" | "@ai-sdk/openai" | "codex" => {
            Some(Protocol::Responses)
        }
        "chat"
        | "openai"
        | "openai-compatible"
        | "openai-completions"
        | "@ai-sdk/openai-compatible"
        | "1"
        | "8" => Some(Protocol::Chat),
        "messages" | "anthropic" | "anthropic-messages" | "claude" | "@ai-sdk/anthropic" | "14" => {
            Some(Protocol::Messages)
        }
        "gemini" | "google" | "google-generative-ai" | "@ai-sdk/google" | "24" => Some(Protocol::Gemini),
        _ => None,
    }
}
