//! Capture of bodies: switched on for a while, looked at, thrown away.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::ToSchema;

use super::error::{ErrorBody, Problem};
use super::parameters::Parameters;
use super::{Context, json};
use crate::capture::order::CaptureFilter;
use crate::capture::store::{self, MOST_BYTES, Standing};
use crate::capture::view::CapturedRequest;
use crate::capture::{MOST_MINUTES, MOST_REQUESTS, Order};
use crate::config::difference::{Change, Difference, Part};
use crate::database::Column;
use crate::platform::{Clock, Database, Entropy, Platform};
use crate::time::Timestamp;

/// What shall be captured: one of `requests` and `minutes` at least.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CaptureWrite {
    /// So many requests, at most 500; as many where it is left out.
    #[schema(minimum = 1, maximum = 500)]
    requests: Option<u64>,
    /// For so long, at most 240; as long where it is left out.
    #[schema(minimum = 1, maximum = 240)]
    minutes: Option<u64>,
    #[serde(default)]
    filter: CaptureFilter,
}

/// Whether bodies are captured, and what is kept.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CaptureState {
    on: bool,
    /// Of the order in force; absent while capture is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<CaptureOrder>,
    /// Of how many requests something is kept.
    kept: u64,
    /// How much that is.
    bytes: u64,
    /// More is not kept: the oldest goes first.
    max_bytes: u64,
}

/// What is captured now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CaptureOrder {
    /// How many more requests.
    requests_left: u64,
    /// It ends then at the latest; milliseconds since 1970.
    until: Timestamp,
    filter: CaptureFilter,
}

impl CaptureState {
    fn of(standing: Standing, now: Timestamp) -> Self {
        let Standing { kept, bytes, order } = standing;
        let order = order
            .filter(|order| !order.is_over(now))
            .map(|Order { left, until, filter, .. }| CaptureOrder { requests_left: left, until, filter });
        Self { on: order.is_some(), order, kept, bytes, max_bytes: MOST_BYTES }
    }
}

/// Tells whether bodies are captured.
#[utoipa::path(get, path = "/api/capture", operation_id = "readCapture", tag = "capture",
    responses((status = 200, description = "How it is.", body = CaptureState),
        (status = 503, description = "The database cannot be read.", body = ErrorBody)))]
pub(super) async fn read<P: Platform>(context: &Context<'_, P>) -> Result<Response<Bytes>, Problem> {
    let rows = context.platform.database().read(store::standing()).await.map_err(Problem::no_records)?;
    let standing = store::read_standing(rows).map_err(Problem::no_records)?;
    Ok(json::response(StatusCode::OK, &CaptureState::of(standing, context.platform.clock().now())))
}

/// Captures bodies from now on, for so many requests or so long, whichever ends first, in place of what was ordered
/// before. What is kept already stays.
///
/// Other isolates of a Worker hear of it within five seconds, or behind their next request.
#[utoipa::path(post, path = "/api/capture", operation_id = "startCapture", tag = "capture",
    request_body = CaptureWrite,
    responses((status = 200, description = "It is on.", body = CaptureState),
        (status = 400, description = "A field is wrong.", body = ErrorBody)))]
pub(super) async fn start<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let write: CaptureWrite = json::read(request)?;
    let order = ordered(context, write)?;
    let database = context.platform.database();
    database.write(store::give(&order)).await.map_err(Problem::no_records)?;
    context.capture.set(Some(order.clone()));
    context.journal.tell(told(&order));
    read(context).await
}

fn ordered<P: Platform>(context: &Context<'_, P>, write: CaptureWrite) -> Result<Order, Problem> {
    let CaptureWrite { requests, minutes, filter } = write;
    if requests.is_none() && minutes.is_none() {
        return Err(Problem::invalid_field("requests", "is missing, and `minutes` too"));
    }
    let within = |name: &str, number: Option<u64>, most: u64| match number.unwrap_or(most) {
        number if (1..=most).contains(&number) => Ok(number),
        _ => Err(Problem::invalid_field(name, format!("is not from 1 to {most}"))),
    };
    let left = within("requests", requests, MOST_REQUESTS)?;
    let minutes = within("minutes", minutes, MOST_MINUTES)?;
    let config = context.config.current();
    if let Some(id) = &filter.channel
        && !config.channels.iter().any(|channel| channel.id.as_str() == id)
    {
        return Err(Problem::invalid_field("filter.channel", "is not the id of a channel"));
    }
    if let Some(id) = &filter.client_key
        && config.access.client_key(id).is_none()
    {
        return Err(Problem::invalid_field("filter.clientKey", "is not the id of a client key"));
    }
    if filter.model.as_ref().is_some_and(String::is_empty) {
        return Err(Problem::invalid_field("filter.model", "is empty"));
    }
    let until = context.platform.clock().now() + Duration::from_secs(60 * minutes);
    Ok(Order { id: format!("{:016x}", context.platform.entropy().word()), until, left, filter })
}

/// As the audit tells it.
fn told(order: &Order) -> Difference {
    let Order { left, until, filter, .. } = order;
    let mut after = Map::new();
    after.insert("requests".to_owned(), (*left).into());
    after.insert("until".to_owned(), until.as_millis().into());
    let CaptureFilter { channel, client_key, model } = filter;
    for (name, wanted) in [("channel", channel), ("clientKey", client_key), ("model", model)] {
        if let Some(wanted) = wanted {
            after.insert(name.to_owned(), wanted.as_str().into());
        }
    }
    Difference {
        part: Part::Capture,
        id: String::new(),
        name: String::new(),
        change: Change::Changed,
        before: Map::new(),
        after,
    }
}

/// Captures nothing any more, and deletes all that was captured.
#[utoipa::path(delete, path = "/api/capture", operation_id = "stopCapture", tag = "capture",
    params(("keep" = Option<bool>, Query, description = "Leaves what was captured as it is.")),
    responses((status = 204, description = "It is off."),
        (status = 400, description = "A parameter is wrong.", body = ErrorBody)))]
pub(super) async fn stop<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let keeps = Parameters::read(request, &["keep"])?.flag("keep")?;
    let mut statements = vec![store::revoke()];
    statements.extend((!keeps).then(store::clear));
    context.capture.set(None);
    context.platform.database().write(statements).await.map_err(Problem::no_records)?;
    Ok(json::no_content())
}

/// Reads what was captured of a request.
#[utoipa::path(get, path = "/api/requests/{id}/capture", operation_id = "readCapturedRequest", tag = "capture",
    params(("id" = String, Path, description = "The request's id.")),
    responses((status = 200, description = "What went to and fro.", body = CapturedRequest<'static>),
        (status = 404, description = "Nothing was captured of it, or that is no longer kept.", body = ErrorBody),
        (status = 503, description = "The database cannot be read.", body = ErrorBody)))]
pub(super) async fn of_request<P: Platform>(
    context: &Context<'_, P>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let rows = context.platform.database().read(store::content(id)).await.map_err(Problem::no_records)?;
    let content = rows.into_iter().next().and_then(|row| String::read(row.0.into_iter().next()?));
    let content =
        content.ok_or_else(|| Problem::not_found(format!("nothing of request {id} is captured")))?;
    Ok(json::written(content))
}
