use super::*;
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
    assert_eq!((first.endpoint.as_str(), first.model.as_str()), ("http://a.test", "m"));
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
