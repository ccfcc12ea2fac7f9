//! Gemini. <https://ai.google.dev/api/generate-content>

pub(super) mod error;
pub(super) mod finish;
mod logprobs;
pub(super) mod request;
pub(super) mod response;
mod schema;
pub(super) mod stream;
pub(super) mod tap;
mod wire;

use http::header::{HeaderName, HeaderValue};

use super::headers::{self, Allowed};

/// Gemini CLI tells its installation, Google's SDKs their versions.
pub(super) const REQUEST_HEADERS: Allowed = Allowed {
    names: &["x-goog-api-client", "x-gemini-api-privileged-user-id", "x-server-timeout"],
    prefixes: &[],
    except: &[],
};

pub(super) const RESPONSE_HEADERS: Allowed =
    Allowed { names: &["x-gemini-service-tier"], prefixes: &[], except: &[] };

/// <https://ai.google.dev/gemini-api/docs/api-key>
pub(super) fn credential(secret: &str) -> Option<(HeaderName, HeaderValue)> {
    headers::credential(HeaderName::from_static("x-goog-api-key"), secret)
}
