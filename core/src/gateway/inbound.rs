//! A client's request, as the attempts need it.

use bytes::Bytes;
use http::HeaderMap;

use crate::protocol::{Operation, Peek};
use crate::time::Timestamp;

/// A client's request, read and understood as far as a gateway must.
pub(crate) struct Inbound<'a> {
    pub(crate) id: &'a str,
    pub(crate) client_key: &'a str,
    pub(crate) arrived: Timestamp,
    pub(crate) operation: Operation,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: Option<&'a str>,
    pub(crate) body: &'a Bytes,
    pub(crate) peek: Peek<'a>,
    /// When every attempt must have answered.
    pub(crate) deadline: Timestamp,
}
