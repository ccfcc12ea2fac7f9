//! Notices edits of the configuration file and puts them in force.
//!
//! Polls the file's metadata: unlike file events this also works on bind mounts, network file systems and
//! swapped symbolic links, and it costs one `stat` per half second.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use causeway_core::config::FieldErrors;
use causeway_core::config::document::Document;
use causeway_core::platform::StoreError;

use crate::store::{FileStore, listed};

const INTERVAL: Duration = Duration::from_millis(500);

/// Looks at the file of a store.
#[derive(Debug)]
pub struct Watcher {
    store: FileStore,
    handled: Option<Signature>,
    /// Seen at the last look: taken in when it is still so at the next, since the edit may be half written.
    settling: Option<Signature>,
}

/// What changes when a file is edited or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signature {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Watcher {
    pub const fn new(store: FileStore) -> Self {
        Self { store, handled: None, settling: None }
    }

    /// What the file holds after a change that has settled since the look before, whoever wrote it; the
    /// first look counts as a change. Blocks on the file.
    pub fn look(&mut self) -> Option<Result<Document, StoreError>> {
        let now = Signature::of(&self.store.path());
        if now == self.handled || now != self.settling {
            self.settling = now;
            return None;
        }
        self.handled = now;
        let gone = || StoreError::Unavailable(format!("{} is gone", self.store.path().display()));
        Some(self.store.read().and_then(|document| document.ok_or_else(gone)))
    }
}

impl Signature {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { modified: metadata.modified().ok(), length: metadata.len(), inode })
    }
}

/// Looks until dropped. `apply` puts a document in force and tells whether it was another one before, or
/// says why it cannot; then the old one stays.
pub async fn watch(
    mut watcher: Watcher,
    mut apply: impl FnMut(Document) -> Result<bool, FieldErrors> + Send,
) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let looked = tokio::task::spawn_blocking(move || {
            let found = watcher.look();
            (watcher, found)
        });
        let found = match looked.await {
            Ok((returned, found)) => {
                watcher = returned;
                found
            }
            Err(error) => {
                tracing::error!(%error, "edits of the configuration are no longer noticed");
                return;
            }
        };
        let problem = match found {
            None => continue,
            Some(Ok(document)) => match apply(document) {
                Ok(true) => {
                    tracing::info!("the edited configuration is in force");
                    continue;
                }
                Ok(false) => continue,
                Err(errors) => listed(&errors),
            },
            Some(Err(error)) => error.to_string(),
        };
        tracing::error!("the edited configuration is not used, the one before stays in force: {problem}");
    }
}
