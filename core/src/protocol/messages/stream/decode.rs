//! Reads a stream. <https://platform.claude.com/docs/en/build-with-claude/streaming>

mod blocks;
#[cfg(test)]
mod tests;

use serde_json::value::RawValue;

use self::blocks::Blocks;
use crate::codec::{json, sse};
use crate::ir::{Event, Start, Usage};
use crate::protocol::convert::{Invalid, StreamDecoder};
use crate::protocol::messages::response;
use crate::protocol::messages::wire::event::{Delta, Frame};
use crate::protocol::messages::wire::object::{At, Object, keep};
use crate::protocol::messages::wire::stop;
use crate::protocol::{Signal, UpstreamError, decode_error, event};

/// What an answer says of itself that only Claude's clients understand.
const OWN: [&str; 4] = ["container", "context_management", "diagnostics", "input_transformations"];

#[derive(Debug, Default)]
pub(in crate::protocol) struct Decoder {
    blocks: Blocks,
    usage: Usage,
    started: bool,
    finished: bool,
    ended: bool,
}

impl StreamDecoder for Decoder {
    fn decode(&mut self, event: &sse::Event<'_>, each: &mut dyn FnMut(Event<'_>)) {
        if self.ended {
            return;
        }
        let kind = event::kind(event);
        match kind.as_ref() {
            b"ping" => {}
            b"error" => self.fail(decode_error(&event.data), each),
            b"message" => self.whole(&event.data, each),
            b"message_start"
            | b"content_block_start"
            | b"content_block_delta"
            | b"content_block_stop"
            | b"message_delta"
            | b"message_stop" => match json::read(&event.data) {
                Ok(frame) => self.frame(&kind, frame, each),
                Err(_) => {
                    let message = format!("malformed `{}` event", String::from_utf8_lossy(&kind));
                    self.fail(UpstreamError { message, ..UpstreamError::default() }, each);
                }
            },
            _ => {
                if let Signal::Failed(error) = event::stray(&event.data, self.started) {
                    self.fail(error, each);
                }
            }
        }
    }

    /// An answer that told why it ended is whole, also without the event that only says so.
    fn finish(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        if self.finished && !self.ended {
            self.ended = true;
            each(Event::End);
        }
    }
}

impl Decoder {
    /// An answer in one piece.
    pub(in crate::protocol) fn document(
        &mut self,
        raw: &RawValue,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Invalid> {
        let at = At::ROOT;
        if let Some(error) = event::field(raw.get().as_bytes(), "error").and_then(event::error_of) {
            self.fail(error, each);
            return Ok(());
        }
        let mut message = Object::read(raw, &at)?;
        let content = message.take("content").ok_or_else(|| at.invalid("missing `content`"))?;
        let reason = message.text("stop_reason", &at)?;
        let sequence = message.text("stop_sequence", &at)?;
        let details = message.raw("stop_details");
        let blocks: Vec<&RawValue> =
            json::from_str(content.get()).map_err(|_| at.invalid("`content` must be an array"))?;

        self.start(Some(raw), each);
        for (wire, block) in (0..).zip(blocks) {
            self.blocks.start(wire, block, each);
            self.blocks.stop(wire, each);
        }
        let finish = stop::decode(reason.as_deref(), sequence, details, self.blocks.called());
        each(Event::Finish { choice: 0, finish });
        each(Event::End);
        self.ended = true;
        Ok(())
    }

    /// Some vendors answer in one piece where a stream was asked for.
    fn whole(&mut self, data: &[u8], each: &mut dyn FnMut(Event<'_>)) {
        let read = json::read(data).map_err(|_| Invalid("malformed answer".into()));
        if let Err(Invalid(message)) = read.and_then(|raw| self.document(raw, each)) {
            self.fail(UpstreamError { message, ..UpstreamError::default() }, each);
        }
    }

    fn frame(&mut self, kind: &[u8], frame: Frame<'_>, each: &mut dyn FnMut(Event<'_>)) {
        if kind == b"message_start" || !self.started {
            self.start(frame.message, each);
        }
        match (kind, frame.delta) {
            (b"message_delta", delta) => {
                self.count(frame.usage, each);
                self.conclude(delta.unwrap_or_default(), each);
            }
            (b"message_stop", _) => {
                if !self.finished {
                    self.close(Delta::default(), each);
                }
                self.ended = true;
                each(Event::End);
            }
            _ if self.finished => {}
            (b"content_block_start", _) => {
                let wire = frame.index.unwrap_or_else(|| self.blocks.after_last());
                if let Some(block) = frame.content_block {
                    self.blocks.start(wire, block, each);
                }
            }
            (b"content_block_delta", Some(delta)) => {
                let wire = frame.index.unwrap_or_else(|| self.blocks.last());
                if let Err(error) = self.blocks.delta(wire, delta, each) {
                    self.fail(error, each);
                }
            }
            (b"content_block_stop", _) => {
                self.blocks.stop(frame.index.unwrap_or_else(|| self.blocks.last()), each);
            }
            _ => {}
        }
    }

    fn start(&mut self, message: Option<&RawValue>, each: &mut dyn FnMut(Event<'_>)) {
        let at = At::ROOT;
        let fields = message.and_then(|raw| Object::read(raw, &at).ok());
        let Some(mut fields) = fields else { return self.begin(Start::default(), each) };
        let usage = fields.take("usage");
        let tier = usage.and_then(|usage| Object::read(usage, &at).ok());
        let id = fields.text("id", &at).ok().flatten();
        self.blocks.of_message(id.as_deref());
        let start = Start {
            id: id.map(Into::into),
            model: fields.text("model", &at).ok().flatten().map(Into::into),
            created: None,
            service_tier: tier
                .and_then(|mut usage| usage.text("service_tier", &at).ok().flatten())
                .map(Into::into),
            ext: OWN.iter().filter_map(|name| Some(((*name).into(), fields.raw(name)?.value()))).collect(),
        };
        self.begin(start, each);
        self.count(usage, each);
    }

    fn begin(&mut self, start: Start<'_>, each: &mut dyn FnMut(Event<'_>)) {
        if !std::mem::replace(&mut self.started, true) {
            each(Event::Start(start));
        }
    }

    fn count(&mut self, usage: Option<&RawValue>, each: &mut dyn FnMut(Event<'_>)) {
        if let Some(later) = usage.and_then(|usage| response::usage(usage.get().as_bytes())) {
            response::refine(&mut self.usage, &later);
            each(Event::Usage(self.usage));
        }
    }

    /// A message's delta: it may say why the answer ends, or only count.
    fn conclude(&mut self, delta: Delta<'_>, each: &mut dyn FnMut(Event<'_>)) {
        if delta.stop_reason.is_some() && !self.finished {
            self.close(delta, each);
        }
    }

    fn close(&mut self, delta: Delta<'_>, each: &mut dyn FnMut(Event<'_>)) {
        self.blocks.close(each);
        let finish = stop::decode(
            delta.stop_reason.as_ref().map(|reason| reason.0.as_ref()),
            delta.stop_sequence.map(|sequence| sequence.0.into_owned()),
            delta.stop_details.map(keep),
            self.blocks.called(),
        );
        self.finished = true;
        each(Event::Finish { choice: 0, finish });
    }

    fn fail(&mut self, error: UpstreamError, each: &mut dyn FnMut(Event<'_>)) {
        self.ended = true;
        each(Event::Error(error));
    }
}
