//! Framing of a JSON array that is streamed element by element, as Gemini does without `alt=sse`:
//! `[{…},\n{…}]`. See <https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent>.

use super::skim::Skim;

/// An element grew past the decoder's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an element of a streamed array is larger than {limit} bytes")]
pub struct TooLarge {
    pub limit: usize,
}

/// Finds the elements of an array that arrives in chunks.
///
/// Looks only for where elements begin and end; whether each is valid JSON is for its reader to see.
/// Values that come without an array around them, as an error object may, are handed over alike.
#[derive(Debug)]
pub struct Decoder {
    max_element_bytes: usize,
    stage: Stage,
    /// The element under way, as far as earlier chunks held it.
    partial: Vec<u8>,
    too_large: bool,
}

#[derive(Debug)]
enum Stage {
    /// Nothing but space has come.
    Start,
    /// After `[` or `,`.
    Open,
    /// After an element.
    Between,
    Element(Skim),
    Closed,
}

impl Decoder {
    /// `max_element_bytes` bounds one element, and so the memory kept.
    pub fn new(max_element_bytes: usize) -> Self {
        Self { max_element_bytes, stage: Stage::Start, partial: Vec::new(), too_large: false }
    }

    /// Hands each element that `chunk` completes to `each`, in order; without a copy if it lies within `chunk`.
    ///
    /// Once an element was too large the stream is not followed any further: every later call fails as well.
    pub fn push(&mut self, chunk: &[u8], each: &mut dyn FnMut(&[u8])) -> Result<(), TooLarge> {
        if self.too_large {
            return Err(TooLarge { limit: self.max_element_bytes });
        }
        let mut rest = chunk;
        while let Some((first, after)) = rest.split_first() {
            match (&mut self.stage, first) {
                (Stage::Closed, _) => return Ok(()),
                (Stage::Element(skim), _) => {
                    let end = skim.end(rest);
                    let Some((piece, after)) = rest.split_at_checked(end.unwrap_or(rest.len())) else {
                        break;
                    };
                    rest = after;
                    self.take(piece, end.is_some(), each)?;
                }
                (_, b' ' | b'\n' | b'\r' | b'\t') => rest = after,
                (stage @ Stage::Start, b'[') | (stage, b',') => {
                    *stage = Stage::Open;
                    rest = after;
                }
                (stage, b']') => *stage = Stage::Closed,
                (stage, _) => *stage = Stage::Element(Skim::default()),
            }
        }
        Ok(())
    }

    /// Hands over an element that the stream's end left open.
    ///
    /// It may have been cut: whoever reads it checks that it is whole.
    pub fn finish(&mut self, each: &mut dyn FnMut(&[u8])) {
        let partial = std::mem::take(&mut self.partial);
        if !partial.is_empty() {
            each(&partial);
        }
    }

    /// What has to stand before an element that is put in here; `None` inside an element or after the end.
    pub fn gap(&self) -> Option<&'static str> {
        match self.stage {
            Stage::Start => Some("["),
            Stage::Open => Some(""),
            Stage::Between => Some(","),
            Stage::Element(_) | Stage::Closed => None,
        }
    }

    /// Whether the array's end came.
    pub fn closed(&self) -> bool {
        matches!(self.stage, Stage::Closed)
    }

    fn take(&mut self, piece: &[u8], ends: bool, each: &mut dyn FnMut(&[u8])) -> Result<(), TooLarge> {
        self.too_large = self.partial.len() + piece.len() > self.max_element_bytes;
        if self.too_large {
            self.partial = Vec::new();
            return Err(TooLarge { limit: self.max_element_bytes });
        }
        if ends && self.partial.is_empty() {
            self.stage = Stage::Between;
            each(piece);
            return Ok(());
        }
        self.partial.extend_from_slice(piece);
        if ends {
            self.stage = Stage::Between;
            each(&self.partial);
            self.partial.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(chunks: &[&[u8]]) -> (Vec<String>, bool) {
        let mut decoder = Decoder::new(64);
        let mut elements = Vec::new();
        let mut each = |element: &[u8]| elements.push(String::from_utf8(element.to_vec()).unwrap());
        for chunk in chunks {
            decoder.push(chunk, &mut each).unwrap();
        }
        decoder.finish(&mut each);
        let closed = decoder.closed();
        (elements, closed)
    }

    #[test]
    fn any_split_gives_the_same_elements() {
        let cases: [(&str, &[&str], bool); 9] = [
            ("", &[], false),
            ("[]", &[], true),
            ("[{\"a\":1}\n,\r\n{\"b\":[{}]}]\n", &["{\"a\":1}", "{\"b\":[{}]}"], true),
            (" [ {\"a\":\"]},\\\"\\\\\"} , {} ] ", &["{\"a\":\"]},\\\"\\\\\"}", "{}"], true),
            ("[1, -2.5e3 ,true,\"a,]\", [1,[2]]]", &["1", "-2.5e3", "true", "\"a,]\"", "[1,[2]]"], true),
            ("[{\"a\":\"é漢😀\"}", &["{\"a\":\"é漢😀\"}"], false),
            ("[{\"a\":1},\n{\"b\":", &["{\"a\":1}", "{\"b\":"], false),
            ("{\"error\":{\"code\":429}}\n", &["{\"error\":{\"code\":429}}"], false),
            ("[{}]{\"after\":1}", &["{}"], true),
        ];
        for (stream, elements, closed) in cases {
            let bytes = stream.as_bytes();
            let expected = (elements.iter().map(|element| (*element).to_owned()).collect::<Vec<_>>(), closed);
            assert_eq!(decode(&bytes.chunks(1).collect::<Vec<_>>()), expected, "{stream} byte by byte");
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let chunks = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                    assert_eq!(decode(&chunks), expected, "{stream} split at {first} and {second}");
                }
            }
        }
    }

    #[test]
    fn an_element_can_be_put_in_wherever_none_is_under_way() {
        let mut decoder = Decoder::new(64);
        assert_eq!(decoder.gap(), Some("["));
        let pieces = [
            ("[", Some("")),
            ("{\"a\"", None),
            (":1}", Some(",")),
            (",\n", Some("")),
            ("1", None),
            ("]", None),
        ];
        for (piece, gap) in pieces {
            decoder.push(piece.as_bytes(), &mut |_| ()).unwrap();
            assert_eq!(decoder.gap(), gap, "after {piece}");
        }
        assert!(decoder.closed());
    }

    #[test]
    fn an_element_past_the_limit_ends_the_decoding_whatever_the_split() {
        let stream = b"[{\"a\":12},{\"a\":1234567890},{}]";
        for size in 1..=stream.len() {
            let mut decoder = Decoder::new(12);
            let mut seen = Vec::new();
            let mut last = Ok(());
            for chunk in stream.chunks(size) {
                last = decoder.push(chunk, &mut |element| seen.push(element.to_vec()));
                assert!(decoder.partial.len() <= 12);
            }
            assert_eq!(last, Err(TooLarge { limit: 12 }), "in chunks of {size}");
            assert_eq!(seen, [b"{\"a\":12}"], "in chunks of {size}");
        }
    }
}
