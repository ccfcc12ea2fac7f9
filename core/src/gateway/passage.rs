//! How an answer's bytes get from the upstream to the client: as they are, or in another protocol.

use bytes::Bytes;

use crate::error::Failure;
use crate::ir::{FinishReason, Losses, Usage};
use crate::protocol::UpstreamError;
use crate::transcode::Transcoder;

use super::observer::Observer;
use super::pull::Gathered;

#[expect(clippy::large_enum_variant, reason = "the large one is the common one; a box would cost it more")]
pub(crate) enum Passage {
    Through(Through),
    Transcoded(Box<Transcoder>),
}

/// Same bytes, observed on the side.
pub(crate) struct Through {
    observer: Observer,
    /// The beginning of an event whose end is still to come: a cut would leave the client with half of one.
    partial: Gathered,
}

impl Passage {
    pub(crate) fn through(observer: Observer) -> Self {
        Self::Through(Through { observer, partial: Gathered::default() })
    }

    pub(crate) fn transcoded(transcoder: Transcoder) -> Self {
        Self::Transcoded(Box::new(transcoder))
    }

    /// Takes in the upstream's next bytes; `ready` gets what the client may see.
    pub(crate) fn take(&mut self, mut chunk: Bytes, ready: &mut Gathered) {
        match self {
            Self::Through(Through { observer, partial }) => {
                observer.observe(&chunk);
                let whole = observer.whole_events(&chunk);
                if whole > 0 {
                    ready.push(std::mem::take(partial).into_bytes());
                    ready.push(chunk.split_to(whole));
                }
                partial.push(chunk);
            }
            Self::Transcoded(transcoder) => ready.write(|out| transcoder.push(&chunk, out)),
        }
    }

    /// The upstream closed: `ready` gets what was kept back, unless the answer was cut.
    pub(crate) fn finish(&mut self, ready: &mut Gathered) {
        match self {
            Self::Through(Through { observer, partial }) => {
                observer.finish();
                if observer.ends_cleanly() {
                    ready.push(std::mem::take(partial).into_bytes());
                }
            }
            Self::Transcoded(transcoder) => ready.write(|out| transcoder.finish(out)),
        }
    }

    /// How many bytes wait for the end of their event.
    pub(crate) fn partial(&self) -> usize {
        match self {
            Self::Through(through) => through.partial.len(),
            Self::Transcoded(_) => 0,
        }
    }

    pub(crate) fn content(&self) -> bool {
        match self {
            Self::Through(through) => through.observer.content(),
            Self::Transcoded(transcoder) => transcoder.content(),
        }
    }

    /// A terminal event came, good or bad; or the document is whole.
    pub(crate) fn ended(&self) -> bool {
        match self {
            Self::Through(through) => through.observer.ended(),
            Self::Transcoded(transcoder) => transcoder.ended(),
        }
    }

    /// The error the upstream told inside its answer.
    pub(crate) fn failed(&self) -> Option<&UpstreamError> {
        match self {
            Self::Through(through) => through.observer.failed(),
            Self::Transcoded(transcoder) => transcoder.failed(),
        }
    }

    /// That error, where it is for the gateway to tell it: bytes that pass through tell it themselves.
    pub(crate) fn untold(&self) -> Option<&UpstreamError> {
        match self {
            Self::Through(_) => None,
            Self::Transcoded(transcoder) => transcoder.failed(),
        }
    }

    /// Whether the answer may stop here without being a cut one.
    pub(crate) fn ends_cleanly(&self) -> bool {
        match self {
            Self::Through(through) => through.observer.ends_cleanly(),
            Self::Transcoded(transcoder) => transcoder.ended() && transcoder.failed().is_none(),
        }
    }

    /// Whether a comment may be put between events.
    pub(crate) fn takes_comments(&self) -> bool {
        match self {
            Self::Through(through) => through.observer.takes_comments(),
            Self::Transcoded(transcoder) => transcoder.takes_comments(),
        }
    }

    /// Why the model stopped. Of a document that passes through its bytes tell.
    pub(crate) fn finish_reason(&self) -> Option<FinishReason> {
        match self {
            Self::Through(through) => through.observer.finish_reason(),
            Self::Transcoded(transcoder) => transcoder.finish_reason(),
        }
    }

    pub(crate) fn usage(&self) -> Option<Usage> {
        match self {
            Self::Through(through) => through.observer.usage(),
            Self::Transcoded(transcoder) => transcoder.usage(),
        }
    }

    /// What the client's protocol could not hold of the answer.
    pub(crate) fn lost(&self) -> Losses {
        match self {
            Self::Through(_) => Losses::default(),
            Self::Transcoded(transcoder) => transcoder.lost(),
        }
    }

    /// What ends a cut stream after its last whole event: one error in the client's protocol. Nothing
    /// where the answer cannot hold one.
    pub(crate) fn closing_error(&mut self, failure: &Failure) -> Vec<u8> {
        match self {
            Self::Through(through) => through.observer.closing_error(failure),
            Self::Transcoded(transcoder) => transcoder.fail(failure),
        }
    }
}
