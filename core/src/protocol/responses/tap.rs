//! A Responses stream. <https://developers.openai.com/api/reference/resources/responses/streaming-events>

use serde_json::Value;

use super::answer;
use super::error::{self, Identity};
use crate::codec::{json, sse};
use crate::error::Failure;
use crate::ir::{FinishReason, Usage};
use crate::protocol::event::{self, Progress, at, field, parse};
use crate::protocol::openai::usage;
use crate::protocol::{Signal, decode_error};

#[derive(Debug, Default)]
pub(in crate::protocol) struct Stream {
    identity: Identity,
    usage: Option<Usage>,
    pub(in crate::protocol) finish: Option<FinishReason>,
    /// Events so far, which is the next one's sequence number.
    events: u64,
    progress: Progress,
}

impl Stream {
    pub(in crate::protocol) fn observe(&mut self, event: &sse::Event<'_>) -> Signal {
        let data = event.data.as_ref();
        let signal = match event::kind(event).as_ref() {
            b"response.created" | b"response.in_progress" | b"response.queued" => {
                self.identify(data);
                Signal::Quiet
            }
            b"response.output_item.added" if self.progress.content || item_has_content(data) => {
                Signal::Content
            }
            b"response.completed" | b"response.done" => self.complete(data),
            // Out of tokens or filtered, with or without a word before, it is the answer.
            b"response.incomplete" => match self.complete(data) {
                Signal::Done if !self.progress.content => Signal::Content,
                signal => signal,
            },
            b"response.failed" => {
                self.complete(data);
                let error = at(data, &["response", "error"]).and_then(event::error_of);
                Signal::Failed(error.unwrap_or_default())
            }
            b"error" => Signal::Failed(decode_error(data)),
            kind if kind.ends_with(b".delta") => {
                let empty =
                    !self.progress.content && field(data, "delta").is_some_and(|delta| delta == br#""""#);
                if empty { Signal::Quiet } else { Signal::Content }
            }
            kind if kind.ends_with(b".done") || kind.ends_with(b".partial_image") => Signal::Content,
            kind if kind.starts_with(b"response.") => Signal::Quiet,
            _ => event::stray(data, self.events > 0),
        };
        self.events += 1;
        self.progress.note(signal)
    }

    pub(in crate::protocol) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    pub(in crate::protocol) fn ended(&self) -> bool {
        self.progress.ended
    }

    pub(in crate::protocol) fn error_event(&self, failure: &Failure, message: &str, out: &mut Vec<u8>) {
        error::event(failure, message, &self.identity, self.events, out);
    }

    /// Remembers whose stream this is, for an error event that we may owe.
    fn identify(&mut self, data: &[u8]) {
        if self.identity.id.is_some() {
            return;
        }
        let Some(response) = field(data, "response") else { return };
        let text = |name| field(response, name).and_then(json::string).map(String::from);
        self.identity = Identity {
            id: text("id"),
            model: text("model"),
            created_at: field(response, "created_at").and_then(parse).as_ref().and_then(Value::as_u64),
        };
    }

    /// Reads the terminal event. An upstream that did not stream may have its whole output in it.
    fn complete(&mut self, data: &[u8]) -> Signal {
        self.progress.ended = true;
        self.identify(data);
        let Some(response) = field(data, "response") else { return Signal::Done };
        self.finish = answer::finish(response);
        self.usage = field(response, "usage").and_then(usage::decode);
        let output =
            || field(response, "output").is_some_and(|output| json::elements(output).next().is_some());
        if !self.progress.content && output() { Signal::Content } else { Signal::Done }
    }
}

/// Messages and reasoning start empty; every other item, as a tool call, says something by starting.
fn item_has_content(data: &[u8]) -> bool {
    let kind = at(data, &["item", "type"]);
    !matches!(kind, None | Some(br#""message""# | br#""reasoning""#))
}
