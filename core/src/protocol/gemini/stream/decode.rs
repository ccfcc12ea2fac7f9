//! Chunks of an answer to events.

use super::candidate::{Candidate, Indexes};
use crate::codec::json;
use crate::codec::sse;
use crate::ir::{Event, Finish, FinishReason, Raw, Start, Usage};
use crate::protocol::convert::{Ids, Invalid, StreamDecoder};
use crate::protocol::gemini::wire::chunk::{Chunk, PromptFeedback, Spelled};
use crate::protocol::gemini::{finish, response};
use crate::protocol::{UpstreamError, decode_error, event};

/// Candidates that are told apart.
const MAX_CANDIDATES: u32 = 64;

/// Reads an upstream's chunks, or the one that an unstreamed answer is.
///
/// No chunk says that it is the last: usage may follow the finish reason. So what closes the answer is told
/// when the upstream has closed, and only if each candidate has said why it ended.
#[derive(Debug, Default)]
pub(in crate::protocol) struct Decoder {
    ids: Option<Ids>,
    indexes: Indexes,
    candidates: Vec<Candidate>,
    usage: Option<Usage>,
    ended: bool,
}

impl StreamDecoder for Decoder {
    fn decode(&mut self, event: &sse::Event<'_>, each: &mut dyn FnMut(Event<'_>)) {
        if self.ended {
            return;
        }
        let failed = if event.name.as_deref() == Some(b"error") {
            Some(decode_error(&event.data))
        } else {
            let failure = |error: Invalid| UpstreamError { message: error.0, ..UpstreamError::default() };
            self.chunk(&event.data, each).map_err(failure).unwrap_or_else(Some)
        };
        if let Some(error) = failed {
            self.ended = true;
            each(Event::Error(error));
        }
    }

    fn finish(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let whole = !self.candidates.is_empty() && self.candidates.iter().all(Candidate::finished);
        for (choice, candidate) in (0..).zip(&mut self.candidates) {
            candidate.close(choice, &mut self.indexes, each);
        }
        if whole {
            each(Event::End);
        }
    }
}

impl Decoder {
    /// Reads one chunk; the error inside it, if it has one.
    pub(in crate::protocol::gemini) fn chunk(
        &mut self,
        data: &[u8],
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<UpstreamError>, Invalid> {
        let json = event::text(data);
        if json.trim() == "[DONE]" {
            return Ok(None);
        }
        let chunk: Chunk<'_> = json::from_str(&json)
            .map_err(|error| Invalid(format!("the upstream sent a chunk that cannot be read: {error}")))?;
        if let Some(error) = chunk.error.and_then(|error| event::error_of(error.get().as_bytes())) {
            return Ok(Some(error));
        }
        let id = chunk.response_id.map(|id| id.0).filter(|id| !id.is_empty());
        if self.ids.is_none() {
            self.ids = Some(Ids::new(finish::seed(id.as_deref(), data)));
            let model = chunk.model_version.map(|model| model.0);
            each(Event::Start(Start { id, model, ..Start::default() }));
        }
        let spelled = Spelled::new(&json);
        for (position, candidate) in chunk.candidates.into_iter().flatten().enumerate() {
            let choice = candidate.index.unwrap_or(0).min(MAX_CANDIDATES - 1);
            while self.candidates.len() <= choice as usize {
                self.candidates.push(Candidate::default());
            }
            if let (Some(state), Some(ids)) = (self.candidates.get_mut(choice as usize), &mut self.ids) {
                state.read(choice, candidate, (&spelled, position), ids, &mut self.indexes, each);
            }
        }
        let usage = chunk.usage_metadata.and_then(|usage| response::usage(usage.get().as_bytes()));
        if let Some(usage) = usage.filter(|usage| self.usage != Some(*usage)) {
            self.usage = Some(usage);
            each(Event::Usage(usage));
        }
        if let Some(feedback) = chunk.prompt_feedback {
            self.blocked(&feedback);
        }
        Ok(None)
    }

    /// A prompt that was blocked has no candidates: this is all its answer.
    fn blocked(&mut self, feedback: &PromptFeedback<'_>) {
        let Some(reason) = &feedback.block_reason else { return };
        if !self.candidates.is_empty() {
            return;
        }
        let said = feedback.block_reason_message.as_ref().map(|message| message.as_str().to_owned());
        let message = said.unwrap_or_else(|| format!("The prompt was blocked: {}", reason.as_str()));
        let ratings = feedback.safety_ratings.and_then(|ratings| Raw::parse(ratings.get()).ok());
        let details = serde_json::json!({
            "promptFeedback": {"blockReason": reason.as_str(), "safetyRatings": ratings.map(|raw| raw.value())},
        });
        self.candidates.push(Candidate::ending(Finish {
            message: Some(message),
            details: Some(Raw::from(details)),
            ..Finish::new(FinishReason::ContentFilter)
        }));
    }
}
