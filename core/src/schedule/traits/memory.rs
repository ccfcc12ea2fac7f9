//! What refusals taught about a channel, by endpoint protocol and model.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Trait;
use crate::config::Protocol;
use crate::schedule::ModelKey;
use crate::time::Timestamp;

/// Upstreams learn too: after so long everything is found out anew.
pub(in crate::schedule) const EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);
/// Of one channel.
const MAX_MODELS: usize = 64;
/// Of one model.
const MAX_TRAITS: usize = 16;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::schedule) struct Memory {
    entries: Vec<Entry>,
    pub(in crate::schedule) changed_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    protocol: Protocol,
    model: ModelKey,
    traits: Arc<[Trait]>,
    until: Timestamp,
}

impl Memory {
    pub(in crate::schedule) fn of(
        &self,
        protocol: Protocol,
        model: ModelKey,
        now: Timestamp,
    ) -> Option<Arc<[Trait]>> {
        let entry = self.entries.iter().find(|entry| entry.protocol == protocol && entry.model == model)?;
        (now < entry.until).then(|| Arc::clone(&entry.traits))
    }

    pub(in crate::schedule) fn keep(
        &mut self,
        protocol: Protocol,
        model: ModelKey,
        learned: &Trait,
        now: Timestamp,
    ) {
        self.entries.retain(|entry| now < entry.until);
        self.changed_at = now;
        if let Some(entry) =
            self.entries.iter_mut().find(|entry| entry.protocol == protocol && entry.model == model)
        {
            entry.traits = with(&entry.traits, learned);
            return;
        }
        if self.entries.len() >= MAX_MODELS {
            self.entries.remove(0);
        }
        let until = now + EXPIRY;
        self.entries.push(Entry { protocol, model, traits: with(&[], learned), until });
    }

    /// Forgets everything.
    pub(in crate::schedule) fn reset(&mut self, now: Timestamp) {
        *self = Self { entries: Vec::new(), changed_at: now };
    }
}

/// Known traits and one more, which takes the place of what it says anew.
pub(in crate::schedule) fn with(known: &[Trait], learned: &Trait) -> Arc<[Trait]> {
    let kept = known.iter().filter(|one| !one.yields_to(learned));
    let skipped = kept.clone().count().saturating_sub(MAX_TRAITS - 1);
    kept.skip(skipped).chain([learned]).cloned().collect()
}
