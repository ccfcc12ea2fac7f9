//! Who may call.

use std::net::IpAddr;
use std::sync::{Arc, MutexGuard, PoisonError};

use http::request::Parts;

use crate::admin::throttle::Throttle;
use crate::config::client_key::ClientKey;
use crate::config::{Config, Protocol, Status};
use crate::error::{Failure, FailureKind, Origin};
use crate::platform::Platform;
use crate::protocol;

use super::Gateway;

impl<P: Platform> Gateway<P> {
    /// The client key a request comes with.
    ///
    /// # Errors
    /// 401 without a valid key, or with one that is paused or expired; 429 for an address that keeps guessing.
    pub(crate) fn authenticate(
        &self,
        config: &Config,
        parts: &Parts,
        protocol: Protocol,
        client: Option<IpAddr>,
    ) -> Result<Arc<ClientKey>, Failure> {
        let now = self.now();
        if let Some(wait) = client.and_then(|client| self.throttle().refused(client, now)) {
            let message = "too many different wrong keys from this address";
            let failure = Failure::new(Origin::Client, FailureKind::RateLimited, message);
            return Err(failure.with_retry_after(Some(wait)));
        }
        let query = parts.uri.query().filter(|_| protocol == Protocol::Gemini);
        let Some(presented) = protocol::client_credential(&parts.headers, query) else {
            let message = "no key: send one as `Authorization: Bearer`, `x-api-key` or `x-goog-api-key`";
            return Err(Failure::new(Origin::Client, FailureKind::Authentication, message));
        };
        if let Some(key) = config.access.client(&presented) {
            let refused = |why| Err(Failure::new(Origin::Client, FailureKind::Authentication, why));
            return match key.expires_at {
                _ if key.status == Status::Paused => refused("this key is paused"),
                Some(expiry) if expiry <= now => refused("this key has expired"),
                _ => Ok(Arc::clone(key)),
            };
        }
        if let Some(client) = client {
            self.throttle().note_wrong(client, &presented, now);
        }
        Err(Failure::new(Origin::Client, FailureKind::Authentication, "this key is not known here"))
    }

    pub(crate) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
