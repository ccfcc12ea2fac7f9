//! Events of a stream, read and written. <https://platform.claude.com/docs/en/build-with-claude/streaming>

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::answer::{Counts, Message};
use super::block::Block;
use super::object::Text;
use super::stop::Stop;
use crate::codec::sse;
use crate::ir::Raw;

/// Any event that is read: which fields are there follows from its type.
#[derive(Debug, Deserialize)]
pub(crate) struct Frame<'a> {
    pub(crate) index: Option<u32>,
    #[serde(borrow)]
    pub(crate) message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) delta: Option<Delta<'a>>,
    #[serde(borrow)]
    pub(crate) usage: Option<&'a RawValue>,
}

/// A block's delta or a message's. Each kind has a field of its own, which tells it as well as its type.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Delta<'a> {
    #[serde(borrow)]
    pub(crate) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) thinking: Option<Text<'a>>,
    /// How some vendors spell thinking.
    #[serde(borrow)]
    pub(crate) reasoning_content: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) citation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) encrypted_content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) stop_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) stop_sequence: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) stop_details: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Written<'a> {
    MessageStart { message: Message<'a> },
    ContentBlockStart { index: u32, content_block: Block<'a> },
    ContentBlockDelta { index: u32, delta: Piece<'a> },
    ContentBlockStop { index: u32 },
    MessageDelta { delta: Stop<'a>, usage: Counts },
    MessageStop,
}

/// More of a block.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type")]
pub(crate) enum Piece<'a> {
    #[serde(rename = "text_delta")]
    Text { text: Cow<'a, str> },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: Cow<'a, str> },
    #[serde(rename = "signature_delta")]
    Signature { signature: Cow<'a, str> },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: Cow<'a, str> },
    #[serde(rename = "citations_delta")]
    Citation { citation: Cow<'a, Raw> },
    #[serde(rename = "compaction_delta")]
    Compaction {
        content: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<Cow<'a, str>>,
    },
}

impl Written<'_> {
    /// Appends the event.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(self.name());
        out.extend_from_slice(b"\ndata: ");
        let start = out.len();
        // A vector takes every byte, and no key here is anything but a string.
        let _ = serde_json::to_writer(&mut *out, self);
        sse::join_lines(out.get_mut(start..).unwrap_or_default());
        out.extend_from_slice(b"\n\n");
    }

    fn name(&self) -> &'static [u8] {
        match self {
            Self::MessageStart { .. } => b"message_start",
            Self::ContentBlockStart { .. } => b"content_block_start",
            Self::ContentBlockDelta { .. } => b"content_block_delta",
            Self::ContentBlockStop { .. } => b"content_block_stop",
            Self::MessageDelta { .. } => b"message_delta",
            Self::MessageStop => b"message_stop",
        }
    }
}

impl Piece<'_> {
    pub(crate) fn into_owned(self) -> Piece<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Text { text } => Piece::Text { text: owned(text) },
            Self::Thinking { thinking } => Piece::Thinking { thinking: owned(thinking) },
            Self::Signature { signature } => Piece::Signature { signature: owned(signature) },
            Self::Input { partial_json } => Piece::Input { partial_json: owned(partial_json) },
            Self::Citation { citation } => Piece::Citation { citation: Cow::Owned(citation.into_owned()) },
            Self::Compaction { content, encrypted_content } => Piece::Compaction {
                content: content.map(owned),
                encrypted_content: encrypted_content.map(owned),
            },
        }
    }

    /// Takes in what follows, if it is of the same kind; else gives it back.
    pub(crate) fn join(&mut self, more: Self) -> Option<Self> {
        match (self, more) {
            (Self::Text { text: held }, Self::Text { text: more })
            | (Self::Thinking { thinking: held }, Self::Thinking { thinking: more })
            | (Self::Input { partial_json: held }, Self::Input { partial_json: more }) => {
                held.to_mut().push_str(&more);
                None
            }
            (_, more) => Some(more),
        }
    }
}
