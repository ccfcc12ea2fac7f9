//! Upstream credentials at rest: sealed with AES-256-GCM before a document is stored.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Secret;
use super::document::Document;

const PREFIX: &str = "sealed:v1:";
const NONCE_LENGTH: usize = 12;

/// Why a sealed credential stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("not a sealed value of a known version")]
    Malformed,
    #[error("sealed with another secret key, or altered since")]
    WrongKey,
}

/// Seals `plain` as `sealed:v1:<base64url of nonce, ciphertext and tag>`. A nonce serves once per key.
pub fn seal(key: &[u8; 32], nonce: [u8; NONCE_LENGTH], plain: &str) -> Result<String, SealError> {
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(&Nonce::from(nonce), plain.as_bytes())
        .map_err(|_| SealError::Malformed)?;
    let mut bytes = nonce.to_vec();
    bytes.extend_from_slice(&sealed);
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What [`seal`] was given.
pub fn open(key: &[u8; 32], sealed: &str) -> Result<String, SealError> {
    let text = sealed.strip_prefix(PREFIX).ok_or(SealError::Malformed)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Malformed)?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::Malformed)?;
    let plain =
        Aes256Gcm::new(key.into()).decrypt(&Nonce::from(*nonce), sealed).map_err(|_| SealError::WrongKey)?;
    String::from_utf8(plain).map_err(|_| SealError::WrongKey)
}

/// Whether `text` claims to be sealed, by whatever version.
pub fn is_sealed(text: &str) -> bool {
    text.starts_with("sealed:")
}

impl Document {
    /// Seals every credential that is plain; `random` fills the nonces.
    pub fn seal_keys(&mut self, key: &[u8; 32], random: &mut dyn FnMut(&mut [u8])) -> Result<(), SealError> {
        for secret in self.secrets_mut() {
            if !is_sealed(secret.expose()) && !secret.expose().is_empty() {
                let mut nonce = [0; NONCE_LENGTH];
                random(&mut nonce);
                *secret = Secret::new(seal(key, nonce, secret.expose())?);
            }
        }
        Ok(())
    }

    /// Opens every sealed credential. `true`: some were plain, so the document is worth storing again.
    pub fn open_keys(&mut self, key: &[u8; 32]) -> Result<bool, SealError> {
        let mut had_plain = false;
        for secret in self.secrets_mut() {
            if is_sealed(secret.expose()) {
                *secret = Secret::new(open(key, secret.expose())?);
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

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn the_stored_form_is_fixed() {
        let sealed = seal(&KEY, [1; 12], "sk-upstream").unwrap();
        assert_eq!(sealed, "sealed:v1:AQEBAQEBAQEBAQEBBYqkwuDMmHy0tbHOdyB0qS_DcH3fD2BfWQ76");
        assert_eq!(open(&KEY, &sealed).as_deref(), Ok("sk-upstream"));
    }

    #[test]
    fn an_altered_value_or_another_key_opens_nothing() {
        let sealed = seal(&KEY, [1; 12], "sk-upstream").unwrap();
        assert_eq!(open(&[8; 32], &sealed), Err(SealError::WrongKey));
        for at in PREFIX.len()..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            assert!(open(&KEY, &String::from_utf8(altered).unwrap()).is_err(), "byte {at}");
        }
        for broken in ["sk-plain", "sealed:v1:", "sealed:v2:AAAA", "sealed:v1:AAAA", "sealed:v1:#"] {
            assert!(open(&KEY, broken).is_err(), "{broken}");
        }
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
            .seal_keys(&KEY, &mut |nonce| {
                count += 1;
                nonce.fill(count);
            })
            .unwrap();
        let stored = serde_json::to_string(&document).unwrap();
        for secret in ["sk-1", "sk-2", "tk-3", "pw-4"] {
            assert!(!stored.contains(secret), "{stored}");
        }
        assert!(stored.contains("public"));
        assert_eq!(document.open_keys(&KEY), Ok(false));
        assert_eq!(document, plain);
        assert_eq!(document.open_keys(&KEY), Ok(true));
    }
}
