//! One way of asking, with channels, lanes and clients of its own, so that many can be played at once in one gateway.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Call;
use crate::crowd::{Crowd, Habit, Seen};
use crate::harness::{Channel, Environment, Gateway, document};
use crate::mock::{Behaviour, Lane, Mock, Protocol};
use crate::sample::Sample;

/// What good answers say.
pub const TEXT: &str = "one two three four five six";
/// Longer than any condition of any story takes.
pub const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);
/// Until a good answer begins.
const WAIT_MS: u64 = 15;
/// Between its events.
const PACE_MS: u64 = 3;
/// What nobody else asks for, and how often each way of asking is tried with it.
const WARM_UP: &str = "warm-up";
const WARM_UPS: usize = 24;
/// A line for each request; the debug log of a crowd would be too long.
const ENVIRONMENT: Environment<'_> = &[("LOG_LEVEL", "info")];

/// Its name is that of the model that it alone asks for.
#[derive(Clone, Debug)]
pub struct Scene {
    pub name: String,
    pub protocol: Protocol,
    pub stream: bool,
}

impl Scene {
    /// Each of `cases` in both protocols that most clients speak, streamed and not.
    pub fn each(cases: &[&str]) -> Vec<Self> {
        let ways = [Protocol::Chat, Protocol::Messages]
            .into_iter()
            .flat_map(|protocol| [false, true].map(|stream| (protocol, stream)));
        ways.flat_map(|(protocol, stream)| cases.iter().map(move |case| Self::new(case, protocol, stream)))
            .collect()
    }

    pub fn new(case: &str, protocol: Protocol, stream: bool) -> Self {
        let form = if stream { "stream" } else { "json" };
        Self { name: format!("{case}-{}-{form}", protocol.as_str()), protocol, stream }
    }

    /// Whether it plays that case.
    pub fn is(&self, case: &str) -> bool {
        self.name.starts_with(&format!("{case}-"))
    }

    /// What the channel `which` of this scene is called.
    pub fn channel_name(&self, which: &str) -> String {
        format!("{which}-{}", self.name)
    }

    /// A channel without a key, on the lane of the same name.
    pub fn channel(&self, mock: &Mock, which: &str) -> Channel {
        self.channel_at(&mock.base(&self.channel_name(which)), which)
    }

    /// A channel without a key at another address. Its id is `ch_` and its name.
    pub fn channel_at(&self, base: &str, which: &str) -> Channel {
        self.without_endpoint(which).endpoint(self.protocol, base)
    }

    /// A channel without a key and an endpoint.
    pub fn without_endpoint(&self, which: &str) -> Channel {
        let name = self.channel_name(which);
        let id = format!("ch_{name}");
        Channel::new(&name).with("models", json!([self.name])).with("id", json!(id))
    }

    pub fn lane(&self, mock: &Mock, which: &str) -> Arc<Lane> {
        mock.lane(&self.channel_name(which))
    }

    pub fn sample(&self) -> Sample {
        Sample::of(self.protocol, self.stream).model(&self.name)
    }

    /// So many clients that ask this.
    pub fn crowd(&self, gateway: &Gateway, clients: usize) -> Crowd {
        Crowd::start(clients, Habit::Mixed, &self.sample(), (gateway.url(), gateway.key()), TEXT)
    }

    /// So many clients that ask this, each time as if they never had before.
    pub fn strangers(&self, gateway: &Gateway, clients: usize) -> Crowd {
        Crowd::start(clients, Habit::Strangers, &self.sample(), (gateway.url(), gateway.key()), TEXT)
    }
}

/// Scenes that share a mock and a gateway. Every lane answers well until told otherwise.
pub struct Stage {
    pub mock: Mock,
    pub gateway: Gateway,
    scenes: Vec<Scene>,
}

impl Stage {
    /// `channels` are those of one scene.
    pub async fn set(
        scenes: Vec<Scene>,
        settings: Value,
        channels: impl Fn(&Mock, &Scene) -> Vec<Channel>,
    ) -> io::Result<Self> {
        let mock = Mock::start().await?;
        let mut channels: Vec<_> = scenes.iter().flat_map(|scene| channels(&mock, scene)).collect();
        channels.push(Channel::every(WARM_UP, &mock.base(WARM_UP)).with("models", json!([WARM_UP])));
        for channel in &channels {
            mock.lane(channel.name()).always(good());
        }
        let mut document = document(&channels);
        if let Some(fields) = document.as_object_mut() {
            fields.insert("settings".to_owned(), settings);
        }
        let gateway = Gateway::start_document(&document, ENVIRONMENT).await?;
        let stage = Self { mock, gateway, scenes };
        stage.warm_up().await?;
        Ok(stage)
    }

    /// A runtime that has just started is slow, and what a channel took then is held against it for minutes.
    async fn warm_up(&self) -> io::Result<()> {
        let (url, key) = (self.gateway.url(), self.gateway.key());
        let ways = self.scenes.iter().map(|scene| Sample::of(scene.protocol, scene.stream).model(WARM_UP));
        let calls = ways.flat_map(|sample| vec![sample.call(url, key); WARM_UPS]);
        futures::future::try_join_all(calls.map(Call::send)).await.map(drop)
    }

    /// Every scene, all at once; what went wrong in any of them.
    pub async fn play(&self, story: impl AsyncFn(&Scene) -> Result<(), String>) -> Vec<String> {
        let stories = self.scenes.iter().map(async |scene| {
            let problem = story(scene).await.err()?;
            Some(format!("{}: {problem}", scene.name))
        });
        let mut problems: Vec<_> = futures::future::join_all(stories).await.into_iter().flatten().collect();
        problems.extend(self.mock.violations());
        problems
    }
}

/// A good answer that takes a while, so that requests overlap.
pub fn good() -> Behaviour {
    Behaviour::text(TEXT).after_ms(WAIT_MS).every_ms(PACE_MS)
}

/// Waits until `condition` holds.
///
/// # Errors
/// When it does not within `patience`.
pub async fn until(what: &str, patience: Duration, condition: impl Fn() -> bool) -> Result<(), String> {
    let started = Instant::now();
    while !condition() {
        if started.elapsed() > patience {
            return Err(format!("waited for {} s in vain: {what}", patience.as_secs()));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// The first few of what clients should not have seen.
pub fn complaints(seen: &Seen) -> Result<(), String> {
    let Some(first) = seen.problems.first() else { return Ok(()) };
    let (bad, good) = (seen.problems.len(), seen.served_us.len());
    Err(format!("{bad} errors beside {good} good answers, the first: {}", first.text))
}
