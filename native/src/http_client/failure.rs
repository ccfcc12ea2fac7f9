//! What an error of the client means, in the core's words and without secrets.

use std::error::Error;
use std::io;

use causeway_core::config::Transport;
use causeway_core::platform::{TransportError, TransportErrorKind};
use h2::Reason;
use hyper_util::client::legacy;

use super::connector::TooSlow;

pub(super) fn classify(error: &legacy::Error, host: Option<&str>, transport: &Transport) -> TransportError {
    let kind = kind(error, transport.proxy.is_some());
    let cause = root_cause(error);
    let message = match host {
        Some(host) => format!("{host}: {cause}"),
        None => cause,
    };
    TransportError { kind, message }
}

/// Whether the upstream says that it has not looked at the request, because it ends this connection or has too many on
/// it: <https://www.rfc-editor.org/rfc/rfc9113#section-8.7>
pub(super) fn is_unseen(error: &legacy::Error) -> bool {
    chain(error).filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(|error| {
        error.is_remote()
            && ((error.is_go_away() && error.reason() == Some(Reason::NO_ERROR))
                || (error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM)))
    })
}

/// The innermost explanation; the outer ones only say that sending failed.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn kind(error: &legacy::Error, through_proxy: bool) -> TransportErrorKind {
    if chain(error).any(|cause| cause.is::<rustls::Error>()) {
        return TransportErrorKind::Tls;
    }
    if error.is_connect() {
        // With a proxy, the only host this machine connects to is the proxy.
        return match (through_proxy, chain(error).any(is_timeout)) {
            (true, _) => TransportErrorKind::Proxy,
            (false, true) => TransportErrorKind::Timeout,
            (false, false) => TransportErrorKind::Connect,
        };
    }
    if chain(error).any(closed) { TransportErrorKind::Closed } else { TransportErrorKind::Other }
}

fn is_timeout(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<TooSlow>()
        || cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
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
