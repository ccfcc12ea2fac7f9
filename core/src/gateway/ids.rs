//! Request ids: unique, cheap, and telling no more than when the request came.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::hex_digits;
use crate::platform::Entropy;
use crate::time::Timestamp;

const LENGTH: usize = "req_".len() + 24;
const LOW_48: u64 = (1 << 48) - 1;

/// Counts from a random start and scrambles the count, so that ids neither repeat nor tell how many there are.
pub(crate) struct RequestIds {
    count: AtomicU64,
}

/// An id, and the time that it tells.
pub(crate) struct RequestId {
    text: String,
    pub(crate) at: Timestamp,
}

impl Deref for RequestId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// When the request of this id came.
pub(crate) fn time(id: &str) -> Option<Timestamp> {
    let millis = id.strip_prefix("req_")?.get(..12)?;
    u64::from_str_radix(millis, 16).ok().map(Timestamp::from_millis)
}

impl RequestIds {
    pub(crate) fn new(entropy: &impl Entropy) -> Self {
        Self { count: AtomicU64::new(entropy.word()) }
    }

    /// `req_` and 24 hexadecimal digits, the first half of which is the [`time`].
    pub(crate) fn next(&self, now: Timestamp) -> RequestId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut id = String::with_capacity(LENGTH);
        id.push_str("req_");
        let [_, _, time @ ..] = now.as_millis().to_be_bytes();
        let [_, _, rest @ ..] = scramble(count).to_be_bytes();
        id.extend(hex_digits(&time));
        id.extend(hex_digits(&rest));
        RequestId { text: id, at: now }
    }
}

/// A bijection on the low 48 bits: different counts stay different.
const fn scramble(count: u64) -> u64 {
    let count = count & LOW_48;
    let mixed = (count ^ (count >> 24)).wrapping_mul(0x9e37_79b9_7f4a_7c15) & LOW_48;
    mixed ^ (mixed >> 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn ids_differ_and_follow_the_time() {
        let ids = RequestIds::new(&Zeros);
        let mut made = Vec::new();
        for millis in 1..100 {
            let at = Timestamp::from_millis(millis);
            let mut together: Vec<String> = (0..10).map(|_| ids.next(at).to_owned()).collect();
            assert!(together.iter().all(|id| time(id) == Some(at)), "{together:?}");
            together.sort();
            together.dedup();
            assert_eq!(together.len(), 10);
            made.append(&mut together);
        }
        assert!(made.is_sorted() && made.iter().all(|id| id.len() == 28), "{made:?}");
    }
}
