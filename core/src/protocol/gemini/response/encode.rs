//! A whole answer as one document.

use crate::ir::{Event, Raw, Response, replay};
use crate::protocol::convert::{Answering, Encoded};
use crate::protocol::gemini::response::encode_usage;
use crate::protocol::gemini::stream::parts::Parts;
use crate::protocol::gemini::wire::answer::{Answer, Candidate, prompt_feedback};
use crate::protocol::gemini::wire::part::{Part, Written};

/// Puts together the parts that a stream of the same answer would have.
pub(in crate::protocol) fn encode(response: &Response, answering: &Answering) -> Encoded {
    let mut parts = Parts::default();
    let mut contents: Vec<Content> = response.choices.iter().map(|_| Content::default()).collect();
    let mut collect = |choice: u32, part: Written<'_>| {
        if let Some(content) = contents.get_mut(choice as usize) {
            content.push(part);
        }
    };
    replay(response, &mut |event: Event<'_>| parts.take(&event, &mut collect));
    parts.flush(&mut collect);
    let mut feedback = None;
    let mut candidates = Vec::new();
    for (index, finish, ending) in parts.endings() {
        let content = contents.get_mut(index as usize).map(std::mem::take).unwrap_or_default();
        feedback = feedback.or_else(|| finish.and_then(prompt_feedback));
        if feedback.is_none() {
            candidates.push(Candidate::new(index, content.into_parts(), Some(ending)));
        }
    }
    let answer = Answer {
        candidates,
        prompt_feedback: feedback,
        usage_metadata: response.usage.as_ref().map(encode_usage),
        model_version: response.model.as_deref().unwrap_or(&answering.model),
        response_id: response.id.as_deref().unwrap_or(&answering.seed),
    };
    let body = serde_json::to_vec(&answer).unwrap_or_default();
    Encoded { body, headers: Vec::new(), lost: parts.lost }
}

/// The parts of one candidate; text that came in pieces is one part.
#[derive(Default)]
struct Content {
    parts: Vec<Raw>,
    /// Whether it is thought, and what was said.
    text: Option<(bool, String)>,
}

impl Content {
    fn push(&mut self, part: Written<'_>) {
        let Written::Part(part) = &part else { return self.write(&part) };
        let Some(text) = &part.text else { return self.write(part) };
        match &mut self.text {
            Some((thought, said)) if *thought == part.thought => said.push_str(text),
            _ => {
                self.end_text(None);
                self.text = Some((part.thought, text.as_ref().to_owned()));
            }
        }
        if part.thought_signature.is_some() {
            self.end_text(part.thought_signature.as_deref());
        }
    }

    fn end_text(&mut self, signature: Option<&str>) {
        if let Some((thought, text)) = self.text.take() {
            let part = Part { thought, ..Part::text(text) }.signed(signature);
            self.parts.extend(Raw::of(&part));
        }
    }

    fn write(&mut self, part: &impl serde::Serialize) {
        self.end_text(None);
        self.parts.extend(Raw::of(part));
    }

    fn into_parts(mut self) -> Vec<Raw> {
        self.end_text(None);
        self.parts
    }
}
