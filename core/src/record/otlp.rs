//! Finished requests as spans, in OpenTelemetry's JSON (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>)
//! and words (<https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>).
//!
//! A request is a span of kind server, and each of its attempts one of kind client below it.

pub mod metrics;

use serde_json::{Value, json};

use super::excerpt::excerpt;
use super::{Attempt, Record, clipped};
use crate::config::Protocol;
use crate::time::Timestamp;

const SERVER: u8 = 2;
const CLIENT: u8 = 3;
const ERROR: u8 = 2;

/// What sends spans and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    pub version: &'static str,
}

/// The body of an export of `records`.
pub fn traces(records: &[Record], service: &Service) -> Vec<u8> {
    let spans: Vec<Value> = records.iter().flat_map(spans).collect();
    let export = json!({ "resourceSpans": [{
        "resource": { "attributes": resource(service) },
        "scopeSpans": [{ "scope": scope(service), "spans": spans }],
    }] });
    export.to_string().into_bytes()
}

fn resource(service: &Service) -> Vec<Value> {
    vec![text("service.name", &service.name), text("service.version", service.version)]
}

fn scope(service: &Service) -> Value {
    json!({ "name": "causeway", "version": service.version })
}

fn spans(record: &Record) -> Vec<Value> {
    let ids = Ids::of(record);
    let operation = operation(record.protocol);
    let attempts = (1..).zip(&record.attempts).map(|(number, one)| attempt(record, &ids, number, one));
    let mut attributes = vec![
        text("gen_ai.operation.name", operation),
        text("gen_ai.request.model", clipped(&record.model)),
        text("causeway.request_id", &record.id),
        text("causeway.protocol", record.protocol.as_str()),
        text("causeway.client_key", record.client_key.as_str()),
        number("http.response.status_code", record.status.as_u16().into()),
        number("causeway.attempts", record.attempts.len() as u64),
    ];
    if let Some(session) = record.session {
        attributes.push(text("gen_ai.conversation.id", &session.to_string()));
    }
    let usage = record.usage.unwrap_or_default();
    // The vendors' counts overlap: all input is input, be it read from a cache or not, and reasoning is output.
    let input = [usage.input, usage.cache_read, usage.cache_write];
    let output = [usage.output, usage.reasoning];
    for (name, count) in [
        ("gen_ai.usage.input_tokens", together(&input)),
        ("gen_ai.usage.cache_read.input_tokens", usage.cache_read),
        ("gen_ai.usage.cache_creation.input_tokens", usage.cache_write),
        ("gen_ai.usage.output_tokens", together(&output)),
        ("causeway.cost_microdollars", record.cost.map(|cost| cost.micros)),
        ("causeway.first_content_ms", record.first_content.map(super::millis)),
    ] {
        attributes.extend(count.map(|count| number(name, count)));
    }
    let mut status = json!({});
    if record.failed() {
        attributes.push(text("error.type", record.class()));
        status = json!({ "code": ERROR, "message": record.failure().map(excerpt) });
    }
    let span = json!({
        "traceId": ids.trace,
        "spanId": ids.span(0),
        "name": format!("{operation} {}", clipped(&record.model)),
        "kind": SERVER,
        "startTimeUnixNano": nanos(record.at),
        "endTimeUnixNano": nanos(record.at + record.duration),
        "attributes": attributes,
        "status": status,
    });
    std::iter::once(span).chain(attempts).collect()
}

fn attempt(record: &Record, ids: &Ids, count: u64, attempt: &Attempt) -> Value {
    let operation = operation(attempt.protocol);
    let mut attributes = vec![
        text("gen_ai.operation.name", operation),
        text("gen_ai.request.model", clipped(&attempt.model)),
        text("causeway.channel", attempt.channel.as_str()),
        text("causeway.key", attempt.key.as_str()),
        text("causeway.rule", attempt.rule.as_str()),
        text("causeway.class", attempt.class.as_str()),
        text("url.full", &attempt.endpoint),
    ];
    attributes
        .extend(attempt.status.map(|status| number("http.response.status_code", status.as_u16().into())));
    let mut status = json!({});
    if attempt.class.tries_next() {
        attributes.push(text("error.type", attempt.class.as_str()));
        status = json!({ "code": ERROR, "message": attempt.message.as_deref().map(excerpt) });
    }
    json!({
        "traceId": ids.trace,
        "spanId": ids.span(count),
        "parentSpanId": ids.span(0),
        "name": format!("{operation} {}", clipped(&attempt.model)),
        "kind": CLIENT,
        "startTimeUnixNano": nanos(attempt.at),
        "endTimeUnixNano": nanos((attempt.at + attempt.duration).min(record.at + record.duration)),
        "attributes": attributes,
        "status": status,
    })
}

/// Ids made of the request's, so that either is found by the other.
struct Ids {
    trace: String,
    first: u64,
}

impl Ids {
    fn of(record: &Record) -> Self {
        let digits = record.id.trim_start_matches("req_");
        let last = digits.get(digits.len().saturating_sub(16)..).unwrap_or_default();
        // Ids of nothing but zeros are no ids.
        let first = u64::from_str_radix(last, 16).unwrap_or_default().max(1);
        Self { trace: format!("{digits:0>32}"), first }
    }

    /// Of the request (0), or of one of its attempts.
    fn span(&self, count: u64) -> String {
        format!("{:016x}", self.first.wrapping_add(count))
    }
}

const fn operation(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Messages | Protocol::Chat | Protocol::Responses => "chat",
        Protocol::Gemini => "generate_content",
        Protocol::Embeddings => "embeddings",
        Protocol::Images => "generate_image",
    }
}

fn together(counts: &[Option<u64>]) -> Option<u64> {
    counts.iter().flatten().copied().reduce(u64::saturating_add)
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// 64-bit integers are strings in protobuf's JSON.
fn number(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn nanos(at: Timestamp) -> String {
    format!("{}000000", at.as_millis())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;
    use crate::config::{ChannelId, ClientKeyId, KeyId};
    use crate::ir::Usage;
    use crate::schedule::{Class, Rule};

    pub(super) fn tried(at: Timestamp, class: Class) -> Attempt {
        Attempt {
            at,
            channel: ChannelId::new("ch_a"),
            key: KeyId::new("k_a"),
            endpoint: "https://upstream.example/v1".into(),
            protocol: Protocol::Messages,
            model: "claude".into(),
            class,
            rule: Rule::Priority,
            considered: [].into(),
            status: None,
            first_byte: None,
            first_content: None,
            duration: Duration::from_millis(40),
            message: Some("the upstream is over capacity".into()),
        }
    }

    #[test]
    fn a_request_and_its_attempts_are_spans_of_one_trace() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let mut record =
            Record::new("req_0018bcfe5680ffffffffffff", at, Protocol::Chat, ClientKeyId::new("ck_1"), "gpt");
        record.duration = Duration::from_millis(90);
        record.usage =
            Some(Usage { input: Some(5), cache_read: Some(2), output: Some(3), ..Usage::default() });
        record.attempts =
            vec![tried(at, Class::Overload), tried(at + Duration::from_millis(45), Class::Success)];
        let service = Service { name: "causeway".into(), version: "1.2.3" };
        let export: Value = serde_json::from_slice(&traces(&[record.clone()], &service)).unwrap();
        let spans = export["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
        let [request, first, second] = spans.as_slice() else { panic!("{export}") };
        assert_eq!(request["traceId"], "000000000018bcfe5680ffffffffffff");
        assert_eq!(request["spanId"], "5680ffffffffffff");
        assert_eq!((&request["name"], &request["kind"]), (&json!("chat gpt"), &json!(SERVER)));
        assert_eq!(request["startTimeUnixNano"], "1700000000000000000");
        assert_eq!(request["endTimeUnixNano"], "1700000000090000000");
        let input = json!({"key": "gen_ai.usage.input_tokens", "value": {"intValue": "7"}});
        assert!(request["attributes"].as_array().unwrap().contains(&input), "{request}");
        assert_eq!(request["status"], json!({}));
        for (span, id) in [(first, "5681000000000000"), (second, "5681000000000001")] {
            assert_eq!((&span["traceId"], &span["spanId"]), (&request["traceId"], &json!(id)));
            assert_eq!((&span["parentSpanId"], &span["kind"]), (&request["spanId"], &json!(CLIENT)));
        }
        assert_eq!(first["status"], json!({"code": ERROR, "message": "the upstream is over capacity"}));
        assert_eq!(second["status"], json!({}));

        record.status = StatusCode::BAD_GATEWAY;
        record.attempts.pop();
        record.error = Some("no channel could serve this".into());
        let export: Value = serde_json::from_slice(&traces(&[record], &service)).unwrap();
        let request = &export["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(request["status"], json!({"code": ERROR, "message": "no channel could serve this"}));
    }
}
