//! The core's traits on this platform, gathered in one type.

use causeway_core::gateway::LocalCoordinator;
use causeway_core::live::Extent;
use causeway_core::platform::{ConfigStore, Platform};

use crate::background::TokioBackground;
use crate::clock::SystemClock;
use crate::database::SqliteDatabase;
use crate::entropy::SystemEntropy;
use crate::env::Environment;
use crate::http_client::{PooledClient, TlsError};
use crate::recorder::NativeRecorder;
use crate::telemetry::Exporter;

/// Implements [`Platform`]; only where the configuration is kept differs.
pub struct NativePlatform<S> {
    http: PooledClient,
    config: S,
    coordinator: LocalCoordinator<SystemClock>,
    database: SqliteDatabase,
    recorder: NativeRecorder,
    background: TokioBackground,
}

impl<S: ConfigStore> NativePlatform<S> {
    /// Within a runtime, whose tasks keep its records.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        config: S,
        database: SqliteDatabase,
        environment: &Environment,
        background: TokioBackground,
    ) -> Result<Self, TlsError> {
        let exporter = match &environment.collector {
            Some(collector) => Some(Exporter::start(collector.clone(), PooledClient::new()?)),
            None => None,
        };
        let recorder =
            NativeRecorder::start(database.clone(), environment.retention, environment.request_logs);
        Ok(Self {
            http: PooledClient::new()?,
            config,
            coordinator: LocalCoordinator::new(SystemClock, &SystemEntropy),
            recorder: recorder.exporting(exporter),
            database,
            background,
        })
    }
}

impl<S: ConfigStore> Platform for NativePlatform<S> {
    type Http = PooledClient;
    type Config = S;
    type Coordinator = LocalCoordinator<SystemClock>;
    type Database = SqliteDatabase;
    type Recorder = NativeRecorder;
    type Clock = SystemClock;
    type Entropy = SystemEntropy;
    type Background = TokioBackground;

    const LIVE: Extent = Extent::Full;

    fn http(&self) -> &Self::Http {
        &self.http
    }

    fn config(&self) -> &Self::Config {
        &self.config
    }

    fn coordinator(&self) -> &Self::Coordinator {
        &self.coordinator
    }

    fn database(&self) -> &Self::Database {
        &self.database
    }

    fn recorder(&self) -> &Self::Recorder {
        &self.recorder
    }

    fn clock(&self) -> &Self::Clock {
        &SystemClock
    }

    fn entropy(&self) -> &Self::Entropy {
        &SystemEntropy
    }

    fn background(&self) -> &Self::Background {
        &self.background
    }
}
