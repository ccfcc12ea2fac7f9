//! One of CCX's channels, which serves the clients of one protocol from an upstream of one protocol.

use serde_json::Value;

use super::accounts::Accounts;
use super::keys::{self, BoundKey};
use super::site::Member;
use super::{TIMEOUT_REASONS, timeouts};
use crate::config::compat::{Compat, ReasoningStyle};
use crate::config::document::{ChannelDocument, EndpointDocument};
use crate::config::import::NotCarried;
use crate::config::import::fields::{Fields, Reason};
use crate::config::{Protocol, Rotation, Secret, Status};
use crate::sorted;

/// Where a channel stands in the file.
pub(super) struct Place {
    pub(super) path: String,
    pub(super) kind: Protocol,
    /// Among those of its kind; their order where no priority is set.
    pub(super) index: usize,
    /// What names the site, where the file says it beside the channel.
    pub(super) site: Option<String>,
}

const REASONS: &[Reason<'_>] = &[
    (&["remark", "description", "website", "tags"], "channels here have no notes for people"),
    (&["historicalApiKeys"], "statistics start anew"),
    (
        &[
            "disabledKeyModels",
            "disabledGroupModels",
            "compatSeeds",
            "learnedClientFingerprint",
            "suspensionSource",
        ],
        "is what was learned, which is not configuration; it is learned anew",
    ),
    (&["promotionUntil"], "a promotion ends by itself"),
    (&["insecureSkipVerify"], "certificates of upstreams are always checked"),
    (
        &[
            "autoManaged",
            "autoManagedAt",
            "autoManagedKind",
            "originType",
            "originTier",
            "healthCheck",
            "racing",
        ],
        "belongs to CCX's autopilot, which has no counterpart here",
    ),
    (
        &[
            "costMultiplier",
            "channelPaymentCurrency",
            "channelPaymentAmount",
            "channelCreditCurrency",
            "channelCreditAmount",
            "maxGroupMultiplier",
        ],
        "what a channel costs is set beside the price book",
    ),
    (&["defaultCapability", "allowUnknownContext"], "what is not known of a model keeps no request from it"),
    (&["noVisionModels", "visionFallbackModel"], "what an upstream can do is set for a channel; make it two"),
    (&["historicalImageTurnLimit"], "what clients send goes on as it is"),
    (&["compactModel"], "compaction asks the model of the request"),
    (&["reasoningMapping"], "an effort that an upstream does not know becomes the nearest it does"),
    (&["textVerbosity", "fastMode"], "can be set for all requests by `compat.extraBody`"),
    (&["lowQuality"], "usage is taken as the upstream tells it"),
    (&["proxyPreferDirect"], "a channel with a proxy always uses it"),
    (&["rateLimitBurst"], "CCX does not use it either"),
    (
        &["stripBillingHeader", "normalizeMetadataUserId", "convertImageUrlToB64Json"],
        "what clients send goes on as it is",
    ),
    (&["injectDummyThoughtSignature", "stripThoughtSignature"], "signatures go back to whoever issued them"),
];

/// As many channels as it has base URLs that its keys are bound to; else one, or none of a kind that is not known.
pub(super) fn read(
    upstream: &Value,
    place: Place,
    accounts: &Accounts<'_>,
    notes: &mut Vec<NotCarried>,
) -> Vec<Member> {
    let Place { path, kind, index, site } = place;
    let mut fields = Fields::of(upstream, path.as_str());
    fields.skip(&["providerId", "logicalName"]);
    let service = fields.text("serviceType").unwrap_or_default();
    let Some(protocol) = spoken(service, kind) else {
        let why = format!("is no channel here: upstreams of the type {service} are not known");
        notes.push(NotCarried::new(path, why));
        return Vec::new();
    };
    let site = fields.text("logicalChannelUid").map(ToOwned::to_owned).or(site);
    let bases = bases(&mut fields);
    let keys = keys::read(&mut fields, accounts, notes);
    let mut channel = policy(&mut fields, index);
    channel.accepts = vec![kind];
    if channel.name.is_empty() {
        channel.name = bases.first().map(|base| host(base)).unwrap_or_default();
    }
    let site = site.unwrap_or_else(|| channel.name.to_ascii_lowercase());
    fields.finish(&[REASONS, TIMEOUT_REASONS].concat(), notes);
    split(channel, &bases, keys, protocol)
        .into_iter()
        .map(|channel| Member { site: site.clone(), path: path.clone(), channel })
        .collect()
}

/// What the upstream speaks; an unset type is that of the clients.
fn spoken(service: &str, kind: Protocol) -> Option<Protocol> {
    match (service, kind) {
        ("", kind) | ("openai", kind @ (Protocol::Images | Protocol::Embeddings)) => Some(kind),
        ("openai", _) => Some(Protocol::Chat),
        ("claude", _) => Some(Protocol::Messages),
        ("gemini", _) => Some(Protocol::Gemini),
        ("responses", _) => Some(Protocol::Responses),
        _ => None,
    }
}

/// `baseUrls` are tried in order; a file may have only `baseUrl`, or that as the first of them too.
fn bases(fields: &mut Fields<'_>) -> Vec<String> {
    let single = fields.text("baseUrl");
    let mut bases: Vec<String> = Vec::new();
    for base in fields.texts("baseUrls").into_iter().chain(single) {
        if !bases.iter().any(|other| same_base(other, base)) {
            bases.push(base.to_owned());
        }
    }
    bases
}

fn same_base(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

/// Everything but endpoints and keys.
fn policy(fields: &mut Fields<'_>, index: usize) -> ChannelDocument {
    let after = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
    let priority = fields.number("priority").and_then(|priority| u32::try_from(priority).ok());
    let mut channel = ChannelDocument {
        id: fields.text("channelUid").unwrap_or_default().to_owned(),
        name: fields.text("name").unwrap_or_default().to_owned(),
        priority: priority.unwrap_or(after),
        rotation: Rotation::Ordered,
        models: fields.texts("supportedModels").into_iter().map(ToOwned::to_owned).collect(),
        proxy_url: fields.text("proxyUrl").map(Secret::new),
        route_prefix: fields.text("routePrefix").map(|prefix| prefix.trim_matches('/').to_owned()),
        timeouts: timeouts(fields),
        limits: keys::limits(fields),
        compat: compat(fields),
        ..ChannelDocument::default()
    };
    if !matches!(fields.text("status"), None | Some("active")) {
        channel.status = Status::Paused;
    }
    // A name that stands anywhere in the model's maps it too.
    for (name, target) in fields.pairs("modelMapping") {
        channel.model_map.insert(name.to_owned(), target.to_owned());
        if !name.contains('*') {
            channel.model_map.insert(format!("*{name}*"), target.to_owned());
        }
    }
    for (name, value) in fields.pairs("customHeaders") {
        channel.headers.insert(name.to_owned(), Secret::new(value));
    }
    for (pattern, capability) in fields.object("modelCapabilities").into_iter().flatten() {
        let mut capability = Fields::of(capability, fields.path(&format!("modelCapabilities.{pattern}")));
        if let Some(tokens) = capability.number("contextWindowTokens").and_then(|n| u32::try_from(n).ok()) {
            channel.context_windows.insert(pattern.clone(), tokens);
        }
        let mut left = Vec::new();
        capability.finish(&[], &mut left);
        if !left.is_empty() {
            fields.note(&format!("modelCapabilities.{pattern}"), "only its context window is carried");
        }
    }
    channel.embedding_space = embedding_space(fields);
    match fields.text("authHeader") {
        None | Some("auto") => {}
        Some(_) => fields.note("authHeader", "how a key is sent follows from the protocol and the key"),
    }
    if fields.is_off("autoBlacklistBalance") {
        fields.note("autoBlacklistBalance", "a key without balance rests, and is tried again by itself");
    }
    fields.skip(&["autoBlacklistBalance"]);
    channel
}

fn compat(fields: &mut Fields<'_>) -> Compat {
    let reasoning_style = match fields.text("reasoningParamStyle") {
        Some("reasoning_effort") => Some(ReasoningStyle::Effort),
        Some("thinking") => Some(ReasoningStyle::Thinking),
        None => None,
        Some(_) => {
            fields.note("reasoningParamStyle", "is known from the protocol and the preset");
            None
        }
    };
    let on = |flag: Option<bool>| flag.filter(|flag| *flag).map(|_| false);
    // The first is the old name of the second.
    let (old, new) = (fields.flag("stripCodexClientTools"), fields.flag("codexToolCompat"));
    Compat {
        reasoning_style,
        vision: on(fields.flag("noVision")),
        codex_tools: on(new.or(old)),
        system_anywhere: on(fields.flag("normalizeSystemRoleToTopLevel")),
        ..Compat::default()
    }
}

/// A channel here has one.
fn embedding_space(fields: &mut Fields<'_>) -> Option<String> {
    let mut spaces: Vec<&str> = fields
        .object("embeddingCapabilities")?
        .values()
        .filter_map(|capability| capability.get("embeddingSpaceId")?.as_str())
        .collect();
    sorted::sort_unique(&mut spaces);
    match spaces.as_slice() {
        [space] => Some((*space).to_owned()),
        _ => {
            fields.note("embeddingCapabilities", "a channel has one embedding space here");
            None
        }
    }
}

/// A key that is bound to a base URL must not be sent to another: where some are, each URL becomes a channel.
fn split(
    channel: ChannelDocument,
    bases: &[String],
    keys: Vec<BoundKey>,
    protocol: Protocol,
) -> Vec<ChannelDocument> {
    let endpoint = |base: &str| EndpointDocument { protocol, base_url: base.to_owned() };
    let mut bound: Vec<&str> = Vec::new();
    for base in keys.iter().filter_map(|key| key.base.as_deref()) {
        if !bound.iter().any(|other| same_base(other, base)) {
            bound.push(base);
        }
    }
    let free: Vec<&str> =
        bases.iter().map(String::as_str).filter(|base| !bound.iter().any(|b| same_base(b, base))).collect();
    let part = |bases: &[&str], own: Option<&str>| {
        let fits = |key: &&BoundKey| match (&key.base, own) {
            (Some(base), Some(own)) => same_base(base, own),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let mut part = channel.clone();
        part.endpoints = bases.iter().map(|base| endpoint(base)).collect();
        part.keys = keys.iter().filter(fits).map(|key| key.key.clone()).collect();
        part
    };
    let mut parts: Vec<_> = bound.iter().map(|base| part(&[base], Some(base))).collect();
    if bound.is_empty() || (!free.is_empty() && keys.iter().any(|key| key.base.is_none())) {
        parts.push(part(&free, None));
    }
    // One id names one channel.
    for extra in parts.iter_mut().skip(1) {
        extra.id.clear();
    }
    parts
}

/// What CCX calls a channel without a name.
fn host(base: &str) -> String {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    rest.split(['/', ':', '#']).next().unwrap_or_default().to_owned()
}
