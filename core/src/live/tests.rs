use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::StatusCode;
use serde_json::{Value, json};

use super::hub::{Hub, NOBODY, Watcher};
use super::message::{Finished, UnderWay};
use super::{MOST_WATCHERS, Seat};
use crate::config::{ClientKeyId, Protocol};
use crate::record::Record;
use crate::record::batch::Batch;
use crate::schedule::SessionKey;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

fn record(id: &str, model: &str) -> Record {
    let mut record = Record::new(id, NOW, Protocol::Chat, ClientKeyId::new("ck_1"), model);
    record.session = Some(SessionKey(7));
    record
}

fn ended(id: &str, model: &str, status: u16) -> Record {
    Record { status: StatusCode::from_u16(status).unwrap(), ..record(id, model) }
}

/// Everything that waits for `watcher`.
fn told(watcher: &Watcher) -> Vec<Value> {
    let mut context = Context::from_waker(Waker::noop());
    let mut told = Vec::new();
    while let Poll::Ready(Some(text)) = watcher.poll_next(NOW, &mut context) {
        told.push(serde_json::from_str(&text).unwrap_or(Value::String(text)));
    }
    told
}

/// `type` and id of each message.
fn heads(messages: &[Value]) -> Vec<(String, String)> {
    let head = |message: &Value| {
        let id = message["request"]["id"].as_str().or_else(|| message["id"].as_str()).unwrap_or_default();
        (message["type"].as_str().unwrap_or_default().to_owned(), id.to_owned())
    };
    messages.iter().map(head).collect()
}

fn heads_are(watcher: &Watcher, expected: &[(&str, &str)]) {
    let told = told(watcher);
    let expected: Vec<_> = expected.iter().map(|(what, id)| ((*what).to_owned(), (*id).to_owned())).collect();
    assert_eq!(heads(&told), expected, "{told:?}");
}

fn begin(hub: &Hub, record: &Record) {
    hub.under_way(hub.watch(), UnderWay::of(record, None));
}

#[test]
fn a_watcher_is_told_what_is_under_way_and_then_what_happens_in_numbered_messages() {
    let hub = Arc::new(Hub::default());
    let first = hub.join();
    begin(&hub, &record("req_1", "m"));
    let second = hub.join();
    hub.finished(&ended("req_1", "m", 200));
    begin(&hub, &record("req_2", "m"));
    let told = told(&second);
    assert_eq!(
        heads(&told)[1..],
        [("finished".to_owned(), "req_1".to_owned()), ("underWay".to_owned(), "req_2".to_owned())]
    );
    assert_eq!(told.iter().map(|one| one["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    // A snapshot tells how things are when it is read.
    assert_eq!(told[0]["requests"].as_array().unwrap().len(), 1, "{}", told[0]);
    assert_eq!(told[0]["requests"][0]["id"], "req_2");
    heads_are(
        &first,
        &[("snapshot", ""), ("underWay", "req_1"), ("finished", "req_1"), ("underWay", "req_2")],
    );
}

#[test]
fn a_finished_request_reads_as_in_a_list() {
    let hub = Arc::new(Hub::default());
    let watcher = hub.join();
    hub.finished(&ended("req_1", "m", 503));
    let told = told(&watcher);
    assert_eq!(
        told[1],
        json!({"seq": 2, "type": "finished", "request": {
            "id": "req_1", "at": NOW.as_millis(), "clientKey": "ck_1", "session": "0000000000000007",
            "protocol": "chat", "model": "m", "stream": false, "status": 503, "class": "refused",
            "attemptCount": 0, "durationMs": 0, "usage": {"estimated": false},
            "requestBytes": 0, "responseBytes": 0, "captured": false,
        }})
    );
}

#[test]
fn a_request_whose_bodies_are_kept_says_so_in_every_feed() {
    let records =
        [("req_1", true), ("req_2", false)].map(|(id, captured)| Record { captured, ..ended(id, "m", 200) });
    let hub = Arc::new(Hub::default());
    let watcher = hub.join();
    records.iter().for_each(|record| hub.finished(record));
    let told = told(&watcher);
    let batch: Batch<'_> = records.iter().collect();
    let finished = Finished::all(&batch.into_rows());
    for (at, record) in records.iter().enumerate() {
        let message: Value = serde_json::from_str(finished[at].message()).unwrap();
        for message in [&told[at + 1], &message] {
            assert_eq!(message["request"]["captured"], record.captured, "{message}");
        }
    }
}

#[test]
fn a_filter_leaves_what_it_says_as_lists_do() {
    for (filter, fits) in [
        (json!({}), true),
        (json!({"model": "m"}), true),
        (json!({"model": "other"}), false),
        (json!({"clientKey": "ck_1", "protocol": "chat"}), true),
        (json!({"clientKey": "ck_2", "protocol": "chat"}), false),
        (json!({"protocol": "messages"}), false),
        (json!({"session": "0000000000000007"}), true),
        (json!({"session": "7"}), false),
        (json!({"channel": "ch_a"}), false),
        (json!({"status": "failed"}), true),
        (json!({"status": "5xx"}), true),
        (json!({"status": "503"}), true),
        (json!({"status": "4xx"}), false),
        (json!({"status": "2xx"}), false),
        (json!({"status": ""}), true),
    ] {
        let hub = Arc::new(Hub::default());
        let watcher = hub.join();
        watcher.hear(&json!({ "filter": filter }).to_string());
        hub.finished(&ended("req_1", "m", 503));
        assert_eq!(told(&watcher).len(), 1 + usize::from(fits), "{filter}");
    }
}

#[test]
fn a_new_filter_holds_at_once_also_for_what_waits() {
    let hub = Arc::new(Hub::default());
    let watcher = hub.join();
    begin(&hub, &record("req_1", "a"));
    begin(&hub, &record("req_2", "b"));
    heads_are(&watcher, &[("snapshot", ""), ("underWay", "req_1"), ("underWay", "req_2")]);
    begin(&hub, &record("req_3", "a"));
    watcher.hear(r#"{"filter": {"model": "b"}}"#);
    let snapshot = told(&watcher);
    assert_eq!(heads(&snapshot), [("snapshot".to_owned(), String::new())]);
    assert_eq!(snapshot[0]["requests"].as_array().unwrap().len(), 1, "{snapshot:?}");
    begin(&hub, &record("req_4", "a"));
    hub.finished(&ended("req_1", "a", 200));
    hub.finished(&ended("req_2", "b", 200));
    heads_are(&watcher, &[("finished", "req_2")]);
}

#[test]
fn a_request_that_no_longer_fits_leaves() {
    let hub = Arc::new(Hub::default());
    let watcher = hub.join();
    begin(&hub, &record("req_1", "a"));
    // A client cannot change its model: what an attempt tells stands for it here.
    watcher.hear(r#"{"filter": {"model": "a"}}"#);
    begin(&hub, &record("req_1", "b"));
    begin(&hub, &record("req_1", "b"));
    heads_are(&watcher, &[("snapshot", ""), ("left", "req_1")]);
    // By its status a request is found only once it has one.
    watcher.hear(r#"{"filter": {"status": "2xx"}}"#);
    begin(&hub, &record("req_2", "a"));
    hub.finished(&ended("req_2", "a", 200));
    hub.finished(&ended("req_1", "b", 500));
    heads_are(&watcher, &[("snapshot", ""), ("finished", "req_2")]);
}

#[test]
fn a_wish_that_cannot_be_is_refused_and_changes_nothing() {
    let hub = Arc::new(Hub::default());
    let watcher = hub.join();
    watcher.hear(r#"{"filter": {"model": "a"}}"#);
    told(&watcher);
    let long = json!({ "filter": { "model": "x".repeat(2000) } }).to_string();
    for (wish, field) in [
        ("", "."),
        ("[]", "."),
        (r#"{"filters": {}}"#, "filters"),
        (r#"{"filter": {"colour": "red"}}"#, "colour"),
        (r#"{"filter": {"q": "red"}}"#, "q"),
        (r#"{"filter": {"status": "9xx"}}"#, "status"),
        (r#"{"filter": {"status": 200}}"#, "filter.status"),
        (&long, ""),
    ] {
        watcher.hear(wish);
        let told = told(&watcher);
        assert_eq!(told.len(), 1, "{wish}");
        assert_eq!(told[0]["type"], "refused", "{wish}");
        assert!(field.is_empty() || told[0]["error"]["fields"][field].is_string(), "{wish}: {}", told[0]);
    }
    begin(&hub, &record("req_1", "b"));
    begin(&hub, &record("req_2", "a"));
    heads_are(&watcher, &[("underWay", "req_2")]);
}

#[test]
fn a_ping_is_answered() {
    let hub = Arc::new(Hub::default());
    let watcher = hub.join();
    told(&watcher);
    watcher.hear("ping");
    assert_eq!(told(&watcher), ["pong"]);
}

#[test]
fn whoever_is_too_slow_is_told_how_much_was_left_out_and_begins_anew() {
    let hub = Arc::new(Hub::default());
    let (slow, quick) = (hub.join(), hub.join());
    let mut seen = told(&quick);
    for number in 0..1500 {
        begin(&hub, &record(&format!("req_{}", number % 900), "m"));
        seen.extend(told(&quick));
    }
    assert_eq!(seen.len(), 1501);
    let told_late = told(&slow);
    let lagged = told_late.iter().position(|one| one["type"] == "lagged").unwrap();
    let dropped = told_late[lagged]["dropped"].as_u64().unwrap();
    // The snapshot, and then all but what was dropped.
    assert_eq!(lagged as u64 - 1 + dropped, 1500);
    let seq = |at: usize| told_late[at]["seq"].as_u64().unwrap();
    assert_eq!(seq(lagged) - seq(lagged - 1), dropped + 1);
    assert_eq!(told_late[lagged + 1]["type"], "snapshot");
    assert_eq!(told_late[lagged + 1]["requests"].as_array().unwrap().len(), 900);
    assert_eq!(told_late.len(), lagged + 2);
    begin(&hub, &record("req_1500", "m"));
    heads_are(&slow, &[("underWay", "req_1500")]);
}

#[test]
fn what_is_kept_is_bounded_and_gone_with_the_last_watcher() {
    let hub = Arc::new(Hub::default());
    assert_eq!(hub.watch(), NOBODY);
    let watchers: Vec<_> = (0..MOST_WATCHERS).map(|_| hub.join()).collect();
    assert!(hub.is_full());
    for number in 0..1500 {
        begin(&hub, &record(&format!("req_{number}"), "m"));
    }
    let late = hub.join();
    assert_eq!(told(&late)[0]["requests"].as_array().unwrap().len(), 1000);
    let watch = hub.watch();
    drop((watchers, late));
    assert!(!hub.is_full());
    assert_eq!(hub.watch(), NOBODY);
    hub.under_way(watch, UnderWay::of(&record("req_late", "m"), None));
    let next = hub.join();
    assert_ne!(hub.watch(), watch);
    hub.under_way(watch, UnderWay::of(&record("req_later", "m"), None));
    assert_eq!(told(&next)[0]["requests"], json!([]));
}

#[test]
fn at_the_end_all_leave() {
    let hub = Arc::new(Hub::default());
    let watcher = hub.join();
    begin(&hub, &record("req_1", "m"));
    hub.end();
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(watcher.poll_next(NOW, &mut context), Poll::Ready(None));
}

#[test]
fn of_a_large_batch_the_rest_is_left_out_and_that_is_told() {
    let records: Vec<_> =
        (0..5).map(|number| ended(&format!("req_{number}"), "m", 500 - number % 2)).collect();
    let batch: Batch<'_> = records.iter().collect();
    let requests = Finished::all(&batch.into_rows());
    for (wish, most, expected) in [
        (r#"{"filter": {}}"#, 9, &["finished", "finished", "finished", "finished", "finished"][..]),
        (r#"{"filter": {"status": "4xx"}}"#, 2, &["finished", "finished"]),
        (r#"{"filter": {"status": "5xx"}}"#, 2, &["finished", "finished", "lagged", "snapshot"]),
    ] {
        let mut seat = Seat::default();
        seat.hear(wish);
        let texts = seat.batch(&requests, most, NOW);
        let told: Vec<Value> = texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        assert_eq!(
            told.iter().map(|one| one["type"].as_str().unwrap()).collect::<Vec<_>>(),
            expected,
            "{wish}"
        );
        if let Some(lagged) = told.iter().find(|one| one["type"] == "lagged") {
            assert_eq!((&lagged["dropped"], &lagged["seq"]), (&json!(1), &json!(4)));
        }
    }
}

#[test]
fn a_seat_outlives_its_object() {
    let mut seat = Seat::default();
    seat.hear(r#"{"filter": {"status": "failed", "model": "a model with spaces"}}"#);
    seat.skip(41);
    assert_eq!(Seat::parse(&seat.to_text()).tell("{}"), seat.tell("{}"));
    assert_eq!(Seat::parse(&seat.to_text()).filter(), seat.filter());
    assert_eq!(Seat::parse("").filter(), Seat::default().filter());
}
