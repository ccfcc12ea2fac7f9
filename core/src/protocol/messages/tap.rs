//! A Claude stream. <https://platform.claude.com/docs/en/build-with-claude/streaming>

use serde_json::Value;

use super::response;
use crate::codec::sse;
use crate::ir::{FinishReason, Usage};
use crate::protocol::event::{self, Progress, filled, parse};
use crate::protocol::{Signal, decode_error};

#[derive(Debug, Default)]
pub(in crate::protocol) struct Stream {
    usage: Usage,
    pub(in crate::protocol) finish: Option<FinishReason>,
    progress: Progress,
}

impl Stream {
    pub(in crate::protocol) fn observe(&mut self, event: &sse::Event<'_>) -> Signal {
        let signal = match event::kind(event).as_ref() {
            b"content_block_delta" if self.progress.content || delta_has_content(&event.data) => {
                Signal::Content
            }
            b"content_block_start" if self.progress.content || block_has_content(&event.data) => {
                Signal::Content
            }
            b"content_block_delta" | b"content_block_start" | b"content_block_stop" | b"ping" => {
                Signal::Quiet
            }
            b"message_start" => {
                self.refine(event::at(&event.data, &["message", "usage"]));
                Signal::Quiet
            }
            b"message_delta" => {
                self.refine(event::field(&event.data, "usage"));
                // A refusal or a full context may come without a word, and is the answer all the same.
                let reason = event::at(&event.data, &["delta", "stop_reason"]).unwrap_or(b"null");
                self.finish = response::finish(reason).or(self.finish);
                let plain =
                    matches!(reason, br#""end_turn""# | br#""tool_use""# | br#""stop_sequence""# | b"null");
                if plain { Signal::Quiet } else { Signal::Content }
            }
            b"message_stop" => Signal::Done,
            b"error" => Signal::Failed(decode_error(&event.data)),
            _ => event::stray(&event.data, self.progress.started),
        };
        self.progress.note(signal)
    }

    pub(in crate::protocol) fn usage(&self) -> Option<Usage> {
        (!self.usage.is_empty()).then_some(self.usage)
    }

    pub(in crate::protocol) fn ended(&self) -> bool {
        self.progress.ended
    }

    fn refine(&mut self, usage: Option<&[u8]>) {
        if let Some(later) = usage.and_then(response::usage) {
            response::refine(&mut self.usage, &later);
        }
    }
}

/// Any delta with text in it: thinking, signatures and tool arguments as well.
fn delta_has_content(data: &[u8]) -> bool {
    event::field(data, "delta").and_then(parse).as_ref().is_some_and(says_something)
}

/// A tool call or a server tool's result says something by starting; text and thinking start empty.
fn block_has_content(data: &[u8]) -> bool {
    event::field(data, "content_block").and_then(parse).as_ref().is_some_and(says_something)
}

fn says_something(block: &Value) -> bool {
    block.as_object().is_some_and(|fields| fields.iter().any(|(name, value)| name != "type" && filled(value)))
}
