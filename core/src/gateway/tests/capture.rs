//! What is captured of requests, and what is not.

use super::*;
use crate::capture::order::CaptureFilter;
use crate::capture::{Order, store};
use crate::database::{Column, DatabaseError, Statement};
use crate::platform::Clock;
use crate::record::batch::Batch;

const PROMPT: &str = "a prompt that is nobody's business, and too long for an excerpt of an error";

fn capture(world: &World, left: u64, filter: CaptureFilter) {
    let until = world.clock.now() + Duration::from_secs(600);
    let order = Order { id: "o".to_owned(), until, left, filter };
    world.gateway.platform().database.run(&store::give(&order)).unwrap();
    world.gateway.capture.set(Some(order));
}

fn anything() -> CaptureFilter {
    CaptureFilter::default()
}

/// What was captured of each request, in their order.
fn captured(world: &World) -> Vec<Value> {
    let content = Statement::new("SELECT content FROM capture ORDER BY seq");
    let rows = world.gateway.platform().database.run(&[content]).unwrap().remove(0);
    let text = |row: crate::database::Row| String::read(row.0[0].clone()).unwrap();
    rows.into_iter().map(|row| serde_json::from_str(&text(row)).unwrap()).collect()
}

fn ask(world: &World, stream: bool) -> Seen {
    let body = json!({"model": "m", "stream": stream, "messages": [{"role": "user", "content": PROMPT}]});
    let request = Request::post("/v1/chat/completions?key=of-no-use")
        .header("authorization", format!("Bearer {CLIENT_KEY}"))
        .header("cookie", "session=secret")
        .header("user-agent", format!("agent of {CLIENT_KEY}"));
    world.send(request, &body.to_string())
}

fn text(body: &Value) -> &str {
    body["text"].as_str().unwrap()
}

#[test]
fn nothing_is_captured_that_nobody_ordered() {
    let world = World::new();
    world.http.script("a.test", [good_stream()]);
    ask(&world, true);
    assert!(captured(&world).is_empty() && !world.record().captured);
}

#[test]
fn what_cannot_be_kept_is_counted() {
    let world = World::new();
    world.http.script("a.test", [good_stream()]);
    capture(&world, 1, anything());
    let database = &world.gateway.platform().database;
    database.fail(Some(DatabaseError::Full));
    ask(&world, true);
    database.fail(None);
    assert!(captured(&world).is_empty());
    assert_eq!(world.gateway.capture.lost(), 1);
}

#[test]
fn what_went_to_and_fro_is_captured_without_credentials() {
    let world = World::new();
    let refusal = error(401, "invalid_request_error", "Incorrect API key provided: sk-a-1");
    let served = good_stream().header("x-request-id", "up_1").header("set-cookie", "secret=1");
    world.http.script("a.test", [refusal, served]);
    capture(&world, 1, anything());
    let seen = ask(&world, true);
    assert!(world.record().captured);
    let all = captured(&world);
    let [one] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(one["id"], world.record().id);
    assert_eq!(
        (&one["request"]["method"], &one["request"]["url"]),
        (&json!("POST"), &json!("/v1/chat/completions"))
    );
    assert_eq!(one["request"]["headers"], json!({"user-agent": "agent of …"}));
    assert!(text(&one["request"]["body"]).contains(PROMPT));

    let attempts = one["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2);
    assert_eq!((&attempts[0]["channel"], &attempts[0]["key"]), (&json!("ch_a"), &json!("k_a1")));
    assert_eq!(attempts[0]["answer"]["status"], 401);
    assert!(text(&attempts[0]["answer"]["body"]).contains("provided: …"), "{one}");
    assert_eq!(attempts[1]["request"]["url"], "http://a.test/v1/chat/completions");
    assert_eq!(attempts[1]["request"].get("body"), None, "it is the client's");
    assert_eq!(
        attempts[1]["answer"]["headers"],
        json!({"content-type": "text/event-stream", "x-request-id": "up_1"})
    );
    assert_eq!(text(&attempts[1]["answer"]["body"]), seen.body);
    assert_eq!(one["answer"]["headers"]["x-causeway-channel"], "a");
    assert_eq!(one["answer"].get("body"), None, "it is the upstream's");
    for secret in [CLIENT_KEY, "sk-a-1", "sk-a-2", "of-no-use", "secret"] {
        assert!(!one.to_string().contains(secret), "{secret}: {one}");
    }

    world.http.script("a.test", [good_stream()]);
    ask(&world, true);
    assert_eq!(captured(&world).len(), 1, "one was ordered");
    assert!(!world.records.all()[1].captured);
}

#[test]
fn a_converted_request_is_captured_as_each_side_saw_it() {
    let world = World::new();
    world.http.script("a.test", [good_stream()]);
    capture(&world, 1, anything());
    let body = json!({"model": "m", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let seen = world.post("/v1/messages", &body.to_string());
    let one = captured(&world).remove(0);
    assert_eq!(text(&one["request"]["body"]), body.to_string());
    let attempt = &one["attempts"][0];
    assert!(text(&attempt["request"]["body"]).contains("include_usage"), "{one}");
    assert_eq!(text(&attempt["answer"]["body"]), [DELTA, FINISH, DONE].concat());
    assert_eq!(text(&one["answer"]["body"]), seen.body);
    assert_eq!(one["answer"]["body"]["bytes"], seen.body.len());
}

#[test]
fn what_was_never_served_is_captured_with_what_the_client_was_told() {
    let world = World::new();
    for host in ["a.test", "b.test"] {
        world.http.script(host, [error(500, "server_error", "oops"), Answer::refused()]);
    }
    capture(&world, 9, anything());
    let seen = ask(&world, false);
    let one = captured(&world).remove(0);
    assert_eq!(one["answer"]["status"], seen.status.as_u16());
    assert_eq!(text(&one["answer"]["body"]), seen.body);
    let attempts = one["attempts"].as_array().unwrap();
    let statuses: Vec<_> = attempts.iter().map(|attempt| attempt["answer"]["status"].as_u64()).collect();
    assert!(statuses.contains(&Some(500)), "{statuses:?}");
}

#[test]
fn an_answer_that_breaks_off_is_captured_as_far_as_it_came() {
    let world = World::new();
    world.http.script("a.test", [Answer::sse().data(DELTA).wait(Duration::from_secs(1)).reset()]);
    capture(&world, 9, anything());
    let seen = ask(&world, true);
    let one = captured(&world).remove(0);
    assert_eq!(text(&one["attempts"][0]["answer"]["body"]), DELTA);
    assert_eq!(text(&one["answer"]["body"]), seen.body, "with the error that it ends in");

    world.http.script("a.test", [Answer::sse().data(DELTA).wait(Duration::from_secs(1)).data(FINISH)]);
    let request =
        Request::post("/v1/chat/completions").header("authorization", format!("Bearer {CLIENT_KEY}"));
    let request =
        request.body(OneBody::new(r#"{"model":"m","stream":true,"messages":[]}"#.to_owned())).unwrap();
    run(&world.clock, async {
        let mut body = world.gateway.handle(request, None).await.into_body();
        next(&mut body).await.unwrap().unwrap();
    });
    let two = captured(&world).remove(1);
    assert_eq!(text(&two["attempts"][0]["answer"]["body"]), DELTA, "the client left");
}

#[test]
fn an_answer_that_another_upstream_took_over_is_captured_with_both() {
    let world = World::new();
    let role = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
    world.http.script("a.test", [Answer::sse().data(role).wait(Duration::from_secs(16)).reset()]);
    world.http.script("b.test", [good_stream()]);
    capture(&world, 9, anything());
    let seen = ask(&world, true);
    let one = captured(&world).remove(0);
    let attempts = one["attempts"].as_array().unwrap();
    assert_eq!(text(&attempts[0]["answer"]["body"]), role);
    assert_eq!(text(&attempts[1]["answer"]["body"]), [DELTA, FINISH, DONE].concat());
    assert_eq!(text(&one["answer"]["body"]), seen.body);
}

#[test]
fn only_requests_that_fit_are_captured() {
    let some = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (anything(), true),
        (CaptureFilter { model: some("m"), ..anything() }, true),
        (CaptureFilter { model: some("another"), ..anything() }, false),
        (CaptureFilter { client_key: some("ck_test"), ..anything() }, true),
        (CaptureFilter { client_key: some("ck_other"), ..anything() }, false),
        (CaptureFilter { channel: some("ch_a"), ..anything() }, true),
        (CaptureFilter { channel: some("ch_b"), ..anything() }, false),
    ] {
        let world = World::new();
        world.http.script("a.test", [good_stream()]);
        capture(&world, 9, filter.clone());
        ask(&world, true);
        assert_eq!(
            (!captured(&world).is_empty(), world.record().captured),
            (expected, expected),
            "{filter:?}"
        );
    }
}

#[test]
fn what_another_process_ordered_is_heard_of() {
    let world = World::new();
    let until = world.clock.now() + Duration::from_secs(600);
    let order = Order { id: "o".to_owned(), until, left: 1, filter: anything() };
    world.gateway.platform().database.run(&store::give(&order)).unwrap();
    run(&world.clock, world.gateway.save_spending());
    world.http.script("a.test", [good_stream(), good_stream()]);
    ask(&world, true);
    assert_eq!(captured(&world).len(), 1);

    world.gateway.platform().database.run(&[store::revoke()]).unwrap();
    world.clock.advance(Duration::from_secs(5));
    run(&world.clock, world.gateway.save_spending());
    assert!(!world.gateway.capture.is_on());
}

#[test]
fn a_prompt_stands_nowhere_but_in_the_table_of_captures() {
    let world = World::new();
    world.http.script("a.test", [error(400, "invalid_request_error", &format!("I cannot read `{PROMPT}`"))]);
    capture(&world, 9, anything());
    ask(&world, true);
    let database = &world.gateway.platform().database;
    let records = world.records.all();
    let batch: Batch<'_> = records.iter().collect();
    database.run(&batch.into_rows().into_statements()).unwrap();
    let tables = Statement::new("SELECT name FROM sqlite_master WHERE type = 'table'");
    let mut holding = Vec::new();
    for table in database.run(&[tables]).unwrap().remove(0) {
        let table = String::read(table.0[0].clone()).unwrap();
        let rows = database.run(&[Statement::new(format!("SELECT * FROM \"{table}\""))]).unwrap().remove(0);
        assert!(!format!("{rows:?}").contains(CLIENT_KEY), "{table}");
        holding.extend(format!("{rows:?}").contains(PROMPT).then_some(table));
    }
    assert_eq!(holding, ["capture"]);
}
