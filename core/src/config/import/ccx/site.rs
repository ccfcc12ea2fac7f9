//! Channels of one site: those that differ in nothing but their protocols and addresses are one here.

use serde_json::Value;

use super::ARRAYS;
use super::accounts::Accounts;
use super::channel::{self, Place};
use crate::config::Protocol;
use crate::config::document::ChannelDocument;
use crate::config::import::fields::Fields;
use crate::config::import::{ImportedChannel, NotCarried};

/// A channel of CCX, on its way to be one here.
pub(super) struct Member {
    /// Only those of one site may be joined.
    pub(super) site: String,
    pub(super) path: String,
    pub(super) channel: ChannelDocument,
}

/// One of `channelsV3`.
pub(super) fn read(
    value: &Value,
    path: &str,
    accounts: &Accounts<'_>,
    notes: &mut Vec<NotCarried>,
) -> Vec<Member> {
    let mut site = Fields::of(value, path);
    // They stand in the members too, or are made of them.
    site.skip(&["accountUid", "providerId", "siteIdentity"]);
    let id = site.text("channelUid").unwrap_or(path);
    let name = site.text("name");
    let mut members = Vec::new();
    for (position, value) in site.items("protocols").iter().enumerate() {
        let mut member = Fields::of(value, site.path(&format!("protocols[{position}]")));
        let index = member.number("index").and_then(|index| usize::try_from(index).ok()).unwrap_or_default();
        let kind = member.text("kind").unwrap_or_default();
        let (path, upstream) = (member.path("upstream"), member.value("upstream"));
        match (kind_named(kind), upstream) {
            (Some(kind), Some(upstream)) => {
                let place = Place { path, kind, index, site: Some(id.to_owned()) };
                members.extend(channel::read(upstream, place, accounts, notes));
            }
            _ => member.note("kind", format!("is no channel here: the kind `{kind}` is not known")),
        }
        member.finish(&[], notes);
    }
    site.finish(&[], notes);
    for member in &mut members {
        id.clone_into(&mut member.site);
        if let Some(name) = name {
            name.clone_into(&mut member.channel.name);
        }
    }
    members
}

fn kind_named(name: &str) -> Option<Protocol> {
    if name == "messages" {
        return Some(Protocol::Messages);
    }
    ARRAYS.into_iter().find(|(array, _)| array.strip_suffix("Upstream") == Some(name)).map(|(_, kind)| kind)
}

/// The channels, in order; of several of one site that agree the first takes in the others.
pub(super) fn joined(members: Vec<Member>) -> Vec<ImportedChannel> {
    let mut joined: Vec<Member> = Vec::new();
    for member in members {
        let fits = |other: &&mut Member| other.site == member.site && agree(&other.channel, &member.channel);
        match joined.iter_mut().find(fits) {
            Some(first) => take_in(&mut first.channel, member.channel),
            None => joined.push(member),
        }
    }
    joined.into_iter().map(|Member { path, channel, .. }| ImportedChannel { path, channel }).collect()
}

/// Whether they are the same in all that is not their protocol, address, name or place in the order.
fn agree(a: &ChannelDocument, b: &ChannelDocument) -> bool {
    let mut b = b.clone();
    b.id.clone_from(&a.id);
    b.name.clone_from(&a.name);
    b.priority = a.priority;
    b.endpoints.clone_from(&a.endpoints);
    b.accepts.clone_from(&a.accepts);
    *a == b
}

fn take_in(first: &mut ChannelDocument, other: ChannelDocument) {
    first.priority = first.priority.min(other.priority);
    for endpoint in other.endpoints {
        if !first.endpoints.contains(&endpoint) {
            first.endpoints.push(endpoint);
        }
    }
    for protocol in other.accepts {
        if !first.accepts.contains(&protocol) {
            first.accepts.push(protocol);
        }
    }
}
