//! Takes the content coding off a buffered body, never past a limit.
//!
//! See RFC 9110 section 8.4.1 and, for zstd, RFC 8878 and RFC 9659.

mod gzip;
#[cfg(test)]
mod tests;

use std::io::Read;

use flate2::bufread::{DeflateDecoder, ZlibDecoder};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Codings on top of one another that are taken off; nobody sends more in good faith.
const MAX_CODINGS: usize = 3;

/// The largest window a zstd body may ask memory for, as RFC 9659 sets it for HTTP.
const MAX_ZSTD_WINDOW: u64 = 8 << 20;

/// What is decoded of a zstd body before its size is looked at again.
const ZSTD_STEP: usize = 64 << 10;

/// Why a body could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    #[error("the decoded body is over the limit")]
    TooLarge,
    /// Holds the header, or the one coding of it that is unknown.
    #[error("unsupported content encoding `{0}`")]
    Unsupported(String),
    #[error("the body does not match its content encoding")]
    Broken,
}

/// Decodes `body` as its `content-encoding` header says: one coding, or a list in the order they were applied.
///
/// Neither the result nor anything between may have more than `limit` bytes. An empty body stays empty.
pub fn inflate(encoding: &str, body: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let codings: Vec<&str> = encoding
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
        .collect();
    if codings.len() > MAX_CODINGS {
        return Err(InflateError::Unsupported(encoding.to_owned()));
    }
    let mut decoded = None;
    for coding in codings.iter().rev() {
        decoded = Some(remove(coding, decoded.as_deref().unwrap_or(body), limit)?);
    }
    match decoded {
        Some(decoded) => Ok(decoded),
        None if body.len() > limit => Err(InflateError::TooLarge),
        None => Ok(body.to_vec()),
    }
}

fn remove(coding: &str, body: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    match coding.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" | "deflate" | "zstd" if body.is_empty() => Ok(Vec::new()),
        "gzip" | "x-gzip" => gzip::decode(body, limit),
        // Named for its zlib wrapping, which some senders leave off.
        "deflate" => match read(&mut ZlibDecoder::new(body), limit) {
            Err(InflateError::Broken) => read(&mut DeflateDecoder::new(body), limit),
            decoded => decoded,
        },
        "zstd" => read_zstd(body, limit),
        _ => Err(InflateError::Unsupported(coding.to_owned())),
    }
}

fn read(decoder: &mut dyn Read, limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut decoded = Vec::new();
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(one_more).read_to_end(&mut decoded).map_err(|_| InflateError::Broken)?;
    if decoded.len() > limit { Err(InflateError::TooLarge) } else { Ok(decoded) }
}

fn read_zstd(body: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut decoded = Vec::new();
    let mut rest = body;
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MAX_ZSTD_WINDOW);
    while !rest.is_empty() {
        match decoder.init(&mut rest) {
            Ok(()) => read_zstd_frame(&mut decoder, &mut rest, &mut decoded, limit)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                rest = usize::try_from(length)
                    .ok()
                    .and_then(|length| rest.get(length..))
                    .ok_or(InflateError::Broken)?;
            }
            Err(_) => return Err(InflateError::Broken),
        }
    }
    Ok(decoded)
}

fn read_zstd_frame(
    decoder: &mut FrameDecoder,
    rest: &mut &[u8],
    decoded: &mut Vec<u8>,
    limit: usize,
) -> Result<(), InflateError> {
    let mut finished = false;
    while !finished {
        finished = decoder
            .decode_blocks(&mut *rest, BlockDecodingStrategy::UptoBytes(ZSTD_STEP))
            .map_err(|_| InflateError::Broken)?;
        if decoded.len().saturating_add(decoder.can_collect()) > limit {
            return Err(InflateError::TooLarge);
        }
        decoder.collect_to_writer(&mut *decoded).map_err(|_| InflateError::Broken)?;
    }
    match decoder.get_checksum_from_data() {
        Some(sent) if decoder.get_calculated_checksum() != Some(sent) => Err(InflateError::Broken),
        _ => Ok(()),
    }
}
