//! Compression of what is sealed.

use std::fmt;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Deflates. Its tables are a third of a megabyte: they are kept, for whoever comes next.
#[derive(Clone, Default)]
pub(super) struct Deflater {
    idle: Arc<Mutex<Option<DeflateEncoder<Vec<u8>>>>>,
}

impl Deflater {
    /// `start` and behind it `content`, deflated.
    pub(super) fn deflate(&self, start: u8, content: &[u8]) -> Option<Vec<u8>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut encoder = idle.unwrap_or_else(|| DeflateEncoder::new(Vec::new(), Compression::default()));
        encoder.get_mut().push(start);
        encoder.write_all(content).ok()?;
        let deflated = encoder.reset(Vec::new()).ok()?;
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(encoder);
        Some(deflated)
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Deflater;

    #[test]
    fn a_compressor_that_served_before_writes_what_a_new_one_does() {
        let deflater = Deflater::default();
        let thinking = "Let me think about that. ".repeat(99);
        let first = deflater.deflate(1, thinking.as_bytes()).unwrap();
        assert_ne!(deflater.deflate(1, &[7; 100_000]), None);
        assert_eq!(deflater.deflate(1, thinking.as_bytes()), Some(first));
    }
}
