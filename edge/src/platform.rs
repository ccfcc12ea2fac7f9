//! The Worker's side of every trait that core asks for.

use causeway_core::gateway::{LocalCoordinator, SharedCoordinator};
use causeway_core::live::Extent;
use causeway_core::platform::Platform;
use causeway_core::record::retention::Retention;

use crate::background::WaitUntil;
use crate::clock::WorkerClock;
use crate::control::link::ControlLink;
use crate::control::store::ControlStore;
use crate::entropy::WebEntropy;
use crate::http_client::FetchClient;
use crate::ledger::link::LedgerLink;
use crate::recorder::LedgerRecorder;

type Shared = SharedCoordinator<WorkerClock, ControlLink, WaitUntil>;

pub(crate) struct WorkerPlatform {
    store: ControlStore,
    coordinator: Shared,
    ledger: LedgerLink,
    recorder: LedgerRecorder,
}

impl WorkerPlatform {
    pub(crate) fn new(
        store: ControlStore,
        link: ControlLink,
        ledger: LedgerLink,
        retention: Retention,
    ) -> Self {
        let local = LocalCoordinator::new(WorkerClock, &WebEntropy).without_calls();
        Self {
            store,
            coordinator: SharedCoordinator::new(local, link, WaitUntil),
            recorder: LedgerRecorder::new(ledger.clone(), retention),
            ledger,
        }
    }
}

impl Platform for WorkerPlatform {
    type Http = FetchClient;
    type Config = ControlStore;
    type Coordinator = Shared;
    type Database = LedgerLink;
    type Recorder = LedgerRecorder;
    type Clock = WorkerClock;
    type Entropy = WebEntropy;
    type Background = WaitUntil;

    /// The object with the database tells watchers of what isolates bring it.
    const LIVE: Extent = Extent::Finished;

    fn http(&self) -> &FetchClient {
        &FetchClient
    }

    fn config(&self) -> &ControlStore {
        &self.store
    }

    fn coordinator(&self) -> &Shared {
        &self.coordinator
    }

    fn database(&self) -> &LedgerLink {
        &self.ledger
    }

    fn recorder(&self) -> &LedgerRecorder {
        &self.recorder
    }

    fn clock(&self) -> &WorkerClock {
        &WorkerClock
    }

    fn entropy(&self) -> &WebEntropy {
        &WebEntropy
    }

    fn background(&self) -> &WaitUntil {
        &WaitUntil
    }
}
