//! A gateway to test: the native binary in a directory of its own, or one that already runs elsewhere.
//!
//! The binary is `CAUSEWAY_BIN`, or `causeway` beside the test's own target directory. With `CAUSEWAY_URL`,
//! `CAUSEWAY_KEY` and `CAUSEWAY_ADMIN_KEY` set, the same suites run against that address instead, configured
//! through the management API; such a run wants `--test-threads=1`.

mod channel;
mod native;

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub use self::channel::Channel;

use self::native::Native;
use crate::client::{Answer, Call};

/// What tests present as clients.
pub const CLIENT_KEY: &str = "cw-canary-client-7f3a91c4e2";
/// What tests present as operators.
pub const ADMIN_KEY: &str = "cwa-canary-admin-5b8d20f6a7";

const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(10);

/// A running gateway; a native one ends when dropped.
pub struct Gateway {
    url: String,
    key: String,
    admin_key: String,
    native: Option<Native>,
}

/// What the environment of a native gateway has besides the harness's own settings.
pub type Environment<'a> = &'a [(&'a str, &'a str)];

impl Gateway {
    /// A gateway with these channels, and no other.
    pub async fn start(channels: &[Channel]) -> io::Result<Self> {
        match std::env::var("CAUSEWAY_URL") {
            Ok(url) => {
                let key = |name| std::env::var(name).map_err(io::Error::other);
                let (key, admin_key) = (key("CAUSEWAY_KEY")?, key("CAUSEWAY_ADMIN_KEY")?);
                let gateway = Self { url, key, admin_key, native: None };
                gateway.configure(channels).await?;
                Ok(gateway)
            }
            Err(_) => Self::start_native(channels, &[]).await,
        }
    }

    /// A native gateway even where another target is given: for what only a process of our own can show.
    pub async fn start_native(channels: &[Channel], environment: Environment<'_>) -> io::Result<Self> {
        Self::start_document(&document(channels), environment).await
    }

    /// A native gateway on the whole of a configuration file.
    pub async fn start_document(document: &Value, environment: Environment<'_>) -> io::Result<Self> {
        let native = Native::start(document, environment)?;
        let gateway = Self {
            url: native.url(),
            key: CLIENT_KEY.to_owned(),
            admin_key: ADMIN_KEY.to_owned(),
            native: Some(native),
        };
        gateway.healthy().await?;
        Ok(gateway)
    }

    /// Ends a native gateway without a warning, and starts it again where it was.
    pub async fn restart(&mut self) -> io::Result<()> {
        let native = self.native.as_mut().ok_or_else(|| io::Error::other("not a native gateway"))?;
        native.restart()?;
        self.healthy().await
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

    /// Where a native gateway keeps its state.
    pub fn config_dir(&self) -> io::Result<&Path> {
        self.native.as_ref().map(Native::config_dir).ok_or_else(|| io::Error::other("not a native gateway"))
    }

    /// What a native gateway has printed so far.
    pub fn log(&self) -> String {
        self.native.as_ref().map(Native::log).unwrap_or_default()
    }

    /// Replaces the channels and waits until the gateway runs on the new ones.
    pub async fn configure(&self, channels: &[Channel]) -> io::Result<()> {
        let Some(native) = &self.native else {
            return self.configure_remotely(channels).await;
        };
        let before = self.channels().await?;
        native.write_config(&document(channels).to_string())?;
        let names: Vec<_> = channels.iter().map(Channel::name).collect();
        let done = self.until(async || {
            let now = self.channels().await?;
            Ok(now != before && now.iter().map(|(name, _)| name.as_str()).eq(names.iter().copied()))
        });
        if done.await? { Ok(()) } else { Err(self.failed("did not take the new configuration")) }
    }

    /// Puts `text` where the configuration is, whatever it is worth.
    pub fn write_config(&self, text: &str) -> io::Result<()> {
        let native = self.native.as_ref().ok_or_else(|| io::Error::other("not a native gateway"))?;
        native.write_config(text)
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
        let list = self.admin(Call::get(&url)).send().await?.json();
        for channel in list.get("channels").and_then(Value::as_array).into_iter().flatten() {
            let id = channel.get("id").and_then(Value::as_str).unwrap_or_default();
            expect(self.admin(Call::new(http::Method::DELETE, format!("{url}/{id}"))).send().await?)?;
        }
        for channel in channels {
            expect(self.admin(Call::post(&url, channel.json().to_string())).send().await?)?;
        }
        Ok(())
    }

    fn failed(&self, what: &str) -> io::Error {
        io::Error::other(format!("the gateway {what}; its log:\n{}", self.log()))
    }
}

/// The configuration file with these channels.
pub fn document(channels: &[Channel]) -> Value {
    json!({ "channels": channels.iter().map(Channel::json).collect::<Vec<_>>() })
}

fn expect(answer: Answer) -> io::Result<()> {
    if answer.status.is_success() { Ok(()) } else { Err(unexpected(&answer)) }
}

fn unexpected(answer: &Answer) -> io::Error {
    io::Error::other(format!("{}: {}", answer.status, answer.text()))
}
