//! What of a configuration can be worked out once: who serves which protocol, in which order.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{ChannelId, Config, Protocol, Version};

/// Positions are those of the configuration's channels.
#[derive(Debug, Default)]
pub(super) struct Plan {
    version: Option<Version>,
    routes: BTreeMap<Protocol, Routes>,
    by_id: BTreeMap<ChannelId, usize>,
    by_name: BTreeMap<Arc<str>, usize>,
}

/// The same routes three times.
#[derive(Debug, Default)]
struct Routes {
    by_priority: Vec<Route>,
    by_channel: Vec<Route>,
    promoted: Vec<Route>,
}

/// A way from a client protocol to a channel's endpoints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) channel: usize,
    /// The protocol of the endpoints used; the client's own wherever the channel has one.
    pub(super) speaks: Protocol,
    pub(super) priority: u32,
    pub(super) weight: u64,
    /// Sum of the weights of its tier up to and including its own.
    pub(super) weight_sum: u64,
}

impl Plan {
    /// `ids` are those of the slots: the channels' in order, then removed ones.
    pub(super) fn new<'a>(config: &Config, ids: impl Iterator<Item = &'a ChannelId>) -> Self {
        let routes = Protocol::ALL.into_iter().map(|protocol| (protocol, Routes::new(config, protocol)));
        let names = config.channels.iter().enumerate();
        Self {
            version: Some(config.version.clone()),
            routes: routes.collect(),
            by_id: ids.enumerate().map(|(position, id)| (id.clone(), position)).collect(),
            by_name: names.map(|(position, channel)| (Arc::clone(&channel.name), position)).collect(),
        }
    }

    pub(super) fn is_for(&self, version: &Version) -> bool {
        self.version.as_ref() == Some(version)
    }

    /// In order of priority.
    pub(super) fn routes(&self, protocol: Protocol) -> &[Route] {
        self.routes.get(&protocol).map_or(&[], |routes| &routes.by_priority)
    }

    /// Those of one channel.
    pub(super) fn routes_of(&self, protocol: Protocol, channel: usize) -> &[Route] {
        let routes: &[Route] = self.routes.get(&protocol).map_or(&[], |routes| &routes.by_channel);
        let (_, from) = routes.split_at(routes.partition_point(|route| route.channel < channel));
        from.split_at(from.partition_point(|route| route.channel == channel)).0
    }

    /// Those of channels with a promotion, which may have ended.
    pub(super) fn promoted(&self, protocol: Protocol) -> &[Route] {
        self.routes.get(&protocol).map_or(&[], |routes| &routes.promoted)
    }

    pub(super) fn position(&self, id: &ChannelId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// By name or else by id.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied().or_else(|| self.position(&ChannelId::new(name)))
    }
}

impl Routes {
    fn new(config: &Config, protocol: Protocol) -> Self {
        let by_channel: Vec<(Route, bool)> = config
            .channels
            .iter()
            .enumerate()
            .filter(|(_, channel)| channel.serves(protocol))
            .map(|(position, channel)| {
                let weight = u64::from(channel.weight.max(1));
                let priority = channel.priority;
                let route =
                    Route { channel: position, speaks: protocol, priority, weight, weight_sum: weight };
                (route, channel.promoted_until.is_some())
            })
            .collect();
        let mut by_priority = by_channel.clone();
        by_priority.sort_by_key(|(route, _)| route.priority);
        let mut tier = (0, 0);
        for (route, _) in &mut by_priority {
            tier = if tier.0 == route.priority {
                (tier.0, tier.1 + route.weight)
            } else {
                (route.priority, route.weight)
            };
            route.weight_sum = tier.1;
        }
        Self {
            promoted: by_priority.iter().filter(|(_, promoted)| *promoted).map(|(route, _)| *route).collect(),
            by_priority: by_priority.into_iter().map(|(route, _)| route).collect(),
            by_channel: by_channel.into_iter().map(|(route, _)| route).collect(),
        }
    }
}
