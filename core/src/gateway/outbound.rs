//! Requests as an upstream gets them.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use crate::config::{Channel, Endpoint, Key, OnLoss};
use crate::error::Failure;
use crate::ir::How;
use crate::platform::Entropy;
use crate::protocol::convert::Answering;
use crate::protocol::{self, Operation, messages};
use crate::schedule::Lease;
use crate::transcode::{self, Exchange, Issuer, Parties, Vault};

use super::attempt::Miss;
use super::inbound::Inbound;
use super::shape::Shape;

/// What is sent, and how the answer is read.
pub(crate) struct Outbound {
    pub(crate) request: http::Request<Bytes>,
    /// `None` where both sides speak the same protocol.
    pub(crate) exchange: Option<Exchange>,
}

/// Why nothing was sent.
pub(crate) enum NotSent {
    /// Another candidate may be able to.
    Unfit(Miss),
    /// The client's request is wrong.
    Wrong(Failure),
}

/// What requests are written with, beside the request itself.
pub(crate) struct Means<'a, E> {
    pub(crate) vault: &'a Vault,
    pub(crate) entropy: &'a E,
}

/// The request as this lease's endpoint wants it, with the endpoint's own credential.
pub(crate) fn prepare<E: Entropy>(
    means: &Means<'_, E>,
    inbound: &Inbound<'_>,
    lease: &Lease,
    endpoint: &Endpoint,
    key: &Key,
) -> Result<Outbound, NotSent> {
    if endpoint.protocol != inbound.operation.protocol() || lease.omits_sealed() {
        return converted(means, inbound, lease, endpoint, key);
    }
    let headers = headers(&lease.channel, endpoint, key, inbound.headers).ok_or_else(keyless)?;
    let query = protocol::client_query(inbound.query);
    let uri = address(endpoint, inbound.operation, model(inbound, lease), query.as_deref())?;
    let body = same(means.vault, inbound, lease);
    Ok(Outbound { request: request(Method::POST, uri, headers, body), exchange: None })
}

/// The request written anew by the endpoint's sheet, also where both sides speak the same protocol.
pub(crate) fn converted<E: Entropy>(
    means: &Means<'_, E>,
    inbound: &Inbound<'_>,
    lease: &Lease,
    endpoint: &Endpoint,
    key: &Key,
) -> Result<Outbound, NotSent> {
    let model = model(inbound, lease);
    let mut headers = headers(&lease.channel, endpoint, key, inbound.headers).ok_or_else(keyless)?;
    let mut exchange = exchange(means, inbound, lease, endpoint, model)?;
    let query = (exchange.operation == Operation::GeminiStream).then_some("alt=sse");
    let uri = address(endpoint, exchange.operation, model, query)?;
    for (name, value) in exchange.encoded.headers.drain(..) {
        headers.append(name, value);
    }
    messages::join_betas(&mut headers, |token| !lease.omits_beta(token));
    let body = std::mem::take(&mut exchange.encoded.body).into();
    Ok(Outbound { request: request(Method::POST, uri, headers, body), exchange: Some(exchange) })
}

/// The upstream's name of it.
fn model<'a>(inbound: &'a Inbound<'_>, lease: &'a Lease) -> &'a str {
    lease.model.as_deref().unwrap_or(&inbound.peek.model)
}

fn keyless() -> NotSent {
    NotSent::Unfit(Miss::keyless())
}

/// The same bytes, with the mapped model, and without what other upstreams sealed.
fn same(vault: &Vault, inbound: &Inbound<'_>, lease: &Lease) -> Bytes {
    let operation = inbound.operation;
    let body = match &lease.model {
        Some(model) => protocol::with_model(operation, &inbound.peek, inbound.body, model),
        None => inbound.body.clone(),
    };
    let issuer = Issuer { channel: lease.channel.id.as_str(), protocol: operation.protocol() };
    vault.strip(operation.protocol(), &body, inbound.client_key.id.as_str(), issuer).unwrap_or(body)
}

fn exchange<E: Entropy>(
    means: &Means<'_, E>,
    inbound: &Inbound<'_>,
    lease: &Lease,
    endpoint: &Endpoint,
    model: &str,
) -> Result<Exchange, NotSent> {
    let peek = &inbound.peek;
    let decoded = transcode::decode(inbound.operation, inbound.body, &peek.model, peek.stream)
        .map_err(|invalid| NotSent::Wrong(Failure::invalid(invalid.to_string())))?;
    let compat = lease.compat();
    let parties = Parties {
        client: inbound.operation,
        client_key: inbound.client_key.id.as_str(),
        upstream: endpoint.protocol,
        channel: lease.channel.id.as_str(),
        model,
        compat: &compat,
        takes_sealed: !lease.omits_sealed(),
    };
    let mut nonce = [0; 8];
    means.entropy.fill(&mut nonce);
    let answering = Answering {
        seed: inbound.id.trim_start_matches("req_").to_owned(),
        now: inbound.arrived.as_millis() / 1000,
        model: peek.model.clone().into_owned(),
        include_usage: false,
        array: Shape::of(inbound) == Shape::Elements,
    };
    let exchange = transcode::exchange(decoded, &parties, means.vault, nonce, answering)
        .map_err(|unsupported| NotSent::Unfit(Miss::unfit(unsupported.to_string())))?;
    let lost = &exchange.encoded.lost;
    if lease.channel.on_loss == OnLoss::Refuse && lost.iter().any(|loss| loss.how != How::Emulated) {
        let message = format!("the channel refuses conversions that lose something: {lost}");
        return Err(NotSent::Unfit(Miss::unfit(message)));
    }
    Ok(exchange)
}

fn address(
    endpoint: &Endpoint,
    operation: Operation,
    model: &str,
    query: Option<&str>,
) -> Result<Uri, NotSent> {
    endpoint.base.join(operation.version(), &operation.path(model), query).map_err(|error| {
        NotSent::Unfit(Miss::transport(format!("the endpoint's address is unusable: {error}")))
    })
}

/// What the endpoint is sent beside the body: the allowed client headers, the channel's own, the key's credential.
///
/// `None` when the key cannot stand in a header.
pub(crate) fn headers(
    channel: &Channel,
    endpoint: &Endpoint,
    key: &Key,
    client: &HeaderMap,
) -> Option<HeaderMap> {
    let mut headers = protocol::request_headers(endpoint.protocol, client);
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let (name, value) = protocol::credential(endpoint.protocol, key.secret.expose())?;
    headers.insert(name, value);
    for (name, value) in &channel.headers {
        headers.insert(name, value.clone());
    }
    Some(headers)
}

pub(crate) fn request(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> http::Request<Bytes> {
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}
