//! The configuration's store, as the management API sees it.

use causeway_core::config::Version;
use causeway_core::config::document::Document;
use causeway_core::config::secret_key::SecretKeys;
use causeway_core::platform::{ConfigStore, Entropy, StoreError};

use super::link::ControlLink;
use crate::document;
use crate::entropy::WebEntropy;

/// Implements [`ConfigStore`] with the object, which alone compares versions: of two writes at once one wins and
/// the other is told.
#[derive(Debug)]
pub(crate) struct ControlStore {
    link: ControlLink,
    secrets: SecretKeys,
}

impl ControlStore {
    pub(crate) const fn new(link: ControlLink, secrets: SecretKeys) -> Self {
        Self { link, secrets }
    }
}

impl ConfigStore for ControlStore {
    #[worker::send]
    async fn load(&self) -> Result<Option<Document>, StoreError> {
        let stored = self.link.document().await.map_err(unavailable)?;
        stored.map(|stored| document::open(&stored, &self.secrets)).transpose()
    }

    #[worker::send]
    async fn replace(&self, expected: Option<&Version>, document: &Document) -> Result<(), StoreError> {
        let mut sealed = document.clone();
        let sealing = sealed.seal_keys(&self.secrets.newest, &mut |bytes| WebEntropy.fill(bytes));
        sealing.map_err(|error| StoreError::Invalid(error.to_string()))?;
        let text = sealed.text().map_err(|error| StoreError::Invalid(error.to_string()))?;
        match self.link.replace(expected, text).await.map_err(unavailable)? {
            (200, _) => Ok(()),
            (409, _) => Err(StoreError::Conflict),
            (422, why) => Err(StoreError::Invalid(why)),
            (_, why) => Err(StoreError::Unavailable(why)),
        }
    }
}

fn unavailable(error: worker::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
