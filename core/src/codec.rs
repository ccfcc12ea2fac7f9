//! Bytes on the wire and the little that must be known of them: no protocol, no I/O, nothing copied
//! that can be borrowed.

pub mod array;
pub mod capture;
pub mod inflate;
pub mod json;
pub mod multipart;
pub(crate) mod skim;
pub mod sse;

use std::ops::Range;

/// `body` with each range replaced by the bytes beside it.
///
/// Edits come sorted and do not overlap; an edit that breaks this, or lies outside of `body`, is a
/// mistake of the caller, and whatever bytes come out then, it does not panic in a release build.
pub fn splice(body: &[u8], edits: &[(Range<usize>, &[u8])]) -> Vec<u8> {
    let removed: usize = edits.iter().map(|(range, _)| range.len()).sum();
    let added: usize = edits.iter().map(|(_, with)| with.len()).sum();
    let mut out = Vec::with_capacity((body.len() + added).saturating_sub(removed));
    let mut kept_until = 0;
    for (range, with) in edits {
        debug_assert!(kept_until <= range.start && range.end <= body.len(), "edits are sorted and inside");
        out.extend_from_slice(body.get(kept_until..range.start).unwrap_or_default());
        out.extend_from_slice(with);
        kept_until = range.end;
    }
    out.extend_from_slice(body.get(kept_until..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::splice;

    #[test]
    fn edits_replace_their_ranges_and_nothing_else() {
        let body = b"0123456789";
        type Edits<'a> = &'a [(std::ops::Range<usize>, &'a [u8])];
        let cases: [(Edits<'_>, &[u8]); 5] = [
            (&[], b"0123456789"),
            (&[(2..4, b"ab")], b"01ab456789"),
            (&[(0..1, b""), (9..10, b"long")], b"12345678long"),
            (&[(3..3, b"+"), (3..5, b"-")], b"012+-56789"),
            (&[(10..10, b"!")], b"0123456789!"),
        ];
        for (edits, expected) in cases {
            let out = splice(body, edits);
            assert_eq!(out, expected);
            assert_eq!(out.capacity(), expected.len(), "one allocation of the exact size");
        }
    }
}
