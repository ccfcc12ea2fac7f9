//! What client keys have used, shared with whoever else serves them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::allowance::Allowances;
use crate::config::ClientKeyId;
use crate::platform::{Clock, Database, Platform};

use super::Gateway;

impl<P: Platform> Gateway<P> {
    pub(crate) fn allowances(&self) -> MutexGuard<'_, Allowances> {
        lock(&self.allowances)
    }

    /// Writes what was counted and the database lacks. Until then only this process knows of it.
    pub async fn save_spending(&self) {
        sync(&self.allowances, &self.platform, &[]).await;
    }
}

/// Adds what was counted to what the database knows, and hears what others used: of `keys`, or of all that have
/// something to add. Without a database each process counts for itself.
pub(crate) async fn sync<P: Platform>(allowances: &Mutex<Allowances>, platform: &P, keys: &[ClientKeyId]) {
    let begun = lock(allowances).begin_sync(keys, platform.clock().now());
    let Some((sync, statements)) = begun else { return };
    let answers = platform.database().write(statements).await;
    lock(allowances).end_sync(sync, answers.ok(), platform.clock().now());
}

pub(crate) fn lock(allowances: &Mutex<Allowances>) -> MutexGuard<'_, Allowances> {
    allowances.lock().unwrap_or_else(PoisonError::into_inner)
}
