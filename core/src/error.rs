//! Why a request was not served: whose fault, what to do, what was tried.

use std::time::Duration;

use http::StatusCode;

/// A request the gateway itself answers with an error. `protocol` writes it in the client's protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub origin: Origin,
    pub kind: FailureKind,
    /// What the client sees; the last upstream's where there was one.
    pub status: StatusCode,
    /// For people; holds no secret and nothing of a prompt.
    pub message: String,
    pub retry_after: Option<Duration>,
    /// One entry an attempt, in order: `deepseek: 429 rate limited`.
    pub tried: Vec<String>,
}

/// Whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Client,
    Upstream,
    Gateway,
}

/// What went wrong, in the words the protocols' error types are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The request cannot be read or is not allowed as it is.
    InvalidRequest,
    /// The conversation does not fit the model: clients shorten it on this.
    ContextTooLong,
    /// A filter refused the content.
    ContentPolicy,
    /// The client's key is missing or wrong.
    Authentication,
    /// The client's key may not do this.
    Permission,
    /// No such path, model or channel.
    NotFound,
    /// The body is over the limit.
    TooLarge,
    /// Too many requests for now.
    RateLimited,
    /// Upstreams are over capacity.
    Overloaded,
    /// Time ran out.
    Timeout,
    /// An upstream failed.
    Upstream,
    /// The gateway failed.
    Internal,
}

impl Failure {
    pub fn new(origin: Origin, kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            origin,
            kind,
            status: kind.status(),
            message: message.into(),
            retry_after: None,
            tried: Vec::new(),
        }
    }

    /// The client sent something that cannot be served.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Origin::Client, FailureKind::InvalidRequest, message)
    }

    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    #[must_use]
    pub fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }
}

impl FailureKind {
    /// Its name in records.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::ContextTooLong => "context_too_long",
            Self::ContentPolicy => "content_policy",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Upstream => "upstream",
            Self::Internal => "internal",
        }
    }

    /// The status of an error that no upstream gave one.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest | Self::ContextTooLong | Self::ContentPolicy => StatusCode::BAD_REQUEST,
            Self::Authentication => StatusCode::UNAUTHORIZED,
            Self::Permission => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Upstream => StatusCode::BAD_GATEWAY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The kind an upstream's status stands for.
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Authentication,
            402 | 403 => Self::Permission,
            404 => Self::NotFound,
            408 | 504 | 524 => Self::Timeout,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            400..=499 => Self::InvalidRequest,
            _ => Self::Upstream,
        }
    }
}
