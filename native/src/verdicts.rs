//! What is held against channels, kept from one life of the process to the next.

use std::sync::Arc;
use std::time::Duration;

use causeway_core::gateway::Gateway;
use causeway_core::platform::{Clock, ConfigStore, Database, Platform};
use causeway_core::record::verdicts;
use causeway_core::time::Timestamp;

use crate::app::NativePlatform;
use crate::clock::SystemClock;

/// A crash forgets what changed within this.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// Takes up what an earlier life left, then keeps what changes, for ever.
pub(crate) async fn keep<S: ConfigStore>(gateway: Arc<Gateway<NativePlatform<S>>>) {
    let platform = gateway.platform();
    let mut since = SystemClock.now();
    match platform.database().read(verdicts::load()).await {
        Ok(rows) => platform.coordinator().restore(&gateway.config().current(), &verdicts::read(rows)),
        Err(error) => tracing::warn!(%error, "what was held against channels is forgotten"),
    }
    let mut turn = tokio::time::interval(SAVE_EVERY);
    loop {
        turn.tick().await;
        since = save(&gateway, since).await;
    }
}

/// Keeps what changed at `since` or later; tells from when on the next call has to look.
pub(crate) async fn save<S: ConfigStore>(
    gateway: &Gateway<NativePlatform<S>>,
    since: Timestamp,
) -> Timestamp {
    let (platform, now) = (gateway.platform(), SystemClock.now());
    let changed = platform.coordinator().held_since(&gateway.config().current(), since);
    let statements = verdicts::save(&changed);
    if !statements.is_empty() && platform.database().write(statements).await.is_err() {
        return since;
    }
    now
}
