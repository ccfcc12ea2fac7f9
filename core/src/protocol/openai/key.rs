//! Keys that OpenAI's APIs tell users and caches apart by.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// The longest `user`, `safety_identifier` and `prompt_cache_key` that are taken, in characters.
/// <https://developers.openai.com/api/reference/resources/chat>
const MAX_KEY: usize = 64;

/// The key itself, or the hash of one that is too long, which serves as well.
pub(in crate::protocol) fn fitting(key: &str) -> Cow<'_, str> {
    if key.chars().count() <= MAX_KEY {
        return Cow::Borrowed(key);
    }
    Cow::Owned(Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_key_becomes_another_one() {
        let long = "é".repeat(65);
        assert_eq!(fitting(&long[2..]), long[2..]);
        assert_eq!(fitting(&long).len(), 64);
        assert_ne!(fitting(&long), fitting(&"e".repeat(65)));
    }
}
