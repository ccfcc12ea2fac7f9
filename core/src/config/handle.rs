//! The configuration in force, swapped as a whole.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Config, Version};

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

    /// Puts `config` in force if the one in force still is `previous`, so that of two changes made at the
    /// same time the older never wins. `false`: it was not.
    pub fn install_after(&self, previous: &Version, config: Config) -> bool {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let unchanged = current.version == *previous;
        if unchanged {
            *current = Arc::new(config);
        }
        unchanged
    }
}
