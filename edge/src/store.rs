//! The configuration document in Workers KV.

use causeway_core::config::access::Digest;
use causeway_core::config::document::Document;
use causeway_core::config::{FieldErrors, Version};
use causeway_core::platform::{ConfigStore, Entropy, StoreError};
use worker::{KvError, KvStore};

use crate::entropy::WebEntropy;

/// The document's key in the namespace.
const KEY: &str = "config";

/// Implements [`ConfigStore`] with one KV value, upstream keys sealed.
///
/// KV compares nothing on a write and takes up to a minute to show one everywhere. The version check
/// here therefore catches stale editors, not two writes within that minute: of those the last one wins.
#[derive(Debug)]
pub(crate) struct KvConfigStore {
    kv: KvStore,
    secret_key: [u8; 32],
}

impl KvConfigStore {
    pub(crate) fn new(kv: KvStore, secret_key: [u8; 32]) -> Self {
        Self { kv, secret_key }
    }
}

impl ConfigStore for KvConfigStore {
    #[worker::send]
    async fn load(&self) -> Result<Option<Document>, StoreError> {
        let Some(stored) = self.kv.get(KEY).bytes().await.map_err(unavailable)? else {
            return Ok(None);
        };
        let mut document = Document::parse(&stored).map_err(|errors| invalid(&errors))?;
        document.open_keys(&self.secret_key).map_err(|error| StoreError::Invalid(error.to_string()))?;
        // A document written by hand has no ids; they must be the same for every isolate that reads it.
        let version = document.version();
        document.assign_ids(&mut seeded(&version));
        Ok(Some(document))
    }

    #[worker::send]
    async fn replace(&self, expected: Option<&Version>, document: &Document) -> Result<(), StoreError> {
        let stored = self.load().await?;
        if stored.map(|stored| stored.version()).as_ref() != expected {
            return Err(StoreError::Conflict);
        }
        let mut sealed = document.clone();
        sealed
            .seal_keys(&self.secret_key, &mut |bytes| WebEntropy.fill(bytes))
            .map_err(|error| StoreError::Invalid(error.to_string()))?;
        let text =
            serde_json::to_string_pretty(&sealed).map_err(|error| StoreError::Invalid(error.to_string()))?;
        self.kv.put(KEY, text).map_err(unavailable)?.execute().await.map_err(unavailable)
    }
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

fn unavailable(error: KvError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

fn invalid(errors: &FieldErrors) -> StoreError {
    let lines: Vec<_> = errors.iter().map(|(path, problem)| format!("{path}: {problem}")).collect();
    StoreError::Invalid(lines.join("; "))
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
