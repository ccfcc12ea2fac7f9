//! What a monitoring system reads.
//!
//! Counters are the sums that requests are recorded with, so a restart does not begin them anew and all processes and
//! isolates that share a database tell the same.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::Context;
use super::states::{ChannelState, State, states};
use crate::database::DatabaseError;
use crate::platform::{Database, Platform, Recorder};
use crate::record::histogram::Histogram;
use crate::record::outbox::Counts;
use crate::record::rollup::{Dimension, Tally};
use crate::record::stats;

/// <https://prometheus.io/docs/specs/om/open_metrics_spec/>
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
/// So many values are told at most, those with the most requests.
const VALUES: u64 = 2_000;

/// Gives counters and states in the text format of OpenMetrics.
#[utoipa::path(get, path = "/metrics", operation_id = "readMetrics", tag = "stats",
    responses((status = 200, description = "The metrics.", content((String = "application/openmetrics-text")))))]
pub(super) async fn read<P: Platform>(context: &Context<'_, P>) -> Response<Bytes> {
    let snapshot = Snapshot {
        version: context.facts.version,
        runtime: context.facts.runtime,
        channels: states(context, &context.config.current()).await,
        counts: context.platform.recorder().counts(),
        lost_captures: context.capture.lost(),
        sums: sums(context).await.ok(),
    };
    let mut registry = Registry::with_prefix("causeway");
    registry.register_collector(Box::new(snapshot));
    let mut text = String::new();
    // A string takes whatever is written.
    let _never_fails = text::encode(&mut text, &registry);
    let mut response = Response::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, OPEN_METRICS);
    response
}

async fn sums<P: Platform>(context: &Context<'_, P>) -> Result<Vec<Sum>, DatabaseError> {
    let rows = context.platform.database().read(stats::ever(VALUES)).await?;
    let read = rows.into_iter().map(|row| {
        let mut columns = row.columns();
        Ok(Sum { dimension: columns.next()?, value: columns.next()?, tally: Tally::read(&mut columns)? })
    });
    read.collect()
}

#[derive(Debug)]
struct Snapshot {
    version: &'static str,
    runtime: &'static str,
    channels: Vec<ChannelState>,
    counts: Counts,
    lost_captures: u64,
    /// `None` while the database cannot be read.
    sums: Option<Vec<Sum>>,
}

/// All requests of one value.
#[derive(Debug)]
struct Sum {
    dimension: String,
    value: String,
    tally: Tally,
}

/// A family of metrics of each value of a dimension.
struct Family {
    dimension: Dimension,
    /// Goes before the names of its metrics.
    prefix: &'static str,
    /// What the value is called; none where there is but one.
    label: &'static str,
}

const FAMILIES: [Family; 6] = [
    Family { dimension: Dimension::All, prefix: "", label: "" },
    Family { dimension: Dimension::Channel, prefix: "channel_", label: "channel" },
    Family { dimension: Dimension::Key, prefix: "key_", label: "key" },
    Family { dimension: Dimension::Model, prefix: "model_", label: "model" },
    Family { dimension: Dimension::ClientKey, prefix: "client_key_", label: "client_key" },
    Family { dimension: Dimension::Protocol, prefix: "protocol_", label: "protocol" },
];

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let build = [("version", self.version), ("runtime", self.runtime)];
        encoder.encode_descriptor("build", "What runs", None, MetricType::Info)?.encode_info(&build)?;
        let up =
            encoder.encode_descriptor("database_up", "Whether records can be read", None, MetricType::Gauge);
        up?.encode_gauge(&u32::from(self.sums.is_some()))?;
        let recorded = "Requests that this process recorded, or could not";
        let mut records = encoder.encode_descriptor("records", recorded, None, MetricType::Counter)?;
        count(&mut records, &[("outcome", "written")], self.counts.written)?;
        count(&mut records, &[("outcome", "dropped")], self.counts.dropped)?;
        let lost = "Requests that were captured, and could not be kept";
        let mut captures = encoder.encode_descriptor("captures", lost, None, MetricType::Counter)?;
        count(&mut captures, &[("outcome", "lost")], self.lost_captures)?;
        self.states(&mut encoder)?;
        let Some(sums) = &self.sums else { return Ok(()) };
        FAMILIES.iter().try_for_each(|family| family.encode(&mut encoder, sums))
    }
}

impl Snapshot {
    fn states(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Requests under way";
        let mut in_flight = encoder.encode_descriptor("channel_in_flight", help, None, MetricType::Gauge)?;
        for channel in &self.channels {
            let labels = [("channel", channel.id.as_str()), ("name", channel.name.as_str())];
            in_flight.encode_family(&labels)?.encode_gauge(&channel.in_flight)?;
        }
        let help = "1 for the state that a channel is in";
        let mut state = encoder.encode_descriptor("channel_state", help, None, MetricType::Gauge)?;
        for channel in &self.channels {
            for one in State::ALL {
                let labels = [
                    ("channel", channel.id.as_str()),
                    ("name", channel.name.as_str()),
                    ("state", one.as_str()),
                ];
                state.encode_family(&labels)?.encode_gauge(&u32::from(channel.state == one))?;
            }
        }
        Ok(())
    }
}

type Labels<'a> = Vec<(&'static str, &'a str)>;

impl Family {
    fn encode(&self, encoder: &mut DescriptorEncoder<'_>, sums: &[Sum]) -> fmt::Result {
        let own: Vec<&Sum> = sums.iter().filter(|sum| sum.dimension == self.dimension.name()).collect();
        for Counter { name, help, label, counts } in COUNTERS {
            let name = format!("{}{name}", self.prefix);
            let mut metric = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
            for sum in &own {
                for (kind, number) in counts(&sum.tally) {
                    let kind = (!label.is_empty()).then_some((label, kind));
                    count(&mut metric, &self.labels(sum).chain(kind).collect::<Labels<'_>>(), number)?;
                }
            }
        }
        if !matches!(self.dimension, Dimension::All | Dimension::Channel) {
            return Ok(());
        }
        for Times { name, help, times } in TIMES {
            let (name, unit) = (format!("{}{name}", self.prefix), Unit::Seconds);
            let mut metric = encoder.encode_descriptor(&name, help, Some(&unit), MetricType::Histogram)?;
            for sum in &own {
                let (total, histogram) = times(&sum.tally);
                let labels: Labels<'_> = self.labels(sum).collect();
                let buckets: Vec<(f64, u64)> = histogram.slots().map(bucket).collect();
                metric.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
                    seconds(total),
                    histogram.count(),
                    &buckets,
                    None,
                )?;
            }
        }
        Ok(())
    }

    fn labels<'a>(&self, sum: &'a Sum) -> impl Iterator<Item = (&'static str, &'a str)> {
        (!self.label.is_empty()).then_some((self.label, sum.value.as_str())).into_iter()
    }
}

/// Numbers that only grow, told apart by one label more where it has a name.
struct Counter {
    name: &'static str,
    help: &'static str,
    label: &'static str,
    counts: fn(&Tally) -> Vec<(&'static str, u64)>,
}

const COUNTERS: [Counter; 5] = [
    Counter {
        name: "requests",
        help: "Requests that ended: served, failed, or left by their client",
        label: "outcome",
        counts: |tally| {
            let [requests, failed, gone, ..] = tally.sums;
            let served = requests.saturating_sub(failed).saturating_sub(gone);
            vec![("served", served), ("failed", failed), ("gone", gone)]
        },
    },
    Counter {
        name: "attempts",
        help: "Calls of upstreams",
        label: "outcome",
        counts: |tally| {
            let [_, _, _, attempts, failed, ..] = tally.sums;
            vec![("succeeded", attempts.saturating_sub(failed)), ("failed", failed)]
        },
    },
    Counter {
        name: "tokens",
        help: "Tokens used, in counts that do not overlap",
        label: "kind",
        counts: |tally| {
            let [_, _, _, _, _, input, cache_read, cache_write, output, reasoning, ..] = tally.sums;
            vec![
                ("input", input),
                ("cache_read", cache_read),
                ("cache_write", cache_write),
                ("output", output),
                ("reasoning", reasoning),
            ]
        },
    },
    Counter {
        name: "cost_microdollars",
        help: "What it cost, as far as prices are known",
        label: "",
        counts: |tally| {
            let [_, _, _, _, _, _, _, _, _, _, _, cost, ..] = tally.sums;
            vec![("", cost)]
        },
    },
    Counter {
        name: "unpriced_requests",
        help: "Requests that used something whose price is not known",
        label: "",
        counts: |tally| {
            let [.., unpriced, _, _] = tally.sums;
            vec![("", unpriced)]
        },
    },
];

/// Times of requests that were served.
struct Times {
    name: &'static str,
    help: &'static str,
    /// All milliseconds together, and how they are spread.
    times: fn(&Tally) -> (u64, &Histogram),
}

const TIMES: [Times; 2] = [
    Times {
        name: "time_to_first_content",
        help: "From a request's arrival to the first content sent on",
        times: |tally| {
            let [.., first_content, _] = tally.sums;
            (first_content, &tally.first_content)
        },
    },
    Times {
        name: "request_duration",
        help: "From a request's arrival to the end of its answer",
        times: |tally| {
            let [.., duration] = tally.sums;
            (duration, &tally.duration)
        },
    },
];

fn count(metric: &mut MetricEncoder<'_>, labels: &impl EncodeLabelSet, number: u64) -> fmt::Result {
    metric.encode_family(labels)?.encode_counter::<NoLabelSet, _, u64>(&number, None)
}

/// The last slot has no longest time.
fn bucket((longest, times): (Option<u64>, u64)) -> (f64, u64) {
    (longest.map_or(f64::INFINITY, seconds), times)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a request are far below 2^52")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}
