//! Who may manage: the admin key itself, or a session cookie that stands for it.
//!
//! A cookie holds its expiry and a signature over the expiry and the admin key's digest, so nothing is
//! stored and a changed admin key ends every session.

use std::sync::PoisonError;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, Uri};
use serde::Deserialize;
use sha2::Sha256;
use utoipa::ToSchema;

use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::Secret;
use crate::config::access::Digest;
use crate::platform::{Clock, Platform};

pub(super) const COOKIE_NAME: &str = "causeway_session";
const LIFETIME_SECONDS: u64 = 7 * 24 * 3600;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// The admin key.
    key: Secret,
}

/// Exchanges the admin key for a session cookie.
#[utoipa::path(post, path = "/api/session", operation_id = "signIn", tag = "session", security(()),
    request_body = SignIn, responses(
        (status = 204, description = "Signed in; the answer sets the cookie."),
        (status = 401, description = "Not the admin key.", body = ErrorBody),
        (status = 429, description = "Too many wrong keys; `Retry-After` tells the wait.", body = ErrorBody)))]
pub(super) fn sign_in<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let SignIn { key } = json::read(request)?;
    check_key(context, key.expose())?;
    let expiry = context.platform.clock().now().as_secs().saturating_add(LIFETIME_SECONDS);
    let value =
        context.config.current().access.admin.and_then(|admin| sign(context.session_secret, expiry, &admin));
    let value = value.ok_or_else(Problem::wrong_key)?;
    Ok(with_cookie(request, &value, LIFETIME_SECONDS))
}

/// Takes the session cookie back.
#[utoipa::path(delete, path = "/api/session", operation_id = "signOut", tag = "session", security(()),
    responses((status = 204, description = "Signed out.")))]
pub(super) fn sign_out(request: &Request<Bytes>) -> Response<Bytes> {
    with_cookie(request, "", 0)
}

/// How an operator proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// By the admin key itself.
    Key,
    /// By a session's cookie.
    Session,
    /// Not to this API.
    Outside,
}

impl Actor {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Session => "session",
            Self::Outside => "outside",
        }
    }
}

/// Whether the request may manage. A key that is presented decides alone, even beside a cookie.
pub(super) fn authenticate<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Actor, Problem> {
    if let Some(key) = presented_key(request) {
        return check_key(context, key).map(|()| Actor::Key);
    }
    let now = context.platform.clock().now().as_secs();
    let admin = context.config.current().access.admin;
    let valid = admin.is_some_and(|admin| {
        cookies(request).any(|value| is_valid(context.session_secret, value, &admin, now))
    });
    if !valid {
        return Err(Problem::unauthorized("sign in, or send the admin key"));
    }
    if *request.method() != Method::GET && !is_same_origin(request) {
        return Err(Problem::cross_origin());
    }
    Ok(Actor::Session)
}

fn check_key<P: Platform>(context: &Context<'_, P>, key: &str) -> Result<(), Problem> {
    let now = context.platform.clock().now();
    let throttle = || context.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(address) = context.client_address
        && let Some(wait) = throttle().refused(address, now)
    {
        return Err(Problem::throttled(wait));
    }
    if context.config.current().access.is_admin(key) {
        return Ok(());
    }
    if let Some(address) = context.client_address {
        throttle().note_wrong(address, key, now);
    }
    Err(Problem::wrong_key())
}

fn presented_key(request: &Request<Bytes>) -> Option<&str> {
    let header =
        |name| request.headers().get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    let bearer = || {
        let (scheme, key) = header(AUTHORIZATION.as_str())?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    };
    header("x-api-key").or_else(bearer)
}

fn cookies(request: &Request<Bytes>) -> impl Iterator<Item = &str> {
    let lines = request.headers().get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE_NAME).then_some(value)
    })
}

fn with_cookie(request: &Request<Bytes>, value: &str, max_age: u64) -> Response<Bytes> {
    let secure = if is_https(request) { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE_NAME}={value}; Path=/api; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}");
    let mut response = json::no_content();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn is_https(request: &Request<Bytes>) -> bool {
    let forwarded = request.headers().get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    match forwarded.and_then(|protocols| protocols.split(',').next()) {
        Some(protocol) => protocol.trim().eq_ignore_ascii_case("https"),
        None => request.uri().scheme() == Some(&Scheme::HTTPS),
    }
}

/// Browsers tell where a request comes from; <https://www.w3.org/TR/fetch-metadata/> on secure pages,
/// `Origin` on all.
pub(super) fn is_same_origin(request: &Request<Bytes>) -> bool {
    if let Some(site) = request.headers().get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let text = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let origin = text(ORIGIN).and_then(|origin| origin.parse::<Uri>().ok());
    let origin = origin.filter(|origin| origin.scheme().is_some());
    let host = text(HOST).or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    match (origin.as_ref().and_then(Uri::authority), host) {
        (Some(origin), Some(host)) => origin.as_str().eq_ignore_ascii_case(host),
        _ => false,
    }
}

fn mac(secret: &[u8; 32], expiry: &str, admin: &Digest) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(b"causeway session 1\0");
    mac.update(expiry.as_bytes());
    mac.update(b"\0");
    mac.update(admin.as_bytes());
    Some(mac)
}

/// `None` never comes: HMAC takes keys of any length.
fn sign(secret: &[u8; 32], expiry: u64, admin: &Digest) -> Option<String> {
    let expiry = expiry.to_string();
    let tag = mac(secret, &expiry, admin)?.finalize().into_bytes();
    Some(format!("{expiry}.{}", URL_SAFE_NO_PAD.encode(tag)))
}

fn is_valid(secret: &[u8; 32], value: &str, admin: &Digest, now: u64) -> bool {
    let Some((expiry, tag)) = value.split_once('.') else {
        return false;
    };
    let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else {
        return false;
    };
    mac(secret, expiry, admin).is_some_and(|mac| mac.verify_slice(&tag).is_ok())
        && expiry.parse::<u64>().is_ok_and(|expiry| now < expiry)
}
