//! Who may call.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::{ClientKeyId, hex};

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
    pub client_keys: Vec<ClientKey>,
    /// `None`: nobody can sign in.
    pub admin: Option<Digest>,
}

/// One key of a client.
#[derive(Clone, Debug)]
pub struct ClientKey {
    pub id: ClientKeyId,
    /// For people.
    pub name: String,
    pub digest: Digest,
}

impl Access {
    pub fn add_client(&mut self, id: ClientKeyId, name: impl Into<String>, secret: &str) {
        self.client_keys.push(ClientKey { id, name: name.into(), digest: Digest::of(secret) });
    }

    pub fn set_admin(&mut self, secret: &str) {
        self.admin = Some(Digest::of(secret));
    }

    /// Whose key `presented` is. Takes the same time whichever key matches.
    pub fn client(&self, presented: &str) -> Option<&ClientKeyId> {
        let digest = Digest::of(presented);
        self.client_keys
            .iter()
            .fold(None, |found, key| if key.digest == digest { Some(&key.id) } else { found })
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
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
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
    let mut distinct = key.chars().collect::<Vec<_>>();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < MIN_LENGTH / 3 {
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
        assert_eq!(access.client("second-client-key"), Some(&ClientKeyId::new("ck_b")));
        assert_eq!(access.client("first-client-key"), Some(&ClientKeyId::new("ck_a")));
        assert_eq!(access.client("third-client-key"), None);
        assert_eq!(access.client(""), None);
        assert!(!access.is_admin(""));
        access.set_admin("the-admin-key");
        assert!(access.is_admin("the-admin-key"));
        assert!(!access.is_admin("first-client-key"));
        assert_eq!(access.client("the-admin-key"), None);
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
