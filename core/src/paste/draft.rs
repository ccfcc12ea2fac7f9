//! From the clues of one channel to its draft.

use std::collections::BTreeMap;

use super::group::{Clue, Group, Noted};
use super::key::Shape;
use super::name::SECTION;
use super::site::{self, Site};
use super::{Draft, Finding, Sure, What, vendor};
use crate::codec::json;
use crate::config::Protocol;
use crate::config::document::EndpointDocument;
use crate::config::preset::{self, Preset, PresetEndpoint};
use crate::config::url::BaseUrl;

/// More keys are not taken from one text.
const MAX_KEYS: usize = 200;
/// Nor more models.
const MAX_MODELS: usize = 500;
/// Headers that every client sends, or the gateway itself.
const USUAL_HEADERS: [&str; 8] = [
    "content-type",
    "accept",
    "accept-encoding",
    "user-agent",
    "host",
    "cookie",
    "content-length",
    "anthropic-version",
];
/// Claude Code's variables, and the names by which it asks for what they stand for.
const CLAUDE_MODELS: [(&str, &str); 5] = [
    ("ANTHROPIC_DEFAULT_HAIKU_MODEL", "claude-*haiku*"),
    ("ANTHROPIC_SMALL_FAST_MODEL", "claude-*haiku*"),
    ("ANTHROPIC_DEFAULT_SONNET_MODEL", "claude-*sonnet*"),
    ("ANTHROPIC_DEFAULT_OPUS_MODEL", "claude-*opus*"),
    ("ANTHROPIC_MODEL", "claude-*"),
];

/// The channel that `group` describes; `text` is where its keys stand.
pub(super) fn of(group: &Group, text: &str) -> Draft {
    let mut draft = Draft::default();
    addresses(group, &mut draft);
    keys(group, text, &mut draft);
    for noted in &group.clues {
        match &noted.clue {
            Clue::Model(model) => named_model(noted, model, &mut draft),
            Clue::Listed(model) => {
                draft.find(What::Model, model, noted, Sure::Certain);
                if draft.models.len() < MAX_MODELS && !draft.models.contains(model) {
                    draft.models.push(model.clone());
                }
            }
            Clue::ModelMap(map) => {
                let map: BTreeMap<String, String> = json::from_str(map).unwrap_or_default();
                draft.model_map.extend(map);
            }
            Clue::Header { name, value } if !USUAL_HEADERS.contains(&name.as_str()) => {
                if let Some(at) = text.find(value.as_str()) {
                    draft.find(What::Header, name, noted, Sure::Certain);
                    draft.headers.insert(name.clone(), at..at + value.len());
                }
            }
            Clue::Site(site) if site.page => draft.find(What::Page, &site.base, noted, Sure::Likely),
            _ => {}
        }
    }
    match named(group) {
        Some((name, noted)) => {
            draft.find(What::Name, name, noted, Sure::Likely);
            name.clone_into(&mut draft.name);
        }
        None => draft.name = usual_name(group),
    }
    draft
}

impl Draft {
    fn find(&mut self, what: What, value: &str, noted: &Noted, sure: Sure) {
        self.found(what, value, noted.from.clone(), sure);
    }

    fn found(&mut self, what: What, value: &str, from: String, sure: Sure) {
        let told = |finding: &Finding| finding.what == what && finding.value == value;
        if !self.findings.iter().any(told) {
            self.findings.push(Finding { what, value: value.to_owned(), from, sure });
        }
    }

    fn endpoint(&mut self, protocol: Protocol, base: &str) {
        let endpoint = EndpointDocument { protocol, base_url: base.to_owned() };
        if !self.endpoints.contains(&endpoint) {
            self.endpoints.push(endpoint);
        }
    }
}

fn addresses(group: &Group, draft: &mut Draft) {
    for (site, noted) in group.sites() {
        draft.find(What::BaseUrl, &site.base, noted, Sure::Certain);
        let known = vendors(site);
        if known.is_empty() {
            let (protocol, from, sure) = told(group, site, noted);
            draft.found(What::Protocol, protocol.as_str(), from, sure);
            draft.endpoint(protocol, &site.base);
        }
        for endpoint in known {
            draft.found(What::Protocol, endpoint.protocol.as_str(), site.authority.clone(), Sure::Certain);
            draft.endpoint(endpoint.protocol, &endpoint.base_url);
        }
    }
    if !draft.endpoints.is_empty() {
        return;
    }
    let Some((preset, sure)) = vendor_of(group) else { return };
    let region = preset.endpoints.first().map(|endpoint| &endpoint.region);
    let home = preset.endpoints.iter().filter(|endpoint| Some(&endpoint.region) == region);
    for endpoint in home.filter(|endpoint| !endpoint.base_url.contains('{')) {
        draft.found(What::BaseUrl, &endpoint.base_url, preset.title.clone(), sure);
        draft.endpoint(endpoint.protocol, &endpoint.base_url);
    }
}

/// All that the vendor serves at this host, where the address is one of its own.
fn vendors(site: &Site) -> Vec<&'static PresetEndpoint> {
    let Some(preset) = BaseUrl::parse(&site.base).ok().and_then(|base| preset::at(&base)) else {
        return Vec::new();
    };
    let here = |endpoint: &&PresetEndpoint| {
        Site::of(&endpoint.base_url).is_some_and(|other| other.authority == site.authority)
    };
    let endpoints: Vec<_> = preset.endpoints.iter().filter(here).collect();
    let host = site.base.split_once("://").map_or("", |(_, rest)| rest);
    let own = |endpoint: &&PresetEndpoint| {
        site::plain(&endpoint.base_url, Some(endpoint.protocol)) == site::plain(&site.base, site.protocol)
    };
    if host == site.authority || endpoints.iter().any(own) { endpoints } else { Vec::new() }
}

/// The protocol of an address that no preset knows, who says so, and how sure that is.
fn told(group: &Group, site: &Site, noted: &Noted) -> (Protocol, String, Sure) {
    if let Some(protocol) = site.protocol {
        return (protocol, noted.from.clone(), Sure::Certain);
    }
    let hint = |sure: Sure| {
        let of = |noted: &Noted| match noted.clue {
            Clue::Protocol(protocol, told) if told == sure => Some((protocol, noted.from.clone(), sure)),
            _ => None,
        };
        group.clues.iter().find_map(of)
    };
    let path = site.base.split_once(site.authority.as_str()).map_or("", |(_, path)| path);
    let named = vendor::protocol(&noted.name).or_else(|| vendor::protocol(path));
    let channel = || {
        let of = |noted: &Noted| match &noted.clue {
            Clue::Name(name) => Some((vendor::protocol(name)?, noted.from.clone(), Sure::Guess)),
            _ => None,
        };
        group.clues.iter().find_map(of)
    };
    let key = || {
        let of = |shape: Shape, noted: &Noted| {
            Some((shape.vendor.and_then(vendor::protocol)?, noted.from.clone(), Sure::Guess))
        };
        group.keys().find_map(|(_, shape, noted)| of(shape, noted))
    };
    hint(Sure::Likely)
        .or_else(|| named.map(|protocol| (protocol, noted.from.clone(), Sure::Likely)))
        .or_else(|| hint(Sure::Guess))
        .or_else(channel)
        .or_else(key)
        .unwrap_or_else(|| (Protocol::Chat, "what most speak".to_owned(), Sure::Guess))
}

/// The vendor that keys or variables name.
fn vendor_of(group: &Group) -> Option<(&'static Preset, Sure)> {
    let by_key = group.keys().find_map(|(_, shape, _)| preset::named(shape.vendor?));
    let by_variable = group.vendor.as_deref().and_then(preset::named);
    by_key.map(|preset| (preset, Sure::Certain)).or_else(|| by_variable.map(|preset| (preset, Sure::Likely)))
}

fn keys(group: &Group, text: &str, draft: &mut Draft) {
    let mut seen: Vec<&str> = Vec::new();
    for (key, shape, noted) in group.keys() {
        if seen.contains(&key) || seen.len() == MAX_KEYS {
            continue;
        }
        // What JSON spells with escapes stands nowhere as it is.
        let Some(at) = text.find(key) else { continue };
        seen.push(key);
        draft.find(What::Key, key, noted, shape.sure);
        draft.keys.push(at..at + key.len());
    }
}

/// A model that is asked for; Claude Code's variables say in place of which.
fn named_model(noted: &Noted, model: &str, draft: &mut Draft) {
    draft.find(What::Model, model, noted, Sure::Likely);
    let stands = CLAUDE_MODELS.iter().find(|(variable, _)| *variable == noted.name);
    if let Some((_, pattern)) = stands
        && !model.starts_with("claude")
        && !model.contains(char::is_whitespace)
    {
        draft.model_map.entry((*pattern).to_owned()).or_insert_with(|| model.to_owned());
    }
}

/// What the text calls it; what its section is filed under where it has no better name.
fn named(group: &Group) -> Option<(&str, &Noted)> {
    let mut names = group.clues.iter().filter_map(|noted| match &noted.clue {
        Clue::Name(name) => Some((name.as_str(), noted)),
        _ => None,
    });
    names.clone().find(|(_, noted)| noted.name != SECTION).or_else(|| names.next())
}

fn usual_name(group: &Group) -> String {
    if let Some((site, _)) = group.sites().next() {
        let preset = BaseUrl::parse(&site.base).ok().and_then(|base| preset::at(&base));
        return preset.map_or_else(|| site.name().to_owned(), |preset| preset.name.clone());
    }
    let vendor = vendor_of(group).map(|(preset, _)| preset.name.clone());
    vendor.or_else(|| group.vendor.clone()).unwrap_or_else(|| "pasted".to_owned())
}
