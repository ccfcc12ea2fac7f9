use super::*;
use crate::config::{ChannelId, ClientKeyId, KeyId};
use crate::ir::Usage;
use crate::price::Cost;
use crate::record::batch::Batch;
use crate::record::sessions::READ;
use crate::record::{Attempt, Record};
use crate::schedule::{Rule, SessionKey};
use crate::time::Timestamp;

const START: u64 = 1_700_000_000_000;

/// A request `second` seconds after the start, of session number `session` where that is not zero.
fn record(second: u64, session: u64, model: &str, channel: &str, class: Class) -> Record {
    let at = Timestamp::from_millis(START + second * 1000);
    let client_key = ClientKeyId::new(format!("ck_{session}"));
    let mut record = Record::new(&format!("req_{second}"), at, Protocol::Chat, client_key, model);
    record.session = (session > 0).then_some(SessionKey(session));
    record.usage = Some(Usage {
        input: Some(100),
        cache_read: Some(30),
        cache_write: Some(20),
        output: Some(9),
        reasoning: Some(1),
        ..Usage::default()
    });
    record.cost = Some(Cost { micros: 50, list_micros: 50, unpriced: false });
    record.attempts = vec![Attempt {
        at,
        channel: ChannelId::new(channel),
        key: KeyId::new("k_1"),
        endpoint: "https://alpha.example".into(),
        protocol: Protocol::Chat,
        model: model.to_owned(),
        class,
        rule: Rule::Priority,
        considered: [].into(),
        status: None,
        first_byte: None,
        first_content: None,
        duration: Duration::ZERO,
        message: None,
    }];
    record
}

fn server(records: &[Record]) -> Server {
    let server = Server::with_channels();
    let batch: Batch<'_> = records.iter().collect();
    server.platform.database.run(&batch.into_rows().into_statements()).unwrap();
    server
}

fn list(server: &Server, query: &str) -> Value {
    let (status, body) = server.call(Method::GET, &format!("/api/sessions?{query}"), NULL);
    assert_eq!(status, StatusCode::OK, "{query}: {body}");
    body
}

#[test]
fn a_session_tells_what_its_requests_add_up_to() {
    let mut failed = record(3, 1, "gpt", "ch_b", Class::Overload);
    failed.status = StatusCode::SERVICE_UNAVAILABLE;
    (failed.usage, failed.cost) = (None, None);
    let mut unpriced = record(4, 1, "new", "ch_a", Class::Success);
    unpriced.cost = Some(Cost { micros: 0, list_micros: 0, unpriced: true });
    unpriced.usage = unpriced.usage.map(|usage| Usage { estimated: true, ..usage });
    let mut refused = record(5, 1, "new", "", Class::Success);
    refused.attempts.clear();
    (refused.usage, refused.cost) = (None, None);
    let mut asked_otherwise = record(6, 1, "gpt", "ch_a", Class::ClientGone);
    asked_otherwise.protocol = Protocol::Messages;
    let first = record(1, 1, "gpt", "ch_a", Class::Success);
    let of_no_session = record(2, 0, "gpt", "ch_c", Class::Success);
    let server = server(&[first, of_no_session, failed, unpriced, refused, asked_otherwise]);
    let expected = json!({
        "id": "0000000000000001", "clientKey": "ck_1", "protocol": "messages",
        "first": START + 1000, "last": START + 6000,
        "requests": 5, "failed": 2,
        "input": 300, "cacheRead": 90, "cacheWrite": 60, "output": 27, "reasoning": 3, "estimated": 1,
        "cost": 100, "unpriced": 1,
        "models": ["gpt", "new"], "channels": ["ch_a", "ch_b"],
    });
    assert_eq!(list(&server, ""), json!({"sessions": [expected], "complete": true}));
}

#[test]
fn the_sessions_of_a_range_come_with_the_last_used_first() {
    let used = [1, 2, 3, 2, 0, 1, 2].into_iter().zip(0..);
    let records = used.map(|(session, second)| record(second, session, "gpt", "ch_a", Class::Success));
    let server = server(&records.collect::<Vec<_>>());
    let (since, until) = (START + 1000, START + 3000);
    for (query, expected, complete) in [
        (String::new(), vec![(2, 3), (1, 2), (3, 1)], true),
        ("limit=3".to_owned(), vec![(2, 3), (1, 2), (3, 1)], true),
        ("limit=2".to_owned(), vec![(2, 3), (1, 2)], false),
        ("clientKey=ck_1".to_owned(), vec![(1, 2)], true),
        ("clientKey=ck_0".to_owned(), vec![], true),
        ("clientKey=ck_nobody".to_owned(), vec![], true),
        (format!("since={since}"), vec![(2, 3), (1, 1), (3, 1)], true),
        (format!("until={until}"), vec![(3, 1), (2, 1), (1, 1)], true),
        (format!("since={since}&until={until}&clientKey=ck_2"), vec![(2, 1)], true),
        (format!("since={until}&until={since}"), vec![], true),
    ] {
        let body = list(&server, &query);
        let sessions = body["sessions"].as_array().unwrap().iter();
        let number = |id: &Value| u64::from_str_radix(id.as_str().unwrap(), 16).unwrap();
        let found: Vec<_> =
            sessions.map(|one| (number(&one["id"]), one["requests"].as_u64().unwrap())).collect();
        assert_eq!((found, &body["complete"]), (expected, &json!(complete)), "{query}");
    }
}

#[test]
fn of_many_requests_the_newest_are_added_up() {
    let record = |second| record(second, 1, "gpt", "ch_a", Class::Success);
    let server = server(&(0..READ).map(record).collect::<Vec<_>>());
    let body = list(&server, "");
    let session = &body["sessions"][0];
    assert_eq!((&session["requests"], &body["complete"]), (&json!(READ), &json!(false)));
    let body = list(&server, &format!("since={}", START + 1000));
    let session = &body["sessions"][0];
    assert_eq!((&session["requests"], &body["complete"]), (&json!(READ - 1), &json!(true)));
}

#[test]
fn however_many_models_a_session_names_few_are_told() {
    let records = (0..20).map(|second| record(second, 1, &format!("m{second}"), "ch_a", Class::Success));
    let body = list(&server(&records.collect::<Vec<_>>()), "");
    let mut models: Vec<_> = body["sessions"][0]["models"].as_array().unwrap().clone();
    models.sort_by_key(Value::to_string);
    assert_eq!(models, ["m12", "m13", "m14", "m15", "m16", "m17", "m18", "m19"]);
    assert_eq!(body["sessions"][0]["requests"], 20);
}
