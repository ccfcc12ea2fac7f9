//! This gateway's own files: exports, and `config.json` itself.

use serde_json::Value;

use super::{ImportError, Imported, ImportedChannel, NotCarried};
use crate::config::document::Document;
use crate::config::export::{self, Encryption};

/// The field that only an export has.
pub(super) const MARK: &str = "causeway";

pub(super) fn read(
    file: &Value,
    passphrase: Option<&str>,
    imported: &mut Imported,
) -> Result<(), ImportError> {
    let exported = file.get(MARK).is_some();
    let (config, prefix) = if exported { (file.get("config"), "config.") } else { (Some(file), "") };
    let text = serde_json::to_vec(config.unwrap_or(&Value::Null)).unwrap_or_default();
    let mut document = Document::parse(&text).map_err(ImportError::Invalid)?;
    if let Some(encryption) = file.get("encryption").filter(|_| exported) {
        let encryption = Encryption::parse(encryption).ok_or(ImportError::Encryption)?;
        let passphrase = passphrase.ok_or(ImportError::NoPassphrase)?;
        document.open_keys(&encryption.key(passphrase).into())?;
    }
    if document.access.admin_key_hash.is_some() {
        let why = "an installation keeps its own admin key";
        imported.notes.push(NotCarried::new(format!("{prefix}access.adminKeyHash"), why));
    }
    let spoken_of = |name: &str| config.is_some_and(|config| config.get(name).is_some());
    imported.settings = Some(document.settings).filter(|_| spoken_of("settings"));
    imported.prices = document.prices;
    imported.client_keys = Some(document.access.client_keys).filter(|_| spoken_of("access"));
    for (index, channel) in document.channels.into_iter().enumerate() {
        let path = format!("{prefix}channels[{index}]");
        imported.channels.push(ImportedChannel { path, channel });
    }
    Ok(())
}

/// Whether this stands for a credential that was left out of the file.
pub(super) fn is_left_out(secret: &str) -> bool {
    secret.is_empty() || secret.contains(export::LEFT_OUT)
}
