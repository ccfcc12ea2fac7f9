//! Looks into a buffered `multipart/form-data` body, borrowing all of it.
//!
//! See RFC 7578 and, for the framing, RFC 2046 section 5.1.

use std::iter::FusedIterator;
use std::ops::Range;

use memchr::memmem::{self, Finder};

#[cfg(test)]
mod tests;

/// One field of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// As spelled between its quotes.
    pub name: &'a [u8],
    /// As spelled between its quotes; a field that has one is a file.
    pub filename: Option<&'a [u8]>,
    pub content_type: Option<&'a [u8]>,
    pub value: &'a [u8],
    /// Where `value` stands in the body.
    pub span: Range<usize>,
}

/// Why a body is not the form that its content type says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    #[error("the form has no boundary line")]
    NoBoundary,
    #[error("the form ends within a part")]
    Truncated,
    #[error("a part of the form has no end of its headers")]
    Headers,
    #[error("a part of the form has no name")]
    NoName,
}

/// The fields of a form, in order; after an error nothing follows.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    body: &'a [u8],
    /// `\r\n--boundary`
    delimiter: Finder<'static>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Start,
    /// At the headers of a part.
    Part(usize),
    End,
}

struct Delimiter {
    /// Where the value before it ends.
    start: usize,
    /// Where what follows begins.
    end: usize,
    /// Nothing but an epilogue follows.
    last: bool,
}

/// The boundary that a `content-type` header names, if it says `multipart/form-data`.
pub fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameter(parameters.as_bytes(), "boundary")?;
    std::str::from_utf8(boundary).ok().filter(|boundary| !boundary.is_empty())
}

/// Iterates over the parts of `body` that [`boundary`] separates.
pub fn parts<'a>(body: &'a [u8], boundary: &str) -> Parts<'a> {
    let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
    Parts { body, delimiter: Finder::new(&delimiter).into_owned(), stage: Stage::Start }
}

impl<'a> Parts<'a> {
    fn advance(&mut self) -> Result<Option<Part<'a>>, MultipartError> {
        let start = match self.stage {
            Stage::End => return Ok(None),
            Stage::Part(start) => start,
            Stage::Start => {
                let first = self.first_delimiter().ok_or(MultipartError::NoBoundary)?;
                if first.last {
                    return Ok(None);
                }
                first.end
            }
        };
        let next = self.delimiter_from(start).ok_or(MultipartError::Truncated)?;
        self.stage = if next.last { Stage::End } else { Stage::Part(next.end) };
        self.part(start..next.start).map(Some)
    }

    /// The body may begin with a boundary, without a line end before it.
    fn first_delimiter(&self) -> Option<Delimiter> {
        let line = self.delimiter.needle().get(2..)?;
        if self.body.starts_with(line)
            && let Some(delimiter) = self.delimiter_at(0, line.len())
        {
            return Some(delimiter);
        }
        self.delimiter_from(0)
    }

    fn delimiter_from(&self, mut from: usize) -> Option<Delimiter> {
        loop {
            let start = from + self.delimiter.find(self.body.get(from..)?)?;
            let end = start + self.delimiter.needle().len();
            if let Some(delimiter) = self.delimiter_at(start, end) {
                return Some(delimiter);
            }
            from = start + 1;
        }
    }

    /// A boundary is one only if nothing but space follows it in its line; else it is part of a value.
    fn delimiter_at(&self, start: usize, end: usize) -> Option<Delimiter> {
        let after = self.body.get(end..)?;
        if after.starts_with(b"--") {
            return Some(Delimiter { start, end: end + 2, last: true });
        }
        let space = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        after.get(space..)?.starts_with(b"\r\n").then_some(Delimiter {
            start,
            end: end + space + 2,
            last: false,
        })
    }

    fn part(&self, range: Range<usize>) -> Result<Part<'a>, MultipartError> {
        let part = self.body.get(range.clone()).ok_or(MultipartError::Headers)?;
        let headers_end = memmem::find(part, b"\r\n\r\n").ok_or(MultipartError::Headers)?;
        let (headers, rest) = part.split_at_checked(headers_end).ok_or(MultipartError::Headers)?;
        let value = rest.get(4..).unwrap_or_default();
        let disposition = header(headers, "content-disposition").ok_or(MultipartError::NoName)?;
        Ok(Part {
            name: parameter(disposition, "name").ok_or(MultipartError::NoName)?,
            filename: parameter(disposition, "filename"),
            content_type: header(headers, "content-type"),
            value,
            span: range.end - value.len()..range.end,
        })
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, MultipartError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.stage = Stage::End;
        }
        item
    }
}

impl FusedIterator for Parts<'_> {}

fn header<'a>(headers: &'a [u8], name: &str) -> Option<&'a [u8]> {
    headers.split(|byte| *byte == b'\n').find_map(|line| {
        let (key, value) = split_once(line, b':')?;
        key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()).then_some(value.trim_ascii())
    })
}

/// The value of `; name=value` or `; name="value"`, without its quotes.
fn parameter<'a>(header: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut rest = header;
    loop {
        let (item, after) =
            match memchr::memchr2(b';', b'=', rest).and_then(|at| rest.split_at_checked(at))? {
                (_, [b';', after @ ..]) => {
                    rest = after;
                    continue;
                }
                (item, after) => (item, after.get(1..)?),
            };
        let (value, after) = match after.trim_ascii_start() {
            [b'"', quoted @ ..] => quoted.split_at_checked(closing_quote(quoted)?)?,
            plain => {
                let end = memchr::memchr(b';', plain).unwrap_or(plain.len());
                let (value, after) = plain.split_at_checked(end)?;
                (value.trim_ascii_end(), after)
            }
        };
        if item.trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            return Some(value);
        }
        rest = after;
    }
}

/// Where a quoted string ends that starts before `quoted`.
fn closing_quote(quoted: &[u8]) -> Option<usize> {
    let mut escaped = false;
    quoted.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })
}

fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let (before, after) = bytes.split_at_checked(memchr::memchr(separator, bytes)?)?;
    Some((before, after.get(1..)?))
}
