//! An answer while it comes.

use std::borrow::Cow;

use super::Ext;
use super::block::Citation;
use super::item::{CallKind, Executor, Opaque, Sealed};
use super::raw::Raw;
use super::response::Finish;
use super::usage::Usage;
use crate::protocol::UpstreamError;

/// One step of an answer that is streamed. Text is borrowed from the bytes it came in, wherever that can be.
///
/// Every decoder keeps these rules, whatever its upstream sends:
/// - [`Event::Start`] comes first and once.
/// - A block is opened, gets deltas, and is closed, once each. Its index is given to no other block; indexes
///   count up from 0 in the order of opening, over all choices. Blocks may be open at the same time.
/// - One [`Event::Finish`] per choice comes after the choice's blocks are closed.
/// - [`Event::Usage`] comes at any time after the start; a later one refines the earlier ones.
/// - [`Event::End`] or [`Event::Error`] is the last event, and there is one of them. A stream whose bytes
///   stop before has neither: whoever drives the decoder knows it for cut.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    Start(Start<'a>),
    BlockStart {
        index: u32,
        choice: u32,
        block: BlockStart<'a>,
    },
    Delta {
        index: u32,
        delta: Delta<'a>,
    },
    BlockStop {
        index: u32,
    },
    /// What was consumed, as far as it is known by now.
    Usage(Usage),
    Finish {
        choice: u32,
        finish: Finish,
    },
    End,
    /// The upstream failed inside its answer.
    Error(UpstreamError),
}

/// What an answer says of itself first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start<'a> {
    pub id: Option<Cow<'a, str>>,
    pub model: Option<Cow<'a, str>>,
    /// Seconds since 1970.
    pub created: Option<u64>,
    pub service_tier: Option<Cow<'a, str>>,
    pub ext: Ext,
}

/// What kind of block opens.
#[derive(Clone, Debug, PartialEq)]
pub enum BlockStart<'a> {
    /// Text. `joins`: it belongs to the same message as the block before it.
    Text {
        joins: bool,
        message_id: Option<Cow<'a, str>>,
        phase: Option<Cow<'a, str>>,
    },
    /// The model declines. `joins` as for text.
    Refusal {
        joins: bool,
        message_id: Option<Cow<'a, str>>,
    },
    Reasoning {
        id: Option<Cow<'a, str>>,
        redacted: bool,
    },
    ToolCall {
        id: Cow<'a, str>,
        item_id: Option<Cow<'a, str>>,
        name: Cow<'a, str>,
        namespace: Option<Cow<'a, str>>,
        kind: CallKind,
        executor: Executor,
        /// Known from the start, unlike that of reasoning.
        sealed: Option<Sealed>,
    },
    /// An image the model made; `data` of [`Delta::Media`] is base64.
    Image {
        joins: bool,
        mime: Cow<'a, str>,
    },
    /// Speech of the model.
    Audio {
        joins: bool,
        mime: Cow<'a, str>,
        id: Option<Cow<'a, str>>,
    },
    Compaction {
        id: Option<Cow<'a, str>>,
    },
    /// Whole at once; no deltas follow.
    Opaque(Opaque),
}

/// More of a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta<'a> {
    /// Of text, a refusal, a compaction's summary, or an audio's transcript.
    Text(Cow<'a, str>),
    /// Thinking itself.
    Reasoning(Cow<'a, str>),
    /// A part of a summary of the thinking; parts count up from 0.
    Summary {
        part: u32,
        text: Cow<'a, str>,
    },
    /// A piece of a tool call's arguments: JSON as the model spells it, or the text of a custom call.
    Arguments(Cow<'a, str>),
    /// Of reasoning, text or a compaction; replaces an earlier one.
    Sealed(Sealed),
    Citation(Citation),
    /// Of text, as OpenAI writes them: an array to append.
    Logprobs(Raw),
    /// Base64 of an image or audio.
    Media(Cow<'a, str>),
}
