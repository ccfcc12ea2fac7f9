//! An answer that was committed before it had content: another upstream takes over, and no character is lost
//! or doubled.

use super::*;
use crate::platform::Clock;

const KEPT_ALIVE: &str = ": keep-alive\n\n";
const ROLE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Says nothing that a client could see for so long that the answer is committed.
fn silent() -> Answer {
    Answer::sse().data(ROLE).wait(secs(16))
}

fn told(kind: &str) -> String {
    format!("data: {{\"error\":{{\"type\":\"{kind}\",\"message\":\"boom\"}}}}\n\n")
}

#[test]
fn what_fails_before_its_first_content_is_taken_over_in_silence() {
    let table = [
        ("reset", silent().reset(), Class::Transport),
        ("error event", silent().data(&told("overloaded_error")), Class::Overload),
        (
            "error without a last blank line",
            silent().data(told("server_error").trim_end()),
            Class::ServerError,
        ),
        ("just stops", silent(), Class::Transport),
        ("stalls", silent().wait(secs(1_000)), Class::Transport),
        ("not a byte", Answer::sse().wait(secs(16)).reset(), Class::Transport),
    ];
    for (fault, answer, class) in table {
        let world = World::with(json!({ "timeouts": { "firstContentTimeoutMs": 30_000 } }));
        world.http.script("a.test", [answer]);
        world.http.script("b.test", [good_stream()]);
        let seen = world.chat(true);
        assert_eq!(seen.headers["x-causeway-channel"], "a", "{fault}");
        assert!(seen.body.starts_with(KEPT_ALIVE), "{fault}: {}", seen.body);
        let said = seen.body.replace(KEPT_ALIVE, "");
        assert_eq!((said, seen.broken), ([DELTA, FINISH, DONE].concat(), false), "{fault}");
        assert_eq!(world.hops(), ["a/1", "b/1"], "{fault}");
        let record = world.record();
        let classes: Vec<Class> = record.attempts.iter().map(|attempt| attempt.class).collect();
        assert_eq!((record.status, classes), (StatusCode::OK, vec![class, Class::Success]), "{fault}");
    }
}

#[test]
fn what_was_kept_back_goes_out_byte_for_byte_once_content_comes() {
    let world = World::new();
    world.http.script("a.test", [silent().data(DELTA).data(FINISH).data(DONE)]);
    let seen = world.chat(true);
    assert_eq!(seen.body, [KEPT_ALIVE, ROLE, DELTA, FINISH, DONE].concat());
}

#[test]
fn an_upstream_that_only_comments_does_not_keep_the_client_waiting_in_silence() {
    let world = World::new();
    let comments = (0..12).fold(Answer::sse(), |answer, _| answer.data(": working\n\n").wait(secs(2)));
    world.http.script("a.test", [comments.reset()]);
    world.http.script("b.test", [good_stream()]);
    let seen = world.chat(true);
    assert_eq!(seen.body, [KEPT_ALIVE, DELTA, FINISH, DONE].concat());
}

#[test]
fn after_one_byte_of_content_there_is_no_way_back() {
    let world = World::new();
    world.http.script("a.test", [silent().data(DELTA).reset()]);
    world.http.script("b.test", [good_stream()]);
    let seen = world.chat(true);
    assert_eq!(world.hops(), ["a/1"]);
    assert!(seen.body.contains("\"error\"") && !seen.body.contains("[DONE]"), "{}", seen.body);
}

#[test]
fn the_client_is_kept_alive_while_another_upstream_is_sought() {
    let world = World::new();
    world.http.script("a.test", [silent().reset()]);
    world.http.script("b.test", [good_stream().after(secs(25))]);
    let seen = world.chat(true);
    assert_eq!(seen.body, [&KEPT_ALIVE.repeat(3), DELTA, FINISH, DONE].concat());
}

#[test]
fn it_may_take_more_than_one() {
    let world = World::new();
    world.http.script("a.test", [silent().reset(), good_stream()]);
    world.http.script("b.test", [error(503, "overloaded", "busy"), silent().reset()]);
    let seen = world.chat(true);
    assert_eq!(seen.body.replace(KEPT_ALIVE, ""), [DELTA, FINISH, DONE].concat());
    assert_eq!(world.hops(), ["a/1", "b/1", "a/2"]);
}

#[test]
fn when_nobody_takes_over_the_answer_ends_in_one_error_that_says_what_was_tried() {
    let refusal = r#"{"error":{"type":"invalid_request_error","message":"temperature is too high"}}"#;
    let refused = Answer::status(400).header("content-type", "application/json").data(refusal);
    let unauthorized = || error(401, "invalid_request_error", "no such key");
    for (last, says) in
        [([unauthorized(), unauthorized()], "b: 401"), ([refused.clone(), refused], "too high")]
    {
        let mut only = channel("a", 1);
        only["keys"].as_array_mut().unwrap().truncate(1);
        let world = World::of(json!({ "channels": [only, channel("b", 2)] }));
        world.http.script("a.test", [silent().reset()]);
        world.http.script("b.test", last);
        let seen = world.chat(true);
        let said = seen.body.replace(KEPT_ALIVE, "");
        assert!(said.starts_with("data: {\"error\"") && said.contains(says), "{said}");
        assert_eq!((said.matches("\"error\"").count(), seen.broken), (1, false), "{said}");
        assert!(world.records.all().len() == 1);
    }
}

#[test]
fn budget_and_deadline_hold_over_the_recovery() {
    let world = World::with(json!({ "maxAttempts": 1 }));
    world.http.script("a.test", [silent().reset()]);
    let seen = world.chat(true);
    assert!(seen.body.contains("\"error\""), "{}", seen.body);
    assert_eq!(world.hops(), ["a/1"]);

    let world = World::with(json!({ "timeouts": { "totalTimeoutMs": 20_000 } }));
    world.http.script("a.test", [silent().reset()]);
    world.http.script("b.test", [good_stream().after(secs(9))]);
    let start = world.clock.now();
    let seen = world.chat(true);
    assert!(seen.body.contains("\"error\""), "{}", seen.body);
    assert_eq!(world.clock.now().since(start), secs(20));
}

#[test]
fn what_was_committed_is_never_asked_of_the_same_key_again() {
    let mut only = channel("a", 1);
    only["keys"].as_array_mut().unwrap().truncate(1);
    let world = World::of(json!({ "channels": [only] }));
    world.http.script("a.test", [silent().reset(), good_stream()]);
    let seen = world.chat(true);
    assert!(seen.body.contains("\"error\""), "{}", seen.body);
    assert_eq!(world.hops(), ["a/1"]);
}

#[test]
fn a_client_that_leaves_meanwhile_ends_the_search() {
    let world = World::new();
    world.http.script("a.test", [silent().reset()]);
    world.http.script("b.test", [good_stream().after(secs(60))]);
    let request = Request::post("/v1/chat/completions").header("x-api-key", CLIENT_KEY);
    let request = request.body(OneBody::new(r#"{"model":"m","stream":true}"#)).unwrap();
    run(&world.clock, async {
        let mut body = world.gateway.handle(request, None).await.into_body();
        while world.hops().len() < 2 {
            next(&mut body).await.unwrap().unwrap();
        }
    });
    let record = world.record();
    assert_eq!(record.status.as_u16(), 499);
    let classes: Vec<Class> = record.attempts.iter().map(|attempt| attempt.class).collect();
    assert_eq!(classes, [Class::Transport, Class::ClientGone]);
}

#[test]
fn a_converted_answer_begins_only_once() {
    let speaking = |name: &str, priority, protocol: &str| {
        let mut channel = channel(name, priority);
        channel["endpoints"][0]["protocol"] = protocol.into();
        channel
    };
    for (first, second) in [("chat", "chat"), ("chat", "messages"), ("messages", "chat")] {
        let world = World::of(json!({ "channels": [speaking("a", 1, first), speaking("b", 2, second)] }));
        let start = |id: &str| {
            format!(
                "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{id}\",\"type\":\"message\",\
                 \"role\":\"assistant\",\"content\":[],\"model\":\"m\",\"usage\":{{\"input_tokens\":1,\"output_tokens\":1}}}}}}\n\n"
            )
        };
        let begun = if first == "chat" { ROLE.to_owned() } else { start("msg_1") };
        world.http.script("a.test", [Answer::sse().data(&begun).wait(secs(16)).reset()]);
        let text = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
            event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n\
            event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
            event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n\
            event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        let answer = match second {
            "chat" => good_stream(),
            _ => Answer::sse().data(&start("msg_2")).data(text),
        };
        world.http.script("b.test", [answer]);
        let body = json!({
            "model": "m", "max_tokens": 9, "stream": true, "messages": [{ "role": "user", "content": "hi" }],
        });
        let seen = world.post("/v1/messages", &body.to_string());
        let count = |what: &str| seen.body.matches(&format!("event: {what}\n")).count();
        assert_eq!(
            (count("message_start"), count("content_block_delta"), count("message_stop"), count("error")),
            (1, 1, 1, 0),
            "{first} then {second}: {}",
            seen.body
        );
        assert!(!seen.body.contains("\"msg_1\""), "{}", seen.body);
    }
}
