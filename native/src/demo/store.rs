//! A configuration that ends with the process.

use std::sync::{Mutex, PoisonError};

use causeway_core::config::Version;
use causeway_core::config::document::Document;
use causeway_core::platform::{ConfigStore, StoreError};

/// Implements [`ConfigStore`] in memory: what a newcomer tries out in the UI leaves no trace.
#[derive(Debug)]
pub(crate) struct MemoryStore(Mutex<Document>);

impl MemoryStore {
    pub(crate) const fn new(document: Document) -> Self {
        Self(Mutex::new(document))
    }
}

impl ConfigStore for MemoryStore {
    async fn load(&self) -> Result<Option<Document>, StoreError> {
        Ok(Some(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }

    async fn replace(&self, expected: Option<&Version>, document: &Document) -> Result<(), StoreError> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if expected != Some(&stored.version()) {
            return Err(StoreError::Conflict);
        }
        *stored = document.clone();
        Ok(())
    }
}
