//! A configuration store in memory, and what every store has to do.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::document::{ChannelDocument, Document, EndpointDocument, KeyDocument};
use crate::config::{Protocol, Secret, Version};
use crate::platform::{ConfigStore, StoreError};

/// Keeps one document, and can be told to fail or to be changed behind a caller's back.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    document: Option<Document>,
    unavailable: bool,
    rivals: Vec<Document>,
}

impl MemoryStore {
    pub fn new(document: Document) -> Self {
        Self(Mutex::new(Inner { document: Some(document), ..Inner::default() }))
    }

    /// What is stored now.
    pub fn document(&self) -> Option<Document> {
        self.lock().document.clone()
    }

    /// From now on every call fails, or none.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.lock().unavailable = unavailable;
    }

    /// Right before the next [`replace`](ConfigStore::replace) somebody else stores `document`. Several
    /// come in the order they were announced.
    pub fn change_before_replace(&self, document: Document) {
        self.lock().rivals.push(document);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConfigStore for MemoryStore {
    async fn load(&self) -> Result<Option<Document>, StoreError> {
        let inner = self.lock();
        if inner.unavailable {
            return Err(StoreError::Unavailable("switched off".into()));
        }
        Ok(inner.document.clone())
    }

    async fn replace(&self, expected: Option<&Version>, document: &Document) -> Result<(), StoreError> {
        let mut inner = self.lock();
        if inner.unavailable {
            return Err(StoreError::Unavailable("switched off".into()));
        }
        if !inner.rivals.is_empty() {
            inner.document = Some(inner.rivals.remove(0));
        }
        if inner.document.as_ref().map(Document::version).as_ref() != expected {
            return Err(StoreError::Conflict);
        }
        inner.document = Some(document.clone());
        Ok(())
    }
}

/// What every store of the configuration has to do. `store` is empty; the panic says what it got wrong.
pub async fn check_config_store(store: &impl ConfigStore) {
    let version = |document: &Document| Some(document.version());
    let [first, second] = ["sk-first", "sk-second"].map(document_with_key);

    assert!(matches!(store.load().await, Ok(None)), "an empty store holds nothing");
    let early = store.replace(version(&first).as_ref(), &first).await;
    assert!(matches!(early, Err(StoreError::Conflict)), "an empty store has no version to replace");
    assert!(store.replace(None, &first).await.is_ok(), "the first write expects nothing");
    let again = store.replace(None, &second).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "only one write is the first");
    let loaded = store.load().await.ok().flatten();
    assert_eq!(loaded, Some(first.clone()), "what was written is read, its keys readable");
    let stale = store.replace(version(&second).as_ref(), &second).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "a write for another version is refused");
    assert_eq!(store.load().await.ok().flatten(), Some(first.clone()), "a refused write changes nothing");
    assert!(
        store.replace(version(&first).as_ref(), &second).await.is_ok(),
        "a write for this version is done"
    );
    assert_eq!(store.load().await.ok().flatten(), Some(second), "the last write is read");
}

fn document_with_key(key: &str) -> Document {
    let key = KeyDocument { id: "k_1".into(), key: Secret::new(key), ..KeyDocument::default() };
    let endpoint = EndpointDocument { protocol: Protocol::Chat, base_url: "https://upstream.example".into() };
    let channel = ChannelDocument {
        id: "ch_1".into(),
        name: "upstream".into(),
        endpoints: vec![endpoint],
        keys: vec![key],
        ..ChannelDocument::default()
    };
    Document { channels: vec![channel], ..Document::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_store_does_what_a_store_has_to() {
        futures::executor::block_on(check_config_store(&MemoryStore::default()));
    }
}
