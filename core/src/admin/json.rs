//! JSON in and out of requests and responses.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use http::{HeaderValue, Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Problem;
use crate::config::Version;
use crate::config::document::parse;

const MAX_BODY: usize = 1024 * 1024;

/// The body as `T`; the problem names the field.
pub(super) fn read<T: DeserializeOwned>(request: &Request<Bytes>) -> Result<T, Problem> {
    read_within(request, MAX_BODY)
}

/// As [`read`], of a body that may have so many bytes.
pub(super) fn read_within<T: DeserializeOwned>(request: &Request<Bytes>, limit: usize) -> Result<T, Problem> {
    let body = request.body();
    if body.len() > limit {
        return Err(Problem::too_large(limit));
    }
    let media_type =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Problem::not_json());
    }
    parse(body).map_err(Problem::invalid)
}

/// The version a write is meant for; `None`: whatever there is.
pub(super) fn if_match(request: &Request<Bytes>) -> Option<Version> {
    let value = request.headers().get(IF_MATCH)?.to_str().unwrap_or("invalid").trim();
    let value = opaque(value).trim_matches('"');
    (value != "*").then(|| Version::new(value))
}

/// What is JSON already.
pub(super) fn written(body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn response(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    let (status, body) = match serde_json::to_vec(body) {
        Ok(body) => (status, Bytes::from(body)),
        Err(_) => {
            let body = r#"{"error":{"code":"internal","message":"the answer cannot be written as JSON"}}"#;
            (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(body.as_bytes()))
        }
    };
    let mut response = written(body);
    *response.status_mut() = status;
    response
}

/// A response that carries the version to write against.
pub(super) fn versioned(status: StatusCode, version: &Version, body: &impl Serialize) -> Response<Bytes> {
    let mut response = response(status, body);
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The tag of an answer that has no version: another one for another `meaning`.
pub(super) fn tag(meaning: &[u8]) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("W/\"{}\"", Version::of(meaning))).ok()
}

/// The answer without its body where the reader has it already:
/// <https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2>. One without a tag is given that of its body.
pub(super) fn unless_known(request: &Request<Bytes>, mut response: Response<Bytes>) -> Response<Bytes> {
    if response.status() != StatusCode::OK {
        return response;
    }
    let tag = response.headers().get(ETAG).cloned().or_else(|| tag(response.body()));
    let Some(tag) = tag else { return response };
    let known = request.headers().get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let known = known.flat_map(|line| line.split(',')).map(str::trim);
    let is_known =
        known.map(opaque).any(|known| known == "*" || Some(known) == tag.to_str().ok().map(opaque));
    response.headers_mut().insert(ETAG, tag);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(CONTENT_TYPE);
        *response.body_mut() = Bytes::new();
    }
    response
}

/// A weak tag means the same as a strong one.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The answer to whoever made what stands at `place`.
pub(super) fn created(place: &str, version: &Version, body: &impl Serialize) -> Response<Bytes> {
    let mut response = versioned(StatusCode::CREATED, version, body);
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

pub(super) fn no_content() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
