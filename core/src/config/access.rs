//! Who may call.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::client_key::ClientKey;
use super::{ClientKeyId, Secret, hex};

const MIN_LENGTH: usize = 16;

/// Words that examples and compose files print where a key belongs.
const PLACEHOLDERS: [&str; 8] = [
    "your-",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "example-key",
    "replace-me",
    "access-key-here",
];

/// The keys clients and operators come with, as hashes.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub client_keys: Vec<Arc<ClientKey>>,
    /// `None`: nobody can sign in.
    pub admin: Option<Digest>,
}

impl Access {
    /// Adds a key that may do everything.
    pub fn add_client(&mut self, id: ClientKeyId, name: impl Into<String>, secret: &str) {
        self.client_keys.push(Arc::new(ClientKey::unrestricted(id, name, Digest::of(secret))));
    }

    pub fn set_admin(&mut self, secret: &str) {
        self.admin = Some(Digest::of(secret));
    }

    /// Whose key `presented` is, whatever it may do. Takes the same time whichever key matches.
    pub fn client(&self, presented: &str) -> Option<&Arc<ClientKey>> {
        let digest = Digest::of(presented);
        self.client_keys.iter().fold(None, |found, key| if key.digest == digest { Some(key) } else { found })
    }

    /// The key with this id.
    pub fn client_key(&self, id: &str) -> Option<&Arc<ClientKey>> {
        self.client_keys.iter().find(|key| key.id.as_str() == id)
    }

    pub fn is_admin(&self, presented: &str) -> bool {
        self.admin.as_ref().is_some_and(|admin| *admin == Digest::of(presented))
    }
}

/// SHA-256 of a key. Enough for keys of [sufficient length](check_strength); comparing takes constant time.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// The stored form: `sha256:` and 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits =
            text.strip_prefix("sha256:").filter(|digits| digits.len() == 64).ok_or_else(malformed)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            *byte = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| !pair.starts_with('+'))
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or_else(malformed)?;
        }
        Ok(Self(bytes))
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn words(&self) -> impl Iterator<Item = u64> {
        self.0.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word))
    }
}

impl PartialEq for Digest {
    /// A guarded comparison of each byte would take fifteen times as long, and every request compares with every key.
    fn eq(&self, other: &Self) -> bool {
        let differing = self.words().zip(other.words()).fold(0, |bits, (own, other)| bits | (own ^ other));
        differing.ct_eq(&0_u64).into()
    }
}

impl Eq for Digest {}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARACTERS: usize = 32;

/// A new key: `prefix` and 190 random bits. `random` fills a buffer.
pub fn random_key(prefix: &str, random: &mut dyn FnMut(&mut [u8])) -> Secret {
    let mut text = prefix.to_owned();
    let mut bytes = [0; RANDOM_CHARACTERS];
    while text.len() < prefix.len() + RANDOM_CHARACTERS {
        random(&mut bytes);
        // Bytes from 248 up would favour the first characters.
        let characters = bytes.iter().filter(|byte| **byte < 248);
        let characters = characters.filter_map(|byte| BASE62.get(usize::from(*byte) % BASE62.len()));
        let missing = prefix.len() + RANDOM_CHARACTERS - text.len();
        text.extend(characters.take(missing).copied().map(char::from));
    }
    Secret::new(text)
}

/// Whether a client or admin key is fit for use; the error says why not.
pub fn check_strength(key: &str) -> Result<(), String> {
    let lower = key.to_ascii_lowercase();
    if PLACEHOLDERS.iter().any(|word| lower.contains(word)) {
        return Err("is a placeholder from an example; choose a secret of your own".into());
    }
    if key.chars().count() < MIN_LENGTH {
        return Err(format!("is shorter than {MIN_LENGTH} characters"));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("holds characters that cannot stand in a header".into());
    }
    let distinct = (0..=u8::MAX).filter(|byte| key.as_bytes().contains(byte));
    if distinct.count() < MIN_LENGTH / 3 {
        return Err("repeats the same few characters".into());
    }
    Ok(())
}

fn malformed() -> String {
    "is not `sha256:` and 64 hexadecimal digits".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_what_it_was_made_for() {
        let mut access = Access::default();
        access.add_client(ClientKeyId::new("ck_a"), "a", "first-client-key");
        access.add_client(ClientKeyId::new("ck_b"), "b", "second-client-key");
        let id = |secret| access.client(secret).map(|key| key.id.as_str().to_owned());
        assert_eq!(id("second-client-key").as_deref(), Some("ck_b"));
        assert_eq!(id("first-client-key").as_deref(), Some("ck_a"));
        assert_eq!(id("third-client-key"), None);
        assert_eq!(id(""), None);
        assert!(!access.is_admin(""));
        access.set_admin("the-admin-key");
        assert!(access.is_admin("the-admin-key"));
        assert!(!access.is_admin("first-client-key"));
        assert!(access.client("the-admin-key").is_none());
    }

    #[test]
    fn digests_that_differ_in_one_bit_are_not_equal() {
        let digest = Digest::of("abc");
        for byte in 0..32 {
            let mut other = digest;
            other.0[byte] ^= 0x40;
            assert_ne!(digest, other, "byte {byte}");
        }
    }

    #[test]
    fn a_random_key_has_no_favourite_characters() {
        let mut next = 240_u8;
        let mut counting = |bytes: &mut [u8]| {
            bytes.fill_with(|| {
                next = next.wrapping_add(1);
                next.wrapping_sub(1)
            });
        };
        let key = random_key("", &mut counting);
        assert_eq!(key.expose(), "stuvwxyz0123456789ABCDEFGHIJKLMN");
        let next = random_key("cw-", &mut counting);
        assert_eq!((next.expose().len(), check_strength(next.expose())), (35, Ok(())));
    }

    #[test]
    fn the_stored_form_of_a_digest_is_fixed() {
        let digest = Digest::of("abc");
        let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(Digest::parse(text), Ok(digest));
        for wrong in
            ["", "abc", "sha256:", &text[..70], &text.replace("ba78", "+a78"), &text.replace("ba78", "zz78")]
        {
            assert!(Digest::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn weak_keys_are_refused() {
        for weak in [
            "",
            "short",
            "fifteen-chars-x",
            "your-proxy-access-key",
            "YOUR-ADMIN-ACCESS-KEY",
            "changeme-changeme-1",
            "aaaaaaaaaaaaaaaaaaaaaa",
            "white space in the key",
            "schlüssel-schlüssel",
        ] {
            assert!(check_strength(weak).is_err(), "{weak:?}");
        }
        assert_eq!(check_strength("kQ7-f83jd_02LmPz"), Ok(()));
    }
}
