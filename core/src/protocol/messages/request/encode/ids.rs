//! Ids of tool calls. Claude takes `^[a-zA-Z0-9_-]+$`, and each but once.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Longer ids are refused by some who speak this protocol.
const MAX_LENGTH: usize = 64;

/// The id for the `nth` call that has `id`: itself where Claude takes it, else one that follows from both.
pub(super) fn of(id: &str, nth: usize) -> Cow<'_, str> {
    let fits = (1..=MAX_LENGTH).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if fits && nth == 0 {
        return Cow::Borrowed(id);
    }
    let mut digest = Sha256::new();
    // The same bytes on every platform.
    digest.update(u64::try_from(nth).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(id.as_bytes());
    let mut safe = String::from("toolu_");
    for byte in digest.finalize().iter().take(16) {
        let _ = write!(safe, "{byte:02x}");
    }
    Cow::Owned(safe)
}
