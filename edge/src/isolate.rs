//! What an isolate keeps from one request to the next: the gateway.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use causeway_core::admin::Facts;
use causeway_core::config::document::Document;
use causeway_core::config::outside::Outside;
use causeway_core::config::validate::compile;
use causeway_core::config::{Config, FieldErrors, Version};
use causeway_core::gateway::{Gateway, Options};
use causeway_core::platform::{Background, Clock, ConfigStore, Platform, StoreError};
use causeway_core::time::Timestamp;
use worker::Env;

use crate::clock::WorkerClock;
use crate::control::store::ControlStore;
use crate::document;
use crate::environment::{Environment, Problems};
use crate::platform::WorkerPlatform;
use crate::ui;

/// A request may make so many attempts: with what the schedulers tell each other meanwhile it stays below twelve
/// calls, of the fifty that the free plan allows.
const ATTEMPTS: u32 = 6;
/// A newer configuration is fetched at most so often.
const RELOADS_AFTER: Duration = Duration::from_secs(1);

static ISOLATE: OnceLock<Isolate> = OnceLock::new();

pub(crate) struct Isolate {
    gateway: Arc<Gateway<WorkerPlatform>>,
    outside: Outside,
    /// When a newer configuration was fetched last, in milliseconds.
    reloaded: AtomicU64,
}

/// Why this Worker cannot serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unready {
    #[error("the deployment is incomplete")]
    Deployment(Problems),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the stored configuration is invalid")]
    Config(FieldErrors),
}

impl Isolate {
    /// The isolate's state, made by its first request. Of several first ones each reads the
    /// configuration and one is kept: nobody waits on another request's I/O, which the runtime forbids.
    pub(crate) async fn get(env: &Env) -> Result<&'static Self, Unready> {
        if let Some(isolate) = ISOLATE.get() {
            isolate.catch_up().await;
            return Ok(isolate);
        }
        let environment = Environment::read(env).map_err(Unready::Deployment)?;
        let outside = outside(&environment);
        let store = ControlStore::new(environment.link.clone(), environment.secrets.clone());
        let config = first(&environment, &store).await?;
        let config = compile(config.unwrap_or_default(), &outside).map_err(Unready::Config)?;
        let options = Options {
            max_body_bytes: environment.max_body_bytes,
            secrets: environment.secrets,
            outside: outside.clone(),
            facts: facts(env),
        };
        let platform =
            WorkerPlatform::new(store, environment.link, environment.ledger, environment.retention);
        let gateway = Gateway::new(platform, config, options);
        let isolate = ISOLATE.get_or_init(|| Self { gateway, outside, reloaded: AtomicU64::new(0) });
        isolate.catch_up().await;
        Ok(isolate)
    }

    async fn catch_up(&self) {
        let config = self.gateway.config().current();
        self.gateway.platform().coordinator().catch_up(&config).await;
    }

    pub(crate) fn gateway(&self) -> &Arc<Gateway<WorkerPlatform>> {
        &self.gateway
    }

    /// The newest configuration has this version: where it is another than the one in force, that is fetched behind
    /// whatever request heard of it.
    pub(crate) fn hears_of(version: &Version) {
        let Some(isolate) = ISOLATE.get() else { return };
        let reloaded = Timestamp::from_millis(isolate.reloaded.load(Ordering::Relaxed));
        let now = WorkerClock.now();
        if isolate.gateway.config().current().version == *version || now.since(reloaded) < RELOADS_AFTER {
            return;
        }
        isolate.reloaded.store(now.as_millis(), Ordering::Relaxed);
        isolate.gateway.platform().background().spawn(Box::pin(isolate.reload()));
    }

    /// A document that cannot be read or is invalid leaves the configuration in force.
    async fn reload(&self) {
        match load(self.gateway.platform().config(), &self.outside).await {
            Ok(config) if config.version != self.gateway.config().current().version => {
                self.gateway.config().install(config);
            }
            Ok(_) => {}
            Err(error) => worker::console_error!("the configuration was not reloaded: {}", error.detail()),
        }
    }
}

/// The first document of an isolate: the copy in KV, which is near, or else the object's own.
async fn first(environment: &Environment, store: &ControlStore) -> Result<Option<Document>, StoreError> {
    match document::copy(&environment.kv).await {
        Ok(Some(text)) => document::open(text.as_bytes(), &environment.secrets).map(Some),
        Ok(None) | Err(_) => store.load().await,
    }
}

impl Unready {
    /// For the log and for people; holds no secret.
    pub(crate) fn detail(&self) -> String {
        let lines = |problems: &mut dyn Iterator<Item = String>| {
            problems.fold(self.to_string(), |text, problem| text + "\n- " + &problem)
        };
        match self {
            Self::Deployment(problems) => {
                lines(&mut problems.iter().map(|(name, problem)| format!("{name} {problem}")))
            }
            Self::Config(problems) => {
                lines(&mut problems.iter().map(|(path, problem)| format!("{path}: {problem}")))
            }
            Self::Store(error) => error.to_string(),
        }
    }
}

fn facts(env: &Env) -> Facts {
    let features = if ui::exists(env) { vec!["webUi"] } else { Vec::new() };
    Facts { version: env!("CARGO_PKG_VERSION"), runtime: "edge", language: None, features }
}

/// What every compilation of a document adds to it.
pub(crate) fn outside(environment: &Environment) -> Outside {
    Outside { access: environment.access.clone(), total_timeout: None, attempts_cap: Some(ATTEMPTS) }
}

async fn load(store: &ControlStore, outside: &Outside) -> Result<Config, Unready> {
    let document = store.load().await?.unwrap_or_default();
    compile(document, outside).map_err(Unready::Config)
}
