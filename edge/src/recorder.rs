//! Finished requests: a line of the log each, and a row of the database.
//!
//! An isolate writes what has gathered about once a second, behind whichever answer came first.

mod line;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causeway_core::platform::{Clock, Recorder};
use causeway_core::record::Record;
use causeway_core::record::batch::Batch;
use causeway_core::record::outbox::{Counts, Outbox};
use causeway_core::record::retention::Retention;
use causeway_core::time::Timestamp;

use crate::clock::WorkerClock;
use crate::ledger::link::LedgerLink;

/// Between two writes of an isolate.
const PACE: Duration = Duration::from_secs(1);
/// The runtime may end a request before it has written what it was to write: then another does.
const PATIENCE: Duration = Duration::from_secs(5);

/// Implements [`Recorder`].
#[derive(Debug)]
pub(crate) struct LedgerRecorder {
    link: LedgerLink,
    /// Of no days: nothing is recorded.
    retention: Retention,
    gathered: Mutex<Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    outbox: Outbox,
    /// Until then somebody sees to it that the records are written.
    led_until: Timestamp,
}

impl LedgerRecorder {
    pub(crate) fn new(link: LedgerLink, retention: Retention) -> Self {
        Self { link, retention, gathered: Mutex::default() }
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether whoever brings `record` has to write it, with those that come within the pace.
    fn push(&self, record: Record) -> bool {
        let now = WorkerClock.now();
        let Gathered { outbox, led_until } = &mut *self.gathered();
        outbox.push(record);
        let leads = now >= *led_until;
        if leads {
            *led_until = now + PACE + PATIENCE;
        }
        leads
    }

    async fn flush(&self) {
        let records = {
            let Gathered { outbox, led_until } = &mut *self.gathered();
            *led_until = Timestamp::default();
            outbox.take()
        };
        if records.is_empty() {
            return;
        }
        let batch: Batch<'_> = records.iter().collect();
        let written = self.link.record(&batch.into_rows()).await;
        if let Err(error) = &written {
            worker::console_error!("{} requests were not recorded: {error}", records.len());
        }
        self.gathered().outbox.settle(records.len(), written.is_ok());
    }
}

impl Recorder for LedgerRecorder {
    #[worker::send]
    async fn append(&self, record: Record) {
        worker::console_log!("{}", line::line(&record));
        if self.retention.request_days > 0 && self.push(record) {
            WorkerClock.sleep(PACE).await;
            self.flush().await;
        }
    }

    fn counts(&self) -> Counts {
        self.gathered().outbox.counts()
    }
}
