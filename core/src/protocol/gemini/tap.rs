//! A Gemini stream, as events or as elements of an array.
//! <https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent>

use std::sync::LazyLock;

use memchr::memmem::{Finder, FinderRev};
use serde_json::Value;

use super::{finish, response};
use crate::codec::sse;
use crate::ir::{FinishReason, Usage};
use crate::protocol::event::{self, Progress, filled};
use crate::protocol::{Signal, UpstreamError, decode_error};

#[derive(Debug, Default)]
pub(in crate::protocol) struct Stream {
    /// The last chunk from its `usageMetadata` on, as an object: every chunk counts, only the last matters.
    counted: Vec<u8>,
    called: bool,
    pub(in crate::protocol) finish: Option<FinishReason>,
    progress: Progress,
}

impl Stream {
    pub(in crate::protocol) fn observe(&mut self, event: &sse::Event<'_>) -> Signal {
        let data = event.data.as_ref();
        self.remember_usage(data);
        self.called = self.called || event::mentions(data, &finish::CALL);
        let signal = if event.name.as_deref() == Some(b"error") {
            Signal::Failed(decode_error(data))
        } else if self.progress.content && is_plain(data) {
            Signal::Content
        } else {
            match event::parse(data) {
                Some(chunk) => self.read(&chunk),
                None => event::stray(data, self.progress.started),
            }
        };
        self.progress.note(signal)
    }

    pub(in crate::protocol) fn usage(&self) -> Option<Usage> {
        response::usage(event::field(&self.counted, "usageMetadata")?)
    }

    /// No event is the last of a Gemini stream by its kind; a finish reason, or a blocked prompt, ends it.
    pub(in crate::protocol) fn ended(&self) -> bool {
        self.progress.ended
    }

    /// Keeps the field and what follows it, which with a brace in front is an object again.
    fn remember_usage(&mut self, data: &[u8]) {
        let Some(counted) = USAGE.rfind(data).and_then(|start| data.get(start..)) else {
            return;
        };
        self.counted.clear();
        self.counted.push(b'{');
        self.counted.extend_from_slice(counted);
    }

    fn read(&mut self, chunk: &Value) -> Signal {
        if chunk.get("error").is_some_and(event::is_error) {
            return Signal::Failed(UpstreamError::of(chunk));
        }
        let mut content =
            chunk.get("promptFeedback").is_some_and(|feedback| feedback.get("blockReason").is_some());
        self.progress.ended |= content;
        let candidates =
            chunk.get("candidates").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for candidate in candidates {
            let finish = candidate.get("finishReason").and_then(Value::as_str);
            self.progress.ended |= finish.is_some();
            self.finish = self.finish.or_else(|| Some(finish::decode(finish?, self.called)));
            content |= candidate_has_content(candidate) || finish.is_some_and(explains_silence);
        }
        match (content, self.progress.ended) {
            (true, _) => Signal::Content,
            (false, true) => Signal::Done,
            (false, false) => Signal::Quiet,
        }
    }
}

static CANDIDATES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""candidates""#));
static FINISH_REASON: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""finishReason""#));
static USAGE: LazyLock<FinderRev<'static>> = LazyLock::new(|| FinderRev::new(br#""usageMetadata""#));

/// Whether nothing but content can be in a chunk.
fn is_plain(data: &[u8]) -> bool {
    event::mentions(data, &CANDIDATES) && !event::mentions(data, &FINISH_REASON)
}

fn candidate_has_content(candidate: &Value) -> bool {
    candidate.pointer("/content/parts").is_some_and(filled)
}

/// Whether a finish without content is the model's answer, not a mishap that another try may avoid.
/// <https://ai.google.dev/api/generate-content#FinishReason>
fn explains_silence(finish_reason: &str) -> bool {
    !matches!(
        finish_reason,
        "STOP" | "FINISH_REASON_UNSPECIFIED" | "OTHER" | "MALFORMED_FUNCTION_CALL" | "MALFORMED_RESPONSE"
    )
}
