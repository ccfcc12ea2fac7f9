//! What clients' sessions did and cost.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::view;
use crate::admin::error::{ErrorBody, Problem};
use crate::admin::parameters::Parameters;
use crate::admin::{Context, json};
use crate::database::{Columns, DatabaseError};
use crate::platform::{Database, Platform};
use crate::record::query::Filter;
use crate::record::sessions::READ;
use crate::time::Timestamp;

/// Sessions, those used last first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct SessionList {
    sessions: Vec<SessionView>,
    /// Whether these are all sessions of the range, each with all its requests in it. Else they are the ones used last,
    /// and their sums are of the newest requests: at most 10,000 of the 50,000 newest of the range are added up.
    complete: bool,
}

/// What the requests of a session within the range add up to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionView {
    /// As its requests show it.
    id: String,
    client_key: String,
    /// The client's, of its last request.
    protocol: String,
    /// When its first request came, in milliseconds since 1970.
    first: Timestamp,
    /// When its last one came.
    last: Timestamp,
    requests: u64,
    /// The client got an error.
    failed: u64,
    /// Tokens, neither read from a cache nor written to one.
    input: u64,
    cache_read: u64,
    cache_write: u64,
    /// Without reasoning.
    output: u64,
    reasoning: u64,
    /// Requests whose tokens the gateway estimated.
    estimated: u64,
    /// Of those whose price was known, in micro-dollars.
    cost: u64,
    /// Requests that used something and have no cost.
    unpriced: u64,
    /// Those asked for last, at most eight.
    #[schema(value_type = Vec<String>)]
    models: Box<RawValue>,
    /// Ids of those that served its requests, or were tried last, at most eight. More than one: it moved or failed over.
    #[schema(value_type = Vec<String>)]
    channels: Box<RawValue>,
}

/// Lists the sessions of a range, those used last first. Requests that belong to none are left out.
#[utoipa::path(get, path = "/api/sessions", operation_id = "listSessions", tag = "requests",
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "At most 200; 50 where it is left out."),
        ("since" = Option<u64>, Query, description = "Of requests that arrived then or later."),
        ("until" = Option<u64>, Query, description = "Of requests that arrived before."),
        ("clientKey" = Option<String>, Query, description = "Id of a client key."),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of the last answer."),
    ),
    responses((status = 200, description = "The sessions.", body = SessionList),
        (status = 304, description = "As before."),
        (status = 400, description = "A parameter is wrong.", body = ErrorBody),
        (status = 503, description = "The database cannot be read.", body = ErrorBody)))]
pub(in crate::admin) async fn list<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let parameters = Parameters::read(request, &["since", "until", "clientKey", "limit"])?;
    let filter = Filter {
        since: parameters.time("since")?,
        until: parameters.time("until")?,
        client_key: parameters.owned("clientKey"),
        in_session: true,
        ..Filter::default()
    };
    let limit = parameters.limit()?;
    let list = gather(context.platform.database(), &filter, limit).await.map_err(Problem::no_records)?;
    Ok(json::response(StatusCode::OK, &list))
}

async fn gather(database: &impl Database, filter: &Filter, limit: u64) -> Result<SessionList, DatabaseError> {
    let (mut sessions, mut added_up) = (Vec::new(), 0);
    let end = super::end(database, filter, None).await?;
    for row in database.read(filter.sessions(end, limit)).await? {
        let mut columns = row.columns();
        sessions.push(SessionView::read(&mut columns)?);
        added_up = columns.next()?;
    }
    let listed: u64 = sessions.iter().map(|session| session.requests).sum();
    let complete = listed == added_up && added_up < READ && end.is_none();
    Ok(SessionList { sessions, complete })
}

impl SessionView {
    /// What is left of a row of [`Filter::sessions`] is how many requests were added up for all.
    fn read(columns: &mut Columns) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: columns.next()?,
            client_key: columns.next()?,
            protocol: columns.next()?,
            first: columns.next()?,
            last: columns.next()?,
            requests: columns.next()?,
            failed: columns.next()?,
            input: columns.next()?,
            cache_read: columns.next()?,
            cache_write: columns.next()?,
            output: columns.next()?,
            reasoning: columns.next()?,
            estimated: columns.next()?,
            cost: columns.next()?,
            unpriced: columns.next()?,
            models: view::list(columns.next()?)?,
            channels: view::list(columns.next()?)?,
        })
    }
}
