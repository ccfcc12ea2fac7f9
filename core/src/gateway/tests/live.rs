use futures::FutureExt as _;

use super::*;
use crate::gateway::{Farewell, Feed, Sent};
use crate::platform::Clock as _;

fn open(world: &World) -> Feed<FakePlatform> {
    let mut feed = Feed::open(&world.gateway);
    let told = told(&mut feed);
    let kinds: Vec<_> = told.iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["snapshot", "config", "channels"]);
    feed
}

/// Everything that is to be sent now.
fn told(feed: &mut Feed<FakePlatform>) -> Vec<Value> {
    let mut told = Vec::new();
    while let Some(sent) = feed.next().now_or_never() {
        let Sent::Text(text) = sent else { panic!("{sent:?}") };
        told.push(serde_json::from_str(&text).unwrap());
    }
    told
}

/// What comes next, whenever that is.
fn next(world: &World, feed: &mut Feed<FakePlatform>) -> Sent {
    run(&world.clock, feed.next())
}

fn text(sent: Sent) -> Value {
    let Sent::Text(text) = sent else { panic!("{sent:?}") };
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_request_is_shown_from_its_beginning_to_its_end() {
    let world = World::new();
    let served = good_stream().after(Duration::from_millis(300));
    world.http.script("a.test", [error(401, "invalid_request_error", "no such key"), served]);
    let mut feed = open(&world);
    world.chat(true);
    let told = told(&mut feed);
    let shown: Vec<_> =
        told.iter().filter(|one| one["type"] == "underWay").map(|one| &one["request"]).collect();
    let [begun, first, second, content] = shown.as_slice() else { panic!("{told:?}") };
    assert_eq!((&begun["model"], &begun["attemptCount"]), (&json!("m"), &json!(0)));
    assert!(begun.get("channel").is_none(), "{begun}");
    assert_eq!((&first["channel"], &first["key"]), (&json!("ch_a"), &json!("k_a1")));
    assert_eq!((&second["key"], &second["attemptCount"]), (&json!("k_a2"), &json!(2)));
    assert_eq!((&second["upstreamModel"], &second["upstreamProtocol"]), (&json!("m"), &json!("chat")));
    assert!(second.get("firstContentMs").is_none(), "{second}");
    assert_eq!(content["firstContentMs"], 300);
    let last = told.last().unwrap();
    assert_eq!((&last["type"], &last["request"]["status"]), (&json!("finished"), &json!(200)));
    assert_eq!(last["request"]["id"], begun["id"]);
    assert_eq!(last["request"]["id"], world.record().id);
}

#[test]
fn a_stream_is_shown_to_those_who_come_late() {
    let world = World::new();
    let pause = Duration::from_secs(2);
    world.http.script("a.test", [Answer::sse().data(DELTA).wait(pause).data(FINISH).wait(pause).data(DONE)]);
    let request =
        Request::post("/v1/chat/completions").header("authorization", format!("Bearer {CLIENT_KEY}"));
    let request = request.body(OneBody::new(r#"{"model":"m","stream":true}"#.to_owned())).unwrap();
    run(&world.clock, async {
        let mut body = world.gateway.handle(request, None).await.into_body();
        super::next(&mut body).await.unwrap().unwrap();
        let mut feed = open(&world);
        assert_eq!(told(&mut feed), Vec::<Value>::new());
        super::next(&mut body).await.unwrap().unwrap();
        let told_now = told(&mut feed);
        assert_eq!(told_now.len(), 1, "{told_now:?}");
        assert_eq!(
            (&told_now[0]["type"], &told_now[0]["request"]["channel"]),
            (&json!("underWay"), &json!("ch_a"))
        );
        // Whoever leaves in the middle of it has ended it.
        drop(body);
        assert_eq!(told(&mut feed)[0]["request"]["class"], "client_gone");
    });
}

#[test]
fn what_is_held_against_a_channel_is_told_within_a_second_and_its_traffic_is_not() {
    let world = World::new();
    let refused = error(401, "invalid_request_error", "no such key");
    world.http.script("a.test", [good_stream(), good_stream(), refused, good_stream()]);
    // Before that nothing is known of channels.
    world.chat(true);
    let mut feed = open(&world);
    world.chat(true);
    world.clock.advance(Duration::from_secs(2));
    assert!(told(&mut feed).iter().all(|one| one["type"] != "channels"));
    world.chat(true);
    let told_at_once = told(&mut feed);
    assert!(told_at_once.iter().all(|one| one["type"] != "channels"), "{told_at_once:?}");
    let channels = text(next(&world, &mut feed));
    assert_eq!(channels["channels"].as_array().unwrap().len(), 1, "{channels}");
    assert_eq!(channels["channels"][0]["id"], "ch_a");
    assert_eq!(channels["channels"][0]["keys"][0]["cooldown"]["class"], "auth");
}

#[test]
fn a_change_of_the_configuration_is_told() {
    let world = World::new();
    let mut feed = open(&world);
    let document = Document::parse(json!({"channels": [channel("c", 1)]}).to_string().as_bytes()).unwrap();
    let version = document.version();
    world.gateway.config().install(validate::compile(document, &Outside::default()).unwrap());
    let config = text(next(&world, &mut feed));
    assert_eq!(config, json!({"seq": 4, "type": "config", "version": version}));
    assert_eq!(text(next(&world, &mut feed))["channels"][0]["id"], "ch_c");
}

#[test]
fn a_watcher_is_pinged_and_one_that_does_not_answer_is_left() {
    let world = World::new();
    let mut feed = open(&world);
    let opened = world.clock.now();
    for round in 1..=4 {
        assert_eq!(next(&world, &mut feed), Sent::Ping);
        assert_eq!(world.clock.now().since(opened), Duration::from_secs(30 * round));
        feed.hear(None);
    }
    assert_eq!(next(&world, &mut feed), Sent::Ping);
    assert_eq!(next(&world, &mut feed), Sent::Ping);
    assert_eq!(next(&world, &mut feed), Sent::Close(Farewell::Silent));
}

#[test]
fn a_watcher_leaves_with_the_key_it_came_with_and_with_the_process() {
    let world = World::new();
    let mut feed = open(&world);
    let mut outside = Outside::default();
    outside.access.set_admin("another-key-of-the-operator");
    world.gateway.config().install(validate::compile(Document::default(), &outside).unwrap());
    assert_eq!(next(&world, &mut feed), Sent::Close(Farewell::Unauthorized));
    let mut feed = Feed::open(&world.gateway);
    world.gateway.end_feeds();
    assert_eq!(next(&world, &mut feed), Sent::Close(Farewell::Stopping));
}
