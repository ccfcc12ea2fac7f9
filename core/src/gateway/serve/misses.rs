//! What a request is answered with that nothing served.

use std::time::Duration;

use crate::error::{Failure, FailureKind, Origin};
use crate::schedule::{Ask, Class, Reason, Refusal};
use crate::time::Timestamp;

use super::super::attempt::Miss;

/// So many attempts are told one by one.
const MAX_TOLD: usize = 20;
/// When a place will be free at a limit on requests under way, nobody knows.
pub(in crate::gateway) const LIMIT_RETRY: Duration = Duration::from_secs(1);

/// What was tried in vain.
#[derive(Default)]
pub(super) struct Misses {
    tried: Vec<String>,
    untold: usize,
    /// How many of them an upstream saw.
    sent: usize,
    last: Option<Miss>,
}

impl Misses {
    pub(super) fn push(&mut self, channel: &str, miss: Miss) {
        if self.tried.len() < MAX_TOLD {
            let status = miss.status.map(|status| format!("{} ", status.as_u16())).unwrap_or_default();
            self.tried.push(format!("{channel}: {status}{}", miss.message));
        } else {
            self.untold += 1;
        }
        let sent = miss.class != Class::Unfit;
        self.sent += usize::from(sent);
        // What an upstream said tells more than what none was asked.
        if sent || self.sent == 0 {
            self.last = Some(miss);
        }
    }

    pub(super) const fn sent(&self) -> usize {
        self.sent
    }

    /// No candidate was left: the last upstream's word, or why there was none to ask.
    pub(super) fn failure_after(self, refusal: &Refusal, ask: &Ask<'_>, now: Timestamp) -> Failure {
        if self.last.is_some() {
            return self.failure("no channel served the request");
        }
        let unknown = (refusal.reason == Reason::Limited).then_some(LIMIT_RETRY);
        let retry_after = refusal.retry_at.map(|at| now.until(at)).or(unknown);
        refused(refusal.reason, ask).with_retry_after(retry_after)
    }

    /// The last upstream's status and message.
    pub(super) fn failure(self, why: &str) -> Failure {
        let Some(last) = self.last else {
            return Failure::new(Origin::Gateway, FailureKind::Internal, why);
        };
        let mut tried = self.tried;
        if self.untold > 0 {
            tried.push(format!("{} more", self.untold));
        }
        Failure { tried, ..last.failure() }
    }
}

/// Nothing was tried: tells the client what to change, or when to come back.
fn refused(reason: Reason, ask: &Ask<'_>) -> Failure {
    let (protocol, model) = (ask.protocol, ask.model);
    let pin = ask.pin.unwrap_or_default();
    let (kind, message) = match reason {
        Reason::NoChannel => {
            (FailureKind::NotFound, format!("no channel is configured for the {protocol} protocol"))
        }
        Reason::NoModel => {
            (FailureKind::NotFound, format!("no channel serves the model `{model}` over {protocol}"))
        }
        Reason::NotAllowed => (
            FailureKind::Permission,
            format!("this key may use none of the channels that serve the model `{model}`"),
        ),
        Reason::UnknownChannel => {
            (FailureKind::NotFound, format!("no channel is named `{pin}`, as X-Channel asks"))
        }
        Reason::Paused => (
            FailureKind::Overloaded,
            format!("every channel that serves `{model}` is paused or without a usable key"),
        ),
        Reason::Limited => (
            FailureKind::RateLimited,
            format!("every channel that serves `{model}` is at its limit of requests or tokens"),
        ),
        Reason::CoolingDown | Reason::Exhausted => {
            (FailureKind::Overloaded, format!("every channel that serves `{model}` is cooling down"))
        }
    };
    Failure::new(Origin::Gateway, kind, message)
}
