//! The keys that seal what is kept, and from which session cookies and sealed reasoning have theirs.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::access::Digest;
use crate::platform::Entropy;

/// 32 bytes for AES-256. Never shows itself, and leaves nothing in memory.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

/// One key that seals, and those that only open what they sealed before they were replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretKeys {
    pub newest: SecretKey,
    pub older: Vec<SecretKey>,
}

impl SecretKey {
    pub fn generate(entropy: &impl Entropy) -> Self {
        let mut key = Self([0; 32]);
        entropy.fill(&mut key.0);
        key
    }

    /// 64 hexadecimal digits, or base64 of 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = if text.len() == 64 { from_hex(text)? } else { STANDARD.decode(text).ok()? };
        bytes.try_into().ok().map(Self)
    }

    /// What [`parse`](Self::parse) reads.
    pub fn to_text(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Eight hexadecimal digits that tell which key it is, and no more of it.
    pub fn id(&self) -> String {
        let digest = self.derive("key id");
        digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }

    /// A key of its own for `purpose`, from which this one cannot be found.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        *Digest::of(&format!("causeway {purpose} {}", self.to_text())).as_bytes()
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl From<[u8; 32]> for SecretKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<SecretKey> for SecretKeys {
    fn from(newest: SecretKey) -> Self {
        Self { newest, older: Vec::new() }
    }
}

impl SecretKeys {
    /// Keys with commas or white space between them, the newest first.
    pub fn parse(text: &str) -> Option<Self> {
        let between = |character: char| character == ',' || character.is_whitespace();
        let mut keys = text.split(between).filter(|key| !key.is_empty()).map(SecretKey::parse);
        Some(Self { newest: keys.next()??, older: keys.collect::<Option<_>>()? })
    }

    /// What [`parse`](Self::parse) reads: a key a line.
    pub fn to_text(&self) -> String {
        self.all().map(|key| key.to_text() + "\n").collect()
    }

    /// The same keys behind a new one.
    #[must_use]
    pub fn rotated(&self, newest: SecretKey) -> Self {
        Self { newest, older: self.all().cloned().collect() }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: &str) -> SecretKey {
        SecretKey::parse(&byte.repeat(32)).unwrap()
    }

    #[test]
    fn hexadecimal_and_base64_name_the_same_key() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        let key = SecretKey::parse(hex).unwrap();
        assert_eq!(key.as_bytes()[..3], [0, 1, 2]);
        assert_eq!(SecretKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), Some(key));
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let keys = SecretKeys::from(key("00")).rotated(key("01")).rotated(key("02"));
        assert_eq!(keys.newest, key("02"));
        assert_eq!(SecretKeys::parse(&keys.to_text()), Some(keys));
        let listed = format!(" {},\n{}", "01".repeat(32), "00".repeat(32));
        assert_eq!(SecretKeys::parse(&listed), Some(SecretKeys::from(key("00")).rotated(key("01"))));
    }

    #[test]
    fn derived_keys_differ_by_purpose_and_by_key() {
        assert_eq!(key("00").derive("a"), key("00").derive("a"));
        assert_ne!(key("00").derive("a"), key("00").derive("b"));
        assert_ne!(key("00").derive("a"), key("01").derive("a"));
        assert_ne!(key("00").derive("a"), *key("00").as_bytes());
        assert_ne!(key("00").id(), key("01").id());
        assert_eq!(key("00").id().len(), 8);
    }

    #[test]
    fn anything_else_is_no_key() {
        let short = "00".repeat(31);
        let (not_hex, signs) = ("zz".repeat(32), "+1".repeat(32));
        let good = "00".repeat(32) + ", AAAA";
        let long = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==";
        for text in ["", " \n", "AAAA", &short, &not_hex, &signs, &good, long] {
            assert_eq!(SecretKeys::parse(text), None, "{text}");
        }
    }
}
