//! What an exception of `fetch` means.

use causeway_core::platform::{TransportError, TransportErrorKind};

/// The runtime gives its exceptions no codes: their text is all there is.
const SIGNS: [(&str, TransportErrorKind); 12] = [
    ("network connection lost", TransportErrorKind::Closed),
    ("disconnected", TransportErrorKind::Closed),
    ("reset", TransportErrorKind::Closed),
    ("premature", TransportErrorKind::Closed),
    ("certificate", TransportErrorKind::Tls),
    ("tls", TransportErrorKind::Tls),
    ("ssl", TransportErrorKind::Tls),
    ("timed out", TransportErrorKind::Timeout),
    ("timeout", TransportErrorKind::Timeout),
    ("refused", TransportErrorKind::Connect),
    ("dns", TransportErrorKind::Connect),
    ("connect", TransportErrorKind::Connect),
];

pub(super) fn classify(error: &worker::Error) -> TransportError {
    let text = error.to_string();
    TransportError { kind: kind(&text), message: message(text) }
}

fn kind(text: &str) -> TransportErrorKind {
    let text = text.to_ascii_lowercase();
    SIGNS.iter().find(|(sign, _)| text.contains(sign)).map_or(TransportErrorKind::Other, |(_, kind)| *kind)
}

/// Some exceptions repeat the URL, which may hold a key.
fn message(text: String) -> String {
    if text.contains("://") { "the runtime refused the request".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_told_apart_by_their_text() {
        for (text, expected) in [
            ("Network connection lost.", TransportErrorKind::Closed),
            ("connect(): Connection refused", TransportErrorKind::Connect),
            ("DNS lookup failed.", TransportErrorKind::Connect),
            ("TLS peer's certificate is not trusted", TransportErrorKind::Tls),
            ("The operation timed out", TransportErrorKind::Timeout),
            ("internal error; reference = 0", TransportErrorKind::Other),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn an_exception_with_an_address_is_not_repeated() {
        let repeated = message("Fetch API cannot load: https://example.com/?key=sk-1".into());
        assert!(!repeated.contains("sk-1"), "{repeated}");
    }
}
