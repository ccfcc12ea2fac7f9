//! One channel of the document.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

use super::{Problems, check_id, compat, limits, timeouts};
use crate::config::document::{ChannelDocument, KeyDocument};
use crate::config::model::{ModelFilter, ModelMap};
use crate::config::seal::is_sealed;
use crate::config::url::BaseUrl;
use crate::config::{Channel, ChannelId, Endpoint, Key, KeyId, Protocol, Secret, Timeouts, Transport};

/// The longest name of a channel, in bytes.
pub(crate) const MAX_NAME: usize = 64;

/// First path segments that are ours.
const RESERVED_PREFIXES: [&str; 7] = ["v1", "v1beta", "api", "ui", "health", "metrics", "assets"];

/// Credentials belong into `keys`; the rest is the transport's.
const FORBIDDEN_HEADERS: [&str; 14] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "host",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
];

/// What a channel inherits.
pub(super) struct Defaults {
    pub(super) timeouts: Timeouts,
    pub(super) connect_timeout: Duration,
}

/// Without the parts that a problem was noted for.
pub(super) fn compile(
    written: &ChannelDocument,
    defaults: &Defaults,
    path: &str,
    problems: &mut Problems,
) -> Channel {
    problems.take(format!("{path}.name"), check_name(&written.name));
    if written.weight == 0 {
        problems.add(format!("{path}.weight"), "is 0; pause a channel that shall get no traffic");
    }
    compat::check(written, path, problems);
    let endpoints = endpoints(written, path, problems);
    let keys = keys(written, path, problems);
    limits::check(&written.limits, &format!("{path}.limits"), problems);
    let context_windows = limits::context_windows(written, &endpoints, path, problems);
    let accepts = accepts(written, path, problems);
    let headers = headers(written, path, problems);
    let proxy =
        written.proxy_url.as_ref().map(|url| problems.take(format!("{path}.proxyUrl"), check_proxy(url)));
    let route_prefix = written.route_prefix.as_deref();
    if let Some(prefix) = route_prefix {
        problems.take(format!("{path}.routePrefix"), check_prefix(prefix));
    }
    if written.embedding_space.as_ref().is_some_and(|space| space.trim().is_empty()) {
        problems.add(format!("{path}.embeddingSpace"), "is empty");
    }
    let (timeouts, connect_timeout) = timeouts(
        &written.timeouts,
        &defaults.timeouts,
        defaults.connect_timeout,
        &format!("{path}.timeouts"),
        problems,
    );
    Channel {
        id: ChannelId::new(written.id.as_str()),
        name: written.name.as_str().into(),
        status: written.status,
        priority: written.priority,
        weight: written.weight,
        promoted_until: written.promoted_until,
        endpoints,
        keys,
        rotation: written.rotation,
        accepts,
        models: models(&written.models, path, problems),
        model_map: model_map(written, path, problems),
        headers,
        transport: Arc::new(Transport { proxy: proxy.flatten(), connect_timeout }),
        route_prefix: route_prefix.map(Into::into),
        timeouts,
        on_loss: written.on_loss,
        embedding_space: written.embedding_space.as_deref().map(Into::into),
        limits: written.limits,
        context_windows,
        cost_multiplier: limits::cost_multiplier(written.cost_multiplier, path, problems),
    }
}

/// Ids and names over all channels.
pub(super) fn check_unique(channels: &[ChannelDocument], problems: &mut Problems) {
    let mut ids = BTreeSet::new();
    let mut key_ids = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (index, channel) in channels.iter().enumerate() {
        check_id(&channel.id, &mut ids, &format!("channels[{index}].id"), problems);
        for (position, key) in channel.keys.iter().enumerate() {
            check_id(&key.id, &mut key_ids, &format!("channels[{index}].keys[{position}].id"), problems);
        }
        if !names.insert(channel.name.to_ascii_lowercase()) {
            problems.add(format!("channels[{index}].name"), "is the name of another channel");
        }
    }
    for (index, channel) in channels.iter().enumerate() {
        if channel.id != channel.name && ids.contains(channel.name.as_str()) {
            problems.add(format!("channels[{index}].name"), "is the id of another channel");
        }
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("is missing".into());
    }
    if name.len() > MAX_NAME {
        return Err(format!("is longer than {MAX_NAME} characters"));
    }
    if name.trim() != name {
        return Err("begins or ends with white space".into());
    }
    if name.contains(char::is_control) {
        return Err("holds control characters".into());
    }
    Ok(())
}

fn check_prefix(prefix: &str) -> Result<(), String> {
    if RESERVED_PREFIXES.contains(&prefix) {
        return Err("is a path of the gateway itself".into());
    }
    if prefix.is_empty()
        || prefix.len() > MAX_NAME
        || !prefix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return Err(format!("is not made of at most {MAX_NAME} of a-z, 0-9 and `-`"));
    }
    Ok(())
}

fn endpoints(written: &ChannelDocument, path: &str, problems: &mut Problems) -> Vec<Endpoint> {
    if written.endpoints.is_empty() {
        problems.add(format!("{path}.endpoints"), "is empty");
    }
    let mut endpoints: Vec<Endpoint> = Vec::with_capacity(written.endpoints.len());
    for (index, endpoint) in written.endpoints.iter().enumerate() {
        let path = format!("{path}.endpoints[{index}].baseUrl");
        let Some(base) = problems.take(path.as_str(), BaseUrl::parse(&endpoint.base_url)) else {
            continue;
        };
        if endpoints.iter().any(|other| other.protocol == endpoint.protocol && other.base == base) {
            problems.add(path, "is listed twice for this protocol");
        }
        let compat = compat::of(written, endpoint.protocol, &base);
        endpoints.push(Endpoint { protocol: endpoint.protocol, base, compat });
    }
    endpoints
}

fn keys(written: &ChannelDocument, path: &str, problems: &mut Problems) -> Vec<Key> {
    limits::check(&written.key_limits, &format!("{path}.keyLimits"), problems);
    let mut seen = BTreeSet::new();
    for (index, key) in written.keys.iter().enumerate() {
        let path = format!("{path}.keys[{index}]");
        limits::check(&key.limits, &format!("{path}.limits"), problems);
        if let Some(group) = &key.quota_group {
            let checked = if group.is_empty() { Err("is empty".into()) } else { check_name(group) };
            problems.take(format!("{path}.quotaGroup"), checked);
        }
        let path = format!("{path}.key");
        let secret = key.key.expose();
        if secret.is_empty() {
            problems.add(path, "is empty");
        } else if is_sealed(secret) {
            problems.add(path, "is sealed and was not opened; the secret key is missing");
        } else if secret.contains(char::is_whitespace) || HeaderValue::from_str(secret).is_err() {
            problems.add(path, "holds characters that cannot stand in a header");
        } else if !seen.insert(secret) {
            problems.add(path, "is listed twice");
        }
    }
    let compile = |key: &KeyDocument| Key {
        id: KeyId::new(key.id.as_str()),
        name: key.name.as_deref().map(Into::into),
        secret: key.key.clone(),
        status: key.status,
        quota_group: key.quota_group.as_deref().map(Into::into),
        limits: key.limits.over(written.key_limits),
    };
    written.keys.iter().map(compile).collect()
}

fn accepts(written: &ChannelDocument, path: &str, problems: &mut Problems) -> Vec<Protocol> {
    let speaks = |protocol: Protocol| written.endpoints.iter().any(|endpoint| endpoint.protocol == protocol);
    let serves = |protocol: Protocol| protocol.kin().iter().copied().any(speaks);
    for (index, protocol) in written.accepts.iter().enumerate() {
        if !serves(*protocol) {
            problems.add(format!("{path}.accepts[{index}]"), "is served by none of the endpoints");
        }
    }
    let accepted = |protocol: &Protocol| written.accepts.is_empty() || written.accepts.contains(protocol);
    Protocol::ALL.into_iter().filter(|protocol| serves(*protocol) && accepted(protocol)).collect()
}

fn models(written: &[String], path: &str, problems: &mut Problems) -> ModelFilter {
    let mut filter = ModelFilter::default();
    for (index, pattern) in written.iter().enumerate() {
        problems.take(format!("{path}.models[{index}]"), filter.add(pattern));
    }
    filter
}

fn model_map(written: &ChannelDocument, path: &str, problems: &mut Problems) -> ModelMap {
    let mut map = ModelMap::default();
    for (pattern, target) in &written.model_map {
        problems.take(format!("{path}.modelMap.{pattern}"), map.add(pattern, target));
    }
    map
}

fn headers(written: &ChannelDocument, path: &str, problems: &mut Problems) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::with_capacity(written.headers.len());
    for (name, value) in &written.headers {
        match header(name, value) {
            Ok((name, _)) if headers.iter().any(|(other, _)| *other == name) => {
                problems.add(format!("{path}.headers.{name}"), "is listed twice");
            }
            Ok(header) => headers.push(header),
            Err(problem) => problems.add(format!("{path}.headers.{name}"), problem),
        }
    }
    headers
}

fn header(name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue), String> {
    let name = HeaderName::try_from(name).map_err(|_| "is not a header name")?;
    if FORBIDDEN_HEADERS.contains(&name.as_str()) {
        return Err("is set by the gateway; credentials belong into `keys`".into());
    }
    if is_sealed(value.expose()) {
        return Err("is sealed and was not opened; the secret key is missing".into());
    }
    let value = HeaderValue::from_str(value.expose()).map_err(|_| "has a value that no header can have")?;
    Ok((name, value))
}

fn check_proxy(url: &Secret) -> Result<Arc<str>, String> {
    let text = url.expose();
    if is_sealed(text) {
        return Err("is sealed and was not opened; the secret key is missing".into());
    }
    let uri = text.parse::<Uri>().map_err(|_| "is not a URL")?;
    if !matches!(uri.scheme_str(), Some("http" | "https" | "socks5" | "socks5h")) {
        return Err("is not an http, https, socks5 or socks5h URL".into());
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err("has no host".into());
    }
    if uri.path() != "/" && !uri.path().is_empty() || uri.query().is_some() {
        return Err("has a path or query; a proxy is only scheme, host and port".into());
    }
    Ok(text.into())
}
