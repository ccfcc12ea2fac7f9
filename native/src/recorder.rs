//! Finished requests: a line of the log each, and a row of the database.
//!
//! Whoever served a request only hands its record over. One task writes what has gathered, a few times a second or
//! when there is much of it, and adds up what was written; another removes what is too old.

mod log;
#[cfg(test)]
mod tests;

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causeway_core::database::DatabaseError;
use causeway_core::platform::{Clock, Database, Recorder};
use causeway_core::record::batch::Batch;
use causeway_core::record::outbox::{Counts, Outbox, Pushed};
use causeway_core::record::retention::Retention;
use causeway_core::record::{Record, fold};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::SystemClock;
use crate::telemetry::Exporter;

/// A crash loses what came within this.
const FLUSH_AFTER: Duration = Duration::from_millis(500);
/// How long sums stay apart from those of longer periods.
const FOLD_AFTER: Duration = Duration::from_secs(60);
/// How often old records are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
/// So many records are worked on in one go.
const AT_A_TIME: usize = 16;
/// Between removing some and some more.
const PAUSE: Duration = Duration::from_millis(50);

/// Implements [`Recorder`].
#[derive(Debug)]
pub struct NativeRecorder {
    logs: bool,
    exporter: Option<Exporter>,
    /// `None`: nothing is recorded.
    shared: Option<Arc<Shared>>,
}

/// What the recorder and its task share.
#[derive(Debug, Default)]
struct Shared {
    outbox: Mutex<Outbox>,
    /// The first record has come, or a batch is full.
    filled: Notify,
    /// Held by whoever writes.
    writing: tokio::sync::Mutex<()>,
}

impl NativeRecorder {
    /// Writes into `database` as long as the runtime lives. `logs`: whether requests are logged.
    pub fn start(database: impl Database + Clone, retention: Retention, logs: bool) -> Self {
        tokio::spawn(prune(database.clone(), retention));
        if retention.request_days == 0 {
            return Self { logs, exporter: None, shared: None };
        }
        let shared = Arc::new(Shared::default());
        tokio::spawn(write(Arc::clone(&shared), database));
        Self { logs, exporter: None, shared: Some(shared) }
    }

    /// Hands every record to `exporter`, too.
    #[must_use]
    pub fn exporting(self, exporter: Option<Exporter>) -> Self {
        Self { exporter, ..self }
    }

    /// Tells a collector what it has not heard yet.
    pub async fn finish_export(&self) {
        if let Some(exporter) = &self.exporter {
            exporter.finish().await;
        }
    }

    /// Writes what waits.
    pub async fn flush(&self, database: &impl Database) {
        if let Some(shared) = &self.shared {
            // This is the last time: what is not written now never is.
            let _told_in_the_log = shared.flush(database).await;
        }
    }
}

impl Recorder for NativeRecorder {
    async fn append(&self, record: Record) {
        if self.logs {
            log::line(&record);
        }
        if let Some(exporter) = &self.exporter {
            exporter.push(&record);
        }
        if let Some(shared) = &self.shared {
            let pushed = shared.outbox().push(record);
            if matches!(pushed, Pushed::First | Pushed::Full) {
                shared.filled.notify_one();
            }
        }
    }

    fn counts(&self) -> Counts {
        self.shared.as_ref().map(|shared| shared.outbox().counts()).unwrap_or_default()
    }
}

impl Shared {
    /// Logs how many were dropped since it was `told` last.
    fn tell_dropped(&self, told: &mut u64) {
        let Counts { dropped, .. } = self.outbox().counts();
        if dropped > *told {
            tracing::warn!(requests = dropped - *told, "requests were not recorded");
            *told = dropped;
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false`: the database cannot be written at present; its reason stands in the log already.
    async fn flush(&self, database: &impl Database) -> bool {
        let _writing = self.writing.lock().await;
        let records = self.outbox().take();
        if records.is_empty() {
            return true;
        }
        let batch = gathered(&records).await;
        let written = database.write(batch.into_rows().into_statements()).await;
        match written {
            Err(DatabaseError::Busy | DatabaseError::Full | DatabaseError::Unavailable(_)) => {
                self.outbox().give_back(records);
                return false;
            }
            Ok(_) | Err(DatabaseError::Broken(_)) => self.outbox().settle(records.len(), written.is_ok()),
        }
        true
    }
}

/// A batch of all of them. Requests, for which a full one is milliseconds, have their turns in between.
async fn gathered(records: &[Record]) -> Batch<'_> {
    let mut batch = Batch::default();
    for some in records.chunks(AT_A_TIME) {
        some.iter().for_each(|record| batch.add(record));
        tokio::task::yield_now().await;
    }
    batch
}

async fn write(shared: Arc<Shared>, database: impl Database) {
    let mut told = 0;
    // The process before this one may have left some.
    let mut fold_at = Some(Instant::now() + FOLD_AFTER);
    loop {
        tokio::select! {
            () = shared.filled.notified() => {}
            () = due(fold_at) => {
                let folded = database.write(fold()).await;
                fold_at = folded.err().map(|_told_in_the_log| Instant::now() + FOLD_AFTER);
                continue;
            }
        }
        let full = async {
            while !shared.outbox().is_full() {
                shared.filled.notified().await;
            }
        };
        let _either = tokio::time::timeout(FLUSH_AFTER, full).await;
        while !shared.flush(&database).await {
            tokio::time::sleep(FLUSH_AFTER).await;
            shared.tell_dropped(&mut told);
        }
        shared.tell_dropped(&mut told);
        fold_at.get_or_insert_with(|| Instant::now() + FOLD_AFTER);
    }
}

/// Ends at `at`, if ever.
async fn due(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}

async fn prune(database: impl Database, retention: Retention) {
    let mut turn = tokio::time::interval(PRUNE_EVERY);
    loop {
        turn.tick().await;
        let now = SystemClock.now();
        while let Ok(answers) = database.write(retention.requests(now)).await
            && answers.last().is_some_and(|removed| !removed.is_empty())
        {
            tokio::time::sleep(PAUSE).await;
        }
        let mut old = retention.stats(now);
        old.push(retention.captures(now));
        let _told_in_the_log = database.write(old).await;
    }
}
