//! What a writer sends of a client key.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::admin::error::Problem;
use crate::admin::patch::Patch;
use crate::config::budget::Budget;
use crate::config::document::{ChannelDocument, ClientKeyDocument};
use crate::config::{Limits, Secret, Status};
use crate::time::Timestamp;

/// A change of a client key. An absent field stays as it is, null sets it back to its default, a value replaces the
/// field whole. A new key needs a `name`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::admin) struct ClientKeyWrite {
    /// For people.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    /// The secret; without one a new key gets a random one. Never shown again.
    #[schema(value_type = Option<String>)]
    key: Option<Secret>,
    #[serde(default)]
    #[schema(value_type = Option<Status>)]
    status: Patch<Status>,
    /// From then on it opens nothing; milliseconds since 1970.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    expires_at: Patch<Timestamp>,
    /// Empty: all models. `*` stands for any text, a leading `!` excludes.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<String>>,
    /// Ids; empty: all channels. One that is deleted later allows nothing.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    channels: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Limits>)]
    limits: Patch<Limits>,
    /// At most one for each kind of period.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Budget>>)]
    budgets: Patch<Vec<Budget>>,
}

impl ClientKeyWrite {
    pub(super) const fn secret(&self) -> Option<&Secret> {
        self.key.as_ref()
    }

    /// Applies all but the secret; `channels` are those that there are.
    pub(super) fn apply(
        self,
        key: &mut ClientKeyDocument,
        channels: &[ChannelDocument],
    ) -> Result<(), Problem> {
        self.name.apply(&mut key.name);
        if key.name.trim().is_empty() {
            return Err(Problem::invalid_field("name", "is missing"));
        }
        if let Some(ids) = self.channels.into_change(|ids| ids) {
            let unknown = ids.iter().position(|id| !channels.iter().any(|channel| channel.id == *id));
            if let Some(index) = unknown {
                let path = format!("channels[{index}]");
                return Err(Problem::invalid_field(path, "is not the id of a channel"));
            }
            key.channels = ids;
        }
        if let Some(expiry) = self.expires_at.into_change(Some) {
            key.expires_at = expiry;
        }
        self.status.apply(&mut key.status);
        self.models.apply(&mut key.models);
        self.limits.apply(&mut key.limits);
        self.budgets.apply(&mut key.budgets);
        Ok(())
    }
}
