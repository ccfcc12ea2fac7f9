//! The keys of a CCX channel: plain texts, what is set for some of them, and those that were banned.

use serde_json::Value;

use super::accounts::Accounts;
use crate::config::document::KeyDocument;
use crate::config::import::NotCarried;
use crate::config::import::fields::{Fields, Reason};
use crate::config::{Limits, Secret, Status};

/// A key, and the only base URL that it may be sent to, where there is one.
pub(super) struct BoundKey {
    pub(super) key: KeyDocument,
    pub(super) base: Option<String>,
}

const REASONS: &[Reason<'_>] = &[
    (&["keyUid", "credentialUid"], "keys get ids of their own"),
    (&["weight"], "keys have no weight; `rotation` says in which order they are used"),
    (&["models"], "keys have no models of their own; make it a channel"),
    (
        &[
            "groupMultiplier",
            "maxGroupMultiplier",
            "multiplierSource",
            "multiplierUpdatedAt",
            "multiplierExpiresAt",
            "multiplierSyncStatus",
            "multiplierSyncError",
            "consumptionPolicy",
            "sourceSubscriptionUid",
            "sourceRemoteTokenId",
        ],
        "keys have no price of their own",
    ),
];

pub(super) fn read(
    channel: &mut Fields<'_>,
    accounts: &Accounts<'_>,
    notes: &mut Vec<NotCarried>,
) -> Vec<BoundKey> {
    let plain = channel.texts("apiKeys");
    let configs = channel.items("apiKeyConfigs");
    let banned = channel.items("disabledApiKeys");
    let account = channel.text("accountUid").unwrap_or_default();
    let mut keys: Vec<BoundKey> = plain.iter().map(|key| bare(key)).collect();
    for (index, value) in banned.iter().enumerate() {
        let Some(key) = value.get("key").and_then(Value::as_str).filter(|key| !plain.contains(key)) else {
            continue;
        };
        let mut bound = bare(key);
        bound.key.status = Status::Paused;
        keys.push(bound);
        let why = "is kept as a paused key; why and until when it was banned is not";
        channel.note(&format!("disabledApiKeys[{index}]"), why);
    }
    for (index, value) in configs.iter().enumerate() {
        let mut config = Fields::of(value, channel.path(&format!("apiKeyConfigs[{index}]")));
        config.skip(&["keyUid"]);
        let credential = config.text("credentialUid");
        let text = config.text("key").or_else(|| accounts.key(credential?));
        let Some(text) = text else {
            channel.note(&format!("apiKeyConfigs[{index}]"), "its credential is not in `managedAccounts`");
            continue;
        };
        let at = keys.iter().position(|bound| bound.key.key.expose() == text);
        if at.is_none() && !plain.is_empty() {
            channel.note(&format!("apiKeyConfigs[{index}]"), "its key is not among `apiKeys`");
            continue;
        }
        let at = at.unwrap_or_else(|| {
            keys.push(bare(text));
            keys.len() - 1
        });
        if let Some(bound) = keys.get_mut(at) {
            apply(&mut config, bound);
        }
        config.finish(REASONS, notes);
    }
    if keys.is_empty() {
        keys.extend(accounts.keys(account).iter().map(|key| bare(key)));
    }
    keys
}

fn apply(config: &mut Fields<'_>, bound: &mut BoundKey) {
    let key = &mut bound.key;
    key.name = config.text("name").map(ToOwned::to_owned);
    key.quota_group = config.text("quotaGroup").map(ToOwned::to_owned);
    key.limits = limits(config);
    if config.is_off("enabled") {
        key.status = Status::Paused;
    }
    bound.base = config.text("baseUrl").map(ToOwned::to_owned);
}

/// Both a channel's and a key's.
pub(super) fn limits(fields: &mut Fields<'_>) -> Limits {
    let small = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let requests = fields.number("rateLimitRpm");
    // Whatever its name says, it holds seconds.
    let window = fields.number("rateLimitWindowMinutes").unwrap_or(60).max(1);
    let concurrency = fields.number("rateLimitMaxConcurrent").map(small);
    if fields.is_off("rateLimitAutoFromHeaders") {
        fields.note("rateLimitAutoFromHeaders", "what an upstream says of its limits is always obeyed");
    }
    if requests.is_some_and(|requests| requests.saturating_mul(60) % window != 0) {
        fields.note("rateLimitWindowMinutes", "limits are per minute here: this one was rounded");
    }
    let per_minute = requests.map(|requests| small((requests.saturating_mul(60) / window).max(1)));
    Limits { requests_per_minute: per_minute, concurrency, ..Limits::default() }
}

fn bare(key: &str) -> BoundKey {
    BoundKey { key: KeyDocument { key: Secret::new(key), ..KeyDocument::default() }, base: None }
}
