//! The configuration as a file to keep: without secrets, or with them under a passphrase.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;
use utoipa::ToSchema;

use super::document::Document;
use super::seal::SealError;
use super::secret_key::SecretKey;
use crate::time::Timestamp;

/// Stands in a URL where credentials were.
pub(super) const LEFT_OUT: &str = "://…@";

/// For PBKDF2 with HMAC-SHA-256: <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
const ITERATIONS: u32 = 600_000;
/// A file may ask for no more work than this.
const MOST_ITERATIONS: u32 = 2_000_000;
const DERIVATION: &str = "pbkdf2-hmac-sha256";
/// A passphrase has at least so many characters.
pub const SHORTEST_PASSPHRASE: usize = 12;

/// A file that [`import`](super::import::read) takes back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// Marks the file, and is the version of its form.
    causeway: u32,
    exported_at: Timestamp,
    /// Set: the credentials in it are sealed by a key made of a passphrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption: Option<Encryption>,
    /// What `config.json` holds.
    #[schema(value_type = Object)]
    config: Document,
}

/// How the key of an encrypted export is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Encryption {
    derivation: &'static str,
    iterations: u32,
    /// 16 bytes in base64url.
    salt: String,
}

impl Export {
    /// Without credentials. The ids stay, by which an import finds the ones it has.
    pub fn plain(document: &Document, now: Timestamp) -> Self {
        Self { causeway: 1, exported_at: now, encryption: None, config: document.without_secrets() }
    }

    /// With credentials, sealed; `random` fills salt and nonces. Of client keys it holds the hashes.
    ///
    /// # Errors
    /// When a credential is too long to be sealed.
    pub fn encrypted(
        document: &Document,
        passphrase: &str,
        now: Timestamp,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Self, SealError> {
        let mut salt = [0; 16];
        random(&mut salt);
        let salt = URL_SAFE_NO_PAD.encode(salt);
        let encryption = Encryption { derivation: DERIVATION, iterations: ITERATIONS, salt };
        let mut config = document.clone();
        config.access.admin_key_hash = None;
        config.seal_keys(&encryption.key(passphrase), random)?;
        Ok(Self { causeway: 1, exported_at: now, encryption: Some(encryption), config })
    }
}

impl Encryption {
    /// `None`: not one that is known here, or one that would take too long.
    pub(super) fn parse(value: &Value) -> Option<Self> {
        let iterations = value.get("iterations")?.as_u64().and_then(|count| u32::try_from(count).ok())?;
        let known = value.get("derivation")? == DERIVATION && (1..=MOST_ITERATIONS).contains(&iterations);
        let salt = value.get("salt")?.as_str()?.to_owned();
        known.then_some(Self { derivation: DERIVATION, iterations, salt })
    }

    pub(super) fn key(&self, passphrase: &str) -> SecretKey {
        let (passphrase, salt) = (passphrase.as_bytes(), self.salt.as_bytes());
        pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(passphrase, salt, self.iterations).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_key_of_a_passphrase_is_fixed() {
        let encryption = json!({"derivation": DERIVATION, "iterations": 1, "salt": "salt"});
        let key = Encryption::parse(&encryption).unwrap().key("password");
        assert_eq!(
            crate::config::hex(key.as_bytes()),
            "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"
        );
    }

    #[test]
    fn what_is_not_known_or_too_much_work_is_refused() {
        for (field, value) in [
            ("derivation", json!("scrypt")),
            ("iterations", json!(0)),
            ("iterations", json!(u32::MAX)),
            ("salt", json!(1)),
        ] {
            let mut encryption = json!({"derivation": DERIVATION, "iterations": 1, "salt": "salt"});
            encryption[field] = value;
            assert_eq!(Encryption::parse(&encryption), None, "{encryption}");
        }
    }
}
