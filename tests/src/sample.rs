//! One ordinary request for each operation, and where it goes.

use crate::client::Call;
use crate::mock::{Operation, Protocol};

/// A request for an operation, independent of where it is sent.
#[derive(Clone, Debug)]
pub struct Sample {
    pub operation: Operation,
    pub protocol: Protocol,
    pub stream: bool,
    /// With its query string.
    pub path: String,
    pub media: &'static str,
    pub body: String,
}

/// The model every sample asks for.
pub const MODEL: &str = "mock-large";

const BOUNDARY: &str = "sample-boundary";

impl Sample {
    /// The operation a protocol is known for.
    pub fn of(protocol: Protocol, stream: bool) -> Self {
        let operation = match protocol {
            Protocol::Messages => Operation::Messages,
            Protocol::Chat => Operation::Chat,
            Protocol::Responses => Operation::Responses,
            Protocol::Gemini if stream => Operation::GeminiStream,
            Protocol::Gemini => Operation::GeminiGenerate,
            Protocol::Images => Operation::ImageGenerate,
            Protocol::Embeddings => Operation::Embeddings,
        };
        Self::operation(operation, stream)
    }

    /// `stream` where the operation can, and always for Gemini's streaming operation.
    pub fn operation(operation: Operation, stream: bool) -> Self {
        let gemini = |action: &str| format!("/v1beta/models/{MODEL}:{action}");
        let (path, body): (String, String) = match operation {
            Operation::Messages => ("/v1/messages".into(), messages(stream)),
            Operation::CountTokens => ("/v1/messages/count_tokens".into(), messages(false)),
            Operation::Chat => ("/v1/chat/completions".into(), chat(stream)),
            Operation::Responses => ("/v1/responses".into(), responses(stream)),
            Operation::ResponsesCompact => ("/v1/responses/compact".into(), responses(false)),
            Operation::ResponsesInputTokens => ("/v1/responses/input_tokens".into(), responses(false)),
            Operation::GeminiGenerate => (gemini("generateContent"), GEMINI.into()),
            Operation::GeminiStream => (gemini("streamGenerateContent?alt=sse"), GEMINI.into()),
            Operation::GeminiCountTokens => (gemini("countTokens"), GEMINI.into()),
            Operation::GeminiEmbed => {
                (gemini("embedContent"), r#"{"content":{"parts":[{"text":"hi"}]}}"#.into())
            }
            Operation::GeminiBatchEmbed => (
                gemini("batchEmbedContents"),
                format!(
                    r#"{{"requests":[{{"model":"models/{MODEL}","content":{{"parts":[{{"text":"hi"}}]}}}}]}}"#
                ),
            ),
            Operation::ImageGenerate => (
                "/v1/images/generations".into(),
                format!(r#"{{"model":"{MODEL}","prompt":"a bridge","stream":{stream},"partial_images":2}}"#),
            ),
            Operation::ImageEdit => ("/v1/images/edits".into(), form(stream, true)),
            Operation::ImageVariation => ("/v1/images/variations".into(), form(false, false)),
            Operation::Embeddings => {
                ("/v1/embeddings".into(), format!(r#"{{"model":"{MODEL}","input":["hello","world"]}}"#))
            }
            Operation::Models => ("/v1/models".into(), String::new()),
        };
        let media = match operation {
            Operation::ImageEdit | Operation::ImageVariation => {
                "multipart/form-data; boundary=sample-boundary"
            }
            _ => "application/json",
        };
        let stream = operation == Operation::GeminiStream || (stream && streams(operation));
        Self { operation, protocol: operation.protocol(), stream, path, media, body }
    }

    /// Every operation but the model lists, as JSON, and as a stream where it can be one.
    pub fn all() -> Vec<Self> {
        let operations = [
            Operation::Messages,
            Operation::CountTokens,
            Operation::Chat,
            Operation::Responses,
            Operation::ResponsesCompact,
            Operation::ResponsesInputTokens,
            Operation::GeminiGenerate,
            Operation::GeminiStream,
            Operation::GeminiCountTokens,
            Operation::GeminiEmbed,
            Operation::GeminiBatchEmbed,
            Operation::ImageGenerate,
            Operation::ImageEdit,
            Operation::ImageVariation,
            Operation::Embeddings,
        ];
        let both = |operation| {
            let stream = streams(operation).then(|| Self::operation(operation, true));
            [Self::operation(operation, false)].into_iter().chain(stream)
        };
        operations.into_iter().flat_map(both).collect()
    }

    /// The request to `base`, with `key` in the way the protocol's own clients send it.
    pub fn call(&self, base: &str, key: &str) -> Call {
        let call = Call::post(format!("{base}{}", self.path), "").body(self.media, self.body.clone());
        match self.protocol {
            Protocol::Messages => call.header("x-api-key", key).header("anthropic-version", "2023-06-01"),
            Protocol::Gemini => call.header("x-goog-api-key", key),
            _ => call.header("authorization", format!("Bearer {key}")),
        }
    }

    /// The same request for another model.
    #[must_use]
    pub fn model(mut self, model: &str) -> Self {
        self.path = self.path.replace(MODEL, model);
        self.body = self.body.replace(MODEL, model);
        self
    }

    /// For the messages of failed assertions.
    pub fn name(&self) -> String {
        format!("{:?} {}", self.operation, if self.stream { "stream" } else { "json" })
    }
}

/// Whether `stream: true` means something to it.
fn streams(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Messages
            | Operation::Chat
            | Operation::Responses
            | Operation::ImageGenerate
            | Operation::ImageEdit
    )
}

const GEMINI: &str = r#"{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}"#;

fn messages(stream: bool) -> String {
    format!(
        r#"{{"model":"{MODEL}","max_tokens":64,"stream":{stream},"messages":[{{"role":"user","content":"hello"}}]}}"#
    )
}

fn chat(stream: bool) -> String {
    format!(r#"{{"model":"{MODEL}","stream":{stream},"messages":[{{"role":"user","content":"hello"}}]}}"#)
}

fn responses(stream: bool) -> String {
    format!(r#"{{"model":"{MODEL}","stream":{stream},"input":"hello"}}"#)
}

fn form(stream: bool, prompt: bool) -> String {
    let mut form = String::new();
    let mut part = |head: &str, content: &str| {
        form.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n"
        ));
    };
    part(r#"name="model""#, MODEL);
    if prompt {
        part(r#"name="prompt""#, "a taller bridge");
    }
    if stream {
        part(r#"name="stream""#, "true");
    }
    part("name=\"image\"; filename=\"pixel.png\"\r\nContent-Type: image/png", "\u{89}PNG not quite");
    form.push_str(&format!("--{BOUNDARY}--\r\n"));
    form
}
