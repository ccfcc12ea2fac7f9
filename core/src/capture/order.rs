//! What an operator wants to be captured.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Timestamp;

/// In force until its time is over or its requests are captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// Tells it from those before it.
    pub(crate) id: String,
    pub(crate) until: Timestamp,
    /// How many more requests.
    pub(crate) left: u64,
    pub(crate) filter: CaptureFilter,
}

/// Which requests; what is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CaptureFilter {
    /// The id of a channel: requests of which at least one attempt went there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    /// The id of a client key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_key: Option<String>,
    /// As clients ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
}

impl Order {
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.left == 0 || now >= self.until
    }
}

impl CaptureFilter {
    /// Whether a request may fit, as far as can be told before its first attempt.
    pub(crate) fn lets(&self, client_key: &str, model: &str) -> bool {
        let is = |wanted: &Option<String>, seen: &str| wanted.as_deref().is_none_or(|wanted| wanted == seen);
        is(&self.client_key, client_key) && is(&self.model, model)
    }
}
