use super::*;
use crate::config::{ChannelId, ClientKeyId, KeyId};
use crate::database::DatabaseError;
use crate::ir::Usage;
use crate::record::batch::Batch;
use crate::record::{Attempt, Record};
use crate::schedule::{Rule, SessionKey};
use crate::time::Timestamp;

fn id(number: u64, at: Timestamp) -> String {
    format!("req_{:012x}{number:012x}", at.as_millis())
}

fn record(number: u64, at: Timestamp, channel: &str, status: u16) -> Record {
    let mut record = Record::new(&id(number, at), at, Protocol::Chat, ClientKeyId::new("ck_1"), "gpt");
    record.status = StatusCode::from_u16(status).unwrap();
    record.session = Some(SessionKey(number % 2));
    record.duration = Duration::from_millis(100 + number);
    record.usage = Some(Usage { input: Some(5), output: Some(2), ..Usage::default() });
    record.attempts = vec![Attempt {
        at,
        channel: ChannelId::new(channel),
        key: KeyId::new("k_1"),
        endpoint: "https://alpha.example".into(),
        protocol: Protocol::Messages,
        model: "claude".into(),
        class: if status < 400 { Class::Success } else { Class::Overload },
        rule: Rule::Priority,
        considered: [].into(),
        status: None,
        first_byte: None,
        first_content: None,
        duration: record.duration,
        message: (status >= 400).then(|| "the upstream is over capacity".to_owned()),
    }];
    record
}

/// Ten requests, a second apart: the even ones served by `ch_a`, the odd ones failed by `ch_b`.
fn with_records() -> Server {
    let server = Server::with_channels();
    let records = (0..10).map(|number| {
        let (channel, status) = if number % 2 == 0 { ("ch_a", 200) } else { ("ch_b", 503) };
        record(number, arrived(&server, number), channel, status)
    });
    write(&server, &records.collect::<Vec<_>>());
    server
}

fn write(server: &Server, records: &[Record]) {
    let batch: Batch<'_> = records.iter().collect();
    server.platform.database.run(&batch.into_rows().into_statements()).unwrap();
}

fn arrived(server: &Server, number: u64) -> Timestamp {
    Timestamp::from_millis(server.platform.clock.now().as_millis() - 10_000 + number * 1000)
}

/// Which of them a list holds.
fn numbers(body: &Value) -> Vec<u64> {
    body["requests"].as_array().unwrap().iter().map(number).collect()
}

fn number(request: &Value) -> u64 {
    u64::from_str_radix(&request["id"].as_str().unwrap()["req_".len() + 12..], 16).unwrap()
}

#[test]
fn filters_leave_what_they_say() {
    let server = with_records();
    let now = server.platform.clock.now().as_millis();
    let (odd, even) = ([9, 7, 5, 3, 1], [8, 6, 4, 2, 0]);
    for (query, expected) in [
        ("channel=ch_b".to_owned(), &odd[..]),
        ("status=failed".to_owned(), &odd[..]),
        ("status=gone".to_owned(), &[]),
        ("status=5xx".to_owned(), &odd[..]),
        ("status=503".to_owned(), &odd[..]),
        ("status=2xx".to_owned(), &even[..]),
        ("status=200&channel=ch_b".to_owned(), &[]),
        ("q=OVER+capacity".to_owned(), &odd[..]),
        (format!("q={}", id(4, arrived(&server, 4))), &[4]),
        ("q=claud&limit=2".to_owned(), &[9, 8]),
        ("session=0000000000000001".to_owned(), &odd[..]),
        ("session=0000000000000001&model=gpt&clientKey=ck_1&protocol=chat".to_owned(), &odd[..]),
        ("protocol=messages".to_owned(), &[]),
        ("model=other".to_owned(), &[]),
        (format!("since={}", now - 2000), &[9, 8]),
        (format!("until={}", now - 8000), &[1, 0]),
        (format!("since={}&until={}&channel=ch_a", now - 5000, now - 3000), &[6]),
    ] {
        let (status, body) = server.call(Method::GET, &format!("/api/requests?{query}"), NULL);
        assert_eq!(status, StatusCode::OK, "{query}: {body}");
        assert_eq!(numbers(&body), expected, "{query}");
    }
}

#[test]
fn pages_give_every_request_once_while_others_come() {
    let server = with_records();
    for query in ["limit=3", "limit=3&protocol=chat", "limit=10"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for round in 0.. {
            assert!(round < 9, "{query} ends");
            let (_, body) = server.call(Method::GET, &format!("/api/requests?{query}&cursor={cursor}"), NULL);
            seen.extend(numbers(&body));
            let number = 1000 + seen.len() as u64 + 100 * query.len() as u64;
            write(&server, &[record(number, server.platform.clock.now(), "ch_a", 200)]);
            match body["next"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        let old: Vec<_> = seen.iter().filter(|number| **number < 10).collect();
        if query != "limit=10" {
            assert_eq!(old.len(), 10, "{query}: {seen:?}");
        }
    }
}

#[test]
fn a_request_is_read_with_its_attempts_and_without_null_lists() {
    let server = with_records();
    let path = format!("/api/requests/{}", id(3, arrived(&server, 3)));
    let (status, body) = server.call(Method::GET, &path, NULL);
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["error"], "the upstream is over capacity");
    assert_eq!(body["class"], "overload");
    assert_eq!(body["usage"], json!({"input": 5, "output": 2, "estimated": false}));
    assert_eq!(body["leftOut"], json!([]));
    let attempt = &body["attempts"][0];
    assert_eq!((&attempt["channel"], &attempt["rule"]), (&json!("ch_b"), &json!("priority")));
    assert_eq!(attempt["considered"], json!([]));
    assert_eq!(server.call(Method::GET, "/api/requests/req_nobody", NULL).0, StatusCode::NOT_FOUND);
}

#[test]
fn a_wrong_parameter_is_named() {
    let server = with_records();
    for (query, name) in [
        ("requests?limit=0", "limit"),
        ("requests?limit=x", "limit"),
        ("requests?cursor=x", "cursor"),
        ("requests?since=yesterday", "since"),
        ("requests?until=9007199254740992", "until"),
        ("audit?since=9007199254740992", "since"),
        ("requests?status=9xx", "status"),
        ("requests?protocol=smtp", "protocol"),
        ("requests?client_key=x", "client_key"),
        ("requests?channel=a&channel=b", "channel"),
        ("requests/export.csv?limit=3", "limit"),
        ("sessions?limit=201", "limit"),
        ("sessions?since=yesterday", "since"),
        ("sessions?session=1", "session"),
        ("stats?range=forever", "range"),
        ("stats?range=99999999d", "range"),
        ("stats?until=9007199254740992", "until"),
        ("stats?by=colour", "by"),
        ("stats/series?by=colour", "by"),
    ] {
        let (status, body) = server.call(Method::GET, &format!("/api/{query}"), NULL);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(body["error"]["fields"][name].is_string(), "{query}: {body}");
    }
}

#[test]
fn an_export_holds_what_the_filters_leave() {
    let server = with_records();
    let get = |path: &str| {
        let response =
            server.send(request(Method::GET, path, NULL).header("x-api-key", ADMIN_KEY).body_json());
        assert_eq!(response.status(), StatusCode::OK);
        String::from_utf8(response.into_body().to_vec()).unwrap()
    };
    let csv = get("/api/requests/export.csv?channel=ch_b");
    assert_eq!(csv.lines().count(), 6, "{csv}");
    assert!(csv.starts_with("id,at,clientKey,"), "{csv}");
    let lines = get("/api/requests/export.jsonl?q=claude");
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((lines.lines().count(), number(&first)), (10, 9));
    let refused = server.send(request(Method::GET, "/api/requests/export.csv", NULL).body_json());
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn stats_add_up_and_few_samples_have_no_percentile() {
    let server = with_records();
    let (status, body) = server.call(Method::GET, "/api/stats?range=1h&by=channel", NULL);
    assert_eq!(status, StatusCode::OK, "{body}");
    let totals = &body["totals"];
    assert_eq!(
        (&totals["requests"], &totals["failed"], &totals["input"]),
        (&json!(10), &json!(5), &json!(50))
    );
    assert_eq!(totals["durationMs"]["count"], 5);
    assert!(totals["durationMs"]["p50"].is_number() && totals["durationMs"]["p95"].is_null(), "{totals}");
    let rows = body["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["value"], &rows[0]["requests"]), (&json!("ch_a"), &json!(5)));
    let series: u64 =
        body["series"].as_array().unwrap().iter().map(|one| one["requests"].as_u64().unwrap()).sum();
    assert_eq!(series, 10);
    let (_, body) = server.call(Method::GET, "/api/stats", NULL);
    assert_eq!(body["rows"], json!([]));
}

#[test]
fn a_series_of_each_value_comes_in_one_answer() {
    let server = with_records();
    let (status, body) = server.call(Method::GET, "/api/stats/series?range=1h&by=channel", NULL);
    assert_eq!(status, StatusCode::OK, "{body}");
    let sum = |list: &Value| list.as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!(body["values"], json!(["ch_a", "ch_b"]));
    assert_eq!((sum(&body["requests"][0]), sum(&body["requests"][1])), (5, 5), "{body}");
    let now = server.platform.clock.now().as_millis();
    let present = (now - 1 - body["since"].as_u64().unwrap()) / body["bucketMs"].as_u64().unwrap();
    let failed = &body["failed"][1];
    assert_eq!((failed.as_array().unwrap().len() as u64, sum(failed)), (present + 1, 5), "{body}");
    assert_eq!(body["failed"][0], json!([]), "zeros at the end are left out");
    let (_, body) = server.call(Method::GET, "/api/stats/series", NULL);
    assert_eq!((&body["values"], sum(&body["requests"][0])), (&json!([""]), 10), "{body}");
}

#[test]
fn a_day_of_a_hundred_channels_is_small() {
    let server = Server::with_channels();
    let now = server.platform.clock.now().as_millis();
    let records = (0..100 * 24 * 12).map(|number| {
        let (channel, hour) = (number % 100, number / 100 % 24);
        let at = Timestamp::from_millis(now - 1 - hour * 3_600_000);
        let status = if number.is_multiple_of(97) { 503 } else { 200 };
        record(number, at, &format!("ch_{channel:012}"), status)
    });
    write(&server, &records.collect::<Vec<_>>());
    let path = "/api/stats/series?by=channel";
    let answer = server.send(request(Method::GET, path, NULL).header("x-api-key", ADMIN_KEY).body_json());
    let bytes = answer.into_body().len();
    assert!((10_000..=15_000).contains(&bytes), "{bytes} bytes");
}

#[test]
fn the_overview_tells_how_things_are() {
    let server = with_records();
    let (status, body) = server.call(Method::GET, "/api/overview", NULL);
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["day"]["requests"], 10);
    assert_eq!(body["dayBefore"]["requests"], 0);
    assert_eq!(body["channels"], json!({"total": 2, "closed": 2, "halfOpen": 0, "open": 0, "paused": 0}));
    assert_eq!(body["recording"], json!({"written": 0, "dropped": 0}));
}

#[test]
fn without_a_database_records_are_refused_and_the_overview_says_why() {
    let server = with_records();
    server.platform.database.fail(Some(DatabaseError::Full));
    for path in ["/api/requests", "/api/requests/req_1", "/api/sessions", "/api/stats", "/api/stats/series"] {
        let (status, body) = server.call(Method::GET, path, NULL);
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("records_unavailable"))
        );
    }
    let (status, body) = server.call(Method::GET, "/api/overview", NULL);
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["recording"]["problem"], "the disk is full");
    assert!(body["day"].is_null());
}

fn metrics(server: &Server) -> String {
    let answer =
        server.send(request(Method::GET, "/metrics", NULL).header("x-api-key", ADMIN_KEY).body_json());
    assert!(header(&answer, "content-type").starts_with("application/openmetrics-text"));
    String::from_utf8(answer.into_body().to_vec()).unwrap()
}

#[test]
fn metrics_tell_what_was_recorded_ever() {
    let text = metrics(&with_records());
    for line in [
        "causeway_build_info{version=\"1.2.3\",runtime=\"native\"} 1",
        "causeway_database_up 1",
        "causeway_records_total{outcome=\"dropped\"} 0",
        "causeway_captures_total{outcome=\"lost\"} 0",
        "causeway_channel_state{channel=\"ch_a\",name=\"alpha\",state=\"closed\"} 1",
        "causeway_requests_total{outcome=\"served\"} 5",
        "causeway_channel_requests_total{channel=\"ch_b\",outcome=\"failed\"} 5",
        "causeway_channel_attempts_total{channel=\"ch_a\",outcome=\"succeeded\"} 5",
        "causeway_model_tokens_total{model=\"gpt\",kind=\"input\"} 50",
        "causeway_client_key_requests_total{client_key=\"ck_1\",outcome=\"served\"} 5",
        "causeway_protocol_cost_microdollars_total{protocol=\"chat\"} 0",
        "causeway_request_duration_seconds_sum 0.52",
        "causeway_request_duration_seconds_bucket{le=\"0.113\"} 5",
        "causeway_channel_request_duration_seconds_bucket{le=\"+Inf\",channel=\"ch_a\"} 5",
        "# TYPE causeway_time_to_first_content_seconds histogram",
        "# EOF",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
    }
}

#[test]
fn metrics_of_states_need_no_database() {
    let server = with_records();
    server.platform.database.fail(Some(DatabaseError::Busy));
    let text = metrics(&server);
    assert!(text.contains("causeway_database_up 0\n") && text.contains("causeway_channel_state{"), "{text}");
    assert!(!text.contains("causeway_requests_total"), "{text}");
}
