//! One choice: which blocks are open, and what each piece of a message goes to.

use std::borrow::Cow;

use super::calls::{Calls, Piece};
use super::out::Out;
use super::think::{self, Splitter};
use crate::ir::{BlockStart, Delta, Finish, FinishReason, Raw, SealKind, Sealed};
use crate::protocol::chat::finish::{self, Did};
use crate::protocol::chat::wire::chunk::{self, Audio, Content, Part};
use crate::protocol::chat::wire::data_url;
use crate::protocol::chat::wire::detail::Details;
use crate::protocol::chat::wire::text::filled;

#[derive(Debug)]
pub(super) struct Choice {
    pub(super) number: u32,
    pub(super) finish: Option<String>,
    open: Option<Open>,
    /// The last block is part of a message, which text joins.
    in_message: bool,
    think: Splitter,
    details: Details,
    calls: Calls,
    refused: bool,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    block: u32,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Refusal,
    Reasoning,
    Audio,
}

impl Choice {
    pub(super) fn new(number: u32) -> Self {
        Self {
            number,
            finish: None,
            open: None,
            in_message: false,
            think: Splitter::default(),
            details: Details::default(),
            calls: Calls::default(),
            refused: false,
        }
    }

    /// `whole`: it is not a piece of a message but all of it.
    pub(super) fn delta(&mut self, delta: chunk::Delta<'_>, whole: bool, out: &mut Out<'_>) {
        let thought = filled(&delta.reasoning_content).or_else(|| filled(&delta.reasoning));
        if let Some(thought) = thought {
            self.think.disable();
            self.thought(thought, out);
        }
        for detail in delta.reasoning_details.into_iter().flatten() {
            if thought.is_none() && !detail.shown().is_empty() {
                self.think.disable();
                self.thought(detail.shown(), out);
            }
            self.details.push(detail);
        }
        match delta.content {
            Some(Content::Text(text)) => self.split(&text, out),
            Some(Content::Parts(parts)) => parts.into_iter().for_each(|part| self.part(part, out)),
            None => {}
        }
        if let Some(refusal) = filled(&delta.refusal) {
            self.refused = true;
            let block = self.at(Kind::Refusal, out, |joins| BlockStart::Refusal { joins, message_id: None });
            out.delta(block, Delta::Text(refusal.into()));
        }
        if let Some(audio) = delta.audio {
            self.audio(&audio, whole, out);
        }
        delta.images.into_iter().flatten().for_each(|image| self.part(image, out));
        for citation in delta.annotations.into_iter().flatten().filter_map(|annotation| annotation.decode()) {
            let block = self.text_block(out);
            out.delta(block, Delta::Citation(citation));
        }
        for (position, call) in delta.tool_calls.iter().flatten().enumerate() {
            let piece = Piece::of_call(call);
            self.call(if whole { piece.at(position) } else { piece }, out);
        }
        if let Some(function) = &delta.function_call {
            self.call(Piece::of_function(function), out);
        }
    }

    /// Token probabilities of the text that just came.
    pub(super) fn logprobs(&mut self, logprobs: &str, out: &mut Out<'_>) {
        if let Some(Open { block, kind: Kind::Text }) = self.open
            && let Ok(raw) = Raw::parse(logprobs)
        {
            out.delta(block, Delta::Logprobs(raw));
        }
    }

    /// What was held back, as far as it can be told.
    pub(super) fn flush(&mut self, out: &mut Out<'_>) {
        let mut think = std::mem::take(&mut self.think);
        think.finish(&mut |piece, text| self.piece(piece, text, out));
        self.think = think;
    }

    /// Closes all blocks and tells why the choice ended. `None` when it ended in a failure.
    pub(super) fn end(&mut self, out: &mut Out<'_>) -> Option<Finish> {
        self.flush(out);
        self.close(out);
        self.calls.finish(out);
        let did = Did { call: self.calls.any(), refuse: self.refused };
        if self.calls.malformed && !did.call {
            return Some(Finish::new(FinishReason::MalformedCall));
        }
        match &self.finish {
            Some(reason) => finish::decode(reason, did),
            None => Some(Finish::new(finish::done(did))),
        }
    }

    fn split(&mut self, text: &str, out: &mut Out<'_>) {
        if text.is_empty() {
            return;
        }
        let mut think = std::mem::take(&mut self.think);
        think.push(text, &mut |piece, text| self.piece(piece, text, out));
        self.think = think;
    }

    fn piece(&mut self, piece: think::Piece, text: &str, out: &mut Out<'_>) {
        match piece {
            think::Piece::Thought => self.thought(text, out),
            think::Piece::Text => {
                let block = self.text_block(out);
                out.delta(block, Delta::Text(text.into()));
            }
        }
    }

    fn part(&mut self, part: Part<'_>, out: &mut Out<'_>) {
        match part.thinking {
            Some(Content::Text(thought)) => self.thought(&thought, out),
            Some(Content::Parts(parts)) => {
                for part in &parts {
                    self.thought(filled(&part.text).unwrap_or_default(), out);
                }
            }
            None => {}
        }
        self.split(filled(&part.text).unwrap_or_default(), out);
        let Some(url) = part.image_url.as_ref().and_then(|image| filled(&image.url)) else { return };
        match data_url::split(url) {
            Some((mime, data)) => {
                self.flush(out);
                self.close(out);
                self.calls.settle(out);
                let block = out.start(BlockStart::Image { joins: self.in_message, mime: mime.into() });
                out.delta(block, Delta::Media(data.into()));
                out.stop(block);
                self.in_message = true;
            }
            // A block of an answer cannot point at an image.
            None => self.split(&format!("![image]({url})"), out),
        }
    }

    fn thought(&mut self, thought: &str, out: &mut Out<'_>) {
        if !thought.is_empty() {
            let block =
                self.at(Kind::Reasoning, out, |_| BlockStart::Reasoning { id: None, redacted: false });
            out.delta(block, Delta::Reasoning(thought.into()));
        }
    }

    /// The format is the one asked for, which an answer does not repeat; a stream's is always PCM.
    /// <https://developers.openai.com/api/docs/guides/audio>
    fn audio(&mut self, audio: &Audio<'_>, whole: bool, out: &mut Out<'_>) {
        let id = filled(&audio.id).map(Cow::Borrowed);
        if id.is_none() && filled(&audio.transcript).is_none() && filled(&audio.data).is_none() {
            return;
        }
        let mime = Cow::Borrowed(if whole { "audio/wav" } else { "audio/pcm" });
        let block = self.at(Kind::Audio, out, |joins| BlockStart::Audio { joins, mime, id });
        if let Some(transcript) = filled(&audio.transcript) {
            out.delta(block, Delta::Text(transcript.into()));
        }
        if let Some(data) = filled(&audio.data) {
            out.delta(block, Delta::Media(data.into()));
        }
    }

    fn call(&mut self, piece: Piece<'_>, out: &mut Out<'_>) {
        if self.calls.is_new(&piece) {
            self.flush(out);
            self.close(out);
            self.calls.settle(out);
            self.in_message = false;
        }
        self.calls.push(piece, out);
    }

    fn text_block(&mut self, out: &mut Out<'_>) -> u32 {
        self.at(Kind::Text, out, |joins| BlockStart::Text { joins, message_id: None, phase: None })
    }

    /// The open block of this kind, or a new one in place of what is open.
    fn at<'s>(&mut self, kind: Kind, out: &mut Out<'_>, start: impl FnOnce(bool) -> BlockStart<'s>) -> u32 {
        if let Some(open) = self.open.filter(|open| open.kind == kind) {
            return open.block;
        }
        self.close(out);
        self.calls.settle(out);
        let joins = self.in_message && kind != Kind::Reasoning;
        let block = out.start(start(joins));
        self.open = Some(Open { block, kind });
        self.in_message = kind != Kind::Reasoning;
        block
    }

    /// Proofs of thinking come with it, or late and alone.
    fn close(&mut self, out: &mut Out<'_>) {
        let open = self.open.take();
        let thinking = open.filter(|open| open.kind == Kind::Reasoning).map(|open| open.block);
        if let Some(open) = open.filter(|_| thinking.is_none()) {
            out.stop(open.block);
        }
        let details = std::mem::take(&mut self.details);
        let block = match thinking {
            Some(block) => block,
            None if details.is_empty() => return,
            None => {
                self.in_message = false;
                out.start(BlockStart::Reasoning { id: None, redacted: false })
            }
        };
        if !details.is_empty() {
            out.delta(block, Delta::Sealed(Sealed { kind: SealKind::Details, data: details.to_json() }));
        }
        out.stop(block);
    }
}
