//! What stands against using something now.

use crate::time::Timestamp;

/// What one thing says of the next use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Free,
    /// It comes back from a fault: one request at a time shows whether it serves again.
    Unproven,
    /// Nothing before `until`, and before `from` not even where nothing else is left.
    Rests {
        until: Timestamp,
        from: Timestamp,
    },
}

/// Whether a key can be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Ready,
    /// Free for the one request that tests it.
    Trial,
    /// Sound, but at a limit that its operator set: until then, where that is known.
    Limited(Option<Timestamp>),
    Waits(Wait),
}

/// What keeps a key from use, the gravest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Another request tests it.
    #[default]
    UnderTest,
    /// Its breaker is open, or its channel's.
    Open,
    /// It rests after a fault.
    Cooling,
}

/// Why a key cannot be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// The upstream refuses the key itself.
    pub(super) refused: bool,
    pub(super) cause: Cause,
    /// When it is expected to work again.
    pub(super) until: Timestamp,
    /// From when it may be tried if nothing else is left.
    pub(super) from: Timestamp,
}
