//! What an upstream answered, in full.

use super::Ext;
use super::item::Item;
use super::raw::Raw;
use super::usage::Usage;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The upstream's.
    pub id: Option<String>,
    /// As the upstream named it.
    pub model: Option<String>,
    /// Seconds since 1970.
    pub created: Option<u64>,
    /// One, unless the request asked for more; never with gaps.
    pub choices: Vec<Choice>,
    pub usage: Option<Usage>,
    pub service_tier: Option<String>,
    pub ext: Ext,
}

/// One of the answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    pub items: Vec<Item>,
    /// `None`: the answer was cut.
    pub finish: Option<Finish>,
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    pub reason: FinishReason,
    /// The stop sequence that was met.
    pub stop_sequence: Option<String>,
    /// For people: why it was refused or filtered.
    pub message: Option<String>,
    /// What else the vendor said of it: ratings, grounding.
    pub details: Option<Raw>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FinishReason {
    /// The model was done.
    Stop,
    StopSequence,
    /// The output limit was reached.
    Length,
    /// The client shall run tools.
    ToolCalls,
    /// The model declined.
    Refusal,
    /// A filter of the vendor stepped in.
    ContentFilter,
    /// Claude's `pause_turn`: to be continued by sending the answer back.
    Pause,
    /// The model wrote a call that cannot be read.
    MalformedCall,
    /// The context window is full.
    ContextExceeded,
    /// The vendor gave a reason no other protocol has.
    Other,
}

impl FinishReason {
    /// Its name in records.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::StopSequence => "stop_sequence",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::Refusal => "refusal",
            Self::ContentFilter => "content_filter",
            Self::Pause => "pause",
            Self::MalformedCall => "malformed_call",
            Self::ContextExceeded => "context_exceeded",
            Self::Other => "other",
        }
    }
}

impl Finish {
    pub fn new(reason: FinishReason) -> Self {
        Self { reason, stop_sequence: None, message: None, details: None }
    }
}
