//! A gateway to test: one in a directory of its own, or one that already runs elsewhere.
//!
//! `CAUSEWAY_RUNTIME` says what is started: `native` (the default), which is the binary `CAUSEWAY_BIN` or `causeway`
//! beside the test's own target directory, or `workerd`, which is what `scripts/build-edge` built. With
//! `CAUSEWAY_URL`, `CAUSEWAY_KEY` and `CAUSEWAY_ADMIN_KEY` set, the same suites run against that address instead,
//! configured through the management API; such a run wants `--test-threads=1`.

mod channel;
mod feature;
mod native;
mod shell;
mod workerd;

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub use self::channel::Channel;
pub use self::feature::Feature;

use self::shell::Shell;
use crate::client::{Answer, Call};

/// What tests present as clients.
pub const CLIENT_KEY: &str = "cw-canary-client-7f3a91c4e2";
/// What tests present as operators.
pub const ADMIN_KEY: &str = "cwa-canary-admin-5b8d20f6a7";

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

/// A running gateway; it ends when dropped, unless it was there before.
pub struct Gateway {
    url: String,
    key: String,
    admin_key: String,
    shell: Shell,
}

/// Settings of a gateway besides the harness's own: variables of a process, bindings of a Worker.
pub type Environment<'a> = &'a [(&'a str, &'a str)];

impl Gateway {
    /// A gateway with these channels, and no other.
    pub async fn start(channels: &[Channel]) -> io::Result<Self> {
        match std::env::var("CAUSEWAY_URL") {
            Ok(url) => {
                let key = |name| std::env::var(name).map_err(io::Error::other);
                let (key, admin_key) = (key("CAUSEWAY_KEY")?, key("CAUSEWAY_ADMIN_KEY")?);
                let gateway = Self { url, key, admin_key, shell: Shell::Elsewhere };
                gateway.configure_remotely(channels).await?;
                Ok(gateway)
            }
            Err(_) => Self::start_own(channels, &[]).await,
        }
    }

    /// A gateway of its own even where another is given: for what must be set up, or must not be shared.
    pub async fn start_own(channels: &[Channel], environment: Environment<'_>) -> io::Result<Self> {
        Self::start_document(&document(channels), environment).await
    }

    /// A gateway of its own on the whole of a configuration.
    pub async fn start_document(document: &Value, environment: Environment<'_>) -> io::Result<Self> {
        let shell = Shell::start(document, environment).await?;
        let gateway =
            Self { url: shell.url(), key: CLIENT_KEY.to_owned(), admin_key: ADMIN_KEY.to_owned(), shell };
        gateway.healthy().await?;
        Ok(gateway)
    }

    /// Ends a gateway of its own without a warning, and starts another one on what it left behind.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.shell.restart().await?;
        self.url = self.shell.url();
        self.healthy().await
    }

    /// Whether it has what not every runtime has, as it says itself. A test that needs it ends where it is missing.
    pub async fn has(&self, feature: Feature) -> io::Result<bool> {
        let answer = Call::get(format!("{}/api/bootstrap", self.url)).send().await?;
        let features = answer.json();
        let features =
            features.get("features").and_then(Value::as_array).ok_or_else(|| unexpected(&answer))?;
        Ok(features.iter().any(|name| name == feature.name()))
    }

    /// The base URL, without a version segment.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn admin_key(&self) -> &str {
        &self.admin_key
    }

    /// Where a gateway of its own keeps its state.
    pub fn state_dir(&self) -> io::Result<&Path> {
        self.shell.state_dir()
    }

    /// What a gateway of its own has written to its log so far.
    pub fn log(&self) -> String {
        self.shell.log()
    }

    /// How many attempts failed on the channel with this id, as the log tells; where any succeeded, it is not to be told.
    pub fn failed_attempts(&self, channel: &str) -> usize {
        self.shell.failed_attempts(channel)
    }

    /// Replaces the channels and waits until the gateway runs on the new ones.
    pub async fn configure(&self, channels: &[Channel]) -> io::Result<()> {
        if !self.shell.has_config_file() {
            return self.configure_remotely(channels).await;
        }
        let before = self.channels().await?;
        self.write_config(&document(channels).to_string())?;
        let names: Vec<_> = channels.iter().map(Channel::name).collect();
        let done = self.until(async || {
            let now = self.channels().await?;
            Ok(now != before && now.iter().map(|(name, _)| name.as_str()).eq(names.iter().copied()))
        });
        if done.await? { Ok(()) } else { Err(self.failed("did not take the new configuration")) }
    }

    /// Puts `text` where the configuration file is, whatever it is worth.
    pub fn write_config(&self, text: &str) -> io::Result<()> {
        self.shell.write_config(text)
    }

    /// A call whose client may leave before it has its answer. workerd by itself takes a plain close for a client
    /// that has nothing more to say and still listens, where Cloudflare's own front tells it better: there the client
    /// resets its connection.
    pub fn abandonable(&self, call: Call) -> Call {
        if self.shell.notices_a_close() { call } else { call.resets() }
    }

    /// A call of the management API, signed in.
    pub fn admin(&self, call: Call) -> Call {
        call.header("authorization", format!("Bearer {}", self.admin_key))
    }

    /// Name and version of each channel, in order of priority.
    pub async fn channels(&self) -> io::Result<Vec<(String, String)>> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let answer = self.admin(Call::get(format!("{}/api/channels", self.url))).send().await?;
        let list = answer.json();
        let list = list.get("channels").and_then(Value::as_array).ok_or_else(|| unexpected(&answer))?;
        Ok(list.iter().map(|channel| (text(channel.get("name")), text(channel.get("version")))).collect())
    }

    /// Waits until `condition` holds; false when it does not for too long.
    pub async fn until(&self, condition: impl AsyncFn() -> io::Result<bool>) -> io::Result<bool> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if condition().await? {
                return Ok(true);
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(false)
    }

    async fn healthy(&self) -> io::Result<()> {
        let healthy = self.until(async || {
            let answer = Call::get(format!("{}/health", self.url)).send().await;
            Ok(answer.is_ok_and(|answer| answer.status == 200))
        });
        if healthy.await? { Ok(()) } else { Err(self.failed("did not become healthy")) }
    }

    async fn configure_remotely(&self, channels: &[Channel]) -> io::Result<()> {
        let url = format!("{}/api/channels", self.url);
        let old = self.admin(Call::get(&url)).send().await?.json();
        // First the new ones: somebody has to serve meanwhile.
        for channel in channels {
            expect(self.admin(Call::post(&url, channel.json().to_string())).send().await?)?;
        }
        for channel in old.get("channels").and_then(Value::as_array).into_iter().flatten() {
            let id = channel.get("id").and_then(Value::as_str).unwrap_or_default();
            expect(self.admin(Call::new(http::Method::DELETE, format!("{url}/{id}"))).send().await?)?;
        }
        Ok(())
    }

    fn failed(&self, what: &str) -> io::Error {
        io::Error::other(format!("the gateway {what}; its log:\n{}", self.log()))
    }
}

/// The configuration with these channels.
pub fn document(channels: &[Channel]) -> Value {
    json!({ "channels": channels.iter().map(Channel::json).collect::<Vec<_>>() })
}

fn expect(answer: Answer) -> io::Result<()> {
    if answer.status.is_success() { Ok(()) } else { Err(unexpected(&answer)) }
}

fn unexpected(answer: &Answer) -> io::Error {
    io::Error::other(format!("{}: {}", answer.status, answer.text()))
}
