//! Request ids: unique, cheap, and telling nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::platform::Entropy;

/// Counts from a random start and scrambles the count, so that ids neither repeat nor follow each other.
pub(crate) struct RequestIds {
    run: u32,
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(entropy: &impl Entropy) -> Self {
        let start = entropy.word();
        #[expect(clippy::cast_possible_truncation, reason = "the low half is as random as the whole")]
        let run = entropy.word() as u32;
        Self { run, count: AtomicU64::new(start) }
    }

    /// `req_` and 24 hexadecimal digits.
    pub(crate) fn next(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        format!("req_{:08x}{:016x}", self.run, scramble(count))
    }
}

/// A bijection on 64 bits: different counts stay different.
const fn scramble(count: u64) -> u64 {
    let mixed = (count ^ (count >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}
