//! What a writer sends of a channel.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;

use super::view::shown_header;
use crate::admin::error::Problem;
use crate::admin::patch::Patch;
use crate::config::compat::Compat;
use crate::config::document::{ChannelDocument, EndpointDocument, KeyDocument, TimeoutsDocument};
use crate::config::mask::masked_url;
use crate::config::{Limits, OnLoss, Protocol, Rotation, Secret, Status};

/// A change of a channel. An absent field stays as it is, null sets it back to its default, a value
/// replaces the field whole. A new channel needs `name` and `endpoints`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::admin) struct ChannelWrite {
    /// Unique; what `X-Channel` names.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Status>)]
    status: Patch<Status>,
    /// Lower is served first; a new channel comes after all others.
    #[serde(default)]
    #[schema(value_type = Option<u32>)]
    priority: Patch<u32>,
    /// Share of the traffic inside one priority, at least 1.
    #[serde(default)]
    #[schema(value_type = Option<u32>)]
    weight: Patch<u32>,
    /// Several of one protocol are tried in order.
    #[serde(default)]
    #[schema(value_type = Option<Vec<EndpointDocument>>)]
    endpoints: Patch<Vec<EndpointDocument>>,
    /// All keys: one that names the `id` of a present key may leave its secret out and so keeps it.
    #[serde(default)]
    #[schema(value_type = Option<Vec<KeyWrite>>)]
    keys: Patch<Vec<KeyWrite>>,
    #[serde(default)]
    #[schema(value_type = Option<Rotation>)]
    rotation: Patch<Rotation>,
    /// The client protocols it serves; empty: all that the endpoints can serve.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Protocol>>)]
    accepts: Patch<Vec<Protocol>>,
    /// Empty: all models. `*` stands for any text, a leading `!` excludes.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<String>>,
    /// Client's name or pattern to upstream's name.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    model_map: Patch<BTreeMap<String, String>>,
    /// Sent to the upstream. A masked value, sent back as it was read, keeps the present one.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    headers: Patch<BTreeMap<String, Secret>>,
    /// `http`, `https`, `socks5` or `socks5h`. The masked URL, sent back as it was read, keeps the present one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    proxy_url: Patch<Secret>,
    /// The channel is reached only through `/<prefix>/v1/…`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    route_prefix: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<TimeoutsDocument>)]
    timeouts: Patch<TimeoutsDocument>,
    /// The name of a preset, or `none`; unset: found by the host of each endpoint.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    preset: Patch<String>,
    /// What the upstream can and cannot do, where it differs from its protocol's own vendor.
    #[serde(default)]
    #[schema(value_type = Option<Compat>)]
    compat: Patch<Compat>,
    #[serde(default)]
    #[schema(value_type = Option<OnLoss>)]
    on_loss: Patch<OnLoss>,
    /// Embeddings of channels of the same space may be mixed; unset: with those of no other channel.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    embedding_space: Patch<String>,
    /// Over all its keys.
    #[serde(default)]
    #[schema(value_type = Option<Limits>)]
    limits: Patch<Limits>,
    /// For each key that sets none of its own.
    #[serde(default)]
    #[schema(value_type = Option<Limits>)]
    key_limits: Patch<Limits>,
    /// Tokens that a model holds, prompt and answer together, by the upstream's name or a pattern; over those of
    /// the preset.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, u32>>)]
    context_windows: Patch<BTreeMap<String, u32>>,
    /// What it takes of list prices: 0.5 for half of them; unset: 1.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    cost_multiplier: Patch<f64>,
}

/// A new key, or a change of one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::admin) struct KeyWrite {
    /// Names a present key where a channel's keys are written all at once.
    pub(in crate::admin) id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    /// The credential; never shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    key: Patch<Secret>,
    #[serde(default)]
    #[schema(value_type = Option<Status>)]
    status: Patch<Status>,
    /// Keys of one group, in whichever channels, draw on one account.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    quota_group: Patch<String>,
    /// Over the channel's `keyLimits`, field by field.
    #[serde(default)]
    #[schema(value_type = Option<Limits>)]
    limits: Patch<Limits>,
}

impl ChannelWrite {
    pub(super) const fn sets_priority(&self) -> bool {
        matches!(self.priority, Patch::Value(_))
    }

    pub(super) fn apply(self, channel: &mut ChannelDocument) -> Result<(), Problem> {
        let default = ChannelDocument::default();
        if let Some(keys) = self.keys.into_change(|keys| keys) {
            channel.keys = replaced_keys(keys, &channel.keys)?;
        }
        if let Some(mut headers) = self.headers.into_change(|headers| headers) {
            keep_masked(&mut headers, &channel.headers);
            channel.headers = headers;
        }
        if let Some(url) = self.proxy_url.into_change(Some) {
            let masked = channel.proxy_url.as_ref().map(|url| masked_url(url.expose()));
            if masked.is_none() || masked.as_deref() != url.as_ref().map(Secret::expose) {
                channel.proxy_url = url;
            }
        }
        if let Some(prefix) = self.route_prefix.into_change(Some) {
            channel.route_prefix = prefix;
        }
        if let Some(preset) = self.preset.into_change(Some) {
            channel.preset = preset;
        }
        if let Some(space) = self.embedding_space.into_change(Some) {
            channel.embedding_space = space;
        }
        self.name.apply(&mut channel.name);
        self.status.apply(&mut channel.status);
        self.priority.apply_or(&mut channel.priority, default.priority);
        self.weight.apply_or(&mut channel.weight, default.weight);
        self.endpoints.apply(&mut channel.endpoints);
        self.rotation.apply(&mut channel.rotation);
        self.accepts.apply(&mut channel.accepts);
        self.models.apply(&mut channel.models);
        self.model_map.apply(&mut channel.model_map);
        self.timeouts.apply(&mut channel.timeouts);
        self.compat.apply(&mut channel.compat);
        self.on_loss.apply(&mut channel.on_loss);
        self.limits.apply(&mut channel.limits);
        self.key_limits.apply(&mut channel.key_limits);
        self.context_windows.apply(&mut channel.context_windows);
        self.cost_multiplier.apply_or(&mut channel.cost_multiplier, default.cost_multiplier);
        Ok(())
    }
}

impl KeyWrite {
    pub(in crate::admin) fn apply(self, key: &mut KeyDocument) {
        if let Some(name) = self.name.into_change(Some) {
            key.name = name;
        }
        if let Some(group) = self.quota_group.into_change(Some) {
            key.quota_group = group;
        }
        self.key.apply(&mut key.key);
        self.status.apply(&mut key.status);
        self.limits.apply(&mut key.limits);
    }
}

fn replaced_keys(written: Vec<KeyWrite>, present: &[KeyDocument]) -> Result<Vec<KeyDocument>, Problem> {
    let replace = |(index, write): (usize, KeyWrite)| {
        let mut key = match &write.id {
            None => KeyDocument::default(),
            Some(id) => present.iter().find(|key| key.id == *id).cloned().ok_or_else(|| {
                Problem::invalid_field(format!("keys[{index}].id"), "is not the id of a key of this channel")
            })?,
        };
        write.apply(&mut key);
        Ok(key)
    };
    written.into_iter().enumerate().map(replace).collect()
}

fn keep_masked(headers: &mut BTreeMap<String, Secret>, present: &BTreeMap<String, Secret>) {
    for (name, value) in headers {
        if let Some(kept) = present.get(name).filter(|kept| shown_header(name, kept) == value.expose()) {
            *value = kept.clone();
        }
    }
}
