//! The configuration document in `config.json`, upstream keys sealed.
//!
//! People edit the file too: an edit made outside is noticed by its bytes, what it replaced is kept as a
//! backup, and a broken edit is never overwritten.

mod backups;
mod files;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use causeway_core::config::document::Document;
use causeway_core::config::seal::SealError;
use causeway_core::config::{FieldErrors, Version};
use causeway_core::platform::{Clock, ConfigStore, Entropy, StoreError};

use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::secret_key::SecretKey;

/// Implements [`ConfigStore`] over a directory. Clones share it.
#[derive(Clone, Debug)]
pub struct FileStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    secret: SecretKey,
    /// Where the secret came from, for messages.
    secret_source: String,
    /// What the file held when we last read or wrote it. Held while the file is touched.
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    content: Option<Vec<u8>>,
    /// Whether the content was a document we could open.
    good: bool,
}

/// The directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} holds no key: 32 bytes as 64 hexadecimal digits or base64 are expected", .0.display())]
    Secret(PathBuf),
    #[error(
        "{} holds sealed upstream keys, but their key {} is gone: restore it or set SECRET_KEY, or remove the \
         sealed keys", config.display(), secret.display()
    )]
    SecretGone { config: PathBuf, secret: PathBuf },
}

impl FileStore {
    /// Opens `directory`, which is made if it is missing (mode 0700), as is its `secret.key` (0600) unless
    /// `secret` is given.
    ///
    /// # Errors
    /// When the directory cannot be made or read, or the sealed keys cannot be opened by a new secret.
    pub fn open(directory: impl Into<PathBuf>, secret: Option<SecretKey>) -> Result<Self, OpenError> {
        let directory = directory.into();
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::File { path, source }
        };
        files::make_directory(&directory).map_err(failed(&directory))?;
        let (secret, secret_source) = match secret {
            Some(secret) => (secret, "SECRET_KEY".to_owned()),
            None => {
                let path = directory.join("secret.key");
                let config = directory.join("config.json");
                let secret = match files::read(&path).map_err(failed(&path))? {
                    Some(text) => str::from_utf8(&text)
                        .ok()
                        .and_then(SecretKey::parse)
                        .ok_or_else(|| OpenError::Secret(path.clone()))?,
                    None if holds_sealed(&config).map_err(failed(&config))? => {
                        return Err(OpenError::SecretGone { config, secret: path });
                    }
                    None => {
                        let secret = SecretKey::generate(&SystemEntropy);
                        let text = format!("{}\n", secret.to_text());
                        files::replace(&path, text.as_bytes()).map_err(failed(&path))?;
                        secret
                    }
                };
                (secret, path.display().to_string())
            }
        };
        Ok(Self(Arc::new(Inner { directory, secret, secret_source, seen: Mutex::default() })))
    }

    /// The file that holds the document.
    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// Seals what is stored here.
    pub fn secret(&self) -> &SecretKey {
        &self.0.secret
    }

    /// As [`ConfigStore::load`], on this thread, which blocks on the file.
    ///
    /// # Errors
    /// When the file cannot be read, parsed or opened.
    pub fn read(&self) -> Result<Option<Document>, StoreError> {
        let mut seen = self.0.lock();
        let content = self.0.content()?;
        self.0.take_in(&mut seen, content)
    }
}

impl ConfigStore for FileStore {
    async fn load(&self) -> Result<Option<Document>, StoreError> {
        let store = self.clone();
        on_blocking_thread(move || store.read()).await
    }

    async fn replace(&self, expected: Option<&Version>, document: &Document) -> Result<(), StoreError> {
        let (inner, expected, document) = (Arc::clone(&self.0), expected.cloned(), document.clone());
        on_blocking_thread(move || inner.replace(expected.as_ref(), document)).await
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self) -> PathBuf {
        self.directory.join("config.json")
    }

    fn content(&self) -> Result<Option<Vec<u8>>, StoreError> {
        files::read(&self.path()).map_err(|error| self.unavailable(&error))
    }

    fn unavailable(&self, error: &io::Error) -> StoreError {
        StoreError::Unavailable(format!("{}: {error}", self.path().display()))
    }

    /// Makes `content` the one last seen. An edit by a person backs up what it replaced; what it left
    /// without an id gets one, at once and for good.
    fn take_in(&self, seen: &mut Seen, content: Option<Vec<u8>>) -> Result<Option<Document>, StoreError> {
        if content != seen.content
            && seen.good
            && let Some(replaced) = &seen.content
            && let Err(error) = backups::keep(&self.directory, SystemClock.now(), replaced)
        {
            tracing::warn!(%error, "cannot back up the configuration that was edited");
        }
        seen.content = content;
        seen.good = false;
        let Some(content) = &seen.content else { return Ok(None) };
        let mut document = self.parse(content)?;
        seen.good = true;
        let written = document.clone();
        document.assign_ids(&mut |bytes| SystemEntropy.fill(bytes));
        if document != written
            && let Err(error) = self.write(seen, document.clone())
        {
            tracing::warn!(%error, "cannot write the new ids into the configuration");
        }
        Ok(Some(document))
    }

    fn parse(&self, content: &[u8]) -> Result<Document, StoreError> {
        let invalid = |problem: String| StoreError::Invalid(format!("{}: {problem}", self.path().display()));
        let mut document = Document::parse(content).map_err(|errors| invalid(listed(&errors)))?;
        document.open_keys(self.secret.as_bytes()).map_err(|error| match error {
            SealError::WrongKey => {
                invalid(format!("a key was sealed with another secret than that of {}", self.secret_source))
            }
            SealError::Malformed => invalid(format!("a key is {error}")),
        })?;
        Ok(document)
    }

    fn replace(&self, expected: Option<&Version>, document: Document) -> Result<(), StoreError> {
        let mut seen = self.lock();
        let stored = match self.content()? {
            Some(content) => Some(self.parse(&content)?.version()),
            None => None,
        };
        if stored.as_ref() != expected {
            return Err(StoreError::Conflict);
        }
        self.write(&mut seen, document)
    }

    fn write(&self, seen: &mut Seen, mut document: Document) -> Result<(), StoreError> {
        document
            .seal_keys(self.secret.as_bytes(), &mut |bytes| SystemEntropy.fill(bytes))
            .map_err(|error| StoreError::Unavailable(format!("cannot seal the upstream keys: {error}")))?;
        let mut content = serde_json::to_vec_pretty(&document)
            .map_err(|error| StoreError::Unavailable(format!("cannot write the document: {error}")))?;
        content.push(b'\n');
        files::replace(&self.path(), &content).map_err(|error| self.unavailable(&error))?;
        *seen = Seen { content: Some(content), good: true };
        Ok(())
    }
}

/// `channels[0].name: is missing; channels[1].weight: …`
pub fn listed(errors: &FieldErrors) -> String {
    let problems: Vec<String> = errors.iter().map(|(path, problem)| format!("{path}: {problem}")).collect();
    problems.join("; ")
}

fn holds_sealed(config: &Path) -> io::Result<bool> {
    let content = files::read(config)?.unwrap_or_default();
    Ok(content.windows(9).any(|window| window == b"\"sealed:v"))
}

async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}
