//! A client's request, as the attempts need it.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use crate::config::client_key::ClientKey;
use crate::protocol::{Operation, Peek};
use crate::schedule::{Ask, Needs, SessionKey};
use crate::time::Timestamp;

use super::tape::Tape;

/// A client's request, read and understood as far as a gateway must.
pub(crate) struct Inbound<'a> {
    pub(crate) id: &'a str,
    pub(crate) client_key: &'a Arc<ClientKey>,
    pub(crate) arrived: Timestamp,
    pub(crate) operation: Operation,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: Option<&'a str>,
    pub(crate) body: &'a Bytes,
    pub(crate) peek: Peek<'a>,
    /// When every attempt must have answered.
    pub(crate) deadline: Timestamp,
    /// What is captured of it, if it is.
    pub(crate) tape: Option<Tape>,
}

/// The same with its ask, owned: for an answer that may have to begin anew.
pub(crate) struct Kept {
    id: String,
    client_key: Arc<ClientKey>,
    arrived: Timestamp,
    operation: Operation,
    headers: HeaderMap,
    query: Option<String>,
    body: Bytes,
    peek: Peek<'static>,
    deadline: Timestamp,
    tape: Option<Tape>,
    pin: Option<String>,
    prefix: Option<String>,
    session: Option<SessionKey>,
    needs: Needs,
    waits_until: Option<Timestamp>,
}

impl Kept {
    pub(crate) fn of(inbound: &Inbound<'_>, ask: &Ask<'_>) -> Self {
        Self {
            id: inbound.id.to_owned(),
            client_key: Arc::clone(inbound.client_key),
            arrived: inbound.arrived,
            operation: inbound.operation,
            headers: inbound.headers.clone(),
            query: inbound.query.map(str::to_owned),
            body: inbound.body.clone(),
            peek: inbound.peek.to_owned(),
            deadline: inbound.deadline,
            tape: inbound.tape.clone(),
            pin: ask.pin.map(str::to_owned),
            prefix: ask.prefix.map(str::to_owned),
            session: ask.session,
            needs: ask.needs,
            waits_until: ask.waits_until,
        }
    }

    pub(crate) fn inbound(&self) -> Inbound<'_> {
        Inbound {
            id: &self.id,
            client_key: &self.client_key,
            arrived: self.arrived,
            operation: self.operation,
            headers: &self.headers,
            query: self.query.as_deref(),
            body: &self.body,
            peek: self.peek.clone(),
            deadline: self.deadline,
            tape: self.tape.clone(),
        }
    }

    pub(crate) fn ask(&self) -> Ask<'_> {
        Ask {
            protocol: self.operation.protocol(),
            model: &self.peek.model,
            convertible: self.operation.converts(),
            embeds: self.operation.embeds(),
            pin: self.pin.as_deref(),
            prefix: self.prefix.as_deref(),
            channels: self.client_key.channels.as_ref(),
            session: self.session,
            needs: self.needs,
            waits_until: self.waits_until,
            ticket: None,
            traced: true,
            tried: &[],
        }
    }
}
