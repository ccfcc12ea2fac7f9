//! The configuration in force, swapped as a whole.

use std::sync::{Arc, PoisonError, RwLock};

use super::Config;

/// Holds the current [`Config`]. A request takes it once and keeps what it took.
#[derive(Debug)]
pub struct ConfigHandle(RwLock<Arc<Config>>);

impl ConfigHandle {
    pub fn new(config: Config) -> Self {
        Self(RwLock::new(Arc::new(config)))
    }

    /// The configuration in force now.
    pub fn current(&self) -> Arc<Config> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `config` in force for every request that starts from now on, and returns it.
    pub fn install(&self, config: Config) -> Arc<Config> {
        let config = Arc::new(config);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&config);
        config
    }
}
