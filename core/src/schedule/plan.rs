//! What of a configuration can be worked out once: who serves which protocol, in which order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Ask;
use super::slot::ChannelSlot;
use crate::config::{Channel, ChannelId, Config, Protocol, Version};
use crate::sorted;

/// Positions are those of the configuration's channels.
#[derive(Debug, Default)]
pub(super) struct Plan {
    version: Option<Version>,
    routes: BTreeMap<Protocol, Routes>,
    native: BTreeMap<Protocol, Routes>,
    by_id: BTreeMap<ChannelId, usize>,
    by_name: BTreeMap<Arc<str>, usize>,
    /// Quota groups, by name.
    groups: Vec<Arc<str>>,
}

/// The same routes three times.
#[derive(Debug, Default)]
struct Routes {
    by_tier: Vec<Route>,
    by_channel: Vec<Route>,
    promoted: Vec<Route>,
}

/// A way from a client protocol to a channel's endpoints of one protocol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) channel: usize,
    /// The protocol of the endpoints used.
    pub(super) speaks: Protocol,
    pub(super) tier: Tier,
    pub(super) weight: u64,
    /// Sum of the weights of its tier up to and including its own.
    pub(super) weight_sum: u64,
}

/// Routes of one tier share the traffic; a later tier gets what no earlier one can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tier {
    priority: u32,
    /// 0 without conversion, then the channel's other ways in order.
    way: usize,
}

impl Plan {
    /// The slots are the channels' in order, then removed ones.
    pub(super) fn new(config: &Config, slots: &[ChannelSlot]) -> Self {
        let routes = |convertible| {
            let routes = |protocol| (protocol, Routes::new(config, protocol, convertible));
            sorted::map(Protocol::ALL.into_iter().map(routes))
        };
        let names = config.channels.iter().enumerate();
        let ids = slots.iter().enumerate();
        let keys = slots.iter().flat_map(|slot| &slot.keys);
        let mut groups: Vec<Arc<str>> = keys.filter_map(|key| key.group_name.clone()).collect();
        sorted::sort_unique(&mut groups);
        Self {
            groups,
            version: Some(config.version.clone()),
            routes: routes(true),
            native: routes(false),
            by_id: sorted::map(ids.map(|(position, slot)| (slot.id.clone(), position))),
            by_name: sorted::map(names.map(|(position, channel)| (Arc::clone(&channel.name), position))),
        }
    }

    pub(super) fn is_for(&self, version: &Version) -> bool {
        self.version.as_ref() == Some(version)
    }

    /// In order of their tiers.
    pub(super) fn routes(&self, ask: &Ask<'_>) -> &[Route] {
        self.all(ask).map_or(&[], |routes| &routes.by_tier)
    }

    /// Those of one channel, in order.
    pub(super) fn routes_of(&self, ask: &Ask<'_>, channel: usize) -> &[Route] {
        let routes: &[Route] = self.all(ask).map_or(&[], |routes| &routes.by_channel);
        let (_, from) = routes.split_at(routes.partition_point(|route| route.channel < channel));
        from.split_at(from.partition_point(|route| route.channel == channel)).0
    }

    /// Those of channels with a promotion, which may have ended.
    pub(super) fn promoted(&self, ask: &Ask<'_>) -> &[Route] {
        self.all(ask).map_or(&[], |routes| &routes.promoted)
    }

    fn all(&self, ask: &Ask<'_>) -> Option<&Routes> {
        let routes = if ask.convertible { &self.routes } else { &self.native };
        routes.get(&ask.protocol)
    }

    pub(super) fn position(&self, id: &ChannelId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The quota groups, in the order of their numbers.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(AsRef::as_ref)
    }

    /// The number of a quota group.
    pub(super) fn group(&self, name: &str) -> Option<usize> {
        self.groups.binary_search_by(|group| (**group).cmp(name)).ok()
    }

    /// By name or else by id.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied().or_else(|| self.position(&ChannelId::new(name)))
    }
}

impl Routes {
    fn new(config: &Config, protocol: Protocol, convertible: bool) -> Self {
        let of_channel = |(position, channel): (usize, &Arc<Channel>)| {
            let (priority, promoted) = (channel.priority, channel.promoted_until.is_some());
            let weight = u64::from(channel.weight.max(1));
            let ways: Vec<Protocol> =
                channel.ways(protocol).filter(|speaks| convertible || *speaks == protocol).collect();
            let first = usize::from(ways.first() != Some(&protocol));
            ways.into_iter().zip(first..).map(move |(speaks, way)| {
                let tier = Tier { priority, way };
                (Route { channel: position, speaks, tier, weight, weight_sum: weight }, promoted)
            })
        };
        let by_channel: Vec<(Route, bool)> =
            config.channels.iter().enumerate().flat_map(of_channel).collect();
        let mut by_tier = by_channel.clone();
        sorted::sort_by_key(&mut by_tier, |(route, _)| route.tier);
        let mut last: Option<Route> = None;
        for (route, _) in &mut by_tier {
            let before = last.filter(|last| last.tier == route.tier).map_or(0, |last| last.weight_sum);
            route.weight_sum = before + route.weight;
            last = Some(*route);
        }
        Self {
            promoted: by_tier.iter().filter(|(_, promoted)| *promoted).map(|(route, _)| *route).collect(),
            by_tier: by_tier.into_iter().map(|(route, _)| route).collect(),
            by_channel: by_channel.into_iter().map(|(route, _)| route).collect(),
        }
    }
}
