//! The management API, served by both shells below `/api/`.
//!
//! The routes and their shapes are in the OpenAPI document ([`openapi`]), whose checked-in copy the UI's
//! client is generated from.

mod actions;
mod audit;
mod bootstrap;
mod capture;
mod channels;
mod check;
mod client_keys;
mod edit;
mod error;
mod explain;
mod export;
pub mod headers;
mod history;
mod import;
pub mod journal;
mod json;
mod keys;
pub(crate) mod live;
mod metrics;
mod openapi;
mod overview;
mod parameters;
mod paste;
mod patch;
mod presets;
mod prices;
mod requests;
mod route;
mod session;
mod settings;
mod states;
mod stats;
pub mod throttle;
mod upstream;

use std::net::IpAddr;
use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};

pub use self::bootstrap::Facts;
pub(crate) use self::error::ErrorDetail;
pub use self::openapi::openapi;
pub(crate) use self::requests::RequestView;
pub(crate) use self::requests::export::Export;

use self::error::Problem;
use self::journal::Journal;
use self::route::{Action, Target};
use self::session::Actor;
use self::throttle::Throttle;
use crate::allowance::Allowances;
use crate::capture::Switch;
use crate::config::handle::ConfigHandle;
use crate::config::outside::Outside;
use crate::config::secret_key::SecretKeys;
use crate::live::Hub;
use crate::platform::Platform;

/// What a request is served with.
#[derive(Debug)]
pub struct Context<'a, P> {
    pub platform: &'a P,
    /// The configuration in force; a change is put in force here once it is stored.
    pub config: &'a ConfigHandle,
    /// As given to [`compile`](crate::config::validate::compile).
    pub outside: &'a Outside,
    pub facts: &'a Facts,
    /// They seal the documents of the history.
    pub secrets: &'a SecretKeys,
    /// Signs session cookies; the same on all instances.
    pub session_secret: &'a [u8; 32],
    pub throttle: &'a Mutex<Throttle>,
    /// What client keys have used.
    pub allowances: &'a Mutex<Allowances>,
    pub(crate) live: &'a Hub,
    /// Whether bodies are captured.
    pub(crate) capture: &'a Switch,
    /// The peer's address where it is known; wrong keys are counted by it.
    pub client_address: Option<IpAddr>,
    pub journal: Journal,
}

/// Says in an answer that what was done has no row in the audit.
const UNRECORDED: HeaderName = HeaderName::from_static("x-causeway-unrecorded");

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Answer {
    Whole(Bytes),
    /// To be read piece by piece.
    Export(Box<Export>),
    /// None: the connection becomes a WebSocket.
    Live,
}

/// Answers one request whose path is `/metrics` or begins with `/api/`.
pub(crate) async fn handle<P: Platform>(
    context: &Context<'_, P>,
    request: Request<Bytes>,
) -> Response<Answer> {
    let answered = match Target::parse(request.uri().path()) {
        Some(Target::Export(format)) => exported(context, &request, format),
        Some(Target::Live) => live::open(context, &request),
        _ => dispatch(context, &request).await.map(|response| response.map(Answer::Whole)),
    };
    let mut response = answered.unwrap_or_else(|problem| problem.into_response().map(Answer::Whole));
    headers::protect(response.headers_mut());
    response
}

fn exported<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    format: requests::export::Format,
) -> Result<Response<Answer>, Problem> {
    let target = Target::Export(format);
    if !target.methods().contains(request.method()) {
        return Err(Problem::method_not_allowed(target.methods()));
    }
    session::authenticate(context, request)?;
    Ok(requests::export::export(request, format)?.map(|export| Answer::Export(Box::new(export))))
}

async fn dispatch<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let path = request.uri().path();
    let target = Target::parse(path).ok_or_else(|| Problem::not_found(format!("no such path: {path}")))?;
    let method = request.method();
    if !target.methods().contains(method) {
        return Err(Problem::method_not_allowed(target.methods()));
    }
    let (actor, mut response) = match (&target, method) {
        (Target::Bootstrap, _) => return bootstrap::bootstrap(context),
        (Target::Session, &Method::POST) => (Actor::Key, session::sign_in(context, request)?),
        (Target::Session, _) => return Ok(session::sign_out(request)),
        _ => (session::authenticate(context, request)?, serve(context, request, target).await?),
    };
    let asks = matches!(target, Target::Explain | Target::ConfigImport | Target::Paste);
    if method == Method::GET {
        return Ok(json::unless_known(request, response));
    }
    if journal::record(context, request, actor, asks).await.is_err() {
        // The write is done; nobody is kept from the next one by a database that is away.
        response.headers_mut().insert(UNRECORDED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Answers an operator.
async fn serve<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    target: Target<'_>,
) -> Result<Response<Bytes>, Problem> {
    let method = request.method();
    match target {
        Target::Bootstrap | Target::Session | Target::Export(_) | Target::Live => {
            Err(Problem::not_found("no such path"))
        }
        Target::Metrics => Ok(metrics::read(context).await),
        Target::Overview => Ok(overview::read(context).await),
        Target::Stats => stats::read(context, request).await,
        Target::Series => stats::series::read(context, request).await,
        Target::Requests => requests::list(context, request).await,
        Target::Request(id) => requests::read(context, id).await,
        Target::Sessions => requests::sessions::list(context, request).await,
        Target::Capture if method == Method::GET => capture::read(context).await,
        Target::Capture if method == Method::POST => capture::start(context, request).await,
        Target::Capture => capture::stop(context, request).await,
        Target::CapturedRequest(id) => capture::of_request(context, id).await,
        Target::Channels if method == Method::GET => channels::list(context).await,
        Target::Channels => channels::create(context, request).await,
        Target::Presets => Ok(presets::list()),
        Target::Paste => paste::drafts(request),
        Target::Prices if method == Method::GET => Ok(prices::read(context)),
        Target::Prices => prices::replace(context, request).await,
        Target::Settings if method == Method::GET => Ok(settings::read(context)),
        Target::Settings => settings::replace(context, request).await,
        Target::Explain => explain::explain(context, request).await,
        Target::ConfigExport if method == Method::GET => export::plain(context, request),
        Target::ConfigExport => export::encrypted(context, request),
        Target::ConfigImport => import::import(context, request).await,
        Target::History => history::list(context, request).await,
        Target::Rollback => history::rollback(context, request).await,
        Target::Audit => audit::list(context, request).await,
        Target::Reorder => channels::reorder(context, request).await,
        Target::Channel(id) if method == Method::GET => channels::read(context, id),
        Target::Channel(id) if method == Method::PATCH => channels::update(context, request, id).await,
        Target::Channel(id) => channels::delete(context, request, id).await,
        Target::Action(id, Action::Promote) => actions::promote(context, request, id).await,
        Target::Action(id, Action::Pause) => actions::pause(context, id).await,
        Target::Action(id, Action::Resume) => actions::resume(context, id).await,
        Target::Action(id, Action::Test) => check::test(context, request, id).await,
        Target::Action(id, Action::Duplicate) => actions::duplicate(context, id).await,
        Target::UpstreamModels(id) => upstream::models(context, request, id).await,
        Target::Keys(id) => keys::add(context, request, id).await,
        Target::Key(id, key) if method == Method::PATCH => keys::update(context, request, id, key).await,
        Target::Key(id, key) => keys::delete(context, request, id, key).await,
        Target::ClientKeys if method == Method::GET => Ok(client_keys::list(context).await),
        Target::ClientKeys => client_keys::create(context, request).await,
        Target::ClientKey(id) if method == Method::GET => client_keys::read(context, id).await,
        Target::ClientKey(id) if method == Method::PATCH => client_keys::update(context, request, id).await,
        Target::ClientKey(id) => client_keys::delete(context, request, id).await,
        Target::RotateClientKey(id) => client_keys::rotate(context, request, id).await,
        Target::RestoreKey(id, key) => keys::restore(context, id, key).await,
    }
}

#[cfg(test)]
mod tests;
