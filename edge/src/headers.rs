//! Header lists between the `http` crate and the Fetch API.
//!
//! The Fetch API's values are byte strings: each character stands for the byte of its number, so any
//! value HTTP allows goes through unchanged.

use http::{HeaderMap, HeaderName, HeaderValue};
use worker::{Headers, Result};

/// As the Fetch API wants them.
///
/// # Errors
/// When the runtime refuses a name or value.
pub(crate) fn to_fetch(headers: &HeaderMap) -> Result<Headers> {
    let list = Headers::new();
    for (name, value) in headers {
        match value.to_str() {
            Ok(text) => list.append(name.as_str(), text)?,
            Err(_) => list.append(name.as_str(), &latin1(value.as_bytes()))?,
        }
    }
    Ok(list)
}

/// As the `http` crate wants them. What it would refuse cannot have come over HTTP and is left out.
pub(crate) fn from_fetch(list: &Headers) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in list.entries() {
        let value = if value.is_ascii() {
            HeaderValue::try_from(value).ok()
        } else {
            bytes_of(&value).and_then(|bytes| HeaderValue::from_bytes(&bytes).ok())
        };
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), value) {
            headers.append(name, value);
        }
    }
    headers
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn bytes_of(latin1: &str) -> Option<Vec<u8>> {
    latin1.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_the_byte_string() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes_of(&latin1(&all)), Some(all));
    }

    #[test]
    fn a_character_beyond_a_byte_is_no_byte_string() {
        assert_eq!(bytes_of("caf\u{e9}"), Some(b"caf\xe9".to_vec()));
        assert_eq!(bytes_of("\u{20ac}"), None);
    }
}
