//! Which scraps describe the same channel.

use super::key::{self, Shape};
use super::name::{self, Meaning};
use super::read::{Home, Scrap};
use super::site::{self, Site};
use super::{Sure, vendor};
use crate::config::Protocol;

/// What a scrap tells of a channel.
#[derive(Clone, Debug)]
pub(super) enum Clue {
    Site(Site),
    Key {
        text: String,
        shape: Shape,
    },
    Model(String),
    /// One that the upstream serves.
    Listed(String),
    ModelMap(String),
    Header {
        name: String,
        value: String,
    },
    Name(String),
    Protocol(Protocol, Sure),
}

/// A clue, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    pub(super) clue: Clue,
    /// As the text names it.
    pub(super) name: String,
    pub(super) from: String,
}

/// The clues of one channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) clues: Vec<Noted>,
    /// The preset that its variables name, or their prefix.
    pub(super) vendor: Option<String>,
}

impl Group {
    pub(super) fn sites(&self) -> impl Iterator<Item = (&Site, &Noted)> {
        self.clues.iter().filter_map(|noted| match &noted.clue {
            Clue::Site(site) if !site.page => Some((site, noted)),
            _ => None,
        })
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, Shape, &Noted)> {
        self.clues.iter().filter_map(|noted| match &noted.clue {
            Clue::Key { text, shape } => Some((text.as_str(), *shape, noted)),
            _ => None,
        })
    }

    fn has_site(&self) -> bool {
        self.sites().next().is_some()
    }

    fn has_key(&self) -> bool {
        self.keys().next().is_some()
    }

    fn operator(&self) -> Option<&str> {
        self.sites().next().map(|(site, _)| site.operator())
    }

    fn absorb(&mut self, other: Self) {
        self.clues.extend(other.clues);
        self.vendor = self.vendor.take().or(other.vendor);
    }

    /// Whether the two are one operator's, and opened by the same keys.
    fn is_same(&self, other: &Self) -> bool {
        let opens = |group: &Self, key: &str| group.keys().any(|(text, ..)| text == key);
        self.operator().is_some()
            && self.operator() == other.operator()
            && self.keys().all(|(text, ..)| opens(other, text))
            && other.keys().all(|(text, ..)| opens(self, text))
    }
}

/// The groups that hold an address or a key, in the order of the text.
pub(super) fn groups(scraps: Vec<Scrap<'_>>) -> Vec<Group> {
    let mut homes: Vec<Home> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for scrap in scraps {
        let clues = clues(&scrap);
        if clues.is_empty() {
            continue;
        }
        let at = homes.iter().position(|home| *home == scrap.home).unwrap_or_else(|| {
            let vendor = if let Home::Vendor(vendor) = &scrap.home { Some(vendor.clone()) } else { None };
            homes.push(scrap.home.clone());
            groups.push(Group { clues: Vec::new(), vendor });
            groups.len() - 1
        });
        let noted = |clue| Noted { clue, name: scrap.name.clone().into_owned(), from: scrap.from.clone() };
        if let Some(group) = groups.get_mut(at) {
            group.clues.extend(clues.into_iter().map(noted));
        }
    }
    let split = homes.into_iter().zip(groups).flat_map(|(home, group)| match home {
        Home::Text if group.has_site() => in_sequence(group),
        Home::Text => by_vendor(group),
        Home::Vendor(_) | Home::Block(_) => vec![group],
    });
    let mut groups = merged(married(split.collect()));
    groups.retain(|group| group.has_site() || group.has_key());
    groups
}

/// What one scrap tells.
fn clues(scrap: &Scrap<'_>) -> Vec<Clue> {
    let value = scrap.value.trim();
    let meaning = name::of(&scrap.name);
    if value.is_empty() {
        return Vec::new();
    }
    match meaning {
        Meaning::Model => return vec![Clue::Model(value.to_owned())],
        Meaning::ModelMap => return vec![Clue::ModelMap(value.to_owned())],
        Meaning::Name => return vec![Clue::Name(value.to_owned())],
        Meaning::Models => return split(value).map(|model| Clue::Listed(model.to_owned())).collect(),
        Meaning::Kind => {
            return vendor::kind(value).map(|kind| Clue::Protocol(kind, Sure::Likely)).into_iter().collect();
        }
        Meaning::Header | Meaning::Headers => {
            let name = scrap.name.strip_prefix("header:").unwrap_or_default().to_owned();
            let header = Clue::Header { name, value: value.to_owned() };
            return if scrap.name.starts_with("header:") { vec![header] } else { Vec::new() };
        }
        Meaning::Url | Meaning::Key | Meaning::Other => {}
    }
    // Fields of JSON and TOML that say nothing of an upstream may hold any address.
    let stray = meaning == Meaning::Other && matches!(scrap.home, Home::Block(_));
    if !stray && let Some(url) = site::find(value) {
        return Site::of(url).map_or_else(Vec::new, |site| {
            let key = site.key.clone().filter(|key| key::plausible(key)).map(|text| as_key(&text));
            key.into_iter().chain([Clue::Site(site)]).collect()
        });
    }
    if meaning == Meaning::Url && site::is_bare(value) {
        let scheme = if value.starts_with("localhost") { "http" } else { "https" };
        return Site::of(&format!("{scheme}://{value}")).map(Clue::Site).into_iter().collect();
    }
    let value = value.strip_prefix("Bearer ").unwrap_or(value);
    let keys = split(value).filter(|word| match meaning {
        Meaning::Key => key::plausible(word),
        _ => key::shape(word).is_some_and(|shape| !stray || shape.vendor.is_some()),
    });
    let keys: Vec<Clue> = keys.map(as_key).collect();
    if keys.is_empty() && scrap.home == Home::Text { word(value).into_iter().collect() } else { keys }
}

fn as_key(text: &str) -> Clue {
    let shape = key::shape(text).unwrap_or(Shape { vendor: None, sure: Sure::Likely });
    Clue::Key { text: text.to_owned(), shape }
}

/// What a word of prose tells: a model's name, a client's or a vendor's.
fn word(word: &str) -> Option<Clue> {
    const MODELS: [&str; 12] = [
        "gpt-",
        "claude-",
        "gemini-",
        "deepseek-",
        "qwen",
        "glm-",
        "kimi-",
        "grok-",
        "o3-",
        "o4-",
        "llama-",
        "mistral-",
    ];
    let lower = word.to_ascii_lowercase();
    let model =
        MODELS.iter().any(|model| lower.starts_with(model)) && lower.contains(|c: char| c.is_ascii_digit());
    if model {
        return Some(Clue::Model(word.to_owned()));
    }
    let named = matches!(
        lower.as_str(),
        "claude" | "claude-code" | "claudecode" | "cc" | "anthropic" | "codex" | "gemini"
    );
    let protocol = if lower == "cc" { Some(Protocol::Messages) } else { vendor::protocol(&lower) };
    protocol.filter(|_| named).map(|protocol| Clue::Protocol(protocol, Sure::Guess))
}

fn split(value: &str) -> impl Iterator<Item = &str> {
    value.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|word| !word.is_empty())
}

/// Prose tells of one channel after the other: a new one begins where an address of another operator comes after a
/// key; or, where keys come first, with a key that comes after an address.
fn in_sequence(group: Group) -> Vec<Group> {
    let leads = group.clues.iter().find_map(|noted| match &noted.clue {
        Clue::Site(site) => (!site.page).then_some(false),
        Clue::Key { .. } => Some(true),
        _ => None,
    });
    let keys_first = leads == Some(true);
    let mut out = vec![Group::default()];
    for noted in group.clues {
        let Some(last) = out.last_mut() else { break };
        let begins = match &noted.clue {
            Clue::Site(site) if !keys_first && !site.page => {
                last.has_key() && last.operator().is_some_and(|operator| operator != site.operator())
            }
            Clue::Key { .. } if keys_first => last.has_key() && last.has_site(),
            _ => false,
        };
        if begins {
            out.push(Group { clues: vec![noted], vendor: None });
        } else {
            last.clues.push(noted);
        }
    }
    // More keys of the one before.
    while out.len() > 1 && out.last().is_some_and(|last| !last.has_site()) {
        let last = out.pop().unwrap_or_default();
        if let Some(before) = out.last_mut() {
            before.absorb(last);
        }
    }
    out
}

/// Keys without any address belong to the vendors that give out such keys.
fn by_vendor(group: Group) -> Vec<Group> {
    let mut out: Vec<(Option<&'static str>, Group)> = Vec::new();
    for noted in group.clues {
        let vendor = match &noted.clue {
            Clue::Key { shape, .. } => shape.vendor,
            _ => out.last().and_then(|(vendor, _)| *vendor),
        };
        match out.iter_mut().find(|(other, _)| *other == vendor) {
            Some((_, group)) => group.clues.push(noted),
            None => out.push((vendor, Group { clues: vec![noted], vendor: None })),
        }
    }
    out.into_iter().map(|(_, group)| group).collect()
}

/// An only key that stands apart opens all addresses without one, unless both sides name a vendor.
fn married(groups: Vec<Group>) -> Vec<Group> {
    let lone = |group: &Group| group.has_key() && !group.has_site();
    let shut = |group: &Group| group.has_site() && !group.has_key();
    if groups.iter().filter(|group| lone(group)).count() != 1 {
        return groups;
    }
    let (keys, mut rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(lone);
    let Some(key) = keys.into_iter().next() else { return rest };
    let mut opened = false;
    for group in rest.iter_mut().filter(|group| shut(group)) {
        if group.vendor.is_none() || key.vendor.is_none() {
            group.absorb(Group { vendor: None, ..key.clone() });
            opened = true;
        }
    }
    if !opened {
        rest.push(key);
    }
    rest
}

/// Endpoints of one operator with the same keys are one channel's.
fn merged(groups: Vec<Group>) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::new();
    for group in groups {
        match out.iter_mut().find(|other| other.has_key() && other.is_same(&group)) {
            Some(other) => other.absorb(group),
            None => out.push(group),
        }
    }
    out
}
