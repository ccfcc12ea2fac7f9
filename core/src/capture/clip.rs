//! As much of a body as is kept while it goes by.

use std::collections::VecDeque;

use super::media;

/// So much is kept of the beginning, and of the end: instructions and tools come first, the last message last.
const HEAD: usize = 32 * 1024;
const TAIL: usize = 32 * 1024;

/// The beginning and the end of a body, copied: a share in the buffers that it came in would keep those, whatever their
/// size, from being used again.
#[derive(Debug, Default)]
pub(super) struct Clip {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    bytes: u64,
    cut: bool,
}

/// What can be read of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Readable {
    Whole(String),
    /// What lies between them is left out.
    Ends(String, String),
    /// It is no text.
    Binary,
}

impl Clip {
    /// Of a body that is there as a whole; long base64 is left out of it first, which leaves room for the rest.
    pub(super) fn of(body: &[u8]) -> Self {
        let mut clip = Self::default();
        media::without(body, |piece| clip.keep(piece));
        Self { bytes: body.len() as u64, ..clip }
    }

    /// Takes in the next bytes of a body.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        self.keep(chunk);
    }

    fn keep(&mut self, chunk: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(chunk.len());
        let (head, rest) = chunk.split_at(room);
        self.head.extend_from_slice(head);
        let last = rest.get(rest.len().saturating_sub(TAIL)..).unwrap_or_default();
        self.tail.extend(last);
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
        self.cut |= surplus > 0 || last.len() < rest.len();
    }

    /// How long the body is, or was when it broke off.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn readable(&self) -> Readable {
        let (front, back) = self.tail.as_slices();
        let tail = [front, back].concat();
        let read = if self.cut {
            // A word that is cut may be a part of a secret that only its whole would give away.
            let end = tail.get(tail.iter().position(|byte| !continues(*byte)).unwrap_or(0)..);
            text(&self.head).zip(text(end.unwrap_or_default())).map(|(head, end)| {
                let head = head.trim_end_matches(media::is_word).to_owned();
                Readable::Ends(head, end.trim_start_matches(media::is_word).to_owned())
            })
        } else {
            let whole = [self.head.as_slice(), &tail].concat();
            text(&whole).map(|whole| Readable::Whole(whole.to_owned()))
        };
        read.unwrap_or(Readable::Binary)
    }
}

/// Whether `byte` goes on with a character that began before it.
const fn continues(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// UTF-8 without a character that is cut at its end; `None`: it is none.
fn text(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}
