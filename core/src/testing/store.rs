//! A configuration store in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::Version;
use crate::config::document::Document;
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
