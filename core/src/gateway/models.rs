//! Model lists: what the channels' upstreams say they serve, merged, with the configured names beside.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::client_key::ClientKey;
use crate::config::{Channel, ChannelId, Config, Endpoint, Key, Protocol, Status, Version};
use crate::error::{Failure, FailureKind, Origin};
use crate::platform::{Clock, Platform};
use crate::protocol::models::{self, Model, Page};
use crate::sorted;
use crate::time::Timestamp;

use super::Gateway;
use super::attempt::Miss;
use super::call::{self, Course};
use super::outbound;
use super::pull::{Gathered, Pull, pull};

/// An upstream's list is believed this long.
const FRESH: Duration = Duration::from_secs(60);
/// Asking all upstreams takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(5);
/// Keys of one channel that are asked before its configured names have to do.
const MAX_KEYS: usize = 2;
/// The largest page read from one upstream.
const MAX_PAGE: usize = 4 * 1024 * 1024;
const MAX_PAGES: usize = 10;

/// Lists as upstreams gave them, by channel.
#[derive(Default)]
pub(crate) struct Cache {
    lists: Mutex<HashMap<ChannelId, Listed>>,
}

#[derive(Clone)]
struct Listed {
    version: Version,
    at: Timestamp,
    models: Arc<[Model]>,
}

impl<P: Platform> Gateway<P> {
    /// The models that clients of any of `protocols` can ask for with `key`, sorted by name.
    pub(crate) async fn models(
        &self,
        config: &Arc<Config>,
        protocols: &[Protocol],
        prefix: Option<&str>,
        key: &ClientKey,
    ) -> Vec<Model> {
        let allowed = |position| key.channels.as_ref().is_none_or(|channels| channels.holds(position));
        let allowed = config.channels.iter().enumerate().filter(|(position, _)| allowed(*position));
        let serving = allowed.map(|(_, channel)| channel).filter(|channel| {
            channel.status == Status::Active
                && channel.route_prefix.as_deref() == prefix
                && protocols.iter().any(|protocol| channel.serves(*protocol))
        });
        let lists = serving.map(|channel| self.channel_models(config, channel, protocols));
        let mut merged: Vec<Model> = join_all(lists).await.into_iter().flatten().collect();
        sorted::sort_by(&mut merged, |a, b| a.id.cmp(&b.id));
        merged.dedup_by(|later, first| later.id == first.id);
        merged.retain(|model| key.models.allows(&model.id));
        merged
    }

    /// What one channel serves, under the names a client may use.
    async fn channel_models(
        &self,
        config: &Arc<Config>,
        channel: &Arc<Channel>,
        protocols: &[Protocol],
    ) -> Vec<Model> {
        let upstream = self.upstream_models(config, channel, protocols).await.unwrap_or_default();
        let mut models: Vec<Model> =
            upstream.iter().filter(|model| channel.models.allows(&model.id)).cloned().collect();
        for name in channel.models.names().chain(channel.model_map.exact_names()) {
            if channel.models.allows(name) && !models.iter().any(|model| model.id == name) {
                models.push(Model { id: name.to_owned(), ..Model::default() });
            }
        }
        models
    }

    /// The upstream's own list, from the cache while it is fresh; `None` when no key got one.
    async fn upstream_models(
        &self,
        config: &Arc<Config>,
        channel: &Arc<Channel>,
        protocols: &[Protocol],
    ) -> Option<Arc<[Model]>> {
        let now = self.now();
        if let Some(models) = self.models.fresh(config, channel, now) {
            return Some(models);
        }
        let endpoint = listing(channel, protocols)?;
        let keys = channel.keys.iter().filter(|key| key.status == Status::Active).take(MAX_KEYS);
        for key in keys {
            let mut course = Course::begin(now);
            let asked = fetch(&self.platform, channel, endpoint, key, PATIENCE, &mut course);
            if let Ok(models) = asked.await {
                let models: Arc<[Model]> = models.into();
                self.models.keep(config, channel, now, &models);
                return Some(models);
            }
        }
        None
    }
}

/// All pages of the endpoint's list, for no longer than `patience` in all.
///
/// # Errors
/// What is wrong with a page.
pub(crate) async fn fetch<P: Platform>(
    platform: &P,
    channel: &Channel,
    endpoint: &Endpoint,
    key: &Key,
    patience: Duration,
    course: &mut Course,
) -> Result<Vec<Model>, Miss> {
    let mut timer = pin!(platform.clock().sleep(patience));
    let mut models = Vec::new();
    let mut query = first_page(endpoint.protocol);
    for _ in 0..MAX_PAGES {
        let request = list_request(channel, endpoint, key, query.as_deref()).ok_or_else(Miss::keyless)?;
        let page = page(platform, channel, request, course, timer.as_mut()).await?;
        models.extend(page.models);
        let Some((name, token)) = page.next else { break };
        query = Some(format!("{name}={}", utf8_percent_encode(&token, NON_ALPHANUMERIC)));
    }
    Ok(models)
}

async fn page<P: Platform>(
    platform: &P,
    channel: &Channel,
    request: http::Request<Bytes>,
    course: &mut Course,
    mut timer: Pin<&mut (impl Future<Output = ()> + Send)>,
) -> Result<Page, Miss> {
    let (_, mut body) = call::send(platform, channel, request, course, timer.as_mut()).await?;
    let mut gathered = Gathered::default();
    loop {
        match pull(&mut body, timer.as_mut()).await {
            Pull::Data(chunk) if gathered.len() + chunk.len() <= MAX_PAGE => {
                course.keep(&chunk);
                gathered.push(chunk);
            }
            Pull::End => {
                let page = models::decode(&gathered.into_bytes());
                return page.ok_or_else(|| Miss::bad_answer("no list of models"));
            }
            Pull::Data(_) => return Err(Miss::bad_answer("a list without end")),
            Pull::Broken => return Err(Miss::transport("the connection broke off".to_owned())),
            Pull::Late => return Err(Miss::late("the list took too long".to_owned())),
        }
    }
}

impl Cache {
    fn fresh(&self, config: &Config, channel: &Channel, now: Timestamp) -> Option<Arc<[Model]>> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let listed = lists.get(&channel.id)?;
        (listed.version == config.version && now.since(listed.at) < FRESH).then(|| Arc::clone(&listed.models))
    }

    fn keep(&self, config: &Config, channel: &Channel, at: Timestamp, models: &Arc<[Model]>) {
        let listed = Listed { version: config.version.clone(), at, models: Arc::clone(models) };
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|id, _| config.channel(id).is_some());
        lists.insert(channel.id.clone(), listed);
    }
}

/// The endpoint whose list serves clients of `protocols`: one of theirs, or else one they are converted to.
fn listing<'a>(channel: &'a Channel, protocols: &[Protocol]) -> Option<&'a Endpoint> {
    let at = |spoken: Protocol| channel.endpoints.iter().find(|endpoint| endpoint.protocol == spoken);
    let native = channel.endpoints.iter().find(|endpoint| protocols.contains(&endpoint.protocol));
    native.or_else(|| at(protocols.iter().find_map(|protocol| channel.ways(*protocol).next())?))
}

fn list_request(
    channel: &Channel,
    endpoint: &Endpoint,
    key: &Key,
    query: Option<&str>,
) -> Option<http::Request<Bytes>> {
    let version = if endpoint.protocol == Protocol::Gemini { "/v1beta" } else { "/v1" };
    let uri = endpoint.base.join(version, "/models", query).ok()?;
    let headers = outbound::headers(channel, endpoint, key, &HeaderMap::new())?;
    Some(outbound::request(Method::GET, uri, headers, Bytes::new()))
}

/// Asks for large pages where pages are small by default.
fn first_page(protocol: Protocol) -> Option<String> {
    match protocol {
        Protocol::Messages => Some("limit=1000".to_owned()),
        Protocol::Gemini => Some("pageSize=1000".to_owned()),
        _ => None,
    }
}

/// A model was asked for by name, and no channel has it.
pub(crate) fn no_such_model(model: &str) -> Failure {
    Failure::new(Origin::Client, FailureKind::NotFound, format!("no channel serves the model `{model}`"))
}
