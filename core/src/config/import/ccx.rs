//! CCX's `config.json`: six arrays of channels, one for each protocol of clients, or since its version 3
//! `channelsV3`, in which those of one site stand together and their keys in `managedAccounts`.

mod accounts;
mod channel;
mod keys;
mod site;

use serde_json::Value;

use self::accounts::Accounts;
use super::fields::{Fields, Reason};
use super::{Imported, NotCarried};
use crate::config::Protocol;
use crate::config::document::{BreakerDocument, SettingsDocument, TimeoutsDocument};

/// The arrays of the old form, with what their clients speak.
pub(super) const ARRAYS: [(&str, Protocol); 6] = [
    ("upstream", Protocol::Messages),
    ("chatUpstream", Protocol::Chat),
    ("responsesUpstream", Protocol::Responses),
    ("geminiUpstream", Protocol::Gemini),
    ("imagesUpstream", Protocol::Images),
    ("vectorsUpstream", Protocol::Embeddings),
];

/// Copies of what stands elsewhere in the file, and the versions of those copies.
const COPIES: &[&str] = &[
    "channels",
    "channelCapabilities",
    "channelSchemaVersion",
    "channelAuthoritativeVersion",
    "logicalChannels",
    "logicalChannelSchemaVersion",
];

const REASONS: &[Reason<'_>] = &[
    (&["autopilot", "agentModelProfiles"], "belongs to CCX's autopilot, which has no counterpart here"),
    (&["healthCheck"], "no upstream is called that nobody asked for"),
    (&["overrideTtlMinutes"], "conversations are not pinned by hand here"),
    (&["thinkingCache"], "thinking travels with the conversation here, and is not kept in a cache"),
    (&["contextRouting"], "requests are routed by the context windows of channels and presets"),
    (&["upstreamModelCapabilities"], "is known from presets; a channel's own stand in its `contextWindows`"),
    (&["stripBillingHeader"], "what clients send goes on as it is"),
];

pub(super) fn read(file: &Value, imported: &mut Imported) {
    let mut root = Fields::of(file, "");
    root.skip(COPIES);
    let accounts = Accounts::read(root.items("managedAccounts"), &mut imported.notes);
    let sites = root.items("channelsV3");
    let arrays = ARRAYS.map(|(name, kind)| (name, kind, root.items(name)));
    let mut members = Vec::new();
    let mut notes = Vec::new();
    if sites.is_empty() {
        for (name, kind, array) in arrays {
            for (index, upstream) in array.iter().enumerate() {
                let place = channel::Place { path: format!("{name}[{index}]"), kind, index, site: None };
                members.extend(channel::read(upstream, place, &accounts, &mut notes));
            }
        }
    } else {
        for (index, value) in sites.iter().enumerate() {
            members.extend(site::read(value, &format!("channelsV3[{index}]"), &accounts, &mut notes));
        }
        not_in_sites(&arrays, sites, &mut notes);
    }
    imported.channels = site::joined(members);
    imported.settings = root.value("circuitBreaker").map(|value| settings(value, &mut notes));
    imported.notes.append(&mut notes);
    root.finish(REASONS, &mut imported.notes);
}

/// CCX itself goes by `channelsV3` alone where there is one.
fn not_in_sites(arrays: &[(&str, Protocol, &[Value])], sites: &[Value], notes: &mut Vec<NotCarried>) {
    let members = sites.iter().filter_map(|site| site.get("protocols")?.as_array()).flatten();
    let known: Vec<&str> =
        members.filter_map(|member| member.pointer("/upstream/channelUid")?.as_str()).collect();
    for (name, _, array) in arrays {
        for (index, upstream) in array.iter().enumerate() {
            let id = upstream.get("channelUid").and_then(Value::as_str);
            if !id.is_some_and(|id| known.contains(&id)) {
                let why = "is not in `channelsV3`, which CCX goes by where there is one";
                notes.push(NotCarried::new(format!("{name}[{index}]"), why));
            }
        }
    }
}

fn settings(value: &Value, notes: &mut Vec<NotCarried>) -> SettingsDocument {
    let mut fields = Fields::of(value, "circuitBreaker");
    let small = |value: Option<u64>| value.and_then(|value| u32::try_from(value).ok());
    let breaker = BreakerDocument {
        window: small(fields.number("windowSize")),
        failure_rate: fields.value("failureThreshold").and_then(Value::as_f64),
        consecutive_failures: small(fields.number("consecutiveFailuresThreshold")),
        ..BreakerDocument::default()
    };
    let timeouts = timeouts(&mut fields);
    fields.finish(TIMEOUT_REASONS, notes);
    SettingsDocument { breaker, timeouts, ..SettingsDocument::default() }
}

/// Both the root's and a channel's.
fn timeouts(fields: &mut Fields<'_>) -> TimeoutsDocument {
    TimeoutsDocument {
        response_header_timeout_ms: fields.number("responseHeaderTimeoutMs"),
        first_content_timeout_ms: fields.number("streamFirstContentTimeoutMs"),
        idle_timeout_ms: fields.number("streamInactivityTimeoutMs"),
        ..TimeoutsDocument::default()
    }
}

const TIMEOUT_REASONS: &[Reason<'_>] = &[
    (&["requestTimeoutMs"], "the total timeout here spans all attempts of a request"),
    (&["streamToolCallIdleTimeoutMs"], "one idle timeout holds for all of a stream"),
];
