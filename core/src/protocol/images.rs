//! OpenAI Images, whose streams bring a picture in stages.
//! <https://developers.openai.com/api/reference/resources/images>

use super::event::{self, Progress, field};
use super::openai::usage;
use super::tap::Signal;
use super::upstream_error::decode_error;
use crate::codec::sse;
use crate::ir::usage::Usage;

#[derive(Debug, Default)]
pub(super) struct Stream {
    usage: Option<Usage>,
    progress: Progress,
}

impl Stream {
    pub(super) fn observe(&mut self, event: &sse::Event<'_>) -> Signal {
        let signal = match event::kind(event).as_ref() {
            b"error" => Signal::Failed(decode_error(&event.data)),
            kind if kind.ends_with(b".partial_image") => Signal::Content,
            kind if kind.ends_with(b".completed") => {
                self.progress.ended = true;
                self.usage = field(&event.data, "usage").and_then(usage::decode);
                Signal::Content
            }
            _ if event.data.starts_with(b"[DONE]") => Signal::Done,
            _ => event::stray(&event.data, self.progress.started),
        };
        self.progress.note(signal)
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    pub(super) fn ended(&self) -> bool {
        self.progress.ended
    }
}
