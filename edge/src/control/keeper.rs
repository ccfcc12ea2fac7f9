//! What the object keeps in memory: the configuration in force and what is held against its channels.

use causeway_core::codec::json;
use causeway_core::config::document::Document;
use causeway_core::config::validate::compile;
use causeway_core::config::{Config, Version};
use causeway_core::platform::{Clock, Entropy, StoreError};
use causeway_core::schedule::ChannelHealth;
use causeway_core::schedule::authority::Authority;
use causeway_core::schedule::authority::notes::{News, Reset, Told};
use causeway_core::schedule::share::Held;
use causeway_core::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Env, ListOptions, Storage};

use super::Replacement;
use crate::clock::WorkerClock;
use crate::document;
use crate::entropy::WebEntropy;
use crate::environment::Environment;
use crate::isolate::{Unready, outside};

/// The document's place in the storage.
pub(super) const DOCUMENT: &str = "config";
/// Where what is held against channels is kept, and against accounts.
const CHANNELS: &str = "verdicts/";
const ACCOUNTS: &str = "accounts/";

pub(super) struct Keeper {
    environment: Environment,
    config: Config,
    /// As it is kept, upstream keys sealed; `None` before the first write.
    stored: Option<(Version, String)>,
    authority: Authority,
    /// The revision of what is kept.
    saved: u64,
}

/// Puts the copy for starting isolates into KV.
pub(super) async fn publish(env: &Env, text: &str) -> worker::Result<()> {
    Ok(document::namespace(env)?.put(document::KEY, text)?.execute().await?)
}

impl Keeper {
    /// # Errors
    /// When the deployment is incomplete, or what is stored is not readable.
    pub(super) async fn load(storage: &Storage, env: &Env) -> Result<Self, Unready> {
        let environment = Environment::read(env).map_err(Unready::Deployment)?;
        let unavailable = |error: worker::Error| StoreError::Unavailable(error.to_string());
        let mut text: Option<String> = storage.get(DOCUMENT).await.map_err(unavailable)?;
        if text.is_none() {
            // A deployment whose document was put into KV by hand, or stood there before this object did.
            text = document::copy(&environment.kv).await?;
        }
        let opened = text.as_deref().map(|text| document::open(text.as_bytes(), &environment.secrets));
        let opened = opened.transpose()?;
        let stored = opened.as_ref().map(Document::version).zip(text);
        let config = compile(opened.unwrap_or_default(), &outside(&environment)).map_err(Unready::Config)?;
        let mut authority = Authority::new(WebEntropy.word());
        let held = Held {
            channels: rows(storage, CHANNELS).await.map_err(unavailable)?,
            accounts: rows(storage, ACCOUNTS).await.map_err(unavailable)?,
            failures: Vec::new(),
        };
        authority.restore(&config, &held, WorkerClock.now());
        let saved = authority.revision();
        Ok(Self { environment, config, stored, authority, saved })
    }

    pub(super) fn stored(&self) -> Option<&str> {
        self.stored.as_ref().map(|(_, text)| text.as_str())
    }

    /// Takes a new document into force; its text is to be kept.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another was stored meanwhile.
    pub(super) fn replacement(
        &mut self,
        replacement: Replacement,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let Replacement { expected, document } = replacement;
        if self.stored.as_ref().map(|(version, _)| version) != expected.as_ref() {
            return Err(StoreError::Conflict);
        }
        let opened = document::open(document.as_bytes(), &self.environment.secrets)?;
        let version = opened.version();
        let config = compile(opened, &outside(&self.environment));
        self.config = config.map_err(|errors| StoreError::Invalid(document::lines(&errors)))?;
        self.stored = Some((version, document.clone()));
        self.authority.sync(&self.config, &Told::default(), now);
        Ok(document)
    }

    pub(super) fn sync(&mut self, told: &Told, now: Timestamp) -> News {
        self.authority.sync(&self.config, told, now)
    }

    pub(super) fn reset(&mut self, reset: &Reset, now: Timestamp) {
        self.authority.reset(&self.config, reset, now);
    }

    /// The configuration in force, and how its channels are.
    pub(super) fn standing(&mut self, now: Timestamp) -> (Version, Vec<ChannelHealth>) {
        (self.config.version.clone(), self.authority.health(&self.config, now))
    }

    /// What is not kept yet, by its place in the storage, and the revision that it makes.
    pub(super) fn unsaved(&self) -> serde_json::Result<(u64, Vec<(String, String)>)> {
        let Held { channels, accounts, .. } = self.authority.said_since(self.saved);
        let channels = channels.iter().map(|one| row(CHANNELS, one.channel.as_str(), one));
        let accounts = accounts.iter().map(|one| row(ACCOUNTS, &one.group, one));
        Ok((self.authority.revision(), channels.chain(accounts).collect::<Result<_, _>>()?))
    }

    /// Everything up to `revision` is kept.
    pub(super) fn saved(&mut self, revision: u64) {
        self.saved = self.saved.max(revision);
    }
}

fn row(place: &str, name: &str, value: &impl Serialize) -> serde_json::Result<(String, String)> {
    Ok((format!("{place}{name}"), serde_json::to_string(value)?))
}

/// What an earlier life kept; rows that it can no longer read are left out.
async fn rows<T: DeserializeOwned>(storage: &Storage, place: &str) -> worker::Result<Vec<T>> {
    let rows = storage.list_with_options(ListOptions::new().prefix(place)).await?;
    let texts = rows.values().into_iter().filter_map(|row| row.ok()?.as_string());
    Ok(texts.filter_map(|text| json::from_str(&text).ok()).collect())
}
