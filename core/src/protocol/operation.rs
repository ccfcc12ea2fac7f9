//! The calls a client can make of a model API, and the paths that name them.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::Protocol;

/// What a request asks of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Claude: answer a conversation.
    Messages,
    /// Claude: how many input tokens a conversation has.
    CountTokens,
    /// OpenAI Chat Completions.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// OpenAI Responses: shorten a conversation.
    ResponsesCompact,
    /// OpenAI Responses: how many input tokens a request has.
    ResponsesInputTokens,
    /// Gemini `generateContent`.
    GeminiGenerate,
    /// Gemini `streamGenerateContent`.
    GeminiStream,
    /// Gemini `countTokens`.
    GeminiCountTokens,
    /// Gemini `embedContent`.
    GeminiEmbed,
    /// Gemini `batchEmbedContents`.
    GeminiBatchEmbed,
    /// OpenAI image generation.
    ImageGenerate,
    /// OpenAI image edit.
    ImageEdit,
    /// OpenAI image variation.
    ImageVariation,
    /// OpenAI embeddings.
    Embeddings,
}

impl Operation {
    /// Every operation, for routes, tables and tests.
    pub const ALL: [Self; 15] = [
        Self::Messages,
        Self::CountTokens,
        Self::Chat,
        Self::Responses,
        Self::ResponsesCompact,
        Self::ResponsesInputTokens,
        Self::GeminiGenerate,
        Self::GeminiStream,
        Self::GeminiCountTokens,
        Self::GeminiEmbed,
        Self::GeminiBatchEmbed,
        Self::ImageGenerate,
        Self::ImageEdit,
        Self::ImageVariation,
        Self::Embeddings,
    ];

    /// The wire API it belongs to.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Messages | Self::CountTokens => Protocol::Messages,
            Self::Chat => Protocol::Chat,
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

    /// Whether an upstream of another protocol can do it.
    pub const fn converts(self) -> bool {
        matches!(
            self,
            Self::Messages
                | Self::Chat
                | Self::Responses
                | Self::ResponsesCompact
                | Self::GeminiGenerate
                | Self::GeminiStream
        )
    }

    /// Whether the answer is a vector, which only vectors of the same space compare with.
    pub const fn embeds(self) -> bool {
        matches!(self, Self::Embeddings | Self::GeminiEmbed | Self::GeminiBatchEmbed)
    }

    /// Whether it only counts tokens, which no vendor bills.
    pub const fn only_counts(self) -> bool {
        matches!(self, Self::CountTokens | Self::ResponsesInputTokens | Self::GeminiCountTokens)
    }

    /// A stable name for records and the UI: `messages.count_tokens`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::CountTokens => "messages.count_tokens",
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::ResponsesCompact => "responses.compact",
            Self::ResponsesInputTokens => "responses.input_tokens",
            Self::GeminiGenerate => "gemini.generate",
            Self::GeminiStream => "gemini.stream",
            Self::GeminiCountTokens => "gemini.count_tokens",
            Self::GeminiEmbed => "gemini.embed",
            Self::GeminiBatchEmbed => "gemini.batch_embed",
            Self::ImageGenerate => "images.generate",
            Self::ImageEdit => "images.edit",
            Self::ImageVariation => "images.variation",
            Self::Embeddings => "embeddings",
        }
    }

    /// The path below the base URL and its version segment; `model` is used where the path names it.
    pub fn path(self, model: &str) -> Cow<'static, str> {
        let action = match self {
            Self::Messages => return Cow::Borrowed("/messages"),
            Self::CountTokens => return Cow::Borrowed("/messages/count_tokens"),
            Self::Chat => return Cow::Borrowed("/chat/completions"),
            Self::Responses => return Cow::Borrowed("/responses"),
            Self::ResponsesCompact => return Cow::Borrowed("/responses/compact"),
            Self::ResponsesInputTokens => return Cow::Borrowed("/responses/input_tokens"),
            Self::ImageGenerate => return Cow::Borrowed("/images/generations"),
            Self::ImageEdit => return Cow::Borrowed("/images/edits"),
            Self::ImageVariation => return Cow::Borrowed("/images/variations"),
            Self::Embeddings => return Cow::Borrowed("/embeddings"),
            Self::GeminiGenerate => "generateContent",
            Self::GeminiStream => "streamGenerateContent",
            Self::GeminiCountTokens => "countTokens",
            Self::GeminiEmbed => "embedContent",
            Self::GeminiBatchEmbed => "batchEmbedContents",
        };
        let model = model.strip_prefix("models/").unwrap_or(model);
        Cow::Owned(format!("/models/{}:{action}", utf8_percent_encode(model, SEGMENT)))
    }

    /// The version segment to put in front of the path where a base URL has none.
    pub const fn version(self) -> &'static str {
        match self.protocol() {
            Protocol::Gemini => "/v1beta",
            _ => "/v1",
        }
    }

    /// Whether the path names the model, not the body.
    pub const fn model_in_path(self) -> bool {
        matches!(self.protocol(), Protocol::Gemini)
    }

    /// What asks an upstream of `protocol` to answer a conversation.
    pub const fn answering(protocol: Protocol, stream: bool) -> Self {
        match protocol {
            Protocol::Messages => Self::Messages,
            Protocol::Responses => Self::Responses,
            Protocol::Gemini if stream => Self::GeminiStream,
            Protocol::Gemini => Self::GeminiGenerate,
            Protocol::Chat | Protocol::Images | Protocol::Embeddings => Self::Chat,
        }
    }

    /// Whether the body may be `multipart/form-data`.
    pub const fn takes_multipart(self) -> bool {
        matches!(self, Self::ImageEdit | Self::ImageVariation)
    }
}

/// What must be escaped in one path segment; `:` too, since it ends the model in Gemini's paths.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_operation_has_a_path_of_its_own() {
        let paths: HashSet<_> = Operation::ALL.iter().map(|operation| operation.path("m")).collect();
        let names: HashSet<_> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        assert_eq!((paths.len(), names.len()), (Operation::ALL.len(), Operation::ALL.len()));
    }

    #[test]
    fn a_name_starts_with_its_protocol() {
        for operation in Operation::ALL {
            assert!(operation.name().starts_with(operation.protocol().as_str()), "{}", operation.name());
        }
    }

    #[test]
    fn a_model_in_a_path_stays_one_segment() {
        for (model, path) in [
            ("gemini-3-pro", "/models/gemini-3-pro:streamGenerateContent"),
            ("models/gemini-3-pro", "/models/gemini-3-pro:streamGenerateContent"),
            ("a/b:c?d e#é", "/models/a%2Fb%3Ac%3Fd%20e%23%C3%A9:streamGenerateContent"),
            ("..", "/models/..:streamGenerateContent"),
        ] {
            assert_eq!(Operation::GeminiStream.path(model), path);
        }
    }

    #[test]
    fn only_gemini_has_another_version_and_names_the_model_in_its_path() {
        for operation in Operation::ALL {
            let gemini = operation.protocol() == Protocol::Gemini;
            assert_eq!(operation.model_in_path(), gemini);
            assert_eq!(operation.version(), if gemini { "/v1beta" } else { "/v1" });
        }
    }
}
