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
use causeway_core::config::secret_key::{SecretKey, SecretKeys};
use causeway_core::config::{FieldErrors, Version};
use causeway_core::platform::{Clock, ConfigStore, Entropy, StoreError};

use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;

/// Implements [`ConfigStore`] over a directory. Clones share it.
#[derive(Clone, Debug)]
pub struct FileStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    secrets: SecretKeys,
    /// Where they came from, for messages.
    secrets_source: String,
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
    #[error("{} holds no keys: 32 bytes each as 64 hexadecimal digits or base64 are expected", .0.display())]
    Secret(PathBuf),
    #[error(
        "{} holds sealed upstream keys, but their key {} is gone: restore it or set SECRET_KEY, or remove the \
         sealed keys", config.display(), secret.display()
    )]
    SecretGone { config: PathBuf, secret: PathBuf },
}

impl FileStore {
    /// Opens `directory`, which is made if it is missing (mode 0700), as is its `secret.key` (0600) unless
    /// `secrets` are given.
    ///
    /// # Errors
    /// When the directory cannot be made or read, or the sealed keys cannot be opened by a new secret.
    pub fn open(directory: impl Into<PathBuf>, secrets: Option<SecretKeys>) -> Result<Self, OpenError> {
        let directory = directory.into();
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::File { path, source }
        };
        files::make_directory(&directory).map_err(failed(&directory))?;
        let (secrets, secrets_source) = match secrets {
            Some(secrets) => (secrets, "SECRET_KEY".to_owned()),
            None => {
                let path = directory.join("secret.key");
                let config = directory.join("config.json");
                let secrets = match files::read(&path).map_err(failed(&path))? {
                    Some(text) => str::from_utf8(&text)
                        .ok()
                        .and_then(SecretKeys::parse)
                        .ok_or_else(|| OpenError::Secret(path.clone()))?,
                    None if holds_sealed(&config).map_err(failed(&config))? => {
                        return Err(OpenError::SecretGone { config, secret: path });
                    }
                    None => {
                        let secrets = SecretKeys::from(SecretKey::generate(&SystemEntropy));
                        files::replace(&path, secrets.to_text().as_bytes()).map_err(failed(&path))?;
                        secrets
                    }
                };
                (secrets, path.display().to_string())
            }
        };
        Ok(Self(Arc::new(Inner { directory, secrets, secrets_source, seen: Mutex::default() })))
    }

    /// The file that holds the document.
    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// They seal what is stored here.
    pub fn secrets(&self) -> &SecretKeys {
        &self.0.secrets
    }

    /// Where they are kept unless they are given.
    pub fn secrets_path(&self) -> PathBuf {
        self.0.directory.join("secret.key")
    }

    /// Keeps `secrets` for the next start.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_secrets(&self, secrets: &SecretKeys) -> Result<(), OpenError> {
        let path = self.secrets_path();
        files::replace(&path, secrets.to_text().as_bytes()).map_err(|source| OpenError::File { path, source })
    }

    /// Seals the document and its backups with the newest key, and tells how many files they are.
    ///
    /// # Errors
    /// When one cannot be read, opened or written.
    pub fn reseal(&self) -> Result<usize, StoreError> {
        let mut seen = self.0.lock();
        let mut files = 0;
        if let Some(content) = self.0.content()? {
            self.0.write(&mut seen, self.0.parse(&content)?)?;
            files += 1;
        }
        let backups = backups::kept(&self.0.directory).map_err(|error| self.0.unavailable(&error))?;
        for path in &backups {
            let content = files::read(path).map_err(|error| self.0.unavailable(&error))?.unwrap_or_default();
            let content = self.0.sealed(self.0.parse(&content)?)?;
            files::replace(path, &content).map_err(|error| self.0.unavailable(&error))?;
        }
        Ok(files + backups.len())
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
        document.open_keys(&self.secrets).map_err(|error| match error {
            SealError::UnknownKey(id) => invalid(format!(
                "a key was sealed with the secret key {id}, which is not in {}",
                self.secrets_source
            )),
            SealError::Malformed | SealError::Altered => invalid(format!("a key is {error}")),
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

    fn write(&self, seen: &mut Seen, document: Document) -> Result<(), StoreError> {
        let content = self.sealed(document)?;
        files::replace(&self.path(), &content).map_err(|error| self.unavailable(&error))?;
        *seen = Seen { content: Some(content), good: true };
        Ok(())
    }

    /// As it stands in a file.
    fn sealed(&self, mut document: Document) -> Result<Vec<u8>, StoreError> {
        document
            .seal_keys(&self.secrets.newest, &mut |bytes| SystemEntropy.fill(bytes))
            .map_err(|error| StoreError::Unavailable(format!("cannot seal the upstream keys: {error}")))?;
        let content = document.text();
        content
            .map(String::into_bytes)
            .map_err(|error| StoreError::Unavailable(format!("cannot write the document: {error}")))
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
