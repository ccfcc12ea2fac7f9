//! What an import would make of the present configuration.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::causeway::is_left_out;
use super::fit::fit;
use super::{Format, Imported, ImportedChannel, NotCarried, names};
use crate::config::difference::{self, Difference, Part};
use crate::config::document::{
    ChannelDocument, ClientKeyDocument, Document, SettingsDocument, is_secret_header, parse, tree,
};
use crate::config::mask::masked_url;
use crate::config::{Secret, Status};
use crate::price::Price;
use crate::sorted;

/// What becomes of what is not in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It stays.
    #[default]
    Merge,
    /// Channels that are not in the file go, and with an export of this gateway client keys and settings too.
    Replace,
}

/// The outcome of an import, before it is stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub format: Format,
    pub mode: Mode,
    /// What would be added, changed or removed; secrets masked.
    pub changes: Vec<Difference>,
    /// Names of channels that are in the file and are as it says already.
    pub same: Vec<String>,
    pub not_carried: Vec<NotCarried>,
    /// The configuration as it would be.
    #[serde(skip)]
    pub document: Document,
}

impl Imported {
    /// What becomes of `present`. A channel of the file is a present one if it has its id, or else its name; a key,
    /// if it has its id or is the same. `random` fills the ids of what is new.
    pub fn plan(&self, present: &Document, mode: Mode, random: &mut dyn FnMut(&mut [u8])) -> Plan {
        let mut notes = self.notes.clone();
        let mut document = present.clone();
        let mut kept: Vec<String> = Vec::new();
        for ImportedChannel { path, channel } in &self.channels {
            let mut channel = channel.clone();
            let at = position(&document.channels, &channel, &kept);
            if let Some(present) = at.and_then(|at| document.channels.get(at)) {
                adopt(&mut channel, present);
            }
            drop_left_out(&mut channel, path, &mut notes);
            if !fit(&mut channel, path, &mut notes) {
                continue;
            }
            clear_taken_ids(&mut channel, &document.channels, at);
            channel.assign_ids(random);
            kept.push(channel.id.clone());
            let named = |name: &str| {
                let same = |other: &&ChannelDocument| other.id != channel.id;
                document.channels.iter().filter(same).any(|other| other.name.eq_ignore_ascii_case(name))
            };
            channel.name = names::free(&channel.name, named);
            match at.and_then(|at| document.channels.get_mut(at)) {
                Some(present) => *present = channel,
                None => document.channels.push(channel),
            }
        }
        if mode == Mode::Replace {
            document.channels.retain(|channel| kept.contains(&channel.id));
        }
        self.client_keys(&mut document, mode, &mut notes);
        let whole = mode == Mode::Replace && self.format == Format::Causeway;
        if let Some(settings) = &self.settings {
            document.settings = if whole { settings.clone() } else { over(&document.settings, settings) };
        }
        let here = |present: &Price| {
            self.prices.iter().any(|price| price.model == present.model && price.over == present.over)
        };
        document.prices.retain(|present| !whole && !here(present));
        document.prices.extend(self.prices.iter().cloned());
        document.assign_ids(random);
        let changes = difference::between(present, &document);
        let changed =
            |id: &String| changes.iter().any(|change| change.part == Part::Channel && change.id == *id);
        let unchanged =
            document.channels.iter().filter(|channel| kept.contains(&channel.id) && !changed(&channel.id));
        let same = unchanged.map(|channel| channel.name.clone()).collect();
        sorted::sort_unique(&mut notes);
        Plan { format: self.format, mode, changes, same, not_carried: notes, document }
    }

    fn client_keys(&self, document: &mut Document, mode: Mode, notes: &mut Vec<NotCarried>) {
        let Some(keys) = &self.client_keys else { return };
        let present = &mut document.access.client_keys;
        let mut kept = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            let same = |other: &ClientKeyDocument| {
                other.id == key.id || (other.hash == key.hash && !key.hash.is_empty())
            };
            let mut key = key.clone();
            let at = present.iter().position(same);
            match at.and_then(|at| present.get_mut(at)) {
                Some(there) => {
                    key.id.clone_from(&there.id);
                    if key.hash.is_empty() {
                        key.hash.clone_from(&there.hash);
                    }
                    *there = key.clone();
                }
                None if key.hash.is_empty() => {
                    let why = "is not in this file: make a new one";
                    notes.push(NotCarried::new(format!("access.clientKeys[{index}].hash"), why));
                    continue;
                }
                None => present.push(key.clone()),
            }
            kept.push(key.hash);
        }
        if mode == Mode::Replace {
            present.retain(|key| kept.contains(&key.hash));
        }
    }
}

/// Where the present channel is that this one is about, unless another of the file was about it.
fn position(present: &[ChannelDocument], channel: &ChannelDocument, kept: &[String]) -> Option<usize> {
    let free = |other: &ChannelDocument| !kept.contains(&other.id);
    let by_id = |other: &ChannelDocument| free(other) && other.id == channel.id;
    let by_name = |other: &ChannelDocument| free(other) && other.name.eq_ignore_ascii_case(&channel.name);
    present.iter().position(by_id).or_else(|| present.iter().position(by_name))
}

/// Gives the channel the present one's ids, and its credentials where the file left them out.
fn adopt(channel: &mut ChannelDocument, present: &ChannelDocument) {
    channel.id.clone_from(&present.id);
    channel.promoted_until = channel.promoted_until.or(present.promoted_until);
    for key in &mut channel.keys {
        let same = present.keys.iter().find(|other| {
            if key.key.expose().is_empty() { other.id == key.id } else { other.key == key.key }
        });
        if let Some(same) = same {
            key.id.clone_from(&same.id);
            key.key = same.key.clone();
        }
    }
    for (name, value) in &mut channel.headers {
        if let Some(present) = present.headers.get(name).filter(|_| value.expose().is_empty()) {
            *value = present.clone();
        }
    }
    if let (Some(url), Some(present)) = (&mut channel.proxy_url, &present.proxy_url)
        && url.expose() == masked_url(present.expose())
    {
        *url = present.clone();
    }
}

/// An id names one channel or key, also where the file says otherwise.
fn clear_taken_ids(channel: &mut ChannelDocument, present: &[ChannelDocument], at: Option<usize>) {
    let others =
        || present.iter().enumerate().filter(|(index, _)| Some(*index) != at).map(|(_, other)| other);
    if others().any(|other| other.id == channel.id) {
        channel.id.clear();
    }
    for key in &mut channel.keys {
        if others().flat_map(|other| &other.keys).any(|other| other.id == key.id) {
            key.id.clear();
        }
    }
}

/// What the file left out and the present channel does not have. Without its proxy a channel must not go on.
fn drop_left_out(channel: &mut ChannelDocument, path: &str, notes: &mut Vec<NotCarried>) {
    const WHY: &str = "is left out of this file";
    let mut left_out = Vec::new();
    for (index, key) in channel.keys.iter().enumerate() {
        left_out.extend(is_left_out(key.key.expose()).then(|| format!("keys[{index}].key")));
    }
    channel.keys.retain(|key| !is_left_out(key.key.expose()));
    channel.headers.retain(|name, value: &mut Secret| {
        let gone = is_secret_header(name) && is_left_out(value.expose());
        left_out.extend(gone.then(|| format!("headers.{name}")));
        !gone
    });
    notes.extend(left_out.into_iter().map(|field| NotCarried::new(format!("{path}.{field}"), WHY)));
    if channel.proxy_url.as_ref().is_some_and(|url| is_left_out(url.expose())) {
        channel.proxy_url = None;
        channel.status = Status::Paused;
        let why = format!("{WHY}: the channel is paused");
        notes.push(NotCarried::new(format!("{path}.proxyUrl"), why));
    }
}

/// The settings of the file, and the present ones where it says nothing.
fn over(present: &SettingsDocument, settings: &SettingsDocument) -> SettingsDocument {
    let fields = |settings: &SettingsDocument| tree(settings).unwrap_or_default();
    let mut merged = fields(present);
    lay_over(&mut merged, fields(settings));
    let text = serde_json::to_vec(&merged).unwrap_or_default();
    parse(&text).unwrap_or_else(|_| settings.clone())
}

fn lay_over(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}
