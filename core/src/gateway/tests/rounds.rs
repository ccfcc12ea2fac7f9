//! When all was tried in vain: whether the request comes back to it, and after which pause.

use futures::future::join_all;

use super::*;
use crate::platform::Clock;

/// One channel with one key, at host `a.test`.
fn alone() -> World {
    alone_with(json!({}))
}

fn alone_with(settings: Value) -> World {
    let mut only = channel("a", 1);
    only["keys"].as_array_mut().unwrap().truncate(1);
    World::of(json!({ "channels": [only], "settings": settings }))
}

fn busy() -> Answer {
    error(503, "overloaded", "busy")
}

#[test]
fn a_single_key_that_is_overloaded_once_serves_after_a_pause() {
    for fault in [busy(), error(500, "server_error", "oops"), Answer::refused(), Answer::sse().reset()] {
        let world = alone();
        world.http.script("a.test", [fault, good_stream()]);
        let start = world.clock.now();
        let seen = world.chat(true);
        assert_eq!((seen.status, seen.body), (StatusCode::OK, [DELTA, FINISH, DONE].concat()));
        let paused = world.clock.now().since(start).as_millis();
        assert!((125..=250).contains(&paused), "{paused} ms");
        assert_eq!(world.record().attempts.len(), 2);
    }
}

#[test]
fn what_was_not_tried_comes_before_what_failed() {
    let world = World::new();
    world.http.script("a.test", [busy(), good_stream()]);
    world.http.script("b.test", [busy()]);
    assert_eq!(world.chat(true).status, StatusCode::OK);
    assert_eq!(world.hops(), ["a/1", "b/1", "a/2"]);
}

#[test]
fn pauses_grow_and_end_after_two_rounds() {
    let world = alone();
    world.http.script("a.test", (0..9).map(|_| busy()));
    let start = world.clock.now();
    let seen = world.chat(true);
    assert_eq!((seen.status.as_u16(), world.hops().len()), (503, 3));
    let paused = world.clock.now().since(start).as_millis();
    assert!((375..=750).contains(&paused), "{paused} ms");
    assert_eq!(seen.body.matches("a: 503").count(), 3, "{}", seen.body);
}

#[test]
fn a_short_retry_after_is_waited_for_and_a_long_one_passed_on() {
    for status in [429, 503] {
        let limited = |after| error(status, "rate_limit_error", "slow down").header("retry-after", after);
        let world = alone();
        world.http.script("a.test", [limited("3"), good_stream()]);
        let start = world.clock.now();
        assert_eq!(world.chat(true).status, StatusCode::OK);
        let paused = world.clock.now().since(start).as_millis();
        assert!((3_000..3_300).contains(&paused), "{paused} ms");

        let world = alone();
        world.http.script("a.test", [limited("30"), good_stream()]);
        let start = world.clock.now();
        let seen = world.chat(true);
        assert_eq!((seen.status.as_u16(), seen.headers["retry-after"].to_str().unwrap()), (status, "30"));
        assert_eq!((world.hops().len(), world.clock.now()), (1, start));
    }
}

#[test]
fn what_may_be_billed_already_is_not_asked_for_again() {
    let table = [
        ("no answer in time", true, Answer::sse().after(Duration::from_secs(121))),
        ("half a document", false, Answer::json(r#"{"choices""#).reset()),
        ("no document", false, Answer::json("gateway page")),
        ("an empty stream", true, Answer::sse()),
    ];
    for (fault, stream, answer) in table {
        let world = alone();
        world.http.script("a.test", [answer, good_stream()]);
        assert!(!world.chat(stream).status.is_success(), "{fault}");
        assert_eq!(world.hops().len(), 1, "{fault}");
    }
}

#[test]
fn what_no_pause_mends_is_not_tried_again() {
    for fault in [
        error(401, "invalid_request_error", "Incorrect API key provided"),
        error(429, "rate_limit_error", "slow down"),
        error(402, "billing", "no credit"),
        error(404, "not_found_error", "no such model"),
    ] {
        let world = alone();
        world.http.script("a.test", [fault, good_stream()]);
        let start = world.clock.now();
        assert!(!world.chat(true).status.is_success());
        assert_eq!((world.hops().len(), world.clock.now()), (1, start));
    }
}

#[test]
fn rounds_use_the_same_budget_and_deadline() {
    let world = alone_with(json!({ "maxAttempts": 2 }));
    world.http.script("a.test", (0..9).map(|_| busy()));
    world.chat(true);
    assert_eq!(world.hops().len(), 2);

    let world = alone_with(json!({ "timeouts": { "totalTimeoutMs": 10_000 } }));
    let slow = || busy().after(Duration::from_millis(9_900));
    world.http.script("a.test", [slow(), good_stream()]);
    let start = world.clock.now();
    assert_eq!(world.chat(true).status.as_u16(), 503);
    assert_eq!(world.clock.now().since(start), Duration::from_millis(9_900));
}

#[test]
fn many_requests_of_a_tripped_key_take_turns_and_all_are_served() {
    let world = alone();
    world.http.script("a.test", (0..4).map(|_| busy()).chain((0..9).map(|_| good_stream())));
    let request = || {
        let request = Request::post("/v1/chat/completions").header("x-api-key", CLIENT_KEY);
        request.body(OneBody::new(r#"{"model":"m","stream":true}"#)).unwrap()
    };
    let statuses = run(&world.clock, async {
        let answer = async |_| {
            let response = world.gateway.handle(request(), None).await;
            let status = response.status();
            drain(response.into_body()).await;
            status
        };
        join_all((0..4).map(answer)).await
    });
    assert!(statuses.iter().all(StatusCode::is_success), "{statuses:?}");
}

#[test]
fn an_embedding_comes_back_only_to_the_space_it_began_in() {
    let channels = [channel("a", 1), channel("b", 2)].map(|mut channel| {
        channel["endpoints"][0]["protocol"] = "embeddings".into();
        channel["keys"].as_array_mut().unwrap().truncate(1);
        channel
    });
    let world = World::of(json!({ "channels": channels }));
    world.http.script("a.test", [busy(), busy(), busy()]);
    world.http.script("b.test", [Answer::json(r#"{"object":"list","data":[]}"#)]);
    world.post("/v1/embeddings", r#"{"model":"m","input":"hi"}"#);
    assert_eq!(world.hops(), ["a/1", "a/1", "a/1"]);
}

#[test]
fn the_list_of_what_was_tried_is_cut_short() {
    let mut many = channel("a", 1);
    let key = |n: usize| json!({ "id": format!("k_{n}"), "key": format!("sk-{n}") });
    many["keys"] = (0..30).map(key).collect();
    let world = World::of(json!({ "channels": [many], "settings": { "maxAttempts": 50 } }));
    world.http.script("a.test", (0..30).map(|_| error(401, "invalid_request_error", "no such key")));
    let seen = world.chat(true);
    assert_eq!(seen.body.matches("a: 401").count(), 20, "{}", seen.body);
    assert!(seen.body.contains("10 more"), "{}", seen.body);
}
