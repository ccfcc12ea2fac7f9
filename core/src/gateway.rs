//! One request, from route to answer.
//!
//! `route -> authenticate -> peek -> acquire -> send -> classify -> hold -> relay -> report, record`.
//! Errors of this gateway leave through one place, in the client's protocol.

mod admission;
pub(crate) mod attempt;
mod auth;
mod body;
pub(crate) mod call;
mod coordinator;
mod count;
mod export;
mod feed;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod figures;
mod hold;
pub(crate) mod ids;
mod inbound;
mod intake;
mod lists;
pub(crate) mod models;
mod observer;
mod outbound;
mod passage;
mod pull;
mod relay;
mod route;
mod serve;
mod shape;
pub(crate) mod spending;
mod stranger;
mod tape;
pub(crate) mod trial;
mod trip;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use percent_encoding::percent_decode;

use crate::admin;
use crate::admin::throttle::Throttle;
use crate::allowance::Allowances;
use crate::capture::Switch;
use crate::config::client_key::ClientKey;
use crate::config::handle::ConfigHandle;
use crate::config::outside::Outside;
use crate::config::secret_key::SecretKeys;
use crate::config::{Config, Protocol};
use crate::error::{Failure, FailureKind, Origin};
use crate::live::{Extent, Hub, NOBODY};
use crate::platform::{ByteBody, Clock, Entropy, Platform};
use crate::protocol::{self, Operation};
use crate::record::Record;
use crate::schedule::{Ask, Needs, SessionKey};
use crate::time::Timestamp;
use crate::transcode::Vault;

use ids::{RequestId, RequestIds};
use inbound::Inbound;
use route::{Call, Route, route};
use stranger::Strangers;
use trip::Trip;

pub use body::Body;
pub use coordinator::{LocalCoordinator, SharedCoordinator};
pub use export::Pieces;
pub use feed::{Farewell, Feed, Sent};
pub use relay::Relay;

/// The gateway: everything but the listening and the UI's files.
pub struct Gateway<P: Platform> {
    platform: P,
    config: ConfigHandle,
    options: Options,
    ids: RequestIds,
    throttle: Mutex<Throttle>,
    strangers: Mutex<Strangers>,
    allowances: Mutex<Allowances>,
    models: models::Cache,
    vault: Vault,
    session_secret: [u8; 32],
    live: Arc<Hub>,
    capture: Switch,
}

/// What a shell decides at its start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The largest request body, decompressed.
    pub max_body_bytes: usize,
    /// They seal what is kept, and what signs the UI's sessions and seals reasoning derives from them: they should
    /// survive a restart.
    pub secrets: SecretKeys,
    /// What every document is compiled with.
    pub outside: Outside,
    /// What anybody may know of this gateway.
    pub facts: admin::Facts,
}

/// The management API's documents are small.
const MAX_ADMIN_BODY: usize = 4 * 1024 * 1024;
/// Names the request in the gateway's records.
const REQUEST_ID: &str = "x-causeway-request-id";
/// Pins a channel by name.
const PIN: &str = "x-channel";

impl<P: Platform> Gateway<P> {
    pub fn new(platform: P, config: Config, options: Options) -> Arc<Self> {
        let ids = RequestIds::new(platform.entropy());
        let config = ConfigHandle::new(config);
        let allowances = Mutex::new(Allowances::of(format!("{:016x}", platform.entropy().word())));
        let (throttle, strangers, models) = (Mutex::default(), Mutex::default(), models::Cache::default());
        let session_secret = options.secrets.newest.derive("session");
        let vault = Vault::new(&session_secret);
        let live = Arc::default();
        Arc::new(Self {
            platform,
            config,
            options,
            ids,
            throttle,
            strangers,
            allowances,
            models,
            vault,
            session_secret,
            live,
            capture: Switch::default(),
        })
    }

    pub fn platform(&self) -> &P {
        &self.platform
    }

    fn now(&self) -> Timestamp {
        self.platform.clock().now()
    }

    /// The configuration in force; a shell installs a new one here.
    pub fn config(&self) -> &ConfigHandle {
        &self.config
    }

    /// [`Hub::watch`], which nobody does where the feed is another's.
    fn watch(&self) -> u64 {
        match P::LIVE {
            Extent::Full => self.live.watch(),
            Extent::Finished => NOBODY,
        }
    }

    /// Answers one request: client protocols, management API, health. Dropping the future or the
    /// answer's body aborts what it started.
    pub async fn handle<B: ByteBody>(
        self: &Arc<Self>,
        request: http::Request<B>,
        client: Option<IpAddr>,
    ) -> Response<Body<P>> {
        let id = self.ids.next(self.now());
        let (parts, body) = request.into_parts();
        let mut response = match route(&parts.method, parts.uri.path()) {
            Route::Root => root(&parts, &self.options.facts),
            Route::Health => json(StatusCode::OK, health(&self.options.facts)),
            Route::Admin => self.administer(&parts, body, client).await,
            Route::Client(call) => {
                let operation = call.operation;
                let answered = self.client(&parts, call, body, client, &id).await;
                answered.unwrap_or_else(|failure| fail(operation.protocol(), &failure, &id))
            }
            Route::Models { shape, model, prefix } => {
                self.list(&parts, shape, model, prefix, client, &id).await
            }
            Route::ResponsesSocket => fail(Protocol::Responses, &no_socket(), &id),
            Route::WrongMethod { allow, nearest } => wrong_method(allow, nearest, &parts, &id),
            Route::Unknown { nearest, call } => {
                let failure = unknown_path(&parts);
                let failure = if call { self.refuse(&parts, nearest, client, &id, failure) } else { failure };
                fail(nearest, &failure, &id)
            }
        };
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    /// The management API.
    async fn administer<B: ByteBody>(
        self: &Arc<Self>,
        parts: &Parts,
        body: B,
        client: Option<IpAddr>,
    ) -> Response<Body<P>> {
        let body = match intake::read(&parts.headers, body, MAX_ADMIN_BODY, self.platform.clock()).await {
            Ok(body) => body,
            Err(failure) => return fail(Protocol::Chat, &failure, ""),
        };
        let context = admin::Context {
            platform: &self.platform,
            config: &self.config,
            outside: &self.options.outside,
            facts: &self.options.facts,
            secrets: &self.options.secrets,
            session_secret: &self.session_secret,
            throttle: &self.throttle,
            allowances: &self.allowances,
            live: &self.live,
            capture: &self.capture,
            client_address: client,
            journal: admin::journal::Journal::default(),
        };
        let answer = admin::handle(&context, http::Request::from_parts(parts.clone(), body)).await;
        answer.map(|body| match body {
            admin::Answer::Whole(bytes) => Body::Whole(bytes),
            admin::Answer::Export(export) => Body::Export(Box::new(Pieces::new(self, *export))),
            admin::Answer::Live => Body::Live,
        })
    }

    /// A call of a model API.
    async fn client<B: ByteBody>(
        self: &Arc<Self>,
        parts: &Parts,
        call: Call<'_>,
        body: B,
        client: Option<IpAddr>,
        id: &RequestId,
    ) -> Result<Response<Body<P>>, Failure> {
        let arrived = id.at;
        let config = self.config.current();
        let deadline = arrived + config.settings.timeouts.total;
        let operation = call.operation;
        let key = match self.authenticate(&config, parts, operation.protocol(), client) {
            Ok(key) => key,
            Err(failure) => return Err(self.turn_away(operation.protocol(), id, failure)),
        };
        let record = Record::new(id, arrived, operation.protocol(), key.id.clone(), "");
        let mut trip = Trip::new(self, &config, record);
        let (most, clock) = (self.options.max_body_bytes, self.platform.clock());
        let body = match intake::read(&parts.headers, body, most, clock).await {
            Ok(body) => body,
            Err(failure) => return Err(self.lost(trip, failure)),
        };
        let peek = match protocol::peek(operation, &parts.headers, &body, call.model.as_deref()) {
            Ok(peek) => peek,
            Err(problem) => return Err(self.lost(trip, Failure::invalid(problem))),
        };
        let session = peek.session.as_deref().map(|hint| SessionKey::of(key.id.as_str(), hint));
        trip.understand(&peek, session, body.len());
        let tape = trip.record().and_then(|record| self.tape(&key, record, parts, &body));
        trip.capture(tape.clone());
        let model = peek.model.clone();
        let needs = needs(&config, &key, &peek, operation, &body);
        match self.admit(&config, &key, &model, operation, &needs).await {
            Ok(admission) => trip.admit(admission),
            Err(failure) => return Err(self.lost(trip, failure)),
        }
        if let Some(admission) = trip.admission()
            && let Err(failure) = self.agree(&key, admission).await
        {
            return Err(self.lost(trip, failure));
        }
        let pin = parts.headers.get(PIN).and_then(|pin| percent_decode(pin.as_bytes()).decode_utf8().ok());
        let ask = Ask {
            protocol: operation.protocol(),
            model: &model,
            convertible: operation.converts(),
            embeds: operation.embeds(),
            pin: pin.as_deref(),
            prefix: call.prefix,
            channels: key.channels.as_ref(),
            session,
            needs,
            waits_until: Some(deadline.min(arrived + config.settings.max_wait)),
            ticket: None,
            traced: true,
            tried: &[],
        };
        let inbound = Inbound {
            id,
            client_key: &key,
            arrived,
            operation,
            headers: &parts.headers,
            query: parts.uri.query(),
            body: &body,
            peek,
            deadline,
            tape,
        };
        let served = self.serve(&config, &inbound, &ask, trip).await;
        served.or_else(|failure| count::estimate(&config, &ask, &inbound, &failure).ok_or(failure))
    }
}

/// What the request asks of a model; looked for only where it matters.
fn needs(
    config: &Config,
    key: &ClientKey,
    peek: &protocol::Peek<'_>,
    operation: Operation,
    body: &[u8],
) -> Needs {
    if !config.restricts && !key.is_metered() {
        return Needs::default();
    }
    let facts = peek.facts(operation, body);
    Needs { input: facts.input, output: facts.output, vision: facts.vision, tools: facts.tools }
}

/// The gateway's own error, in the client's protocol.
fn fail<P: Platform>(protocol: Protocol, failure: &Failure, id: &str) -> Response<Body<P>> {
    let mut response = json(failure.status, protocol::encode_error(protocol, failure, id));
    if let Some(wait) = failure.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, serve::retry_after_seconds(wait).into());
    }
    response
}

fn json<P: Platform>(status: StatusCode, body: Bytes) -> Response<Body<P>> {
    let mut response = Response::new(Body::Whole(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn health(facts: &admin::Facts) -> Bytes {
    serde_json::json!({ "status": "ok", "version": facts.version }).to_string().into()
}

/// Clients knock at `/` without a key; people get the UI.
fn root<P: Platform>(parts: &Parts, facts: &admin::Facts) -> Response<Body<P>> {
    let accept =
        parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let person = parts.method == Method::GET && accept.contains("text/html");
    if !(person && facts.features.contains(&"webUi")) {
        return json(StatusCode::OK, health(facts));
    }
    let mut response = Response::new(Body::Whole(Bytes::new()));
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/ui/"));
    response
}

/// Codex falls back to HTTP on this status.
fn no_socket() -> Failure {
    let message = "WebSocket is not offered here: use POST /v1/responses";
    Failure::invalid(message).with_status(StatusCode::UPGRADE_REQUIRED)
}

fn unknown_path(parts: &Parts) -> Failure {
    let message = format!("no such path: {} {}", parts.method, parts.uri.path());
    Failure::new(Origin::Client, FailureKind::NotFound, message)
}

fn wrong_method<P: Platform>(
    allow: &'static str,
    nearest: Protocol,
    parts: &Parts,
    id: &str,
) -> Response<Body<P>> {
    let message = format!("{} is not allowed on {}: use {allow}", parts.method, parts.uri.path());
    let failure = Failure::invalid(message).with_status(StatusCode::METHOD_NOT_ALLOWED);
    let mut response = fail(nearest, &failure, id);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

#[cfg(test)]
mod tests;
