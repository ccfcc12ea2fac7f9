//! An upstream's chunks to events.

mod calls;
mod choice;
mod out;
mod think;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use self::choice::Choice;
use self::out::Out;
use crate::codec::json;
use crate::codec::sse;
use crate::ir::{Event, Ext, Start, Usage};
use crate::protocol::chat::wire::chunk::{self, Chunk};
use crate::protocol::chat::wire::text::{Str, filled};
use crate::protocol::convert::{Ids, Invalid, StreamDecoder};
use crate::protocol::openai::usage;
use crate::protocol::upstream_error::plain_text;
use crate::protocol::{UpstreamError, decode_error, event};

/// The most choices OpenAI makes.
const MAX_CHOICES: u32 = 128;

/// Follows the chunks of OpenAI and of whoever imitates it.
#[derive(Default)]
pub(in crate::protocol) struct Decoder {
    started: bool,
    over: bool,
    /// Of the next block.
    next: u32,
    ids: Option<Ids>,
    choices: Vec<Choice>,
    usage: Usage,
}

impl StreamDecoder for Decoder {
    fn decode(&mut self, event: &sse::Event<'_>, each: &mut dyn FnMut(Event<'_>)) {
        let data = event.data.trim_ascii();
        if self.over {
            return;
        }
        if data.starts_with(b"[DONE]") {
            return self.end(each);
        }
        if event.name.as_deref() == Some(b"error") {
            return self.fail(decode_error(data), each);
        }
        let text = event::text(data);
        match json::from_str(&text) {
            Ok(chunk) => self.chunk(chunk, data, each),
            Err(error) if error.is_data() && !self.started => self.fail(decode_error(data), each),
            Err(error) => {
                let message =
                    format!("the upstream sent an event that is no chunk ({error}): {}", plain_text(data));
                self.fail(UpstreamError { message, ..UpstreamError::default() }, each);
            }
        }
    }

    fn finish(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        if self.over {
            return;
        }
        if self.choices.iter().any(|choice| choice.finish.is_some()) {
            return self.end(each);
        }
        self.with_choices(each, |choice, out| choice.flush(out));
    }
}

impl Decoder {
    /// Tells an answer that was not streamed.
    ///
    /// # Errors
    /// When `body` is no completion.
    pub(in crate::protocol::chat) fn document(
        mut self,
        body: &[u8],
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Invalid> {
        let text = event::text(body);
        let chunk: Chunk<'_> = json::from_str(&text)
            .map_err(|error| Invalid(format!("the upstream's answer is no chat completion: {error}")))?;
        if chunk.choices.is_none() && chunk.error.is_none() {
            return Err(Invalid("the upstream's answer is no chat completion: missing `choices`".into()));
        }
        self.chunk(chunk, body, each);
        if !self.over {
            self.end(each);
        }
        Ok(())
    }

    fn chunk(&mut self, mut chunk: Chunk<'_>, data: &[u8], each: &mut dyn FnMut(Event<'_>)) {
        let failed = chunk.error.and_then(|error| event::error_of(error.get().as_bytes()));
        if let Some(error) = failed {
            return self.fail(error, each);
        }
        if filled(&chunk.object) == Some("error") {
            return self.fail(decode_error(data), each);
        }
        let choices = chunk.choices.take().unwrap_or_default();
        if !self.started && choices.is_empty() && filled(&chunk.id).is_none() && chunk.usage.is_none() {
            return;
        }
        if !std::mem::replace(&mut self.started, true) {
            self.ids = Some(Ids::new(seed(filled(&chunk.id), data)));
            each(Event::Start(start(&chunk)));
        }
        let groq = chunk.x_groq.and_then(|groq| groq.usage);
        for counted in [chunk.usage, groq].into_iter().flatten() {
            self.count(counted, each);
        }
        for choice in choices {
            self.choice(choice, each);
            if self.over {
                return;
            }
        }
    }

    fn choice(&mut self, wire: chunk::Choice<'_>, each: &mut dyn FnMut(Event<'_>)) {
        if let Some(error) = wire.error.and_then(|error| event::error_of(error.get().as_bytes())) {
            return self.fail(error, each);
        }
        // Moonshot counts in the choice that finishes.
        if let Some(counted) = wire.usage {
            self.count(counted, each);
        }
        let number = wire.index.unwrap_or(0).min(MAX_CHOICES - 1);
        let at = match self.choices.iter().position(|choice| choice.number == number) {
            Some(at) => at,
            None => {
                self.choices.push(Choice::new(number));
                self.choices.len() - 1
            }
        };
        let (Some(choice), Some(ids)) = (self.choices.get_mut(at), &mut self.ids) else { return };
        let mut out = Out { choice: number, next: &mut self.next, ids, each };
        if let Some(delta) = wire.delta {
            choice.delta(delta, false, &mut out);
        }
        if let Some(message) = wire.message {
            choice.delta(*message, true, &mut out);
        }
        if let Some(logprobs) = wire.logprobs.and_then(|logprobs| logprobs.content) {
            choice.logprobs(logprobs.get(), &mut out);
        }
        if let Some(reason) = filled(&wire.finish_reason) {
            choice.finish = Some(reason.to_owned());
        }
    }

    fn count(&mut self, counted: &RawValue, each: &mut dyn FnMut(Event<'_>)) {
        let Some(counted) = usage::decode(counted.get().as_bytes()) else { return };
        let before = self.usage;
        self.usage.merge(&counted);
        if self.usage != before {
            each(Event::Usage(self.usage));
        }
    }

    /// Text may follow a finish reason at some vendors, so all choices end with the stream.
    fn end(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        if !std::mem::replace(&mut self.started, true) {
            each(Event::Start(Start::default()));
        }
        if self.choices.is_empty() {
            self.choices.push(Choice::new(0));
            self.ids.get_or_insert_with(|| Ids::new(""));
        }
        let mut finishes = Vec::new();
        self.with_choices(each, |choice, out| {
            finishes.push((choice.number, choice.end(out), choice.finish.clone()));
        });
        for (number, finish, reason) in finishes {
            match finish {
                Some(finish) => each(Event::Finish { choice: number, finish }),
                None => {
                    let reason = reason.unwrap_or_default();
                    let message = format!("the upstream broke off its answer: {reason}");
                    let error = UpstreamError { code: Some(reason), message, ..UpstreamError::default() };
                    return self.fail(error, each);
                }
            }
        }
        self.over = true;
        each(Event::End);
    }

    fn fail(&mut self, error: UpstreamError, each: &mut dyn FnMut(Event<'_>)) {
        self.over = true;
        each(Event::Error(error));
    }

    fn with_choices(
        &mut self,
        each: &mut dyn FnMut(Event<'_>),
        mut act: impl FnMut(&mut Choice, &mut Out<'_>),
    ) {
        let Some(ids) = &mut self.ids else { return };
        for choice in &mut self.choices {
            let mut out =
                Out { choice: choice.number, next: &mut self.next, ids: &mut *ids, each: &mut *each };
            act(choice, &mut out);
        }
    }
}

fn start<'a>(chunk: &Chunk<'a>) -> Start<'a> {
    let text = |field: &Option<Str<'a>>| field.clone().map(|text| text.0).filter(|text| !text.is_empty());
    let created = chunk.created.and_then(|created| json::number(created.get()));
    let fingerprint = filled(&chunk.system_fingerprint);
    Start {
        id: text(&chunk.id),
        model: text(&chunk.model),
        created: created.map(|seconds| seconds as u64),
        service_tier: text(&chunk.service_tier),
        ext: fingerprint
            .map(|fingerprint| Ext::from_iter([("system_fingerprint".to_owned(), fingerprint.into())]))
            .unwrap_or_default(),
    }
}

/// What makes ids of this answer unlike those of any other: its own id, or else how it starts.
fn seed(id: Option<&str>, data: &[u8]) -> String {
    let digest = Sha256::new().chain_update(id.unwrap_or_default()).chain_update(data).finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
