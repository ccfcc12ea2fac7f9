//! Requests that are refused before they are read, and what is recorded of them.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use http::request::Parts;

use crate::config::{ClientKeyId, Protocol};
use crate::error::Failure;
use crate::platform::Platform;
use crate::record::Record;
use crate::time::Timestamp;

use super::Gateway;
use super::ids::RequestId;
use super::trip::Trip;

/// So many requests without a known key are recorded a minute: whoever knocks must not fill the disk.
const A_MINUTE: u32 = 30;

/// How many were recorded in the latest minute that had one.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    minute: u64,
    recorded: u32,
}

impl Strangers {
    /// Whether one more is recorded.
    fn note(&mut self, now: Timestamp) -> bool {
        let minute = now.as_millis() / 60_000;
        if minute != self.minute {
            *self = Self { minute, recorded: 0 };
        }
        self.recorded += 1;
        self.recorded <= A_MINUTE
    }
}

impl<P: Platform> Gateway<P> {
    /// Records a refusal of whoever asks, be it a client or a stranger.
    pub(super) fn refuse(
        self: &Arc<Self>,
        parts: &Parts,
        protocol: Protocol,
        client: Option<IpAddr>,
        id: &RequestId,
        failure: Failure,
    ) -> Failure {
        match self.authenticate(&self.config.current(), parts, protocol, client) {
            Ok(key) => self.record_refusal(protocol, key.id.clone(), id, failure),
            Err(_) => self.turn_away(protocol, id, failure),
        }
    }

    /// Records that somebody without a known key was refused, unless there are too many of them.
    pub(super) fn turn_away(
        self: &Arc<Self>,
        protocol: Protocol,
        id: &RequestId,
        failure: Failure,
    ) -> Failure {
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = strangers.note(self.now());
        drop(strangers);
        if noted { self.record_refusal(protocol, ClientKeyId::new(""), id, failure) } else { failure }
    }

    fn record_refusal(
        self: &Arc<Self>,
        protocol: Protocol,
        client_key: ClientKeyId,
        id: &RequestId,
        failure: Failure,
    ) -> Failure {
        let record = Record::new(id, id.at, protocol, client_key, "");
        self.lost(Trip::new(self, &self.config.current(), record), failure)
    }
}
