//! A Chat Completions stream.
//! <https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events>

use serde_json::Value;

use super::finish;
use crate::codec::{json, sse};
use crate::ir::{FinishReason, Usage};
use crate::protocol::event::{self, Progress, filled};
use crate::protocol::openai::usage;
use crate::protocol::{Signal, UpstreamError, decode_error};

#[derive(Debug, Default)]
pub(in crate::protocol) struct Stream {
    usage: Option<Usage>,
    pub(in crate::protocol) finish: Option<FinishReason>,
    progress: Progress,
}

impl Stream {
    pub(in crate::protocol) fn observe(&mut self, event: &sse::Event<'_>) -> Signal {
        let data = event.data.trim_ascii();
        let signal = if data.starts_with(b"[DONE]") {
            Signal::Done
        } else if event.name.as_deref() == Some(b"error") {
            Signal::Failed(decode_error(data))
        } else if self.progress.content && is_plain(data) {
            Signal::Content
        } else {
            match event::parse(data) {
                Some(chunk) => self.read(&chunk, data),
                None => event::stray(data, self.progress.started),
            }
        };
        self.progress.note(signal)
    }

    pub(in crate::protocol) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// Some vendors leave out `[DONE]`: a finish reason is an end as well.
    pub(in crate::protocol) fn ended(&self) -> bool {
        self.progress.ended
    }

    fn read(&mut self, chunk: &Value, data: &[u8]) -> Signal {
        if chunk.get("error").is_some_and(event::is_error) {
            return Signal::Failed(UpstreamError::of(chunk));
        }
        let choices = chunk.get("choices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        match (&mut self.usage, counted(data)) {
            (Some(held), Some(later)) => held.merge(&later),
            (held @ None, Some(later)) => *held = Some(later),
            (_, None) => {}
        }
        let mut content = false;
        for choice in choices {
            let finish =
                choice.get("finish_reason").and_then(Value::as_str).filter(|reason| !reason.is_empty());
            self.progress.ended |= finish.is_some();
            self.finish = self.finish.or_else(|| finish::told(finish?));
            // A length or a filter that leaves nothing is the answer all the same.
            content |= choice_has_content(choice)
                || finish.is_some_and(|reason| !matches!(reason, "stop" | "tool_calls" | "function_call"));
        }
        if content { Signal::Content } else { Signal::Quiet }
    }
}

/// What a chunk says was used. Moonshot counts in the choice that finishes.
fn counted(chunk: &[u8]) -> Option<Usage> {
    if !event::has_value(chunk, br#""usage""#) {
        return None;
    }
    let of_choice = || {
        let choices = json::elements(event::field(chunk, "choices")?).map_while(Result::ok);
        choices.into_iter().find_map(|choice| usage::decode(event::field(choice.value, "usage")?))
    };
    event::field(chunk, "usage").and_then(usage::decode).or_else(of_choice)
}

/// Whether nothing but content can be in a chunk.
fn is_plain(data: &[u8]) -> bool {
    event::mentions(data, br#""choices""#)
        && !event::has_value(data, br#""finish_reason""#)
        && !event::has_value(data, br#""usage""#)
}

/// Whatever stands beside the role counts: vendors have many names for thinking and for media.
fn choice_has_content(choice: &Value) -> bool {
    ["delta", "message"]
        .iter()
        .filter_map(|name| choice.get(name)?.as_object())
        .flatten()
        .any(|(name, value)| name != "role" && filled(value))
        || choice.get("text").is_some_and(filled)
}
