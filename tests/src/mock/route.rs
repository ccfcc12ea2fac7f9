//! From a path below a lane to the operation it asks for.

use http::Method;
use serde::Serialize;

/// A wire protocol, spelled as in the gateway's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Messages,
    Chat,
    Responses,
    Gemini,
    Images,
    Embeddings,
}

impl Protocol {
    pub const ALL: [Self; 6] =
        [Self::Messages, Self::Chat, Self::Responses, Self::Gemini, Self::Images, Self::Embeddings];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Gemini => "gemini",
            Self::Images => "images",
            Self::Embeddings => "embeddings",
        }
    }
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    Messages,
    CountTokens,
    Chat,
    Responses,
    ResponsesCompact,
    ResponsesInputTokens,
    GeminiGenerate,
    GeminiStream,
    GeminiCountTokens,
    GeminiEmbed,
    GeminiBatchEmbed,
    ImageGenerate,
    ImageEdit,
    ImageVariation,
    Embeddings,
    /// `GET …/models` and `GET …/models/{id}`; the shape follows the protocol asked.
    Models,
}

impl Operation {
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Messages | Self::CountTokens => Protocol::Messages,
            Self::Chat | Self::Models => Protocol::Chat,
            Self::Responses | Self::ResponsesCompact | Self::ResponsesInputTokens => Protocol::Responses,
            Self::GeminiGenerate
            | Self::GeminiStream
            | Self::GeminiCountTokens
            | Self::GeminiEmbed
            | Self::GeminiBatchEmbed => Protocol::Gemini,
            Self::ImageGenerate | Self::ImageEdit | Self::ImageVariation => Protocol::Images,
            Self::Embeddings => Protocol::Embeddings,
        }
    }
}

/// Where a request goes: the operation, and the model where the path names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) protocol: Protocol,
    pub(super) model: Option<String>,
}

impl Route {
    /// `path` starts after the lane: `/v1/chat/completions`. Base URLs with more segments before the
    /// version are understood too. `google`: the credential is one of Google's, which tells whose model list is
    /// wanted below `/v1`.
    pub(super) fn of(method: &Method, path: &str, google: bool) -> Option<Self> {
        let (beta, rest) = after_version(path);
        if method == Method::GET {
            let model = match rest.strip_prefix("models")? {
                "" => None,
                id => Some(id.strip_prefix('/')?.to_owned()),
            };
            let protocol = if beta || google { Protocol::Gemini } else { Protocol::Chat };
            return Some(Self { operation: Operation::Models, protocol, model });
        }
        if method != Method::POST {
            return None;
        }
        if let Some((model, action)) = rest.strip_prefix("models/").and_then(|it| it.rsplit_once(':')) {
            let operation = match action {
                "generateContent" => Operation::GeminiGenerate,
                "streamGenerateContent" => Operation::GeminiStream,
                "countTokens" => Operation::GeminiCountTokens,
                "embedContent" => Operation::GeminiEmbed,
                "batchEmbedContents" => Operation::GeminiBatchEmbed,
                _ => return None,
            };
            return Some(Self { operation, protocol: Protocol::Gemini, model: Some(model.to_owned()) });
        }
        let operation = match rest {
            "messages" => Operation::Messages,
            "messages/count_tokens" => Operation::CountTokens,
            "chat/completions" => Operation::Chat,
            "responses" => Operation::Responses,
            "responses/compact" => Operation::ResponsesCompact,
            "responses/input_tokens" => Operation::ResponsesInputTokens,
            "images/generations" => Operation::ImageGenerate,
            "images/edits" => Operation::ImageEdit,
            "images/variations" => Operation::ImageVariation,
            "embeddings" => Operation::Embeddings,
            _ => return None,
        };
        Some(Self { operation, protocol: operation.protocol(), model: None })
    }
}

/// What follows `/v1/`, `/v4/`, `/v1beta/`; and whether it was the last, which only Gemini uses.
fn after_version(path: &str) -> (bool, &str) {
    if let Some((_, rest)) = path.split_once("/v1beta/") {
        return (true, rest);
    }
    if let Some((_, rest)) = path.split_once("/v1/") {
        return (false, rest);
    }
    (false, path.trim_start_matches('/'))
}
