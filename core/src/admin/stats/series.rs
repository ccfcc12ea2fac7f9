//! How many requests there were of each value, bucket by bucket: what small charts in a list need.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asked, ROWS};
use crate::admin::error::{ErrorBody, Problem};
use crate::admin::{Context, json};
use crate::database::{DatabaseError, Row};
use crate::platform::{Database, Platform};
use crate::record::rollup::Dimension;
use crate::record::stats::Range;
use crate::time::Timestamp;

/// Requests of a range, counted in buckets for each value of what they have in common, as `/api/stats` counts them. The
/// lists are for the values in their order: a number for each bucket from `since` on, zeros at the end left out.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::admin) struct Series {
    since: Timestamp,
    until: Timestamp,
    /// Width of a bucket; there are at most 48.
    bucket_ms: u64,
    /// Models, protocols or ids, at most 200, those with the most requests first. One is empty where nobody served, and
    /// without `by`.
    values: Vec<String>,
    requests: Vec<Vec<u64>>,
    /// How many of them failed.
    failed: Vec<Vec<u64>>,
}

/// Counts requests in buckets, for each value of what they have in common.
#[utoipa::path(get, path = "/api/stats/series", operation_id = "readSeries", tag = "stats",
    params(
        ("range" = Option<String>, Query, description = "How long: a number and `m`, `h` or `d`; `24h` where it is left out."),
        ("until" = Option<u64>, Query, description = "Its end; now where it is left out."),
        ("by" = Option<String>, Query, description = "`model`, `channel`, `key`, `clientKey` or `protocol`; all requests are one value where it is left out."),
    ),
    responses((status = 200, description = "The counts.", body = Series),
        (status = 400, description = "A parameter is wrong.", body = ErrorBody),
        (status = 503, description = "The database cannot be read.", body = ErrorBody)))]
pub(in crate::admin) async fn read<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let Asked { length, until, by, now } = Asked::read(context, request)?;
    let range = Range::for_values(length, until, now);
    let statement = range.series_of_values(by.unwrap_or(Dimension::All), ROWS);
    let found = context.platform.database().read(statement).await.map_err(Problem::no_records)?;
    let Range { since, until, width } = range;
    let mut series = Series { since, until, bucket_ms: width, ..Series::default() };
    found.into_iter().try_for_each(|row| series.take(row)).map_err(Problem::no_records)?;
    Ok(json::response(StatusCode::OK, &series))
}

impl Series {
    /// Takes in a row of [`Range::series_of_values`].
    fn take(&mut self, row: Row) -> Result<(), DatabaseError> {
        let mut columns = row.columns();
        let (value, bucket) = (columns.next()?, columns.next()?);
        if self.values.last() != Some(&value) {
            self.values.push(value);
            self.requests.push(Vec::new());
            self.failed.push(Vec::new());
        }
        put(&mut self.requests, bucket, columns.next()?);
        put(&mut self.failed, bucket, columns.next()?);
        Ok(())
    }
}

/// Appends the number of a bucket to the last list, which ends before it.
fn put(lists: &mut [Vec<u64>], bucket: u64, number: u64) {
    if let Some(list) = lists.last_mut()
        && number > 0
    {
        list.resize(usize::try_from(bucket).unwrap_or_default(), 0);
        list.push(number);
    }
}
