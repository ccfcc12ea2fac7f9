//! The key that seals upstream credentials at rest.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_core::config::access::Digest;
use causeway_core::platform::Entropy;

/// 32 bytes for AES-256. Never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    pub fn generate(entropy: &impl Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// 64 hexadecimal digits, or base64 of 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = if text.len() == 64 { from_hex(text)? } else { STANDARD.decode(text).ok()? };
        bytes.try_into().ok().map(Self)
    }

    /// What [`parse`](Self::parse) reads.
    pub fn to_text(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// A key of its own for `purpose`, from which this one cannot be found.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        *Digest::of(&format!("causeway {purpose} {}", self.to_text())).as_bytes()
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
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
    use crate::entropy::SystemEntropy;

    #[test]
    fn hexadecimal_and_base64_name_the_same_key() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        let key = SecretKey::parse(hex).unwrap();
        assert_eq!(key.as_bytes()[..3], [0, 1, 2]);
        assert_eq!(SecretKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"), Some(key));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let key = SecretKey::generate(&SystemEntropy);
        assert_eq!(SecretKey::parse(&key.to_text()), Some(key));
    }

    #[test]
    fn derived_keys_differ_by_purpose_and_by_key() {
        let key = |byte: &str| SecretKey::parse(&byte.repeat(32)).unwrap();
        assert_eq!(key("00").derive("a"), key("00").derive("a"));
        assert_ne!(key("00").derive("a"), key("00").derive("b"));
        assert_ne!(key("00").derive("a"), key("01").derive("a"));
        assert_ne!(key("00").derive("a"), *key("00").as_bytes());
    }

    #[test]
    fn anything_else_is_no_key() {
        let short = "00".repeat(31);
        let not_hex = "zz".repeat(32);
        for text in ["", "AAAA", &short, &not_hex, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ=="] {
            assert_eq!(SecretKey::parse(text), None, "{text}");
        }
    }
}
