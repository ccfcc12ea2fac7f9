//! Watches a JSON object stream by and keeps the values of a few of its top-level fields.
//!
//! For answers that are passed on as they arrive: what is not asked for is skipped and never held.

use super::json::key_is;
use super::skim::Skim;

/// A field whose value is larger is not kept.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

const MAX_KEY_BYTES: usize = 256;

/// Picks named fields out of an object that arrives in chunks.
///
/// Trusts what it sees to be JSON; when it is not, less is found, and the stream itself is never at risk.
#[derive(Debug)]
pub struct Capture {
    wanted: Vec<Wanted>,
    stage: Stage,
    /// The quoted key being read, or the wanted value.
    held: Vec<u8>,
    /// What was to be held is too large and was let go.
    overflowed: bool,
}

#[derive(Debug)]
struct Wanted {
    name: &'static str,
    value: Option<Vec<u8>>,
}

#[derive(Debug)]
enum Stage {
    /// Before the object.
    Start,
    /// After `{` or `,`.
    BeforeKey,
    Key(Skim),
    /// After a key: of a wanted field, or of another.
    BeforeColon(Option<usize>),
    BeforeValue(Option<usize>),
    Value(Option<usize>, Skim),
    AfterValue,
    /// The object's end came.
    Complete,
    /// Not an object, or not JSON.
    Lost {
        object: bool,
    },
}

impl Capture {
    /// Keeps the fields named `names`; of duplicates the last.
    pub fn new(names: &[&'static str]) -> Self {
        let wanted = names.iter().map(|name| Wanted { name, value: None }).collect();
        Self { wanted, stage: Stage::Start, held: Vec::new(), overflowed: false }
    }

    /// Takes in what arrived.
    pub fn push(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while let Some((first, after)) = rest.split_first() {
            match &mut self.stage {
                Stage::Complete | Stage::Lost { .. } => return,
                Stage::Key(skim) => {
                    let end = skim.end(rest);
                    let (piece, after) = split(rest, end);
                    rest = after;
                    self.hold(piece, MAX_KEY_BYTES);
                    if end.is_some() {
                        self.stage = Stage::BeforeColon(self.wanted_by_key());
                    }
                }
                Stage::Value(wanted, skim) => {
                    let wanted = *wanted;
                    let end = skim.end(rest);
                    let (piece, after) = split(rest, end);
                    rest = after;
                    if wanted.is_some() {
                        self.hold(piece, MAX_VALUE_BYTES);
                    }
                    if end.is_some() {
                        self.keep(wanted);
                        self.stage = Stage::AfterValue;
                    }
                }
                _ if matches!(first, b' ' | b'\n' | b'\r' | b'\t') => rest = after,
                Stage::BeforeValue(wanted) => self.stage = Stage::Value(*wanted, Skim::default()),
                Stage::BeforeKey if *first == b'"' => self.stage = Stage::Key(Skim::default()),
                stage => {
                    *stage = stage.step(*first);
                    rest = after;
                }
            }
        }
    }

    /// The value of the field `name` as spelled, once all of it came.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.wanted.iter().find(|wanted| wanted.name == name)?.value.as_deref()
    }

    /// Whether the object's end came.
    pub fn complete(&self) -> bool {
        matches!(self.stage, Stage::Complete)
    }

    /// Whether the first byte that is not space was a `{`.
    pub fn is_object(&self) -> bool {
        !matches!(self.stage, Stage::Start | Stage::Lost { object: false })
    }
}

impl Capture {
    fn hold(&mut self, piece: &[u8], limit: usize) {
        self.overflowed |= self.held.len() + piece.len() > limit;
        if !self.overflowed {
            self.held.extend_from_slice(piece);
        }
    }

    /// Gives up what is held; `None` when it was too large.
    fn release(&mut self) -> Option<Vec<u8>> {
        let held = std::mem::take(&mut self.held);
        if std::mem::take(&mut self.overflowed) { None } else { Some(held) }
    }

    /// The wanted field that the held key names. Its memory is kept for the next key.
    fn wanted_by_key(&mut self) -> Option<usize> {
        let quoted = self.held.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\""));
        let key = quoted.filter(|_| !self.overflowed);
        let wanted = key.and_then(|key| self.wanted.iter().position(|wanted| key_is(key, wanted.name)));
        self.held.clear();
        self.overflowed = false;
        wanted
    }

    fn keep(&mut self, wanted: Option<usize>) {
        let Some(index) = wanted else { return };
        let value = self.release();
        if let Some(wanted) = self.wanted.get_mut(index) {
            wanted.value = value;
        }
    }
}

impl Stage {
    /// What a byte that is part of no key or value leads to.
    fn step(&self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start, b'{') | (Self::AfterValue, b',') => Self::BeforeKey,
            (Self::Start, _) => Self::Lost { object: false },
            (Self::BeforeColon(wanted), b':') => Self::BeforeValue(*wanted),
            (Self::BeforeKey | Self::AfterValue, b'}') => Self::Complete,
            _ => Self::Lost { object: true },
        }
    }
}

fn split(bytes: &[u8], end: Option<usize>) -> (&[u8], &[u8]) {
    end.and_then(|end| bytes.split_at_checked(end)).unwrap_or((bytes, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(chunks: &[&[u8]]) -> Capture {
        let mut capture = Capture::new(&["usage", "model", "error"]);
        for chunk in chunks {
            capture.push(chunk);
        }
        capture
    }

    fn text<'c>(capture: &'c Capture, name: &str) -> Option<&'c str> {
        capture.get(name).map(|value| std::str::from_utf8(value).unwrap())
    }

    #[test]
    fn any_split_finds_the_same_fields() {
        type Case = (&'static str, Option<&'static str>, Option<&'static str>, bool, bool);
        let cases: [Case; 12] = [
            ("", None, None, false, false),
            (" \n{}", None, None, true, true),
            (
                "{\"usage\":{\"a\":[1,\"}\"]},\"model\" : \"x\\\"é\" }\n",
                Some("{\"a\":[1,\"}\"]}"),
                Some("\"x\\\"é\""),
                true,
                true,
            ),
            (
                "{\"a\":{\"usage\":1},\"b\":[{\"usage\":2}],\"c\":\"usage\",\"usage\":3}",
                Some("3"),
                None,
                true,
                true,
            ),
            ("{\"usage\":1,\"usage\":null ,\"us\\u0061ge\":-2.5e1}", Some("-2.5e1"), None, true, true),
            ("{\"model\":\"x\",\"usage\":{\"a\":1", None, Some("\"x\""), false, true),
            ("{\"model\":tru", None, None, false, true),
            ("[{\"usage\":1}]", None, None, false, false),
            ("data: {\"usage\":1}", None, None, false, false),
            ("{\"model\":1,,\"usage\":1}", None, Some("1"), false, true),
            ("{\"usage\" 1, \"model\":1}", None, None, false, true),
            ("{\"usage\":1}{\"usage\":2}", Some("1"), None, true, true),
        ];
        for (body, usage, model, complete, object) in cases {
            let bytes = body.as_bytes();
            let check = |chunks: &[&[u8]], how: &str| {
                let capture = capture(chunks);
                assert_eq!(text(&capture, "usage"), usage, "{body} {how}");
                assert_eq!(text(&capture, "model"), model, "{body} {how}");
                assert_eq!((capture.complete(), capture.is_object()), (complete, object), "{body} {how}");
            };
            check(&bytes.chunks(1).collect::<Vec<_>>(), "byte by byte");
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let chunks = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                    check(&chunks, &format!("split at {first} and {second}"));
                }
            }
        }
    }

    #[test]
    fn what_was_not_asked_for_is_not_there() {
        let capture = capture(&[b"{\"choices\":[1],\"usage\":2}"]);
        assert_eq!(capture.get("choices"), None);
        assert_eq!(capture.get("error"), None);
    }

    #[test]
    fn a_huge_value_or_key_is_let_go_and_the_rest_still_found() {
        let long = "x".repeat(MAX_VALUE_BYTES);
        let body =
            format!("{{\"usage\":\"{long}\",\"{long}\":1,\"choices\":\"{long}{long}\",\"model\":\"m\"}}");
        for size in [1, 1000, body.len()] {
            let mut capture = capture(&[]);
            let mut held = 0;
            for chunk in body.as_bytes().chunks(size) {
                capture.push(chunk);
                held = held.max(capture.held.capacity());
            }
            assert_eq!(text(&capture, "usage"), None);
            assert_eq!(text(&capture, "model"), Some("\"m\""));
            assert!(capture.complete());
            assert!(held <= 2 * MAX_VALUE_BYTES);
        }
    }

    #[test]
    fn a_value_of_the_largest_size_is_kept() {
        let value = format!("\"{}\"", "x".repeat(MAX_VALUE_BYTES - 2));
        assert_eq!(text(&capture(&[b"{\"error\":", value.as_bytes(), b"}"]), "error"), Some(value.as_str()));
    }
}
