//! A whole platform in memory.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;

use super::clock::VirtualClock;
use super::database::MemoryDatabase;
use super::http::FakeHttp;
use super::store::MemoryStore;
use crate::gateway::LocalCoordinator;
use crate::live::Extent;
use crate::platform::{Background, Entropy, Platform, Recorder};
use crate::record::Record;
use crate::record::outbox::Counts;

/// Every seam, faked; the fields are for scripting and looking.
pub struct FakePlatform {
    pub clock: VirtualClock,
    pub http: FakeHttp,
    pub store: MemoryStore,
    pub database: MemoryDatabase,
    pub records: Records,
    coordinator: LocalCoordinator<VirtualClock>,
    entropy: Counting,
    background: Inline,
}

impl FakePlatform {
    /// With an empty store.
    pub fn new() -> Self {
        Self::with_store(MemoryStore::default())
    }

    pub fn with_store(store: MemoryStore) -> Self {
        let clock = VirtualClock::default();
        let entropy = Counting::default();
        Self {
            http: FakeHttp::new(&clock),
            store,
            database: MemoryDatabase::new(),
            records: Records::default(),
            coordinator: LocalCoordinator::new(clock.clone(), &entropy),
            entropy,
            background: Inline,
            clock,
        }
    }
}

impl Default for FakePlatform {
    fn default() -> Self {
        Self::new()
    }
}

impl Platform for FakePlatform {
    type Http = FakeHttp;
    type Config = MemoryStore;
    type Coordinator = LocalCoordinator<VirtualClock>;
    type Database = MemoryDatabase;
    type Recorder = Records;
    type Clock = VirtualClock;
    type Entropy = Counting;
    type Background = Inline;

    const LIVE: Extent = Extent::Full;

    fn http(&self) -> &FakeHttp {
        &self.http
    }

    fn config(&self) -> &MemoryStore {
        &self.store
    }

    fn coordinator(&self) -> &LocalCoordinator<VirtualClock> {
        &self.coordinator
    }

    fn database(&self) -> &MemoryDatabase {
        &self.database
    }

    fn recorder(&self) -> &Records {
        &self.records
    }

    fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    fn entropy(&self) -> &Counting {
        &self.entropy
    }

    fn background(&self) -> &Inline {
        &self.background
    }
}

/// Keeps records for a test to look at.
#[derive(Clone, Default)]
pub struct Records(Arc<Mutex<Vec<Record>>>);

impl Records {
    pub fn all(&self) -> Vec<Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Recorder for Records {
    async fn append(&self, record: Record) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    fn counts(&self) -> Counts {
        Counts { written: self.all().len() as u64, dropped: 0 }
    }
}

/// The same "random" bytes in every run.
#[derive(Default)]
pub struct Counting(Mutex<u64>);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let word = (mixed ^ (mixed >> 27)).to_le_bytes();
            chunk.iter_mut().zip(word).for_each(|(byte, random)| *byte = random);
        }
    }
}

/// Runs background tasks on the spot; the fakes never make one wait.
pub struct Inline;

impl Background for Inline {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let mut task = task;
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(task.as_mut().poll(&mut context).is_ready(), "the fakes make no background task wait");
    }
}
