//! What client keys have used, shared with whoever else serves them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::allowance::Allowances;
use crate::capture::store;
use crate::config::ClientKeyId;
use crate::database::{Row, Statement};
use crate::platform::{Clock, Database, Platform};

use super::Gateway;

impl<P: Platform> Gateway<P> {
    pub(crate) fn allowances(&self) -> MutexGuard<'_, Allowances> {
        lock(&self.allowances)
    }

    /// Writes what was counted and the database lacks; until then only this process knows of it. Every few seconds it
    /// hears at the same time what is to be captured, which another may have been told.
    pub async fn save_spending(&self) {
        let now = self.now();
        let asked = self.capture.ask(now);
        let order = exchange(&self.allowances, &self.platform, &[], asked.map(|_| store::order())).await;
        if let (Some(asked), Some(order)) = (asked, order) {
            self.capture.hear(asked, store::read_order(order), now);
        }
    }
}

/// Adds what was counted to what the database knows, and hears what others used: of `keys`, or of all that have
/// something to add. Without a database each process counts for itself.
pub(crate) async fn sync<P: Platform>(allowances: &Mutex<Allowances>, platform: &P, keys: &[ClientKeyId]) {
    exchange(allowances, platform, keys, None).await;
}

/// The same with a question beside it; gives its answer.
async fn exchange<P: Platform>(
    allowances: &Mutex<Allowances>,
    platform: &P,
    keys: &[ClientKeyId],
    question: Option<Statement>,
) -> Option<Vec<Row>> {
    let begun = lock(allowances).begin_sync(keys, platform.clock().now());
    let Some((sync, mut statements)) = begun else {
        return platform.database().read(question?).await.ok();
    };
    let asks = question.is_some();
    statements.extend(question);
    let mut answers = platform.database().write(statements).await.ok();
    let answer = answers.as_mut().filter(|_| asks).and_then(Vec::pop);
    lock(allowances).end_sync(sync, answers, platform.clock().now());
    answer
}

pub(crate) fn lock(allowances: &Mutex<Allowances>) -> MutexGuard<'_, Allowances> {
    allowances.lock().unwrap_or_else(PoisonError::into_inner)
}
