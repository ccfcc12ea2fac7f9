//! Upstream credentials at rest: sealed with AES-256-GCM before a document is stored.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Secret;
use super::document::Document;
use super::secret_key::{SecretKey, SecretKeys};

const PREFIX: &str = "sealed:v2:";
const NONCE_LENGTH: usize = 12;

/// Why a sealed credential stays shut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("not a sealed value of a known version")]
    Malformed,
    #[error("sealed with the secret key {0}, which is not at hand")]
    UnknownKey(String),
    #[error("altered since it was sealed")]
    Altered,
}

impl SecretKey {
    /// Seals `plain` as `sealed:v2:<id of the key>:<base64url of nonce, ciphertext and tag>`. A nonce serves once per key.
    fn seal(&self, nonce: [u8; NONCE_LENGTH], plain: &str) -> Result<String, SealError> {
        let sealed = Aes256Gcm::new(self.as_bytes().into())
            .encrypt(&Nonce::from(nonce), plain.as_bytes())
            .map_err(|_| SealError::Malformed)?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(format!("{PREFIX}{}:{}", self.id(), URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl SecretKeys {
    /// What one of them sealed.
    fn open(&self, sealed: &str) -> Result<String, SealError> {
        let (id, text) = sealed
            .strip_prefix(PREFIX)
            .and_then(|sealed| sealed.split_once(':'))
            .ok_or(SealError::Malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Malformed)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::Malformed)?;
        let key =
            self.all().find(|key| key.id() == id).ok_or_else(|| SealError::UnknownKey(id.to_owned()))?;
        let plain = Aes256Gcm::new(key.as_bytes().into())
            .decrypt(&Nonce::from(*nonce), sealed)
            .map_err(|_| SealError::Altered)?;
        String::from_utf8(plain).map_err(|_| SealError::Altered)
    }
}

/// Whether `text` claims to be sealed, by whatever version.
pub fn is_sealed(text: &str) -> bool {
    text.starts_with("sealed:")
}

impl Document {
    /// Seals every credential that is plain; `random` fills the nonces.
    pub fn seal_keys(&mut self, key: &SecretKey, random: &mut dyn FnMut(&mut [u8])) -> Result<(), SealError> {
        for secret in self.secrets_mut() {
            if !is_sealed(secret.expose()) && !secret.expose().is_empty() {
                let mut nonce = [0; NONCE_LENGTH];
                random(&mut nonce);
                *secret = Secret::new(key.seal(nonce, secret.expose())?);
            }
        }
        Ok(())
    }

    /// Opens every sealed credential. `true`: some were plain, so the document is worth storing again.
    pub fn open_keys(&mut self, keys: &SecretKeys) -> Result<bool, SealError> {
        let mut had_plain = false;
        for secret in self.secrets_mut() {
            if is_sealed(secret.expose()) {
                *secret = Secret::new(keys.open(secret.expose())?);
            } else {
                had_plain |= !secret.expose().is_empty();
            }
        }
        Ok(had_plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: &str) -> SecretKey {
        SecretKey::parse(&byte.repeat(32)).unwrap()
    }

    #[test]
    fn the_stored_form_is_fixed() {
        let sealed = key("07").seal([1; 12], "sk-upstream").unwrap();
        assert_eq!(sealed, "sealed:v2:0bd90699:AQEBAQEBAQEBAQEBBYqkwuDMmHy0tbHOdyB0qS_DcH3fD2BfWQ76");
        assert_eq!(SecretKeys::from(key("07")).open(&sealed).as_deref(), Ok("sk-upstream"));
    }

    #[test]
    fn an_altered_value_or_another_key_opens_nothing() {
        let keys = SecretKeys::from(key("07"));
        let sealed = key("07").seal([1; 12], "sk-upstream").unwrap();
        assert_eq!(SecretKeys::from(key("08")).open(&sealed), Err(SealError::UnknownKey(key("07").id())));
        for at in PREFIX.len()..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            assert!(keys.open(&String::from_utf8(altered).unwrap()).is_err(), "byte {at}");
        }
        for broken in ["sk-plain", "sealed:v2:", "sealed:v3:00:AAAA", "sealed:v2:00:AAAA", "sealed:v2:00:#"] {
            assert!(keys.open(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_an_older_key_sealed_is_opened() {
        let sealed = key("07").seal([1; 12], "sk-upstream").unwrap();
        let keys = SecretKeys::from(key("07")).rotated(key("08"));
        assert_eq!(keys.open(&sealed).as_deref(), Ok("sk-upstream"));
    }

    #[test]
    fn a_document_is_sealed_whole_and_opened_whole() {
        let plain = Document::parse(
            br#"{"channels": [{"name": "a", "keys": ["sk-1", {"key": "sk-2"}],
                "headers": {"x-team-token": "tk-3", "x-title": "public"},
                "proxyUrl": "http://user:pw-4@proxy:1"}]}"#,
        )
        .unwrap();
        let mut document = plain.clone();
        let mut count = 0;
        document
            .seal_keys(&key("07"), &mut |nonce| {
                count += 1;
                nonce.fill(count);
            })
            .unwrap();
        let stored = serde_json::to_string(&document).unwrap();
        for secret in ["sk-1", "sk-2", "tk-3", "pw-4"] {
            assert!(!stored.contains(secret), "{stored}");
        }
        assert!(stored.contains("public"));
        assert_eq!(document.open_keys(&key("07").into()), Ok(false));
        assert_eq!(document, plain);
        assert_eq!(document.open_keys(&key("07").into()), Ok(true));
    }
}
