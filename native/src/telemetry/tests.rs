use causeway_core::config::{ClientKeyId, Protocol};
use causeway_core::testing::clock::VirtualClock;
use causeway_core::testing::http::{Answer, FakeHttp};
use causeway_core::time::Timestamp;

use super::*;

fn exporter(http: &FakeHttp) -> Exporter {
    let mut headers = HeaderMap::new();
    headers.insert("x-token", HeaderValue::from_static("secret"));
    let service = Service { name: "causeway".into(), version: "1.2.3" };
    let url = Uri::from_static("http://collector.example/v1/traces");
    Exporter::start(Collector { url, headers, service }, http.clone())
}

fn record(number: usize) -> Record {
    let at = Timestamp::from_millis(1_700_000_000_000);
    Record::new(&format!("req_{number:024x}"), at, Protocol::Chat, ClientKeyId::new("ck_1"), "model")
}

/// How many requests each export told of.
fn exported(http: &FakeHttp) -> Vec<usize> {
    let text = |request: Request<Bytes>| String::from_utf8(request.into_body().to_vec()).unwrap();
    http.requests().into_iter().map(|request| text(request).matches("\"traceId\"").count()).collect()
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
