use std::pin::pin;

use futures::future::select;

use super::*;
use crate::error::FailureKind;
use crate::ir::FinishReason;
use crate::platform::Clock;
use crate::schedule::Rule;

/// The first key of `a` is refused, and the refusal repeats it; the second one serves after a while.
fn world() -> World {
    let world = World::new();
    let refusal = r#"{"error":{"message":"Incorrect API key provided: sk-a-1"}}"#;
    let refused = Answer::status(401).header("content-type", "application/json").data(refusal);
    let served = Answer::sse()
        .after(Duration::from_millis(300))
        .wait(Duration::from_millis(200))
        .data(DELTA)
        .wait(Duration::from_millis(400))
        .data(FINISH)
        .data(DONE);
    world.http.script("a.test", [refused, served]);
    world
}

#[test]
fn a_record_tells_when_what_came() {
    let world = world();
    world.chat(true);
    let record = world.record();
    let [first, second] = record.attempts.as_slice() else { panic!("{record:?}") };
    assert_eq!((first.at, second.at), (record.at, record.at));
    assert_eq!(second.first_byte, Some(second.at + Duration::from_millis(300)));
    assert_eq!(second.first_content, Some(second.at + Duration::from_millis(500)));
    assert_eq!(second.duration, Duration::from_millis(900));
    assert_eq!(record.first_content, Some(Duration::from_millis(500)));
    assert_eq!(record.duration, Duration::from_millis(900));
}

#[test]
fn a_record_tells_what_was_tried_why_and_what_was_said_without_the_key() {
    let world = world();
    world.chat(true);
    let record = world.record();
    let [first, second] = record.attempts.as_slice() else { panic!("{record:?}") };
    assert_eq!(first.status, Some(StatusCode::UNAUTHORIZED));
    assert_eq!(first.message.as_deref(), Some("Incorrect API key provided: …"));
    assert_eq!((&*first.endpoint, first.model.as_str()), ("http://a.test", "m"));
    assert_eq!((second.class, second.rule), (Class::Success, Rule::Priority));
    assert!(!second.considered.is_empty());
}

#[test]
fn a_record_tells_how_much_came_and_went() {
    let world = world();
    let seen = world.chat(true);
    let record = world.record();
    assert_eq!(record.response_bytes, seen.body.len() as u64);
    assert_eq!(record.request_bytes, r#"{"model":"m","stream":true,"messages":[]}"#.len() as u64);
}

#[test]
fn a_record_of_a_failure_tells_what_the_client_was_told() {
    let world = World::new();
    for host in ["a.test", "b.test"] {
        world.http.script(host, [Answer::status(500), Answer::status(500)]);
    }
    let seen = world.chat(false);
    let record = world.record();
    assert_eq!(record.status, seen.status);
    let told = record.error.unwrap();
    assert!(seen.body.contains(&told[..20]), "{told} in {}", seen.body);
}

#[test]
fn a_record_tells_why_the_model_stopped() {
    let whole = r#"{"choices":[{"message":{"content":"hi"},"finish_reason":"length"}]}"#;
    for (stream, answer, finish) in [
        (true, good_stream(), Some(FinishReason::Stop)),
        (true, Answer::sse().data(DELTA).reset(), None),
        (false, Answer::json(whole), Some(FinishReason::Length)),
        (false, Answer::json(COMPLETION), None),
    ] {
        let world = World::new();
        world.http.script("a.test", [answer]);
        world.chat(stream);
        assert_eq!(world.record().finish, finish);
    }
}

#[test]
fn a_cut_stream_failed_whatever_status_the_client_saw() {
    let world = World::new();
    world.http.script("a.test", [Answer::sse().data(DELTA).reset()]);
    world.chat(true);
    let record = world.record();
    assert_eq!((record.status, record.failed(), record.gone()), (StatusCode::OK, true, false));
    assert_eq!(record.code, Some(FailureKind::Upstream));
}

#[test]
fn an_attempt_counts_that_the_client_did_not_wait_for() {
    let world = World::new();
    world.http.script("a.test", [good_stream().after(Duration::from_secs(60))]);
    let request = Request::post("/v1/chat/completions").header("x-api-key", CLIENT_KEY);
    let request = request.body(OneBody::new(r#"{"model":"m","stream":true}"#)).unwrap();
    run(&world.clock, async {
        let patience = world.clock.sleep(Duration::from_secs(5));
        drop(select(pin!(world.gateway.handle(request, None)), patience).await);
    });
    let record = world.record();
    let [left] = record.attempts.as_slice() else { panic!("{record:?}") };
    assert_eq!((record.status.as_u16(), left.class, left.channel.as_str()), (499, Class::ClientGone, "ch_a"));
    assert_eq!(left.duration, Duration::from_secs(5));
}

#[test]
fn what_is_refused_before_it_is_read_is_recorded() {
    let chat = "/v1/chat/completions";
    let large = "x".repeat(2 * 1024 * 1024);
    for (path, key, body, recorded) in [
        (chat, "wrong", "{}", Some((401, "", FailureKind::Authentication))),
        (chat, CLIENT_KEY, &large, Some((413, "ck_test", FailureKind::TooLarge))),
        (chat, CLIENT_KEY, "no JSON", Some((400, "ck_test", FailureKind::InvalidRequest))),
        ("/v1/messages/batches", CLIENT_KEY, "{}", Some((404, "ck_test", FailureKind::NotFound))),
        ("/v1/messages/batches", "wrong", "{}", Some((404, "", FailureKind::NotFound))),
        ("/wp-login.php", "wrong", "{}", None),
    ] {
        let world = World::new();
        world.send(Request::post(path).header("x-api-key", key), body);
        let told = |record: Record| {
            assert!(record.failed() && record.model.is_empty() && record.attempts.is_empty(), "{record:?}");
            (record.status.as_u16(), record.client_key.to_string(), record.code.unwrap())
        };
        let records: Vec<_> = world.records.all().into_iter().map(told).collect();
        let expected = recorded.map(|(status, key, code)| (status, key.to_owned(), code));
        assert_eq!(records, Vec::from_iter(expected), "{path} with {key}");
    }
}

#[test]
fn of_strangers_so_many_a_minute_are_recorded() {
    let world = World::new();
    let knock = || world.send(Request::post("/v1/messages").header("x-api-key", "wrong"), "{}");
    for _ in 0..40 {
        knock();
    }
    assert_eq!(world.records.all().len(), 30);
    world.clock.advance(Duration::from_secs(60));
    knock();
    world.chat(false);
    assert_eq!(world.records.all().len(), 32);
}
