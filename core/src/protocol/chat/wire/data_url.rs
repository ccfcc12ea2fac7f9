//! `data:` URLs, in which Chat carries the bytes of images and files.

use crate::ir::Source;

/// What a URL of a request points at; the content itself if it is in the URL.
pub(in crate::protocol::chat) fn source(url: &str) -> Source {
    match split(url) {
        Some((mime, data)) => Source::Base64 { mime: mime.to_owned(), data: data.to_owned() },
        None => Source::Url { url: url.to_owned(), mime: None },
    }
}

/// The media type, possibly empty, and the base64 of a `data:` URL.
pub(in crate::protocol::chat) fn split(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let (head, data) = scheme.eq_ignore_ascii_case("data").then_some(rest)?.split_once(',')?;
    let head = head.strip_suffix(";base64")?;
    let mime = head.split(';').next().unwrap_or_default();
    Some((mime, data))
}

pub(in crate::protocol::chat) fn write(mime: &str, data: &str) -> String {
    format!("data:{mime};base64,{data}")
}
