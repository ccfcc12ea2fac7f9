//! How things are, in one answer.

use std::time::Duration;

use bytes::Bytes;
use http::header::ETAG;
use http::{Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::states::{State, states};
use super::stats::{Sums, totals};
use super::{Context, json};
use crate::platform::{Clock, Platform, Recorder};
use crate::record::outbox::Counts;
use crate::record::stats::Range;
use crate::time::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How things are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overview {
    at: Timestamp,
    channels: ChannelCounts,
    /// Requests under way.
    in_flight: u64,
    /// The last 24 hours; null while the database cannot be read.
    day: Option<Sums>,
    /// The 24 hours before those.
    day_before: Option<Sums>,
    recording: Recording,
}

/// How many channels are how.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChannelCounts {
    total: u64,
    /// Of those that are not paused: traffic flows.
    closed: u64,
    half_open: u64,
    open: u64,
    paused: u64,
}

/// How recording fares.
#[derive(Debug, Serialize, ToSchema)]
struct Recording {
    /// Requests that this process wrote since it began.
    written: u64,
    /// Requests that it could not write: too many came at once, or the database failed.
    dropped: u64,
    /// What is wrong with the database now; left out where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Tells how things are: channels, the last day, and whether requests are recorded.
#[utoipa::path(get, path = "/api/overview", operation_id = "readOverview", tag = "stats",
    params(("If-None-Match" = Option<String>, Header, description = "`ETag` of the last answer.")),
    responses((status = 200, description = "How things are.", body = Overview),
        (status = 304, description = "But for the time, as before.")))]
pub(super) async fn read<P: Platform>(context: &Context<'_, P>) -> Response<Bytes> {
    let (database, now) = (context.platform.database(), context.platform.clock().now());
    let day = Range::of(DAY, now, now);
    let day_before = Range { since: back(day.since), until: day.since, ..day };
    let (last, before) = (totals(database, day).await, totals(database, day_before).await);
    let problem = last.as_ref().err().map(ToString::to_string);
    let Counts { written, dropped } = context.platform.recorder().counts();
    let (channels, in_flight) = channels(context).await;
    let recording = Recording { written, dropped, problem };
    let (day, day_before) = (last.ok(), before.ok());
    let at = Timestamp::default();
    let mut overview = Overview { at, channels, in_flight, day, day_before, recording };
    // The time of the answer is nothing new.
    let tag = json::tag(json::response(StatusCode::OK, &overview).body());
    overview.at = now;
    let mut response = json::response(StatusCode::OK, &overview);
    response.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
    response
}

const fn back(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_sub(24 * 3_600_000))
}

async fn channels<P: Platform>(context: &Context<'_, P>) -> (ChannelCounts, u64) {
    let config = context.config.current();
    let mut counts = ChannelCounts { total: config.channels.len() as u64, ..ChannelCounts::default() };
    let mut in_flight = 0;
    for channel in states(context, &config).await {
        in_flight += u64::from(channel.in_flight);
        let count = match channel.state {
            State::Closed => &mut counts.closed,
            State::HalfOpen => &mut counts.half_open,
            State::Open => &mut counts.open,
            State::Paused => &mut counts.paused,
        };
        *count += 1;
    }
    (counts, in_flight)
}
