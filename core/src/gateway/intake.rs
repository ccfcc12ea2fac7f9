//! Reads a request's body: within the limit, within the time, decompressed.

use std::time::Duration;

use crate::codec::inflate::{InflateError, inflate};
use crate::error::{Failure, FailureKind, Origin};
use crate::platform::{ByteBody, Clock};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::pull::{Gathered, Pull, pull};

/// How long a sender may pause inside a body.
const PAUSE: Duration = Duration::from_secs(30);
/// How much of a body that is over the limit is swallowed, and for how long.
const SWALLOWED: usize = 64 * 1024 * 1024;
const SWALLOWING: Duration = Duration::from_secs(5);

/// The whole body, as the client meant it. `limit` counts decompressed bytes.
///
/// # Errors
/// A failure to answer with: too large, too slow, broken off, or an unreadable content coding.
pub(crate) async fn read<B: ByteBody>(
    headers: &HeaderMap,
    mut body: B,
    limit: usize,
    clock: &impl Clock,
) -> Result<Bytes, Failure> {
    if declared_length(headers).is_some_and(|length| length > limit as u64) {
        swallow(&mut body, clock).await;
        return Err(too_large(limit));
    }
    let mut gathered = Gathered::default();
    loop {
        match pull(&mut body, clock.sleep(PAUSE)).await {
            Pull::Data(chunk) if gathered.len() + chunk.len() > limit => {
                drop(gathered);
                swallow(&mut body, clock).await;
                return Err(too_large(limit));
            }
            Pull::Data(chunk) => gathered.push(chunk),
            Pull::End => return decompress(headers, gathered.into_bytes(), limit),
            Pull::Broken => return Err(Failure::invalid("the request body broke off")),
            Pull::Late => return Err(too_slow()),
        }
    }
}

/// Takes in what a client is still writing: it reads no answer before it is done, and closing on it would
/// show it a broken connection instead.
async fn swallow<B: ByteBody>(body: &mut B, clock: &impl Clock) {
    let end = clock.now() + SWALLOWING;
    let mut left = SWALLOWED;
    while let Pull::Data(chunk) = pull(body, clock.sleep(clock.now().until(end))).await {
        let Some(rest) = left.checked_sub(chunk.len()) else { return };
        left = rest;
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn decompress(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Failure> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(body);
    };
    let encoding = encoding.to_str().unwrap_or("?");
    match inflate(encoding, &body, limit) {
        Ok(plain) => Ok(plain.into()),
        Err(InflateError::TooLarge) => Err(too_large(limit)),
        Err(InflateError::Unsupported(encoding)) => {
            let message =
                format!("content encoding `{encoding}` is not supported: use gzip, deflate or zstd");
            Err(Failure::invalid(message).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
        }
        Err(InflateError::Broken) => Err(Failure::invalid("the compressed request body is broken")),
    }
}

fn too_large(limit: usize) -> Failure {
    let message = format!("the request body is larger than {} MB", limit / (1024 * 1024));
    Failure::new(Origin::Client, FailureKind::TooLarge, message)
}

fn too_slow() -> Failure {
    let message = format!("the request body did not arrive: nothing for {} s", PAUSE.as_secs());
    Failure::new(Origin::Client, FailureKind::Timeout, message).with_status(StatusCode::REQUEST_TIMEOUT)
}
