//! What an isolate keeps from one request to the next: the gateway, and when its configuration was
//! last looked at.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_core::admin::Facts;
use causeway_core::config::access::Digest;
use causeway_core::config::outside::Outside;
use causeway_core::config::validate::compile;
use causeway_core::config::{Config, FieldErrors};
use causeway_core::gateway::{Gateway, Options};
use causeway_core::platform::{Background, Clock, ConfigStore, Platform, StoreError};
use causeway_core::time::Timestamp;
use worker::Env;

use crate::clock::WorkerClock;
use crate::environment::{Environment, Problems};
use crate::platform::WorkerPlatform;
use crate::store::KvConfigStore;
use crate::ui;

static ISOLATE: OnceLock<Isolate> = OnceLock::new();

pub(crate) struct Isolate {
    gateway: Arc<Gateway<WorkerPlatform>>,
    outside: Outside,
    refresh_after: Duration,
    /// In milliseconds.
    checked: AtomicU64,
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
            isolate.refresh();
            return Ok(isolate);
        }
        let Environment { kv, access, secret_key, refresh, max_body_bytes } =
            Environment::read(env).map_err(Unready::Deployment)?;
        let outside = Outside { access, total_timeout: None };
        let store = KvConfigStore::new(kv, secret_key);
        let config = load(&store, &outside).await?;
        let options = Options {
            max_body_bytes,
            secret: *Digest::of(&format!("session {}", STANDARD.encode(secret_key))).as_bytes(),
            outside: outside.clone(),
            facts: facts(env),
        };
        let gateway = Gateway::new(WorkerPlatform::new(store), config, options);
        let checked = AtomicU64::new(WorkerClock.now().as_millis());
        Ok(ISOLATE.get_or_init(|| Self { gateway, outside, refresh_after: refresh, checked }))
    }

    pub(crate) fn gateway(&self) -> &Arc<Gateway<WorkerPlatform>> {
        &self.gateway
    }

    /// Looks for a newer configuration, behind the request that happens to be the one and does not wait.
    fn refresh(&'static self) {
        let now = WorkerClock.now();
        let checked = Timestamp::from_millis(self.checked.load(Ordering::Relaxed));
        if now.since(checked) < self.refresh_after {
            return;
        }
        self.checked.store(now.as_millis(), Ordering::Relaxed);
        self.gateway.platform().background().spawn(Box::pin(self.reload()));
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

async fn load(store: &KvConfigStore, outside: &Outside) -> Result<Config, Unready> {
    let document = store.load().await?.unwrap_or_default();
    compile(document, outside).map_err(Unready::Config)
}
