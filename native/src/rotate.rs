//! `causeway rotate-secret`: another key for all that is sealed at rest.

use std::io::{self, Write};

use causeway_core::admin::journal::{self, Resealed};
use causeway_core::config::secret_key::{SecretKey, SecretKeys};
use causeway_core::database::DatabaseError;
use causeway_core::platform::{Entropy, StoreError};

use crate::database::SqliteDatabase;
use crate::entropy::SystemEntropy;
use crate::env::Environment;
use crate::store::{FileStore, OpenError};

/// Why not everything was sealed anew. Nothing is lost: the old key opens what it sealed until all of it is, and a
/// second run goes on.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error(
        "SECRET_KEY is set: put a new key and a comma before it, run this again, then remove the old key from it"
    )]
    NoNewKey,
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the history of the configuration: {0}")]
    Database(#[from] DatabaseError),
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

/// Seals the configuration, its backups and its history with a new key, and tells `out`.
///
/// # Errors
/// When a file or the database cannot be read or written.
pub async fn rotate(environment: &Environment, out: &mut impl Write) -> Result<(), Failed> {
    let directory = &environment.config_dir;
    let present = FileStore::open(directory, environment.secret_keys.clone())?;
    let own_file = environment.secret_keys.is_none();
    let secrets = match present.secrets().older.is_empty() {
        true if own_file => present.secrets().rotated(SecretKey::generate(&SystemEntropy)),
        true => return Err(Failed::NoNewKey),
        false => present.secrets().clone(),
    };
    if own_file {
        present.keep_secrets(&secrets)?;
    }
    let store = FileStore::open(directory, Some(secrets.clone()))?;
    let files = store.reseal()?;
    let Resealed { documents, shut } = history(environment, &secrets).await?;
    writeln!(
        out,
        "Sealed with the key {}: {files} files, {documents} documents of the history.",
        secrets.newest.id()
    )?;
    if shut > 0 {
        writeln!(
            out,
            "{shut} documents of the history were sealed with keys that are gone: no rollback to those."
        )?;
    }
    if own_file {
        store.keep_secrets(&secrets.newest.clone().into())?;
        writeln!(out, "{} holds the new key alone.", store.secrets_path().display())?;
    } else {
        writeln!(out, "Now remove the old keys from SECRET_KEY: nothing needs them.")?;
    }
    writeln!(out, "Restart a server that runs. Who is signed in has to sign in again.")?;
    Ok(out.flush()?)
}

async fn history(environment: &Environment, secrets: &SecretKeys) -> Result<Resealed, DatabaseError> {
    let path = environment.config_dir.join("causeway.db");
    if !path.exists() {
        return Ok(Resealed::default());
    }
    let database = SqliteDatabase::open(&path);
    journal::reseal(&database, secrets, &mut |bytes| SystemEntropy.fill(bytes)).await
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::env::Variables;

    const CONFIG: &str = r#"{"channels": [{"name": "a", "keys": ["sk-upstream-1"],
        "endpoints": [{"protocol": "chat", "baseUrl": "https://api.example.com"}]}]}"#;

    async fn rotated(directory: &Path, secret: Option<&str>) -> Result<String, Failed> {
        let directory = directory.to_str().unwrap();
        let variables = match secret {
            Some(secret) => Variables::from([("CONFIG_DIR", directory), ("SECRET_KEY", secret)]),
            None => Variables::from([("CONFIG_DIR", directory)]),
        };
        let environment = Environment::read(&variables).unwrap();
        let mut out = Vec::new();
        rotate(&environment, &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    /// A directory with a sealed configuration and a backup, and what is in `secret.key`.
    fn used(secrets: Option<SecretKeys>) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path(), secrets).unwrap();
        fs::write(store.path(), CONFIG).unwrap();
        store.reseal().unwrap();
        fs::create_dir(directory.path().join("backups")).unwrap();
        fs::copy(store.path(), directory.path().join("backups/config-20260101T000000.000Z.json")).unwrap();
        directory
    }

    fn opens(directory: &Path, secrets: Option<SecretKeys>) -> bool {
        let store = FileStore::open(directory, secrets).unwrap();
        let document = store.read().ok().flatten();
        document.is_some_and(|document| document.channels[0].keys[0].key.expose() == "sk-upstream-1")
    }

    #[tokio::test]
    async fn a_new_key_seals_everything_and_the_old_one_opens_nothing() {
        let directory = used(None);
        let path = directory.path();
        let old = SecretKeys::parse(&fs::read_to_string(path.join("secret.key")).unwrap()).unwrap();
        let said = rotated(path, None).await.unwrap();
        assert!(said.contains("2 files, 0 documents"), "{said}");
        let new = SecretKeys::parse(&fs::read_to_string(path.join("secret.key")).unwrap()).unwrap();
        assert!(new.older.is_empty() && new != old);
        assert!(opens(path, None) && !opens(path, Some(old)));
        let backup = path.join("backups/config-20260101T000000.000Z.json");
        fs::rename(backup, path.join("config.json")).unwrap();
        assert!(opens(path, None));
    }

    #[tokio::test]
    async fn a_rotation_that_was_cut_short_goes_on() {
        let directory = used(None);
        let path = directory.path();
        let old = SecretKeys::parse(&fs::read_to_string(path.join("secret.key")).unwrap()).unwrap();
        let both = old.rotated(SecretKey::generate(&SystemEntropy));
        fs::write(path.join("secret.key"), both.to_text()).unwrap();
        assert!(opens(path, None), "it serves meanwhile");
        rotated(path, None).await.unwrap();
        let kept = SecretKeys::parse(&fs::read_to_string(path.join("secret.key")).unwrap()).unwrap();
        assert_eq!(kept, both.newest.into());
        assert!(opens(path, None));
    }

    #[tokio::test]
    async fn keys_of_the_environment_are_the_operators_to_change() {
        let [old, new] = ["07", "08"].map(|byte| byte.repeat(32));
        let directory = used(SecretKeys::parse(&old));
        let refused = rotated(directory.path(), Some(&old)).await;
        assert!(matches!(refused, Err(Failed::NoNewKey)), "{refused:?}");
        let said = rotated(directory.path(), Some(&format!("{new},{old}"))).await.unwrap();
        assert!(said.contains("remove the old keys"), "{said}");
        assert!(opens(directory.path(), SecretKeys::parse(&new)));
    }
}
