//! How long nothing has come from the upstream, or gone to the client.

use std::pin::Pin;
use std::time::Duration;

use crate::config::Timeouts;
use crate::time::Timestamp;

pub(super) struct Silence {
    first_content: Duration,
    idle: Duration,
    /// When the upstream last sent something.
    pub(super) heard: Timestamp,
    /// When the client last got something.
    pub(super) spoke: Timestamp,
    pub(super) timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Silence {
    pub(super) const fn new(timeouts: &Timeouts, now: Timestamp) -> Self {
        let Timeouts { first_content, idle, .. } = *timeouts;
        Self { first_content, idle, heard: now, spoke: now, timer: None }
    }

    /// What is the most of an upstream.
    pub(super) const fn limit(&self, content: bool) -> Duration {
        if content { self.idle } else { self.first_content }
    }
}
