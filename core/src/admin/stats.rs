//! Sums over requests.

pub(super) mod series;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ErrorBody, Problem};
use super::parameters::Parameters;
use super::{Context, json};
use crate::database::DatabaseError;
use crate::platform::{Clock, Database, Platform};
use crate::record::histogram::Histogram;
use crate::record::rollup::{Dimension, Tally};
use crate::record::stats::Range;
use crate::time::Timestamp;

/// Of a table's values those with the most requests.
const ROWS: u64 = 200;
const DAY: Duration = Duration::from_secs(24 * 3600);
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// Requests of a range, in buckets and by what they have in common.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    since: Timestamp,
    until: Timestamp,
    /// Width of a bucket of `series`.
    bucket_ms: u64,
    totals: Sums,
    /// At most 200 buckets, the oldest first; those without requests are left out.
    series: Vec<Bucket>,
    /// By what was asked for, at most 200 values, those with the most requests first; empty without `by`.
    rows: Vec<StatsRow>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Bucket {
    /// When it begins.
    at: Timestamp,
    #[serde(flatten)]
    sums: Sums,
}

#[derive(Debug, Serialize, ToSchema)]
struct StatsRow {
    /// A model, a protocol or an id; empty where nobody served.
    value: String,
    #[serde(flatten)]
    sums: Sums,
}

/// What requests add up to. A request counts with the channel and the key that served it or were tried last; an attempt
/// with its own.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sums {
    requests: u64,
    /// The client got an error.
    failed: u64,
    /// The client left.
    gone: u64,
    attempts: u64,
    failed_attempts: u64,
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
    /// Requests that used something whose price was not known.
    unpriced: u64,
    /// Of requests that were served.
    first_content_ms: Percentiles,
    duration_ms: Percentiles,
}

/// Times in milliseconds, right within a fifth; null where fewer than two requests lie beyond one.
#[derive(Debug, Serialize, ToSchema)]
struct Percentiles {
    /// Of so many requests.
    count: u64,
    p50: Option<u64>,
    p95: Option<u64>,
    p99: Option<u64>,
}

impl From<&Histogram> for Percentiles {
    fn from(histogram: &Histogram) -> Self {
        Self {
            count: histogram.count(),
            p50: histogram.percentile(50),
            p95: histogram.percentile(95),
            p99: histogram.percentile(99),
        }
    }
}

impl From<&Tally> for Sums {
    fn from(tally: &Tally) -> Self {
        let [
            requests,
            failed,
            gone,
            attempts,
            failed_attempts,
            input,
            cache_read,
            cache_write,
            output,
            reasoning,
            estimated,
            cost,
            unpriced,
            ..,
        ] = tally.sums;
        Self {
            requests,
            failed,
            gone,
            attempts,
            failed_attempts,
            input,
            cache_read,
            cache_write,
            output,
            reasoning,
            estimated,
            cost,
            unpriced,
            first_content_ms: (&tally.first_content).into(),
            duration_ms: (&tally.duration).into(),
        }
    }
}

/// Adds requests up, over a range and by what they have in common.
#[utoipa::path(get, path = "/api/stats", operation_id = "readStats", tag = "stats",
    params(
        ("range" = Option<String>, Query, description = "How long: a number and `m`, `h` or `d`; `24h` where it is left out."),
        ("until" = Option<u64>, Query, description = "Its end; now where it is left out."),
        ("by" = Option<String>, Query, description = "`model`, `channel`, `key`, `clientKey` or `protocol`."),
    ),
    responses((status = 200, description = "The sums.", body = Stats),
        (status = 400, description = "A parameter is wrong.", body = ErrorBody),
        (status = 503, description = "The database cannot be read.", body = ErrorBody)))]
pub(super) async fn read<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let Asked { length, until, by, now } = Asked::read(context, request)?;
    let range = Range::of(length, until, now);
    let stats = gather(context.platform.database(), range, by).await.map_err(Problem::no_records)?;
    Ok(json::response(StatusCode::OK, &stats))
}

/// What is to be added up.
struct Asked {
    length: Duration,
    until: Timestamp,
    by: Option<Dimension>,
    now: Timestamp,
}

impl Asked {
    fn read<P: Platform>(context: &Context<'_, P>, request: &Request<Bytes>) -> Result<Self, Problem> {
        let parameters = Parameters::read(request, &["range", "until", "by"])?;
        let length =
            parameters.parsed("range", length, "is not a number and `m`, `h` or `d`, at most ten years")?;
        let until = parameters.time("until")?;
        let no_dimension = "is not `model`, `channel`, `key`, `clientKey` or `protocol`";
        let by = parameters.parsed("by", dimension, no_dimension)?;
        let now = context.platform.clock().now();
        Ok(Self { length: length.unwrap_or(DAY), until: until.unwrap_or(now).min(now), by, now })
    }
}

async fn gather(
    database: &impl Database,
    range: Range,
    by: Option<Dimension>,
) -> Result<Stats, DatabaseError> {
    let mut totals = Tally::default();
    let mut series = Vec::new();
    for row in database.read(range.series()).await? {
        let mut columns = row.columns();
        let at = columns.next()?;
        let tally = Tally::read(&mut columns)?;
        totals.merge(&tally);
        series.push(Bucket { at, sums: (&tally).into() });
    }
    let mut rows = Vec::new();
    if let Some(by) = by {
        for row in database.read(range.table(by, ROWS)).await? {
            let mut columns = row.columns();
            let value = columns.next()?;
            rows.push(StatsRow { value, sums: (&Tally::read(&mut columns)?).into() });
        }
    }
    let Range { since, until, width } = range;
    Ok(Stats { since, until, bucket_ms: width, totals: (&totals).into(), series, rows })
}

/// The sums of a range.
pub(super) async fn totals(database: &impl Database, range: Range) -> Result<Sums, DatabaseError> {
    gather(database, range, None).await.map(|stats| stats.totals)
}

fn length(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    Some(Duration::from_secs(number.checked_mul(seconds)?)).filter(|length| *length <= LONGEST)
}

fn dimension(text: &str) -> Option<Dimension> {
    match text {
        "model" => Some(Dimension::Model),
        "channel" => Some(Dimension::Channel),
        "key" => Some(Dimension::Key),
        "clientKey" => Some(Dimension::ClientKey),
        "protocol" => Some(Dimension::Protocol),
        _ => None,
    }
}
