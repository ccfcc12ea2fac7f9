//! What the API says when it does not do what was asked. Codes are stable; the UI translates them.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, RETRY_AFTER, UPGRADE};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::channels::view::ChannelView;
use super::client_keys::view::ClientKeyView;
use super::import::ConfigState;
use super::json;
use super::prices::PricesView;
use super::settings::SettingsView;
use crate::config::FieldErrors;
use crate::database::DatabaseError;
use crate::sorted;

/// The body of every answer that is an error.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    error: ErrorDetail,
    /// On `conflict`: what was to be changed, as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Current>,
}

/// What a write conflicted with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Current {
    Channel(Box<ChannelView>),
    ClientKey(Box<ClientKeyView>),
    Settings(Box<SettingsView>),
    Config(ConfigState),
    Prices(Box<PricesView>),
}

impl From<ChannelView> for Current {
    fn from(channel: ChannelView) -> Self {
        Self::Channel(Box::new(channel))
    }
}

impl From<ClientKeyView> for Current {
    fn from(client_key: ClientKeyView) -> Self {
        Self::ClientKey(Box::new(client_key))
    }
}

impl From<SettingsView> for Current {
    fn from(settings: SettingsView) -> Self {
        Self::Settings(Box::new(settings))
    }
}

impl From<ConfigState> for Current {
    fn from(state: ConfigState) -> Self {
        Self::Config(state)
    }
}

impl From<PricesView> for Current {
    fn from(prices: PricesView) -> Self {
        Self::Prices(Box::new(prices))
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorDetail {
    /// Stable, in snake case.
    code: &'static str,
    /// For people.
    message: String,
    /// What is wrong with which field: `endpoints[0].baseUrl`.
    #[serde(skip_serializing_if = "FieldErrors::is_empty")]
    #[schema(value_type = BTreeMap<String, String>, required = false)]
    fields: FieldErrors,
}

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    header: Option<(HeaderName, HeaderValue)>,
    body: Box<ErrorBody>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let error = ErrorDetail { code, message: message.into(), fields: FieldErrors::new() };
        Self { status, header: None, body: Box::new(ErrorBody { error, current: None }) }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn method_not_allowed(allowed: &[Method]) -> Self {
        let allow = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("this path takes {allow}");
        let header = HeaderValue::try_from(allow).ok().map(|value| (ALLOW, value));
        Self { header, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message) }
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// The key that was presented is not the admin key.
    pub(super) fn wrong_key() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "wrong_key", "this is not the admin key")
    }

    pub(super) fn cross_origin() -> Self {
        let message = "a session may only change things from the gateway's own pages";
        Self::new(StatusCode::FORBIDDEN, "cross_origin", message)
    }

    /// A page of another site opens a WebSocket.
    pub(super) fn foreign_socket() -> Self {
        let message = "only the gateway's own pages may open this";
        Self::new(StatusCode::FORBIDDEN, "cross_origin", message)
    }

    pub(super) fn no_upgrade() -> Self {
        let header = Some((UPGRADE, HeaderValue::from_static("websocket")));
        let message = "this is a WebSocket: ask for an upgrade to it";
        Self { header, ..Self::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", message) }
    }

    pub(super) fn too_many_watchers(most: usize) -> Self {
        let message = format!("{most} connections watch already; close one of them");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_watchers", message)
    }

    pub(super) fn throttled(wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000);
        let message = format!("too many wrong keys; wait {seconds} s");
        let header = HeaderValue::try_from(seconds.to_string()).ok().map(|value| (RETRY_AFTER, value));
        Self { header, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "throttled", message) }
    }

    pub(super) fn not_json() -> Self {
        let message = "the body has to be JSON, with `content-type: application/json`";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the body is over {limit} bytes"))
    }

    /// Fields that cannot be as they are.
    pub(super) fn invalid(fields: FieldErrors) -> Self {
        let message = fields.iter().map(|(path, problem)| format!("{path}: {problem}")).collect::<Vec<_>>();
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid", message.join("; "));
        problem.body.error.fields = fields;
        problem
    }

    pub(super) fn invalid_field(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::invalid(sorted::map([(path.into(), problem.into())]))
    }

    /// Somebody changed it meanwhile; `current` is what they made of it.
    pub(super) fn conflict(current: Option<impl Into<Current>>) -> Self {
        let message = "this was changed meanwhile; look at the current state and try again";
        let mut problem = Self::new(StatusCode::CONFLICT, "conflict", message);
        problem.body.current = current.map(Into::into);
        problem
    }

    pub(super) fn store_invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store_invalid", message)
    }

    /// Records cannot be read; the gateway serves all the same.
    #[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
    pub(super) fn no_records(error: DatabaseError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "records_unavailable", error.to_string())
    }

    pub(super) fn store_unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", message)
    }

    /// A channel's upstream did not do what the gateway asked of it.
    pub(super) fn upstream_failed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "upstream_failed", message)
    }

    /// What is wrong, without its status.
    pub(super) fn into_detail(self) -> ErrorDetail {
        self.body.error
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        let mut response = json::response(self.status, &self.body);
        response.headers_mut().extend(self.header);
        response
    }
}
