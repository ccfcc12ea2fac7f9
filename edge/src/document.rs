//! The configuration document as it is kept: upstream keys sealed.

use causeway_core::config::FieldErrors;
use causeway_core::config::Version;
use causeway_core::config::access::Digest;
use causeway_core::config::document::Document;
use causeway_core::config::secret_key::SecretKeys;
use causeway_core::platform::StoreError;
use worker::{Env, KvStore};

/// The KV namespace with the copy that starting isolates read.
pub(crate) const NAMESPACE: &str = "CONFIG";
/// The document's key in it.
pub(crate) const KEY: &str = "config";

pub(crate) fn namespace(env: &Env) -> worker::Result<KvStore> {
    env.kv(NAMESPACE)
}

/// The copy in KV, which takes up to a minute to follow a change.
///
/// # Errors
/// When KV cannot be read.
pub(crate) async fn copy(kv: &KvStore) -> Result<Option<String>, StoreError> {
    kv.get(KEY).text().await.map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Reads a kept document.
///
/// # Errors
/// [`StoreError::Invalid`] when it is none, or its keys were sealed with another secret.
pub(crate) fn open(stored: &[u8], secrets: &SecretKeys) -> Result<Document, StoreError> {
    let mut document = Document::parse(stored).map_err(|errors| StoreError::Invalid(lines(&errors)))?;
    document.open_keys(secrets).map_err(|error| StoreError::Invalid(error.to_string()))?;
    // A document written by hand has no ids; they must be the same for everyone who reads it.
    let version = document.version();
    document.assign_ids(&mut seeded(&version));
    Ok(document)
}

/// The errors in one line.
pub(crate) fn lines(errors: &FieldErrors) -> String {
    let lines: Vec<_> = errors.iter().map(|(path, problem)| format!("{path}: {problem}")).collect();
    lines.join("; ")
}

/// A source for ids that gives the same ones for the same document, and others for any other.
fn seeded(version: &Version) -> impl FnMut(&mut [u8]) + use<> {
    let seed = version.to_string();
    let mut count = 0_u32;
    move |bytes| {
        count += 1;
        let digest = Digest::of(&format!("{seed} {count}"));
        for (byte, random) in bytes.iter_mut().zip(digest.as_bytes()) {
            *byte = *random;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_without_ids_gets_the_same_ones_at_every_reading() {
        let read = || {
            let mut document =
                Document::parse(br#"{"channels": [{"name": "a", "keys": ["k1", "k2"]}, {"name": "b"}]}"#)
                    .unwrap();
            let version = document.version();
            document.assign_ids(&mut seeded(&version));
            document
        };
        let ids: Vec<_> = read().channels.iter().map(|channel| channel.id.clone()).collect();
        assert_eq!(read(), read());
        assert_ne!(ids[0], ids[1]);
    }
}
