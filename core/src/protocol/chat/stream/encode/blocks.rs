//! What is remembered of blocks and choices while they are written.

#[derive(Clone, Copy)]
pub(super) struct Open {
    pub(super) choice: u32,
    /// Where the choice's state is.
    pub(super) at: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// `breaks`: a paragraph must be ended before it. `length` counts characters.
    Text {
        breaks: bool,
        length: u64,
    },
    /// Its summary is text.
    Compaction {
        breaks: bool,
        empty: bool,
    },
    Refusal,
    Reasoning {
        breaks: bool,
        part: Option<u32>,
    },
    Call {
        index: u32,
        custom: bool,
        empty: bool,
    },
    Audio,
    /// Chat cannot say it.
    Silent,
}

pub(super) struct Choice {
    pub(super) number: u32,
    pub(super) calls: u32,
    /// Characters of content so far.
    pub(super) written: u64,
    /// Whether there was text, thinking, a refusal.
    pub(super) said: bool,
    pub(super) thought: bool,
    pub(super) refused: bool,
    pub(super) finished: bool,
}

impl Choice {
    pub(super) fn new(number: u32) -> Self {
        Self { number, calls: 0, written: 0, said: false, thought: false, refused: false, finished: false }
    }
}
