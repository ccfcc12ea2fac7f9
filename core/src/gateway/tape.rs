//! A request's [`Reel`], while its attempts, its answer and its end write on it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};

use crate::capture::reel::{Reel, Sent};
use crate::capture::store;
use crate::config::client_key::ClientKey;
use crate::config::{Key, Protocol};
use crate::platform::{Database, Platform};
use crate::protocol;
use crate::record::Record;
use crate::schedule::Lease;

use super::Gateway;
use super::body::Body;

/// Shared by all that goes on for the request. The lock is held for writing and never over I/O.
#[derive(Clone, Debug)]
pub(crate) struct Tape(Arc<Mutex<Option<Reel>>>);

impl Tape {
    fn with(&self, write: impl FnOnce(&mut Reel)) {
        if let Some(reel) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            write(reel);
        }
    }

    fn take(&self) -> Option<Reel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// `request` is about to be sent.
    pub(crate) fn tries(&self, lease: &Lease, key: &Key, protocol: Protocol, request: &http::Request<Bytes>) {
        let headers = protocol::request_headers(protocol, request.headers());
        let uri = request.uri().to_string();
        let address = uri.split('?').next().unwrap_or_default();
        let url = shown(address, request.uri().query());
        let sent = Sent::new(request.method().as_str(), url, headers, request.body());
        self.with(|reel| reel.tries(&lease.channel, &key.id, sent));
    }

    /// An upstream that speaks `protocol` answers.
    pub(crate) fn hears(&self, protocol: Protocol, status: StatusCode, headers: &HeaderMap) {
        let headers = protocol::response_headers(protocol, headers);
        self.with(|reel| reel.hears(status, headers));
    }

    /// More of its answer.
    pub(crate) fn heard(&self, chunk: &[u8]) {
        self.with(|reel| reel.heard(chunk));
    }

    /// The client is answered. What is not whole is told [as it comes](Self::answered).
    pub(crate) fn answers<P: Platform>(&self, answer: &Response<Body<P>>) {
        self.with(|reel| {
            reel.answers(answer.status(), answer.headers().clone());
            if let Body::Whole(body) = answer.body() {
                reel.answered(body);
            }
        });
    }

    /// More of its answer.
    pub(crate) fn answered(&self, chunk: &[u8]) {
        self.with(|reel| reel.answered(chunk));
    }
}

impl<P: Platform> Gateway<P> {
    /// For a request that is to be captured, if it is.
    pub(crate) fn tape(&self, key: &ClientKey, record: &Record, parts: &Parts, body: &[u8]) -> Option<Tape> {
        if !self.capture.is_on() {
            return None;
        }
        let ticket = self.capture.begin(key.id.as_str(), &record.model, record.at)?;
        let passing = protocol::request_headers(record.protocol, &parts.headers);
        let sent = parts.headers.iter().filter(|(name, _)| passing.contains_key(*name));
        let headers = sent.map(|(name, value)| (name.clone(), value.clone())).collect();
        let query = parts.uri.query().filter(|_| record.protocol == Protocol::Gemini);
        let credential = protocol::client_credential(&parts.headers, query).map(Into::into);
        let url = shown(parts.uri.path(), parts.uri.query());
        let request = Sent::new(parts.method.as_str(), url, headers, body);
        Some(Tape(Arc::new(Mutex::new(Some(Reel::new(ticket, credential, request))))))
    }

    /// The request has ended: keeps what was captured of it, behind its answer. Whether it is kept.
    pub(crate) fn keep(self: &Arc<Self>, tape: &Tape, record: &Record) -> bool {
        let Some(reel) = tape.take() else { return false };
        let kept = self.capture.end(reel.ticket(), reel.fits());
        if kept {
            let (gateway, id, at) = (Arc::clone(self), record.id.clone(), record.at);
            self.later(async move {
                let order = reel.ticket().order.clone();
                let statements = store::keep(&order, &id, at, reel.written(&id, at));
                // The reason is the database's to tell; the request has its record.
                if gateway.platform.database().write(statements).await.is_err() {
                    gateway.capture.lose();
                }
            });
        }
        kept
    }
}

/// The address without what comes after the path, and the query without credentials.
fn shown(address: &str, query: Option<&str>) -> String {
    let query = protocol::client_query(query).map(|query| format!("?{query}"));
    format!("{address}{}", query.unwrap_or_default())
}
