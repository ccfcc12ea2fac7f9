//! What a reader sees of a client key: never its secret, but for the one time when it is made.

use serde::Serialize;
use utoipa::ToSchema;

use crate::allowance::Spending;
use crate::config::budget::{Budget, Period};
use crate::config::document::ClientKeyDocument;
use crate::config::{Limits, Secret, Status, Version};
use crate::time::Timestamp;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::admin) struct ClientKeyList {
    pub(super) client_keys: Vec<ClientKeyView>,
}

/// A client key and what it has used.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::admin) struct ClientKeyView {
    id: String,
    name: String,
    status: Status,
    /// From then on it opens nothing; milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// Empty: all models. `*` stands for any text, a leading `!` excludes.
    models: Vec<String>,
    /// Ids; empty: all channels.
    channels: Vec<String>,
    limits: Limits,
    budgets: Vec<Budget>,
    /// It comes from the environment, and is changed there.
    environment: bool,
    /// When a request of it began last; milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    /// In the present period of each kind.
    spent: Vec<Spent>,
    /// For `If-Match`.
    version: Version,
}

/// What a client key used in one period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::admin) struct Spent {
    period: Period,
    tokens: u64,
    /// In millionths of a US dollar, at effective prices.
    cost_micros: u64,
}

/// A client key that has just got its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::admin) struct NewClientKey {
    /// The secret: it is shown this once.
    pub(super) key: Secret,
    pub(super) client_key: ClientKeyView,
}

impl ClientKeyView {
    pub(super) fn of(
        key: &ClientKeyDocument,
        environment: bool,
        spending: Option<&Spending>,
        now: Timestamp,
    ) -> Self {
        let spent = |period| {
            let amount = spending.map(|spending| spending.of(period, now)).unwrap_or_default();
            Spent { period, tokens: amount.tokens, cost_micros: amount.micros }
        };
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            status: key.status,
            expires_at: key.expires_at,
            models: key.models.clone(),
            channels: key.channels.clone(),
            limits: key.limits,
            budgets: key.budgets.clone(),
            environment,
            last_used_at: spending.and_then(Spending::last_used),
            spent: Period::ALL.map(spent).into(),
            version: key.version(),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) const fn version(&self) -> &Version {
        &self.version
    }
}
