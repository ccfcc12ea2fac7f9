//! The Worker's side of every trait that core asks for.

use causeway_core::gateway::LocalCoordinator;
use causeway_core::platform::Platform;

use crate::background::WaitUntil;
use crate::clock::WorkerClock;
use crate::entropy::WebEntropy;
use crate::http_client::FetchClient;
use crate::recorder::LogRecorder;
use crate::store::KvConfigStore;

pub(crate) struct WorkerPlatform {
    store: KvConfigStore,
    /// What this isolate has seen of the channels; other isolates see for themselves.
    coordinator: LocalCoordinator<WorkerClock>,
}

impl WorkerPlatform {
    pub(crate) fn new(store: KvConfigStore) -> Self {
        Self { store, coordinator: LocalCoordinator::new(WorkerClock, &WebEntropy).without_calls() }
    }
}

impl Platform for WorkerPlatform {
    type Http = FetchClient;
    type Config = KvConfigStore;
    type Coordinator = LocalCoordinator<WorkerClock>;
    type Recorder = LogRecorder;
    type Clock = WorkerClock;
    type Entropy = WebEntropy;
    type Background = WaitUntil;

    fn http(&self) -> &FetchClient {
        &FetchClient
    }

    fn config(&self) -> &KvConfigStore {
        &self.store
    }

    fn coordinator(&self) -> &LocalCoordinator<WorkerClock> {
        &self.coordinator
    }

    fn recorder(&self) -> &LogRecorder {
        &LogRecorder
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
