//! Events to chunks: server-sent, or the elements of an array.

use serde::Serialize;

use super::parts::Parts;
use crate::codec::sse;
use crate::error::Failure;
use crate::ir::{Event, Losses, Usage};
use crate::protocol::convert::{Answering, StreamEncoder};
use crate::protocol::gemini::wire::answer::{Answer, Candidate, prompt_feedback};
use crate::protocol::gemini::wire::part::{Part, Written};
use crate::protocol::gemini::{error, response};

#[derive(Debug)]
pub(in crate::protocol) struct Encoder {
    id: String,
    model: String,
    framing: Framing,
    parts: Parts,
    usage: Option<Usage>,
    ended: bool,
}

/// How chunks are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Events,
    /// An array of which nothing was written.
    Unopened,
    Array,
}

impl Encoder {
    pub(in crate::protocol) fn new(answering: Answering) -> Self {
        Self {
            id: answering.seed,
            model: answering.model,
            framing: if answering.array { Framing::Unopened } else { Framing::Events },
            parts: Parts::default(),
            usage: None,
            ended: false,
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let Self { id, model, framing, parts, .. } = self;
        parts.flush(&mut |choice, part| chunk(framing, id, model, choice, part, out));
        let mut candidates = Vec::new();
        let mut feedback = None;
        for (index, finish, ending) in self.parts.endings() {
            feedback = feedback.or_else(|| finish.and_then(prompt_feedback));
            if feedback.is_none() {
                candidates.push(Candidate::new(index, vec![Part::text("")], Some(ending)));
            }
        }
        let answer = Answer {
            candidates,
            prompt_feedback: feedback,
            usage_metadata: self.usage.as_ref().map(response::encode_usage),
            model_version: &self.model,
            response_id: &self.id,
        };
        self.framing.write(&answer, out);
        self.close(out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.ended = true;
        match self.framing {
            Framing::Events => {}
            Framing::Unopened => out.extend_from_slice(b"[]"),
            Framing::Array => out.push(b']'),
        }
    }
}

impl StreamEncoder for Encoder {
    fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start(start) => {
                if let Some(id) = start.id.as_deref() {
                    id.clone_into(&mut self.id);
                }
                if let Some(model) = start.model.as_deref() {
                    model.clone_into(&mut self.model);
                }
            }
            Event::Usage(usage) => self.usage.get_or_insert_default().merge(usage),
            Event::End => self.end(out),
            event => {
                let Self { id, model, framing, parts, .. } = self;
                parts.take(event, &mut |choice, part| chunk(framing, id, model, choice, part, out));
            }
        }
    }

    fn fail(&mut self, failure: &Failure, message: &str, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        if self.framing == Framing::Events {
            error::event(failure, message, out);
        } else {
            self.framing.write(&error::encode(failure, message, None), out);
        }
        self.close(out);
    }

    fn lost(&self) -> &Losses {
        &self.parts.lost
    }
}

/// One part is one chunk.
fn chunk(framing: &mut Framing, id: &str, model: &str, choice: u32, part: Written<'_>, out: &mut Vec<u8>) {
    let answer = Answer {
        candidates: vec![Candidate::new(choice, vec![part], None)],
        prompt_feedback: None,
        usage_metadata: None::<()>,
        model_version: model,
        response_id: id,
    };
    framing.write(&answer, out);
}

impl Framing {
    fn write(&mut self, chunk: &impl Serialize, out: &mut Vec<u8>) {
        let (before, after): (&[u8], &[u8]) = match self {
            Self::Events => (b"data: ", b"\n\n"),
            Self::Unopened => (b"[", b""),
            Self::Array => (b",\n", b""),
        };
        let start = out.len();
        out.extend_from_slice(before);
        let json = out.len();
        if serde_json::to_writer(&mut *out, chunk).is_err() {
            out.truncate(start);
            return;
        }
        sse::join_lines(out.get_mut(json..).unwrap_or_default());
        out.extend_from_slice(after);
        if *self == Self::Unopened {
            *self = Self::Array;
        }
    }
}
