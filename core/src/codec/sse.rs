//! Server-sent events: bytes to events and back.
//!
//! Reads what the standard calls an event stream and what upstreams make of it. See
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use memchr::memchr2;

/// One event that has data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// What the `event:` field said, if it said anything.
    pub name: Option<Cow<'a, [u8]>>,
    /// The `data:` fields, joined by `\n`; never empty.
    pub data: Cow<'a, [u8]>,
}

/// An event grew past the decoder's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a server-sent event is larger than {limit} bytes")]
pub struct TooLarge {
    pub limit: usize,
}

/// Finds the events of a stream that arrives in chunks.
///
/// Events that lie within one chunk are handed over borrowed from it. Beyond the standard, a line that
/// starts with `{` or `[` is the data of an event of its own, as some upstreams send a bare JSON error.
/// Events whose data is missing or empty are skipped: no protocol gives them a meaning.
#[derive(Debug)]
pub struct Decoder {
    max_event_bytes: usize,
    /// The start of a line whose end has not come.
    line: Vec<u8>,
    pending: Pending<'static>,
    at_start: bool,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    too_large: bool,
}

impl Decoder {
    /// `max_event_bytes` bounds an event's name, data and unfinished line together, and so the memory kept.
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            max_event_bytes,
            line: Vec::new(),
            pending: Pending::default(),
            at_start: true,
            after_cr: false,
            too_large: false,
        }
    }

    /// Hands each event that `chunk` completes to `each`, in order.
    ///
    /// Once an event was too large the stream is not followed any further: every later call fails as well.
    pub fn push(&mut self, chunk: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), TooLarge> {
        let Some(last) = chunk.last() else { return Ok(()) };
        let mut rest = match chunk {
            [b'\n', rest @ ..] if self.after_cr => rest,
            all => all,
        };
        self.after_cr = *last == b'\r';

        let mut pending = std::mem::take(&mut self.pending);
        while let Some((line, after)) = split_line(rest) {
            rest = after;
            self.check_size(&pending, line)?;
            if self.line.is_empty() {
                pending.line(self.without_bom(line), Cow::Borrowed, each);
            } else {
                let mut joined = std::mem::take(&mut self.line);
                joined.extend_from_slice(line);
                pending.line(self.without_bom(&joined), |value| Cow::Owned(value.to_vec()), each);
                joined.clear();
                self.line = joined;
            }
        }
        self.check_size(&pending, rest)?;
        self.line.extend_from_slice(rest);
        self.pending = pending.into_owned();
        Ok(())
    }

    /// Hands over what the stream's end left without its blank line.
    ///
    /// Such an event may have been cut: whoever reads it checks that its data is whole.
    pub fn finish(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        let line = std::mem::take(&mut self.line);
        let mut pending = std::mem::take(&mut self.pending);
        if !line.is_empty() {
            pending.line(self.without_bom(&line), Cow::Borrowed, each);
        }
        pending.dispatch(each);
    }

    /// Whether nothing is half received, so that a comment or an event may be put in here.
    /// Unknown, and so `false`, once an event was too large.
    pub fn at_boundary(&self) -> bool {
        self.line.is_empty() && self.pending.is_empty() && !self.after_cr && !self.too_large
    }

    fn check_size(&mut self, pending: &Pending<'_>, line: &[u8]) -> Result<(), TooLarge> {
        self.too_large |= pending.len() + self.line.len() + line.len() > self.max_event_bytes;
        if self.too_large { Err(TooLarge { limit: self.max_event_bytes }) } else { Ok(()) }
    }

    fn without_bom<'l>(&mut self, line: &'l [u8]) -> &'l [u8] {
        if std::mem::take(&mut self.at_start) {
            line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
        } else {
            line
        }
    }
}

/// Appends an event; `data` may hold line ends.
pub fn write_event(out: &mut Vec<u8>, name: Option<&str>, data: &[u8]) {
    if let Some(name) = name {
        write_field(out, b"event: ", name.as_bytes());
    }
    let mut rest = data;
    while let Some((line, after)) = split_line(rest) {
        write_field(out, b"data: ", line);
        rest = after;
    }
    write_field(out, b"data: ", rest);
    out.push(b'\n');
}

/// Puts JSON that was written in several lines, as an upstream may have spelled a part of it, into the one
/// line of a `data` field. Within strings JSON has no line ends.
pub fn join_lines(json: &mut [u8]) {
    let Some(first) = memchr2(b'\n', b'\r', json) else { return };
    for byte in json.iter_mut().skip(first).filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

fn write_field(out: &mut Vec<u8>, field: &[u8], value: &[u8]) {
    out.extend_from_slice(field);
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// The fields of an event whose blank line has not come.
#[derive(Debug, Default)]
struct Pending<'a> {
    name: Option<Cow<'a, [u8]>>,
    data: Option<Cow<'a, [u8]>>,
}

impl<'a> Pending<'a> {
    /// Takes in one line; `keep` turns a piece of it into what may be held beyond the call.
    fn line<'l>(
        &mut self,
        line: &'l [u8],
        keep: impl Fn(&'l [u8]) -> Cow<'a, [u8]>,
        each: &mut dyn FnMut(Event<'_>),
    ) {
        if line.is_empty() {
            self.dispatch(each);
        } else if let Some(value) = field_value(line, b"data") {
            match &mut self.data {
                None => self.data = Some(keep(value)),
                Some(data) => {
                    let data = data.to_mut();
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
            }
        } else if let Some(value) = field_value(line, b"event") {
            self.name = Some(keep(value));
        } else if let [b'{' | b'[', ..] = line {
            if self.data.is_some() {
                self.dispatch(each);
            }
            self.data = Some(keep(line));
            self.dispatch(each);
        }
    }

    fn dispatch(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        let Self { name, data } = std::mem::take(self);
        if let Some(data) = data.filter(|data| !data.is_empty()) {
            each(Event { name: name.filter(|name| !name.is_empty()), data });
        }
    }

    fn is_empty(&self) -> bool {
        self.name.is_none() && self.data.is_none()
    }

    fn len(&self) -> usize {
        let len = |field: &Option<Cow<'_, [u8]>>| field.as_ref().map_or(0, |value| value.len());
        len(&self.name) + len(&self.data)
    }

    fn into_owned(self) -> Pending<'static> {
        let owned = |value: Cow<'_, [u8]>| Cow::Owned(value.into_owned());
        Pending { name: self.name.map(owned), data: self.data.map(owned) }
    }
}

/// The first line, without its end, and what follows; `None` when no line ends here.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at_checked(memchr2(b'\n', b'\r', bytes)?)?;
    match rest {
        [b'\r', b'\n', after @ ..] | [_, after @ ..] => Some((line, after)),
        [] => None,
    }
}

/// The value, if `line` is this field's.
fn field_value<'a>(line: &'a [u8], field: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(field)? {
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        [] => Some(&[]),
        _ => None,
    }
}
