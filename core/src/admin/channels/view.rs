//! What a reader sees of a channel: never a secret.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::compat::Compat;
use crate::config::document::{
    ChannelDocument, EndpointDocument, KeyDocument, TimeoutsDocument, is_secret_header,
};
use crate::config::mask::{masked, masked_url};
use crate::config::{Channel, ChannelId, KeyId, Limits, OnLoss, Protocol, Rotation, Secret, Status, Version};
use crate::schedule::ChannelHealth;
use crate::sorted;
use crate::time::Timestamp;

/// All channels, in the order they are tried.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct ChannelList {
    pub(super) channels: Vec<ChannelSummary>,
}

/// How a channel is: its state, not its configuration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::admin) struct ChannelSummary {
    id: ChannelId,
    name: String,
    status: Status,
    /// Lower is served first.
    priority: u32,
    /// Share of the traffic inside one priority.
    weight: u32,
    endpoints: Vec<EndpointDocument>,
    /// The client protocols it serves.
    accepts: Vec<Protocol>,
    keys: Vec<KeyView>,
    /// Used before all others until then; milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    promoted_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route_prefix: Option<String>,
    /// Absent until the channel is known to the scheduler.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<ChannelHealth>,
    /// For `If-Match`.
    version: Version,
}

/// The configuration of a channel without its secrets.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::admin) struct ChannelView {
    id: ChannelId,
    name: String,
    status: Status,
    /// Lower is served first.
    priority: u32,
    /// Share of the traffic inside one priority, at least 1.
    weight: u32,
    /// Used before all others until then; milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    promoted_until: Option<Timestamp>,
    endpoints: Vec<EndpointDocument>,
    keys: Vec<KeyView>,
    rotation: Rotation,
    /// Empty: all that the endpoints can serve.
    accepts: Vec<Protocol>,
    /// Empty: all models. `*` stands for any text, a leading `!` excludes.
    models: Vec<String>,
    /// Client's name or pattern to upstream's name.
    model_map: BTreeMap<String, String>,
    /// Sent to the upstream; values that look like credentials are masked.
    headers: BTreeMap<String, String>,
    /// Without its user name and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route_prefix: Option<String>,
    timeouts: TimeoutsDocument,
    /// The name of a preset, or `none`; unset: found by the host of each endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<String>,
    /// What the upstream can and cannot do, where it differs from its protocol's own vendor.
    compat: Compat,
    on_loss: OnLoss,
    /// Embeddings of channels of the same space may be mixed; unset: with those of no other channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_space: Option<String>,
    /// Over all its keys.
    limits: Limits,
    /// For each key that sets none of its own.
    key_limits: Limits,
    /// Tokens that a model holds, prompt and answer together, by the upstream's name or a pattern; over those of
    /// the preset.
    context_windows: BTreeMap<String, u32>,
    /// What it takes of list prices.
    cost_multiplier: f64,
    /// For `If-Match`.
    version: Version,
}

/// One upstream credential.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::admin) struct KeyView {
    id: KeyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The first three and last four characters: `sk-…wxyz`.
    masked: String,
    status: Status,
    /// Keys of one group, in whichever channels, draw on one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    quota_group: Option<String>,
    /// Over the channel's `keyLimits`, field by field.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
}

impl ChannelSummary {
    pub(super) fn of(channel: &Channel, written: &ChannelDocument, health: Option<ChannelHealth>) -> Self {
        Self {
            id: channel.id.clone(),
            name: written.name.clone(),
            status: written.status,
            priority: written.priority,
            weight: written.weight,
            endpoints: written.endpoints.clone(),
            accepts: channel.accepts.clone(),
            keys: written.keys.iter().map(KeyView::of).collect(),
            promoted_until: written.promoted_until,
            route_prefix: written.route_prefix.clone(),
            health,
            version: written.version(),
        }
    }
}

impl ChannelView {
    pub(in crate::admin) fn of(written: &ChannelDocument) -> Self {
        let header = |(name, value): (&String, &Secret)| (name.clone(), shown_header(name, value));
        Self {
            id: ChannelId::new(written.id.as_str()),
            name: written.name.clone(),
            status: written.status,
            priority: written.priority,
            weight: written.weight,
            promoted_until: written.promoted_until,
            endpoints: written.endpoints.clone(),
            keys: written.keys.iter().map(KeyView::of).collect(),
            rotation: written.rotation,
            accepts: written.accepts.clone(),
            models: written.models.clone(),
            model_map: written.model_map.clone(),
            headers: sorted::map(written.headers.iter().map(header)),
            proxy_url: written.proxy_url.as_ref().map(|url| masked_url(url.expose())),
            route_prefix: written.route_prefix.clone(),
            timeouts: written.timeouts.clone(),
            preset: written.preset.clone(),
            compat: written.compat.clone(),
            on_loss: written.on_loss,
            embedding_space: written.embedding_space.clone(),
            limits: written.limits,
            key_limits: written.key_limits,
            context_windows: written.context_windows.clone(),
            cost_multiplier: written.cost_multiplier,
            version: written.version(),
        }
    }

    pub(in crate::admin) const fn version(&self) -> &Version {
        &self.version
    }

    pub(in crate::admin) const fn id(&self) -> &ChannelId {
        &self.id
    }
}

impl KeyView {
    pub(in crate::admin) fn of(written: &KeyDocument) -> Self {
        Self {
            id: KeyId::new(written.id.as_str()),
            name: written.name.clone(),
            masked: masked(written.key.expose()),
            status: written.status,
            quota_group: written.quota_group.clone(),
            limits: Some(written.limits).filter(|limits| *limits != Limits::default()),
        }
    }
}

/// The value of a header as [`ChannelView`] shows it.
pub(super) fn shown_header(name: &str, value: &Secret) -> String {
    if is_secret_header(name) { masked(value.expose()) } else { value.expose().to_owned() }
}
