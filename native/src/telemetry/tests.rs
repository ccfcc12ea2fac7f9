use causeway_core::config::{ClientKeyId, Protocol};
use causeway_core::testing::clock::VirtualClock;
use causeway_core::testing::http::{Answer, FakeHttp};
use causeway_core::time::Timestamp;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use super::*;

fn exporter(http: &FakeHttp) -> Exporter {
    let mut headers = HeaderMap::new();
    headers.insert("x-token", HeaderValue::from_static("secret"));
    let service = Service { name: "causeway".into(), version: "1.2.3" };
    let traces = Uri::from_static("http://collector.example/v1/traces");
    let metrics = Some(Uri::from_static("http://metrics.example/v1/metrics"));
    Exporter::start(Collector { traces, metrics, headers, service }, http.clone())
}

fn record(number: usize) -> Record {
    let at = Timestamp::from_millis(1_700_000_000_000);
    Record::new(&format!("req_{number:024x}"), at, Protocol::Chat, ClientKeyId::new("ck_1"), "model")
}

/// What was sent to `host`.
fn sent(http: &FakeHttp, host: &str) -> Vec<String> {
    let to_it = http.requests().into_iter().filter(|request| request.uri().host() == Some(host));
    to_it.map(|request| String::from_utf8(request.into_body().to_vec()).unwrap()).collect()
}

/// How many requests each export of spans told of.
fn exported(http: &FakeHttp) -> Vec<usize> {
    sent(http, "collector.example").iter().map(|export| export.matches("\"traceId\"").count()).collect()
}

/// How many requests each export of metrics told of.
fn measured(http: &FakeHttp) -> Vec<String> {
    let count = |export: &String| {
        let export: serde_json::Value = serde_json::from_str(export).unwrap();
        let metric = &export["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0];
        metric["histogram"]["dataPoints"][0]["count"].as_str().unwrap_or("0").to_owned()
    };
    sent(http, "metrics.example").iter().map(count).collect()
}

#[tokio::test(start_paused = true)]
async fn what_gathers_within_the_pace_is_sent_together() {
    let http = FakeHttp::new(&VirtualClock::default());
    http.script("collector.example", [Answer::json("{}"), Answer::json("{}")]);
    let exporter = exporter(&http);
    exporter.push(&record(1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    exporter.push(&record(2));
    exporter.push(&record(3));
    tokio::time::sleep(2 * PACE).await;
    assert_eq!(exported(&http), [1, 2]);
    let request = http.requests().remove(0);
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/traces"));
    assert_eq!(request.headers()["x-token"], "secret");
    assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_is_away_costs_spans_and_memory_stays_bounded() {
    let http = FakeHttp::new(&VirtualClock::default());
    http.script("collector.example", [Answer::refused(), Answer::status(503)]);
    let exporter = exporter(&http);
    for number in 0..10 * WAITING {
        exporter.push(&record(number));
    }
    http.script("collector.example", vec![Answer::json("{}"); 10]);
    tokio::time::sleep(10 * PACE).await;
    let exported = exported(&http);
    assert_eq!(exported.iter().sum::<usize>(), WAITING, "{exported:?}");
    assert!(exported.iter().all(|count| *count <= BATCH), "{exported:?}");
    exporter.push(&record(1));
    tokio::time::sleep(PACE).await;
    assert_eq!(self::exported(&http).last(), Some(&1), "it goes on");
}

#[tokio::test(start_paused = true)]
async fn spans_that_wait_are_sent_at_the_end() {
    let http = FakeHttp::new(&VirtualClock::default());
    http.script("collector.example", vec![Answer::json("{}"); 3]);
    let exporter = exporter(&http);
    exporter.push(&record(0));
    tokio::time::sleep(Duration::from_secs(1)).await;
    for number in 0..BATCH + 1 {
        exporter.push(&record(number));
    }
    exporter.finish().await;
    assert_eq!(exported(&http), [1, BATCH, 1]);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_at_the_end_for_a_collector_that_is_away() {
    let http = FakeHttp::new(&VirtualClock::default());
    http.script("collector.example", vec![Answer::refused(); 3]);
    let exporter = exporter(&http);
    for number in 0..WAITING {
        exporter.push(&record(number));
    }
    exporter.finish().await;
    assert_eq!(exported(&http), [BATCH]);
}

#[tokio::test(start_paused = true)]
async fn metrics_are_sent_each_minute_and_at_the_end() {
    let http = FakeHttp::new(&VirtualClock::default());
    http.script("metrics.example", vec![Answer::json("{}"); 3]);
    let exporter = exporter(&http);
    exporter.push(&record(1));
    tokio::time::sleep(METRICS_PACE + PACE).await;
    exporter.push(&record(2));
    tokio::time::sleep(METRICS_PACE).await;
    exporter.push(&record(3));
    exporter.finish().await;
    assert_eq!(measured(&http), ["1", "2", "3"], "sums go on");
    exporter.finish().await;
    assert_eq!(measured(&http).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_is_away_costs_no_metrics() {
    let http = FakeHttp::new(&VirtualClock::default());
    http.script("metrics.example", [Answer::refused(), Answer::status(404), Answer::json("{}")]);
    let exporter = exporter(&http);
    exporter.push(&record(1));
    tokio::time::sleep(3 * METRICS_PACE + PACE).await;
    assert_eq!(measured(&http), ["1", "1", "1"]);
}
