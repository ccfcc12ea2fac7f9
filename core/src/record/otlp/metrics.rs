//! Finished requests as metrics, in the words of
//! <https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-metrics.md>.
//!
//! A request is one that the gateway served, and each of its attempts an operation that it was the client of.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Service, nanos, operation, resource, scope, text, together};
use crate::config::Protocol;
use crate::record::{Record, clipped};
use crate::schedule::Class;
use crate::time::Timestamp;

/// Of more series only the metric is told: clients may name models as they like.
const MOST_SERIES: usize = 2000;
/// Sums begin at the start time of their point:
/// <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#temporality>.
const CUMULATIVE: u8 = 2;

/// What has been measured since a process began.
#[derive(Debug)]
pub struct Figures {
    /// Tells the process from others of the same service.
    instance: String,
    began: Timestamp,
    series: BTreeMap<Series, Spread>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Metric {
    RequestDuration,
    TimeToFirstToken,
    OperationDuration,
    TokenUsage,
}

/// What a measurement is told apart by; empty where it does not apply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    metric: Metric,
    operation: &'static str,
    provider: &'static str,
    model: String,
    channel: String,
    token: &'static str,
    error: &'static str,
}

/// How measurements are spread over the buckets of their metric.
#[derive(Debug)]
struct Spread {
    sum: f64,
    /// One more than there are bounds.
    buckets: Vec<u64>,
}

impl Figures {
    pub fn new(instance: String, began: Timestamp) -> Self {
        Self { instance, began, series: BTreeMap::new() }
    }

    pub fn add(&mut self, record: &Record) {
        // Of those who have no key only some are recorded.
        if record.client_key.as_str().is_empty() {
            return;
        }
        let model = if record.attempts.is_empty() { "" } else { clipped(&record.model) };
        let request = Series::of(Metric::RequestDuration, record.protocol, model);
        if !record.failed()
            && let Some(first_content) = record.first_content
        {
            self.note(
                Series { metric: Metric::TimeToFirstToken, ..request.clone() },
                first_content.as_secs_f64(),
            );
        }
        let class = record.class();
        let error = if class == Class::Success.as_str() { "" } else { class };
        self.note(Series { error, ..request }, record.duration.as_secs_f64());
        for attempt in &record.attempts {
            let error = if attempt.class == Class::Success { "" } else { attempt.class.as_str() };
            let channel = attempt.channel.as_str().to_owned();
            let series = Series::of(Metric::OperationDuration, attempt.protocol, clipped(&attempt.model));
            self.note(Series { channel, error, ..series }, attempt.duration.as_secs_f64());
        }
        let (Some(usage), Some(last)) = (record.usage, record.attempts.last()) else { return };
        for (token, counts) in [
            ("input", [usage.input, usage.cache_read, usage.cache_write].as_slice()),
            ("output", &[usage.output, usage.reasoning]),
        ] {
            let Some(count) = together(counts) else { continue };
            let channel = last.channel.as_str().to_owned();
            let series = Series::of(Metric::TokenUsage, last.protocol, clipped(&last.model));
            #[expect(clippy::cast_precision_loss, reason = "tokens of a request are far below 2^52")]
            self.note(Series { channel, token, ..series }, count as f64);
        }
    }

    fn note(&mut self, series: Series, measured: f64) {
        let full = self.series.len() >= MOST_SERIES && !self.series.contains_key(&series);
        let series = if full { series.metric.overflow() } else { series };
        let bounds = series.metric.bounds();
        let empty = || Spread { sum: 0.0, buckets: vec![0; bounds.len() + 1] };
        let spread = self.series.entry(series).or_insert_with(empty);
        spread.sum += measured;
        if let Some(count) = spread.buckets.get_mut(bounds.partition_point(|bound| *bound < measured)) {
            *count += 1;
        }
    }

    /// The body of an export of all that was measured up to `now`.
    pub fn export(&self, service: &Service, now: Timestamp) -> Vec<u8> {
        let mut resource = resource(service);
        resource.push(text("service.instance.id", &self.instance));
        let metrics = Metric::ALL.map(|metric| {
            let series = self.series.iter().filter(|(series, _)| series.metric == metric);
            let points: Vec<Value> = series.map(|(series, spread)| self.point(series, spread, now)).collect();
            json!({ "name": metric.name(), "unit": metric.unit(), "histogram": {
                "aggregationTemporality": CUMULATIVE, "dataPoints": points,
            } })
        });
        let export = json!({ "resourceMetrics": [{
            "resource": { "attributes": resource },
            "scopeMetrics": [{ "scope": scope(service), "metrics": metrics }],
        }] });
        export.to_string().into_bytes()
    }

    fn point(&self, series: &Series, spread: &Spread, now: Timestamp) -> Value {
        // 64-bit integers are strings in protobuf's JSON.
        let buckets: Vec<String> = spread.buckets.iter().map(u64::to_string).collect();
        json!({
            "startTimeUnixNano": nanos(self.began),
            "timeUnixNano": nanos(now),
            "attributes": series.attributes(),
            "count": spread.buckets.iter().sum::<u64>().to_string(),
            "sum": spread.sum,
            "explicitBounds": series.metric.bounds(),
            "bucketCounts": buckets,
        })
    }
}

impl Metric {
    const ALL: [Self; 4] =
        [Self::RequestDuration, Self::TimeToFirstToken, Self::OperationDuration, Self::TokenUsage];

    const fn name(self) -> &'static str {
        match self {
            Self::RequestDuration => "gen_ai.server.request.duration",
            Self::TimeToFirstToken => "gen_ai.server.time_to_first_token",
            Self::OperationDuration => "gen_ai.client.operation.duration",
            Self::TokenUsage => "gen_ai.client.token.usage",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::TokenUsage => "{token}",
            _ => "s",
        }
    }

    /// Those that the conventions name.
    const fn bounds(self) -> &'static [f64] {
        match self {
            Self::RequestDuration | Self::OperationDuration => {
                &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
            }
            Self::TimeToFirstToken => {
                &[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]
            }
            Self::TokenUsage => &[
                1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0,
                4194304.0, 16777216.0, 67108864.0,
            ],
        }
    }

    /// Stands for all series that there is no room for.
    fn overflow(self) -> Series {
        let (model, channel) = (String::new(), String::new());
        Series { metric: self, operation: "", provider: "", model, channel, token: "", error: "" }
    }
}

impl Series {
    fn of(metric: Metric, protocol: Protocol, model: &str) -> Self {
        let (operation, provider, model) = (operation(protocol), provider(protocol), model.to_owned());
        Self { operation, provider, model, ..metric.overflow() }
    }

    fn attributes(&self) -> Vec<Value> {
        if self.operation.is_empty() {
            // <https://opentelemetry.io/docs/specs/otel/metrics/sdk/#overflow-attribute>
            return vec![json!({ "key": "otel.metric.overflow", "value": { "boolValue": true } })];
        }
        let attributes = [
            ("gen_ai.operation.name", self.operation),
            ("gen_ai.provider.name", self.provider),
            ("gen_ai.request.model", &self.model),
            ("gen_ai.token.type", self.token),
            ("error.type", self.error),
            ("causeway.channel", &self.channel),
        ];
        let known = attributes.into_iter().filter(|(_, value)| !value.is_empty());
        known.map(|(name, value)| text(name, value)).collect()
    }
}

/// Whose wire format it is, whoever serves it.
const fn provider(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Messages => "anthropic",
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => "openai",
        Protocol::Gemini => "gcp.gen_ai",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ClientKeyId;
    use crate::ir::Usage;
    use crate::record::otlp::tests::tried;
    use std::time::Duration;

    const AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn service() -> Service {
        Service { name: "causeway".into(), version: "1.2.3" }
    }

    fn record(model: &str) -> Record {
        let mut record = Record::new("req_1", AT, Protocol::Chat, ClientKeyId::new("ck_1"), model);
        record.duration = Duration::from_millis(90);
        record.first_content = Some(Duration::from_millis(30));
        record.usage =
            Some(Usage { input: Some(5), cache_read: Some(2), output: Some(3), ..Usage::default() });
        record.attempts = vec![tried(AT, Class::Overload), tried(AT, Class::Success)];
        record
    }

    /// The points of each metric, in the order of [`Metric::ALL`].
    fn points(figures: &Figures) -> Vec<Vec<Value>> {
        let export: Value = serde_json::from_slice(&figures.export(&service(), AT)).unwrap();
        let metrics = export["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
        metrics.iter().map(|metric| metric["histogram"]["dataPoints"].as_array().unwrap().clone()).collect()
    }

    fn attribute<'a>(point: &'a Value, name: &str) -> Option<&'a str> {
        let attributes = point["attributes"].as_array().unwrap();
        attributes.iter().find(|one| one["key"] == name)?["value"]["stringValue"].as_str()
    }

    #[test]
    fn a_request_is_served_and_its_attempts_are_asked_of_upstreams() {
        let mut figures = Figures::new("one".into(), AT);
        figures.add(&record("gpt"));
        let points = points(&figures);
        let [request, first_token, operations, tokens] = points.as_slice() else { panic!("{points:?}") };
        assert_eq!((request[0]["count"].as_str(), request[0]["sum"].as_f64()), (Some("1"), Some(0.09)));
        assert_eq!(request[0]["bucketCounts"][4], "1", "up to 0.16 s");
        assert_eq!(first_token[0]["bucketCounts"][4], "1", "up to 0.04 s");
        for (point, names) in [
            (&request[0], ["chat", "openai", "gpt"]),
            (&operations[0], ["chat", "anthropic", "claude"]),
            (&tokens[0], ["chat", "anthropic", "claude"]),
        ] {
            let keys = ["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"];
            assert_eq!(keys.map(|key| attribute(point, key)), names.map(Some));
        }
        let errors: Vec<_> = operations.iter().map(|point| attribute(point, "error.type")).collect();
        assert_eq!(errors, [None, Some("overload")]);
        let used: Vec<_> = tokens
            .iter()
            .map(|point| (attribute(point, "gen_ai.token.type").unwrap(), point["sum"].as_f64().unwrap()))
            .collect();
        assert_eq!(used, [("input", 7.0), ("output", 3.0)]);
    }

    #[test]
    fn sums_go_on_from_the_beginning() {
        let mut figures = Figures::new("one".into(), AT);
        for _ in 0..3 {
            figures.add(&record("gpt"));
            figures.export(&service(), AT);
        }
        let later = AT + Duration::from_secs(60);
        let export: Value = serde_json::from_slice(&figures.export(&service(), later)).unwrap();
        let metric = &export["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0];
        assert_eq!(
            (&metric["name"], &metric["unit"]),
            (&json!("gen_ai.server.request.duration"), &json!("s"))
        );
        assert_eq!(metric["histogram"]["aggregationTemporality"], CUMULATIVE);
        let point = &metric["histogram"]["dataPoints"][0];
        assert_eq!(point["count"], "3");
        assert_eq!(point["startTimeUnixNano"], "1700000000000000000");
        assert_eq!(point["timeUnixNano"], "1700000060000000000");
        let instance = json!({"key": "service.instance.id", "value": {"stringValue": "one"}});
        assert_eq!(export["resourceMetrics"][0]["resource"]["attributes"][2], instance);
    }

    #[test]
    fn more_series_than_there_is_room_for_are_one() {
        let mut figures = Figures::new("one".into(), AT);
        for number in 0..2 * MOST_SERIES {
            figures.add(&record(&format!("model-{number}")));
        }
        let points = points(&figures);
        let series: usize = points.iter().map(Vec::len).sum();
        assert!(series <= MOST_SERIES + Metric::ALL.len(), "{series} series");
        let counted = |point: &Value| point["count"].as_str().unwrap().parse::<usize>().unwrap();
        assert_eq!(points[0].iter().map(counted).sum::<usize>(), 2 * MOST_SERIES);
        assert_eq!(points[0][0]["attributes"][0]["key"], "otel.metric.overflow");
    }

    #[test]
    fn whoever_has_no_key_is_not_measured() {
        let mut figures = Figures::new("one".into(), AT);
        figures.add(&Record { client_key: ClientKeyId::new(""), ..record("gpt") });
        assert!(figures.series.is_empty());
    }
}
