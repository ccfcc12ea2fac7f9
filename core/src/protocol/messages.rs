//! Claude Messages. <https://platform.claude.com/docs/en/api/messages>

pub mod count;
pub(super) mod error;
pub(super) mod request;
pub(super) mod response;
pub(super) mod stream;
pub(super) mod tap;
mod wire;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::headers::{self, Allowed};

/// `anthropic-beta` and its sisters; Claude Code tells its session and its own name besides.
const REQUEST_HEADERS: Allowed =
    Allowed { names: &["x-app"], prefixes: &["anthropic-", "x-claude-code-"], except: &[] };

/// The organization is the operator's.
pub(super) const RESPONSE_HEADERS: Allowed =
    Allowed { names: &[], prefixes: &["anthropic-"], except: &["anthropic-organization-id"] };

/// Names features that are not for everybody yet.
pub const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

const VERSION: HeaderName = HeaderName::from_static("anthropic-version");

/// The version of the API that a client without a version gets.
/// <https://platform.claude.com/docs/en/api/versioning>
const DEFAULT_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

pub(super) fn request_headers(client: &HeaderMap) -> HeaderMap {
    let mut headers = headers::request(client, &REQUEST_HEADERS);
    if !headers.contains_key(VERSION) {
        headers.insert(VERSION, DEFAULT_VERSION);
    }
    headers
}

/// Makes one `anthropic-beta` of all there are, each token once, without those that are not `allowed`.
/// <https://platform.claude.com/docs/en/api/beta-headers>
pub fn join_betas(headers: &mut HeaderMap, allowed: impl Fn(&str) -> bool) {
    let header::Entry::Occupied(entry) = headers.entry(BETA) else { return };
    let (name, values) = entry.remove_entry_mult();
    let values: Vec<HeaderValue> = values.collect();
    let mut tokens: Vec<&str> = Vec::new();
    let asked = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    for token in asked.map(str::trim) {
        if !token.is_empty() && !tokens.contains(&token) && allowed(token) {
            tokens.push(token);
        }
    }
    if let Ok(joined) = HeaderValue::try_from(tokens.join(","))
        && !tokens.is_empty()
    {
        headers.insert(name, joined);
    }
}

/// Anthropic's keys go in `x-api-key`; its OAuth tokens and other vendors' keys are bearer tokens.
pub(super) fn credential(secret: &str) -> Option<(HeaderName, HeaderValue)> {
    if secret.starts_with("sk-ant-") && !secret.starts_with("sk-ant-oat") {
        headers::credential(HeaderName::from_static("x-api-key"), secret)
    } else {
        headers::bearer(secret)
    }
}

/// An event that holds a stream open. <https://platform.claude.com/docs/en/build-with-claude/streaming>
pub(super) const KEEP_ALIVE: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";
