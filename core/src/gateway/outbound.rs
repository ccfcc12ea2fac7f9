//! Requests as an upstream gets them.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use crate::config::{Channel, Endpoint, Key};
use crate::protocol;

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
