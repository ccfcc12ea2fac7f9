//! The cursor under [`super::Fields`] and [`super::Elements`].

use std::ops::Range;

use super::{MAX_DEPTH, ScanError};

/// Walks forward over JSON text. After an error its position means nothing.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Array,
    Object,
}

/// The kinds of the containers around a value, a bit each.
struct Nesting {
    objects: [u64; MAX_DEPTH / 64],
    depth: usize,
    base: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &'a [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    pub(super) fn error(&self, what: &'static str) -> ScanError {
        ScanError { offset: self.at, what }
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), ScanError> {
        if self.eat(byte) { Ok(()) } else { Err(self.error(what)) }
    }

    /// Reads a key and its colon, up to the value; gives what is between the quotes.
    pub(super) fn key(&mut self) -> Result<&'a [u8], ScanError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a key"));
        }
        let key = self.string()?;
        self.skip_space();
        self.expect(b':', "expected `:`")?;
        self.skip_space();
        Ok(key)
    }

    /// Reads one value that has `around` containers about it.
    pub(super) fn value(&mut self, around: usize) -> Result<Range<usize>, ScanError> {
        let start = self.at;
        let mut nesting = Nesting { objects: [0; MAX_DEPTH / 64], depth: around, base: around };
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'{') => {
                    self.open(&mut nesting, Container::Object)?;
                    if self.peek() != Some(b'}') {
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.open(&mut nesting, Container::Array)?;
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                _ => return Err(self.error("expected a value")),
            }
            if !self.after_value(&mut nesting)? {
                return Ok(start..self.at);
            }
        }
    }

    /// Reads a string; gives what is between the quotes.
    pub(super) fn string(&mut self) -> Result<&'a [u8], ScanError> {
        self.expect(b'"', "expected a string")?;
        let start = self.at;
        let mut rest = self.bytes.get(start..).unwrap_or_default();
        let what = loop {
            rest = skip_plain(rest);
            match rest {
                [b'"', after @ ..] => {
                    self.at = self.bytes.len() - after.len();
                    return Ok(self.slice(start..self.at - 1));
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', after @ ..] => rest = after,
                [b'\\', b'u', a, b, c, d, after @ ..]
                    if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
                {
                    rest = after;
                }
                [b'\\', ..] => break "invalid escape in a string",
                [_, ..] => break "unescaped control character in a string",
                [] => break "unterminated string",
            }
        };
        Err(ScanError { offset: self.bytes.len() - rest.len(), what })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn open(&mut self, nesting: &mut Nesting, container: Container) -> Result<(), ScanError> {
        if !nesting.enter(container) {
            return Err(self.error("too many nested containers"));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// Closes what ends here and moves on to the next value, if one is left inside of `nesting`.
    fn after_value(&mut self, nesting: &mut Nesting) -> Result<bool, ScanError> {
        while let Some(container) = nesting.innermost() {
            self.skip_space();
            match (self.peek(), container) {
                (Some(b','), Container::Object) => {
                    self.at += 1;
                    self.skip_space();
                    self.key()?;
                    return Ok(true);
                }
                (Some(b','), Container::Array) => {
                    self.at += 1;
                    self.skip_space();
                    return Ok(true);
                }
                (Some(b'}'), Container::Object) | (Some(b']'), Container::Array) => {
                    self.at += 1;
                    nesting.leave();
                }
                (_, Container::Object) => return Err(self.error("expected `,` or `}`")),
                (_, Container::Array) => return Err(self.error("expected `,` or `]`")),
            }
        }
        Ok(false)
    }

    fn number(&mut self) -> Result<(), ScanError> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _signed = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ScanError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        self.at += digits;
        if digits == 0 { Err(self.error("expected a digit")) } else { Ok(()) }
    }

    fn literal(&mut self, literal: &[u8]) -> Result<(), ScanError> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(literal)) {
            self.at += literal.len();
            return Ok(());
        }
        Err(self.error("expected a value"))
    }
}

impl Nesting {
    /// `false` when it would be too deep.
    fn enter(&mut self, container: Container) -> bool {
        let bit = 1 << (self.depth % 64);
        let Some(word) = self.objects.get_mut(self.depth / 64) else { return false };
        match container {
            Container::Object => *word |= bit,
            Container::Array => *word &= !bit,
        }
        self.depth += 1;
        true
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn innermost(&self) -> Option<Container> {
        let index = self.depth.checked_sub(1).filter(|_| self.depth > self.base)?;
        let word = self.objects.get(index / 64)?;
        Some(if word >> (index % 64) & 1 == 1 { Container::Object } else { Container::Array })
    }
}

/// What follows the bytes of a string that mean themselves, looked at eight at a time.
fn skip_plain(mut rest: &[u8]) -> &[u8] {
    while let Some((word, after)) = rest.split_first_chunk() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return rest.get((special.trailing_zeros() / 8) as usize..).unwrap_or_default();
        }
        rest = after;
    }
    let special = rest.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\');
    rest.get(special.unwrap_or(rest.len())..).unwrap_or_default()
}

/// Marks the bytes of `word` that are a quote, a backslash or a control character.
///
/// The lowest mark is exact; borrows can only set false ones above a true one.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let zero_in = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (control | zero_in(word ^ (ONES * b'"' as u64)) | zero_in(word ^ (ONES * b'\\' as u64))) & HIGH
}
