//! What happened to requests: found, read, exported.

pub(super) mod export;
pub(super) mod sessions;
mod view;

pub(crate) use self::view::RequestView;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use self::view::RequestDetail;
use super::error::{ErrorBody, Problem};
use super::parameters::Parameters;
use super::{Context, json};
use crate::config::Protocol;
use crate::database::DatabaseError;
use crate::platform::{Database, Platform};
use crate::record::query::{self, Cursor, Filter, StatusFilter};

/// The parameters of [`Filter`].
const FILTERS: [&str; 9] =
    ["since", "until", "status", "protocol", "channel", "model", "clientKey", "session", "q"];

/// A page of requests, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RequestList {
    requests: Vec<RequestView>,
    /// Where the next page begins; none: there is no more. A search may give an empty page before the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists finished requests, the newest first.
#[utoipa::path(get, path = "/api/requests", operation_id = "listRequests", tag = "requests",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "At most 200; 50 where it is left out."),
        ("since" = Option<u64>, Query, description = "Arrived then or later."),
        ("until" = Option<u64>, Query, description = "Arrived before."),
        ("status" = Option<String>, Query, description = "A status, `2xx`, `4xx`, `5xx`, `failed`, as answers that broke off have too, or `gone`: the client left."),
        ("protocol" = Option<String>, Query, description = "The client's."),
        ("channel" = Option<String>, Query, description = "Id of the channel that served, or was tried last."),
        ("model" = Option<String>, Query, description = "As the client asked for it."),
        ("clientKey" = Option<String>, Query, description = "Id of a client key."),
        ("session" = Option<String>, Query, description = "As a request shows it."),
        ("q" = Option<String>, Query, description = "A request's id, or a part of a model's name or of an error."),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of the last answer."),
    ),
    responses((status = 200, description = "A page.", body = RequestList),
        (status = 304, description = "As before."),
        (status = 400, description = "A parameter is wrong.", body = ErrorBody),
        (status = 503, description = "The database cannot be read.", body = ErrorBody)))]
pub(super) async fn list<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let known: Vec<&str> = FILTERS.into_iter().chain(["cursor", "limit"]).collect();
    let parameters = Parameters::read(request, &known)?;
    let filter = filter(&parameters)?;
    let cursor = parameters.parsed("cursor", Cursor::parse, "is no `next` of a page")?;
    let limit = parameters.limit()?;
    let database = context.platform.database();
    let end = end(database, &filter, cursor).await.map_err(Problem::no_records)?;
    let rows = database.read(filter.page(cursor, end, limit)).await.map_err(Problem::no_records)?;
    let next = match rows.last().filter(|_| rows.len() as u64 >= limit) {
        Some(last) => Cursor::of(last),
        None => end,
    };
    let requests = rows.into_iter().map(|row| RequestView::read(&mut row.columns()));
    let requests = requests.collect::<Result<_, _>>().map_err(Problem::no_records)?;
    Ok(json::response(StatusCode::OK, &RequestList { requests, next: next.map(Cursor::to_text) }))
}

/// Where what a page below `cursor` looks through ends, if it does not see all.
async fn end(
    database: &impl Database,
    filter: &Filter,
    cursor: Option<Cursor>,
) -> Result<Option<Cursor>, DatabaseError> {
    let Some(end) = filter.end(cursor) else { return Ok(None) };
    Ok(database.read(end).await?.first().and_then(Cursor::of))
}

/// Reads a request with its attempts.
#[utoipa::path(get, path = "/api/requests/{id}", operation_id = "readRequest", tag = "requests",
    params(("id" = String, Path, description = "The request's id, as `x-causeway-request-id` shows it.")),
    responses((status = 200, description = "The request.", body = RequestDetail),
        (status = 404, description = "No such request, or one that is no longer kept.", body = ErrorBody),
        (status = 503, description = "The database cannot be read.", body = ErrorBody)))]
pub(super) async fn read<P: Platform>(
    context: &Context<'_, P>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let database = context.platform.database();
    let found = database.read(query::request(id)).await.map_err(Problem::no_records)?.into_iter().next();
    let row = found.ok_or_else(|| Problem::not_found(format!("no request {id} is kept")))?;
    let detail = RequestDetail::read(&mut row.columns()).map_err(Problem::no_records)?;
    Ok(json::response(StatusCode::OK, &detail))
}

pub(super) fn filter(parameters: &Parameters) -> Result<Filter, Problem> {
    Ok(Filter {
        since: parameters.time("since")?,
        until: parameters.time("until")?,
        status: parameters.parsed(
            "status",
            status,
            "is not a status, `2xx`, `4xx`, `5xx`, `failed` or `gone`",
        )?,
        protocol: parameters.parsed("protocol", Protocol::named, "is no protocol")?,
        channel: parameters.owned("channel"),
        model: parameters.owned("model"),
        client_key: parameters.owned("clientKey"),
        session: parameters.owned("session"),
        in_session: false,
        text: parameters.owned("q"),
    })
}

fn status(text: &str) -> Option<StatusFilter> {
    match text {
        "failed" => Some(StatusFilter::Failed),
        "gone" => Some(StatusFilter::Gone),
        "2xx" => Some(StatusFilter::Hundred(2)),
        "4xx" => Some(StatusFilter::Hundred(4)),
        "5xx" => Some(StatusFilter::Hundred(5)),
        _ => text.parse().ok().filter(|status| (100..600).contains(status)).map(StatusFilter::Exactly),
    }
}
