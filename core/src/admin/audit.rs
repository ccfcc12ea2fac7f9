//! What operators did.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::error::{ErrorBody, Problem};
use super::parameters::{LARGEST, Parameters, whole};
use super::{Context, json};
use crate::config::difference::Difference;
use crate::database::{DatabaseError, Row, Statement};
use crate::platform::{Database, Platform};
use crate::time::Timestamp;

const SELECT: &str = "SELECT seq, at, actor, address, method, path, version, document IS NOT NULL, changes \
                      FROM change WHERE seq < ?1 AND at >= ?2 AND at < ?3 AND (?4 = 0 OR version IS NOT NULL) \
                      ORDER BY seq DESC LIMIT ?5";

/// A page of what operators did, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeList {
    pub(super) entries: Vec<ChangeView>,
    /// `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// One write.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeView {
    id: String,
    /// Milliseconds since 1970.
    at: Timestamp,
    /// `key` or `session`, for how the operator proved who they are; `outside` where the configuration was changed
    /// elsewhere, such as in its file, and was found so at that time.
    actor: String,
    /// The peer's address where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Of the request.
    method: String,
    /// Of the request.
    path: String,
    /// The configuration's version after a change of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Whether that version can be put in force again.
    restorable: bool,
    /// What it changed of the configuration; secrets masked.
    #[schema(value_type = Vec<Difference>)]
    changes: Box<RawValue>,
}

/// Lists what operators did, the newest first: every write, with what it changed of the configuration.
#[utoipa::path(get, path = "/api/audit", operation_id = "listAudit", tag = "audit",
    params(("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "At most so many; 50 without this."),
        ("since" = Option<u64>, Query, description = "Milliseconds since 1970."),
        ("until" = Option<u64>, Query, description = "Milliseconds since 1970; itself not included.")),
    responses((status = 200, description = "A page.", body = ChangeList),
        (status = 400, description = "A parameter is wrong.", body = ErrorBody),
        (status = 503, description = "The database cannot be reached.", body = ErrorBody)))]
pub(super) async fn list<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let list = page(context, request, false).await?;
    Ok(json::response(StatusCode::OK, &list))
}

/// The page that the query asks for, of all writes or of those that changed the configuration.
pub(super) async fn page<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    versions: bool,
) -> Result<ChangeList, Problem> {
    let parameters = Parameters::read(request, &["cursor", "limit", "since", "until"])?;
    let cursor = parameters.parsed("cursor", whole, "is no `next` of a page")?;
    let limit = parameters.limit()?;
    let statement = Statement::new(SELECT)
        .bind(cursor.unwrap_or(LARGEST))
        .bind(parameters.time("since")?.unwrap_or_default())
        .bind(parameters.time("until")?.unwrap_or(Timestamp::from_millis(LARGEST)))
        .bind(versions)
        .bind(limit + 1);
    let rows = context.platform.database().read(statement).await.map_err(Problem::no_records)?;
    let read = rows.into_iter().map(entry).collect::<Result<Vec<_>, _>>();
    let mut entries = read.map_err(Problem::no_records)?;
    let full = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > full;
    entries.truncate(full);
    let next = entries.last().filter(|_| more).map(|last| last.id.clone());
    Ok(ChangeList { entries, next })
}

fn entry(row: Row) -> Result<ChangeView, DatabaseError> {
    let mut columns = row.columns();
    Ok(ChangeView {
        id: columns.next::<u64>()?.to_string(),
        at: columns.next()?,
        actor: columns.next()?,
        address: columns.next()?,
        method: columns.next()?,
        path: columns.next()?,
        version: columns.next()?,
        restorable: columns.next()?,
        changes: RawValue::from_string(columns.next()?)
            .map_err(|_| DatabaseError::Broken("a list of changes is not JSON".to_owned()))?,
    })
}
