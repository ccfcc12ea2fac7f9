//! What a target could not hold.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

/// One feature of a request or answer that did not get through as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Loss {
    /// In the IR's words, the same whichever protocol it was lost to:
    /// - sampling and identity by their fields: `top_k`, `seed`, `stop`, `n`, `max_output`, `service_tier`
    /// - `reasoning`, `reasoning.effort`, `.budget`, `.show`, `.summary`: how much to think
    /// - `output.verbosity`, `.prediction`, `.audio`, `.modalities`, `.format`, `.format.strict`
    /// - `tools`, `tools.strict`, `tools.custom`, `tools.defer_loading`, `tools.<wire type>`, `tool_choice`,
    ///   `tool_choice.allowed`, `parallel_tool_calls`
    /// - `items.system`, `.name`, `.reasoning`, `.compaction`, `.refusal`, `.tool_call`, `.tool_result`,
    ///   `.image`, `.image.detail`, `.file`, `.audio`, `.video`, `.<wire type>`: pieces of a conversation or
    ///   answer
    /// - `file.context`, `file.citations`, `tool_result.is_error`, `tool_result.images`, `citations`,
    ///   `cache_control`: what hangs on such a piece
    /// - `reasoning.sealed`, `text.sealed`: what only its issuer can read, of thinking and calls or of text
    /// - `finish.pause`, `finish.malformed_call`: why an answer ended
    /// - `ext.<field>`: what only the client's protocol knows
    pub feature: Cow<'static, str>,
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// It is not there any more.
    Dropped,
    /// Something near it took its place: an effort for a budget, text for a document.
    Approximated,
    /// It works by other means, as structured output by a forced tool. No loss to a channel that refuses
    /// losses.
    Emulated,
}

/// The losses of one encode, each told once, in the order they were met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    told: Vec<Loss>,
    /// The same, to look them up: a client may send any number of fields that get lost.
    known: BTreeSet<Loss>,
}

/// What has no bearing on what the model sees or says: nobody misses it.
const HINTS: [&str; 3] = ["items.phase", "ext.client_metadata", "ext.stream_options"];

impl Losses {
    pub fn dropped(&mut self, feature: impl Into<Cow<'static, str>>) {
        self.add(feature, How::Dropped);
    }

    pub fn approximated(&mut self, feature: impl Into<Cow<'static, str>>) {
        self.add(feature, How::Approximated);
    }

    pub fn emulated(&mut self, feature: impl Into<Cow<'static, str>>) {
        self.add(feature, How::Emulated);
    }

    fn add(&mut self, feature: impl Into<Cow<'static, str>>, how: How) {
        let loss = Loss { feature: feature.into(), how };
        if !HINTS.contains(&loss.feature.as_ref()) && self.known.insert(loss.clone()) {
            self.told.push(loss);
        }
    }

    pub fn extend(&mut self, other: Self) {
        for loss in other.told {
            self.add(loss.feature, loss.how);
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Loss> {
        self.told.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dropped => "dropped",
            Self::Approximated => "approximated",
            Self::Emulated => "emulated",
        })
    }
}

/// `top_k=dropped, thinking.budget=approximated`, as the header shows it.
impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, Loss { feature, how }) in self.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{feature}={how}")?;
        }
        Ok(())
    }
}
