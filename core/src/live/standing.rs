//! How channels and the configuration were when it was told last.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::message::LiveMessage;
use crate::config::{ChannelId, Version};
use crate::schedule::ChannelHealth;
use crate::sorted;

/// What watchers know. The default knows nothing.
#[derive(Debug, Default)]
pub struct Standing {
    version: Option<Version>,
    channels: BTreeMap<ChannelId, ChannelHealth>,
}

impl Standing {
    /// Messages that tell what has changed, for [`Seat::tell`](super::Seat::tell).
    pub fn changes(&mut self, version: &Version, health: &[ChannelHealth]) -> Vec<Arc<str>> {
        let mut messages = Vec::new();
        if self.version.as_ref() != Some(version) {
            self.version = Some(version.clone());
            messages.push(LiveMessage::Config { version }.to_text());
        }
        let now = sorted::map(health.iter().map(|one| (one.id.clone(), lasting(one))));
        let changed = |one: &&ChannelHealth| now.get(&one.id) != self.channels.get(&one.id);
        let changed: Vec<&ChannelHealth> = health.iter().filter(changed).collect();
        if !changed.is_empty() {
            messages.push(LiveMessage::Channels { channels: &changed }.to_text());
        }
        self.channels = now;
        messages
    }
}

/// Without what changes with every request.
fn lasting(health: &ChannelHealth) -> ChannelHealth {
    let mut lasting = ChannelHealth { in_flight: 0, ..health.clone() };
    for key in &mut lasting.keys {
        key.last_used_at = None;
        for one in &mut key.protocols {
            (one.in_flight, one.consecutive_failures, one.last_failure) = (0, 0, None);
        }
    }
    lasting
}
