//! What client keys have used, written once a second.

use std::sync::Arc;
use std::time::Duration;

use causeway_core::gateway::Gateway;
use causeway_core::platform::ConfigStore;

use crate::app::NativePlatform;

/// A crash forgets what was used within this.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// For ever.
pub(crate) async fn keep<S: ConfigStore>(gateway: Arc<Gateway<NativePlatform<S>>>) {
    let mut turn = tokio::time::interval(SAVE_EVERY);
    loop {
        turn.tick().await;
        gateway.save_spending().await;
    }
}
