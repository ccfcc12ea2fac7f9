//! A Chat Completions stream.
//! <https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events>

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::finish;
use crate::codec::{json, sse};
use crate::ir::{FinishReason, Usage};
use crate::protocol::event::{self, Progress};
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
            self.read(data).unwrap_or_else(|| event::stray(data, self.progress.started))
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

    /// `None` when it is no JSON object.
    fn read(&mut self, data: &[u8]) -> Option<Signal> {
        let (mut choices, mut counted) = (None, None);
        for field in json::fields(data) {
            let field = field.ok()?;
            let is = |name| json::key_is(field.key, name);
            if is("error") {
                let error = event::parse(field.value).filter(event::is_error);
                if let Some(chunk) = error.and_then(|_| event::parse(data)) {
                    return Some(Signal::Failed(UpstreamError::of(&chunk)));
                }
            } else if is("choices") {
                choices = Some(field.value);
            } else if is("usage") {
                counted = usage::decode(field.value);
            }
        }
        let mut content = false;
        for choice in json::elements(choices.unwrap_or(b"[]")).map_while(Result::ok) {
            let choice = Chosen::read(choice.value);
            counted = counted.or(choice.usage);
            self.progress.ended |= choice.finish.is_some();
            self.finish = self.finish.or_else(|| finish::told(choice.finish.as_deref()?));
            // A length or a filter that leaves nothing is the answer all the same.
            content |= choice.content
                || choice
                    .finish
                    .is_some_and(|reason| !matches!(&*reason, "stop" | "tool_calls" | "function_call"));
        }
        match (&mut self.usage, counted) {
            (Some(held), Some(later)) => held.merge(&later),
            (held @ None, Some(later)) => *held = Some(later),
            (_, None) => {}
        }
        Some(if content { Signal::Content } else { Signal::Quiet })
    }
}

/// What a choice of a chunk says.
#[derive(Default)]
struct Chosen<'a> {
    content: bool,
    finish: Option<Cow<'a, str>>,
    /// Moonshot counts in the choice that finishes.
    usage: Option<Usage>,
}

impl<'a> Chosen<'a> {
    fn read(choice: &'a [u8]) -> Self {
        let mut chosen = Self::default();
        for field in json::fields(choice).map_while(Result::ok) {
            let is = |name| json::key_is(field.key, name);
            if is("finish_reason") {
                chosen.finish = json::string(field.value).filter(|reason| !reason.is_empty());
            } else if is("usage") {
                chosen.usage = usage::decode(field.value);
            } else if is("text") {
                chosen.content |= event::is_filled(field.value);
            } else if is("delta") || is("message") {
                // Whatever stands beside the role counts: vendors have many names for thinking and for media.
                let mut said = json::fields(field.value).map_while(Result::ok);
                chosen.content |=
                    said.any(|said| !json::key_is(said.key, "role") && event::is_filled(said.value));
            }
        }
        chosen
    }
}

static CHOICES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""choices""#));
static FINISH_REASON: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""finish_reason""#));
static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""usage""#));

/// Whether nothing but content can be in a chunk.
fn is_plain(data: &[u8]) -> bool {
    event::mentions(data, &CHOICES)
        && !event::has_value(data, &FINISH_REASON)
        && !event::has_value(data, &USAGE)
}
