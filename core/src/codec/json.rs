//! Reads the few fields a gateway needs out of raw JSON, without building a tree.
//!
//! One forward pass that checks the grammar (RFC 8259) as it goes, never recurses and borrows
//! everything it hands out. UTF-8 is not checked on the way: [`check_utf8`] does that at full speed.

mod objects;
mod place;
mod scan;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::iter::FusedIterator;
use std::ops::Range;

use serde::Deserialize;
use serde::de::Error as _;

use self::objects::Objects;
pub use self::place::place;
use self::scan::Scanner;

/// Containers inside one another that a document may have; deeper ones are refused.
pub const MAX_DEPTH: usize = 512;

/// Where and why bytes are not the JSON that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct ScanError {
    pub offset: usize,
    /// Reads as the start of a sentence: ``expected a value``.
    pub what: &'static str,
}

/// One `key: value` of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// As spelled, without its quotes; compare it with [`key_is`].
    pub key: &'a [u8],
    /// As spelled, without space around it.
    pub value: &'a [u8],
    /// Where `value` stands in the scanned bytes.
    pub span: Range<usize>,
}

/// One value of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// As spelled, without space around it.
    pub value: &'a [u8],
    /// Where `value` stands in the scanned bytes.
    pub span: Range<usize>,
}

/// The top-level fields of an object, in order, duplicates included.
///
/// Whoever wants the whole document checked iterates to the end; after an error nothing follows.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    scanner: Scanner<'a>,
    stage: Stage,
}

/// The values of an array, in order. Checks like [`Fields`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    scanner: Scanner<'a>,
    stage: Stage,
}

/// A step from a container down to one of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Of an object the value of this field; of duplicates the first.
    Field(&'a str),
    /// The first value of an array.
    First,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Start,
    Inside,
    End,
}

/// Iterates over the fields of `object`, which holds one object and nothing else but space.
pub fn fields(object: &[u8]) -> Fields<'_> {
    Fields { scanner: Scanner::new(object), stage: Stage::Start }
}

/// Iterates over the values of `array`, which holds one array and nothing else but space.
pub fn elements(array: &[u8]) -> Elements<'_> {
    Elements { scanner: Scanner::new(array), stage: Stage::Start }
}

/// The raw value at the end of `path`. Reads what stands before it once, and nothing behind it.
pub fn at<'a, 'p>(document: &'a [u8], path: impl IntoIterator<Item = Step<'p>>) -> Option<&'a [u8]> {
    let mut scanner = Scanner::new(document);
    let mut around = 0;
    scanner.skip_space();
    for step in path {
        around += 1;
        match step {
            Step::Field(name) => scanner.seek(name, around).ok()?,
            Step::First => scanner.expect(b'[', "expected an array").ok()?,
        }
        scanner.skip_space();
    }
    let span = scanner.value(around).ok()?;
    Some(scanner.slice(span))
}

/// The text of a string literal, quotes included in `value`.
///
/// `None` when it is no string, not UTF-8, or escapes half of a surrogate pair.
pub fn string(value: &[u8]) -> Option<Cow<'_, str>> {
    let mut scanner = Scanner::new(value);
    let raw = scanner.string().ok()?;
    if !scanner.is_at_end() {
        return None;
    }
    let raw = std::str::from_utf8(raw).ok()?;
    if raw.contains('\\') { unescape(raw).map(Cow::Owned) } else { Some(Cow::Borrowed(raw)) }
}

/// Whether a [`Field::key`] says `name`, however it is escaped: `mod\u0065l` is `model`.
pub fn key_is(field_key: &[u8], name: &str) -> bool {
    if field_key == name.as_bytes() {
        return true;
    }
    // An escape is always longer than what it stands for.
    field_key.len() > name.len()
        && field_key.contains(&b'\\')
        && std::str::from_utf8(field_key).ok().and_then(unescape).is_some_and(|key| key == name)
}

/// Checks what the scanner leaves out: that the whole of `body` is UTF-8.
pub fn check_utf8(body: &[u8]) -> Result<&str, ScanError> {
    std::str::from_utf8(body)
        .map_err(|error| ScanError { offset: error.valid_up_to(), what: "invalid UTF-8" })
}

/// Reads the whole of `json` into a `T`; a struct is read from an object, and not from a list of its fields.
///
/// In place of [`serde_json::from_slice`], as [`from_str`]: whatever a `T` is made of is compiled once more for
/// each kind of source.
///
/// # Errors
/// When `json` is not UTF-8, not JSON or no `T`.
pub fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> serde_json::Result<T> {
    from_str(check_utf8(json).map_err(serde_json::Error::custom)?)
}

/// As [`read`], of what is known to be UTF-8.
///
/// # Errors
/// When `json` is not JSON or no `T`.
pub fn from_str<'a, T: Deserialize<'a>>(json: &'a str) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = T::deserialize(Objects(&mut deserializer))?;
    deserializer.end()?;
    Ok(value)
}

/// Reads `text` as a number; `None` when it is none.
///
/// In place of [`str::parse`], whose way to the nearest [`f64`] of any text brings tables of 10 kB along.
pub fn number(text: &str) -> Option<f64> {
    from_str(text).ok()
}

impl<'a> Fields<'a> {
    fn advance(&mut self) -> Result<Option<Field<'a>>, ScanError> {
        if !self.scanner.step_into(&mut self.stage, b'{', b'}')? {
            return Ok(None);
        }
        let key = self.scanner.key()?;
        let span = self.scanner.value(1)?;
        Ok(Some(Field { key, value: self.scanner.slice(span.clone()), span }))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, ScanError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.stage = Stage::End;
        }
        item
    }
}

impl FusedIterator for Fields<'_> {}

impl<'a> Elements<'a> {
    fn advance(&mut self) -> Result<Option<Element<'a>>, ScanError> {
        if !self.scanner.step_into(&mut self.stage, b'[', b']')? {
            return Ok(None);
        }
        let span = self.scanner.value(1)?;
        Ok(Some(Element { value: self.scanner.slice(span.clone()), span }))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, ScanError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.stage = Stage::End;
        }
        item
    }
}

impl FusedIterator for Elements<'_> {}

impl Scanner<'_> {
    /// Moves from the begin of an object to the value of its field `name`, with `around` containers about it.
    fn seek(&mut self, name: &str, around: usize) -> Result<(), ScanError> {
        self.expect(b'{', "expected an object")?;
        loop {
            self.skip_space();
            if key_is(self.key()?, name) {
                return Ok(());
            }
            self.value(around)?;
            self.skip_space();
            self.expect(b',', "expected `,`")?;
        }
    }

    /// Moves to the next member of the outermost container; `false` when it and the document ended.
    fn step_into(&mut self, stage: &mut Stage, open: u8, close: u8) -> Result<bool, ScanError> {
        match stage {
            Stage::End => return Ok(false),
            Stage::Start => {
                self.skip_space();
                let what = if open == b'{' { "expected an object" } else { "expected an array" };
                self.expect(open, what)?;
                self.skip_space();
                if !self.eat(close) {
                    *stage = Stage::Inside;
                    return Ok(true);
                }
            }
            Stage::Inside => {
                self.skip_space();
                if self.eat(b',') {
                    self.skip_space();
                    return Ok(true);
                }
                self.expect(close, if open == b'{' { "expected `,` or `}`" } else { "expected `,` or `]`" })?;
            }
        }
        self.skip_space();
        if self.is_at_end() { Ok(false) } else { Err(self.error("expected nothing more")) }
    }
}

/// Decodes the escapes of a string's inside.
fn unescape(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut chars = escape.chars();
        let decoded = match chars.next()? {
            same @ ('"' | '\\' | '/') => same,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => unescape_unicode(&mut chars)?,
            _ => return None,
        };
        text.push(decoded);
        rest = chars.as_str();
    }
    text.push_str(rest);
    Some(text)
}

/// Reads `XXXX` or `XXXX\uXXXX` where the first is a high surrogate.
fn unescape_unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let first = code_unit(chars)?;
    if !(0xD800..0xDC00).contains(&first) {
        return char::from_u32(first);
    }
    if (chars.next()?, chars.next()?) != ('\\', 'u') {
        return None;
    }
    let second = code_unit(chars)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    char::from_u32(0x10000 + ((first - 0xD800) << 10) + second)
}

fn code_unit(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some((unit << 4) | chars.next()?.to_digit(16)?))
}
