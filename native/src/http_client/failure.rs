//! What a reqwest error means, in the core's words and without secrets.

use std::error::Error;
use std::io;

use causeway_core::config::Transport;
use causeway_core::platform::{TransportError, TransportErrorKind};

/// `error` must have lost its URL: a query may hold a key.
pub(super) fn classify(error: reqwest::Error, host: Option<&str>, transport: &Transport) -> TransportError {
    let kind = kind(&error, transport.proxy.is_some());
    let cause = root_cause(&error);
    let message = match host {
        Some(host) => format!("{host}: {cause}"),
        None => cause,
    };
    TransportError { kind, message }
}

/// The innermost explanation; the outer ones only say that sending failed.
pub(super) fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn kind(error: &reqwest::Error, through_proxy: bool) -> TransportErrorKind {
    if chain(error).any(|cause| cause.is::<rustls::Error>()) {
        return TransportErrorKind::Tls;
    }
    if error.is_connect() {
        // With a proxy, the only host this machine connects to is the proxy.
        return match (through_proxy, error.is_timeout()) {
            (true, _) => TransportErrorKind::Proxy,
            (false, true) => TransportErrorKind::Timeout,
            (false, false) => TransportErrorKind::Connect,
        };
    }
    if error.is_timeout() {
        return TransportErrorKind::Timeout;
    }
    if chain(error).any(closed) { TransportErrorKind::Closed } else { TransportErrorKind::Other }
}

fn closed(cause: &(dyn Error + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_incomplete_message() || error.is_canceled() || error.is_closed();
    }
    cause.downcast_ref::<io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof
        )
    })
}

/// The error and its causes, outermost first. An `io::Error` hides the error it wraps from `source`.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}
