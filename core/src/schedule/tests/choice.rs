use std::collections::BTreeMap;
use std::time::Duration;

use super::fixture::{ASK, World, at, channel, config, endpoint, key, session, tried};
use crate::config::client_key::ChannelSet;
use crate::config::{Channel, ChannelId, Protocol, Rotation, Status};
use crate::schedule::{Ask, Class, ModelKey, Outcome, Reason, Rng, Rule, Tried};

fn promoted(until: u64, channel: Channel) -> Channel {
    Channel { promoted_until: Some(at(until)), ..channel }
}

/// A channel with one endpoint for each of `protocols`.
fn speaking<const N: usize>(protocols: [Protocol; N], channel: Channel) -> Channel {
    Channel { endpoints: protocols.map(endpoint).into(), ..channel }
}

/// Acquires with each class in turn as the end of the attempt before; the keys and endpoints used.
fn path(world: &mut World, classes: &[Class]) -> Vec<String> {
    path_of(world, &ASK, classes)
}

fn path_of(world: &mut World, ask: &Ask<'_>, classes: &[Class]) -> Vec<String> {
    let mut past = Vec::new();
    let mut path = Vec::new();
    for class in classes {
        match world.acquire(&Ask { tried: &past, ..ask.clone() }, 0) {
            Ok(lease) => {
                path.push(format!("{}@{}", key(&lease), lease.endpoint));
                past.push(tried(&lease, *class));
                world.report(&lease, *class, 0);
            }
            Err(refusal) => path.push(format!("{:?}", refusal.reason)),
        }
    }
    path
}

#[test]
fn the_lower_priority_number_serves_whatever_the_order() {
    let mut world = World::new(vec![channel("b", 2, 1), channel("a", 1, 1)]);
    for _ in 0..10 {
        assert_eq!(world.once(&ASK, Class::Success, 0), "a1");
    }
}

#[test]
fn weights_share_a_tier() {
    let mut world = World::new(vec![Channel { weight: 3, ..channel("a", 1, 1) }, channel("b", 1, 1)]);
    let mut counts = BTreeMap::new();
    for _ in 0..4_000 {
        *counts.entry(world.once(&ASK, Class::Success, 0)).or_insert(0) += 1;
    }
    assert!((2_800..3_200).contains(&counts["a1"]), "{counts:?}");
}

#[test]
fn weights_share_a_large_tier_among_those_that_can_serve() {
    let heavy = |n: usize| Channel { weight: if n < 10 { 3 } else { 1 }, ..channel(&format!("c{n}-"), 7, 1) };
    let paused = |n: usize| Channel { status: Status::Paused, ..heavy(n) };
    let channels = (0..20).map(|n| if n % 2 == 0 { heavy(n) } else { paused(n) }).collect();
    let mut world = World::new(channels);
    let mut counts = BTreeMap::new();
    for _ in 0..10_000 {
        *counts.entry(world.once(&ASK, Class::Success, 0)).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 10, "{counts:?}");
    for (key, count) in &counts {
        let expected =
            if ["c0-1", "c2-1", "c4-1", "c6-1", "c8-1"].contains(&key.as_str()) { 1_500 } else { 500 };
        assert!((expected - 150..expected + 150).contains(count), "{counts:?}");
    }
}

#[test]
fn a_refusal_names_its_reason() {
    let prefixed = Channel { route_prefix: Some("team".into()), ..channel("p", 1, 1) };
    let paused = || Channel { status: Status::Paused, ..channel("s", 1, 1) };
    let keyless = channel("k", 1, 0);
    let converted = Channel { endpoints: vec![endpoint(Protocol::Chat)], ..channel("c", 1, 1) };
    let messages = Ask { protocol: Protocol::Messages, convertible: false, ..ASK };
    let pinned = Ask { pin: Some("nobody"), ..ASK };
    let pinned_to_paused = Ask { pin: Some("s"), ..ASK };
    let none = ChannelSet::new(&[], &[]);
    let forbidden = Ask { channels: Some(&none), ..ASK };
    let mut other = channel("o", 1, 1);
    other.models.add("x").unwrap();
    for (channels, ask, reason) in [
        (vec![], &ASK, Reason::NoChannel),
        (vec![prefixed], &ASK, Reason::NoChannel),
        (vec![converted], &messages, Reason::NoChannel),
        (vec![other], &ASK, Reason::NoModel),
        (vec![channel("a", 1, 1)], &forbidden, Reason::NotAllowed),
        (vec![paused()], &forbidden, Reason::NotAllowed),
        (vec![paused()], &ASK, Reason::Paused),
        (vec![paused(), channel("a", 1, 1)], &pinned_to_paused, Reason::Paused),
        (vec![keyless], &ASK, Reason::Paused),
        (vec![channel("a", 1, 1)], &pinned, Reason::UnknownChannel),
    ] {
        assert_eq!(World::new(channels).acquire(ask, 0).unwrap_err().reason, reason);
    }
}

#[test]
fn a_client_key_is_served_by_the_channels_it_may_use() {
    let mut world = World::new(["a", "b", "c"].map(|name| channel(name, 1, 2)).into());
    let allowed = ChannelSet::new(&world.config.channels, &[ChannelId::new("ch_b")]);
    let pinned = |pin| Ask { pin: Some(pin), channels: Some(&allowed), ..ASK };
    let bound = Ask { channels: Some(&allowed), ..session(1) };
    for _ in 0..20 {
        world.once(&session(1), Class::Success, 0);
        assert!(world.once(&bound, Class::Success, 0).starts_with('b'));
    }
    assert!(world.once(&pinned("b"), Class::Success, 0).starts_with('b'));
    assert_eq!(world.acquire(&pinned("a"), 0).unwrap_err().reason, Reason::NotAllowed);
}

#[test]
fn a_request_that_names_no_model_is_served_whatever_the_models() {
    let mut narrow = channel("a", 1, 1);
    narrow.models.add("x").unwrap();
    let mut world = World::new(vec![narrow, channel("b", 2, 1)]);
    for (model, expected) in [("", "a1"), ("x", "a1"), ("m", "b1")] {
        assert_eq!(world.once(&Ask { model, ..ASK }, Class::Success, 0), expected, "{model:?}");
    }
}

#[test]
fn a_prefix_reaches_its_channels_only() {
    let prefixed = Channel { route_prefix: Some("team".into()), ..channel("p", 1, 1) };
    let mut world = World::new(vec![prefixed, channel("a", 2, 1)]);
    assert_eq!(world.once(&Ask { prefix: Some("team"), ..ASK }, Class::Success, 0), "p1");
    assert_eq!(world.once(&ASK, Class::Success, 0), "a1");
}

#[test]
fn a_pin_names_a_channel_by_name_or_id_and_ignores_the_breaker() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    world.trip(0);
    for pin in ["a", "ch_a"] {
        let lease = world.acquire(&Ask { pin: Some(pin), ..ASK }, 1).unwrap();
        assert_eq!((key(&lease).as_str(), lease.rule, lease.probe), ("a1", Rule::Pin, false));
    }
}

#[test]
fn a_pin_moves_no_conversation() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    assert_eq!(world.once(&session(1), Class::Success, 0), "a1");
    world.once(&Ask { pin: Some("b"), ..ASK }, Class::Rate, 0);
    for (secs, rule) in [(1, Rule::LastResort), (20, Rule::Pin)] {
        let lease = world.acquire(&Ask { pin: Some("b"), ..session(1) }, secs).unwrap();
        assert_eq!((key(&lease).as_str(), lease.rule), ("b1", rule));
        world.report(&lease, Class::Success, secs);
        let lease = world.acquire(&session(1), secs).unwrap();
        assert_eq!((key(&lease).as_str(), lease.rule), ("a1", Rule::Affinity));
    }
}

#[test]
fn a_promotion_goes_first_until_it_ends_or_cools_down() {
    let mut world = World::new(vec![channel("a", 1, 1), promoted(100, channel("b", 2, 1))]);
    let lease = world.acquire(&session(1), 0).unwrap();
    assert_eq!((key(&lease).as_str(), lease.rule), ("b1", Rule::Promotion));
    world.report(&lease, Class::Rate, 0);
    assert_eq!(world.once(&ASK, Class::Success, 1), "a1");
    assert_eq!(world.once(&ASK, Class::Success, 20), "b1");
    assert_eq!(world.once(&ASK, Class::Success, 100), "a1");
}

#[test]
fn a_session_that_moved_stays_where_it_is_while_that_is_healthy() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 2)]);
    assert_eq!(world.once(&session(1), Class::Success, 0), "a1");
    assert_eq!(world.once(&session(1), Class::Rate, 1), "a1");
    let moved = world.once(&session(1), Class::Success, 2);
    assert!(moved.starts_with('b'));
    for secs in (100..2_000).step_by(100) {
        let lease = world.acquire(&session(1), secs).unwrap();
        world.report(&lease, Class::Success, secs);
        assert_eq!((key(&lease), lease.rule), (moved.clone(), Rule::Affinity));
        assert_eq!(world.once(&ASK, Class::Success, secs), "a1");
    }
    assert_eq!(world.once(&session(1), Class::Success, 9_000), "a1", "forgotten by then");
}

#[test]
fn only_what_served_it_unpinned_binds_a_session() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1), channel("c", 3, 1)]);
    assert_eq!(world.once(&session(1), Class::RequestFault, 0), "a1");
    let pinned = Ask { pin: Some("c"), ..session(1) };
    assert_eq!(world.once(&pinned, Class::Success, 0), "c1");
    assert_eq!(world.acquire(&session(1), 0).unwrap().rule, Rule::Priority);
    assert_eq!(world.once(&session(1), Class::Rate, 0), "a1");
    assert_eq!(world.once(&session(1), Class::Success, 0), "b1");
    assert_eq!(world.once(&pinned, Class::Success, 1), "c1");
    let lease = world.acquire(&session(1), 1).unwrap();
    assert_eq!((key(&lease).as_str(), lease.rule), ("b1", Rule::Affinity));
}

#[test]
fn a_session_yields_at_once_to_a_pause() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    world.once(&session(1), Class::Success, 0);
    let paused = Channel { status: Status::Paused, ..channel("a", 1, 1) };
    world.config = config("2", vec![paused, channel("b", 2, 1)]);
    assert_eq!(world.once(&session(1), Class::Success, 1), "b1");
}

#[test]
fn keys_rotate_as_configured() {
    for (rotation, held, expected) in [
        (Rotation::RoundRobin, false, ["a1", "a2", "a3", "a1", "a2"]),
        (Rotation::Ordered, false, ["a1"; 5]),
        (Rotation::LeastUsed, true, ["a1", "a2", "a3", "a1", "a2"]),
        (Rotation::LeastUsed, false, ["a1", "a2", "a3", "a1", "a2"]),
    ] {
        let mut world = World::new(vec![Channel { rotation, ..channel("a", 1, 3) }]);
        let used: Vec<String> = (0..5)
            .map(|secs| {
                let lease = world.acquire(&ASK, secs).unwrap();
                if !held {
                    world.report(&lease, Class::Success, secs);
                }
                key(&lease)
            })
            .collect();
        assert_eq!(used, expected, "{rotation:?}");
    }
}

#[test]
fn a_fault_of_a_key_tries_the_channels_other_keys_first() {
    for class in [Class::Auth, Class::Quota, Class::Rate, Class::ModelUnavailable] {
        let mut world = World::new(vec![channel("a", 1, 2), channel("b", 2, 1)]);
        assert_eq!(path(&mut world, &[class; 4]), ["a1@0", "a2@0", "b1@0", "Exhausted"], "{class:?}");
    }
}

#[test]
fn a_channel_of_many_spent_keys_lets_another_serve_before_it_goes_on() {
    for class in [Class::Auth, Class::Quota, Class::Rate, Class::ModelUnavailable] {
        let mut world = World::new(vec![channel("a", 1, 6), channel("b", 2, 1)]);
        let expected = ["a1@0", "a2@0", "a3@0", "a4@0", "b1@0", "a5@0", "a6@0", "Exhausted"];
        assert_eq!(path(&mut world, &[class; 8]), expected, "{class:?}");
    }
}

#[test]
fn after_a_fault_of_a_key_the_channel_keeps_the_request_and_the_rule() {
    for (promoted_until, ask, rule) in [
        (None, ASK, Rule::Priority),
        (None, session(1), Rule::Affinity),
        (Some(at(100)), session(1), Rule::Promotion),
    ] {
        for seed in 0..10 {
            let mut world = World::new(vec![
                Channel { promoted_until, ..channel("a", 1, 2) },
                Channel { promoted_until, ..channel("b", 1, 2) },
            ]);
            world.rng = Rng::new(seed);
            world.once(&ask, Class::Success, 0);
            let first = world.acquire(&ask, 0).unwrap();
            world.report(&first, Class::Rate, 0);
            let past = [tried(&first, Class::Rate)];
            let second = world.acquire(&Ask { tried: &past, ..ask.clone() }, 0).unwrap();
            assert_eq!((&second.channel.id, second.rule), (&first.channel.id, rule), "seed {seed}");
            assert_ne!(second.key, first.key);
        }
    }
}

#[test]
fn a_lease_has_the_upstreams_name_of_the_model_where_it_is_another() {
    let mut a = channel("a", 1, 1);
    a.model_map.add("small", "tiny").unwrap();
    a.model_map.add("same", "same").unwrap();
    let mut world = World::new(vec![a]);
    for (model, name) in [("small", Some("tiny")), ("same", None), ("m", None)] {
        let lease = world.acquire(&Ask { model, ..ASK }, 0).unwrap();
        assert_eq!(lease.model.as_deref(), name, "{model}");
        assert_eq!(lease.model_key, ModelKey::of(name.unwrap_or(model)));
    }
}

#[test]
fn an_endpoint_that_cannot_be_asked_is_passed_by_without_blame() {
    let a = speaking([Protocol::Chat, Protocol::Messages], channel("a", 1, 2));
    let mut world = World::new(vec![a, channel("b", 2, 1)]);
    assert_eq!(path(&mut world, &[Class::Unfit; 4]), ["a1@0", "a2@1", "b1@0", "Exhausted"]);
    assert_eq!(world.once(&ASK, Class::Success, 0), "a1");
}

#[test]
fn a_fault_of_a_channel_tries_others_then_its_other_endpoint_then_its_other_key() {
    for class in [Class::Transport, Class::ServerError, Class::BadAnswer] {
        let mut a = Channel { rotation: Rotation::Ordered, ..channel("a", 1, 2) };
        a.endpoints = vec![endpoint(Protocol::Chat), endpoint(Protocol::Messages), endpoint(Protocol::Chat)];
        let mut world = World::new(vec![a, channel("b", 2, 1)]);
        let expected = ["a1@0", "b1@0", "a1@2", "a2@0", "a2@2", "a1@1", "a2@1", "Exhausted"];
        assert_eq!(path(&mut world, &[class; 8]), expected, "{class:?}");
    }
}

#[test]
fn what_was_tried_is_never_tried_again_as_a_last_resort() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    assert_eq!(path(&mut world, &[Class::Overload; 2]), ["a1@0", "Exhausted"]);
}

#[test]
fn retry_at_is_the_earliest_end_of_what_the_upstreams_asked_for() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    for (secs, wait) in [(0, 90), (1, 40)] {
        let lease = world.acquire(&ASK, secs).unwrap();
        let retry_after = Some(Duration::from_secs(wait));
        world.report_as(&lease, &Outcome { retry_after, ..Outcome::of(Class::Rate) }, secs);
    }
    let refusal = world.acquire(&ASK, 10).unwrap_err();
    assert_eq!((refusal.reason, refusal.retry_at), (Reason::CoolingDown, Some(at(41))));
    assert_eq!(world.once(&ASK, Class::Success, 41), "b1");
}

const MESSAGES: Ask<'static> = Ask { protocol: Protocol::Messages, ..ASK };

#[test]
fn within_a_priority_native_channels_go_before_converted_ones() {
    let converted = Channel { weight: 9, ..speaking([Protocol::Chat], channel("c", 1, 1)) };
    let native = speaking([Protocol::Messages], channel("n", 1, 1));
    let later = speaking([Protocol::Messages], channel("z", 2, 1));
    let mut world = World::new(vec![converted, native, later]);
    let expected = ["n1@0", "c1@0", "z1@0", "Exhausted"];
    assert_eq!(path_of(&mut world, &MESSAGES, &[Class::Transport; 4]), expected);
}

#[test]
fn a_conversion_takes_the_nearest_kin_of_the_clients_protocol() {
    use Protocol::{Chat, Gemini, Messages, Responses};
    for (client, endpoints, speaks) in [
        (Messages, vec![Gemini, Responses, Chat], Chat),
        (Messages, vec![Gemini, Responses], Responses),
        (Chat, vec![Gemini, Messages, Responses], Responses),
        (Responses, vec![Gemini, Messages, Chat], Chat),
        (Gemini, vec![Responses, Messages, Chat], Chat),
        (Gemini, vec![Chat, Gemini], Gemini),
    ] {
        let endpoints = endpoints.into_iter().map(endpoint).collect();
        let accepts = vec![client];
        let mut world = World::new(vec![Channel { endpoints, accepts, ..channel("a", 1, 1) }]);
        let lease = world.acquire(&Ask { protocol: client, ..ASK }, 0).unwrap();
        assert_eq!(lease.endpoint().unwrap().protocol, speaks, "{client}");
    }
}

#[test]
fn two_ways_to_a_channel_are_no_double_share() {
    let both = speaking([Protocol::Chat, Protocol::Responses], channel("a", 1, 1));
    let one = speaking([Protocol::Gemini], channel("b", 1, 1));
    let mut world = World::new(vec![both, one]);
    let mut counts = BTreeMap::new();
    for _ in 0..4_000 {
        *counts.entry(world.once(&MESSAGES, Class::Success, 0)).or_insert(0) += 1;
    }
    assert!((1_800..2_200).contains(&counts["a1"]), "{counts:?}");
}

#[test]
fn a_channel_whose_native_endpoint_is_tripped_serves_by_conversion() {
    let a = speaking([Protocol::Messages, Protocol::Chat], channel("a", 1, 1));
    let mut world = World::new(vec![a]);
    world.once(&session(1), Class::Success, 0);
    let native = Ask { convertible: false, ..MESSAGES };
    for _ in 0..5 {
        world.once(&native, Class::Transport, 0);
    }
    for ask in [MESSAGES, Ask { protocol: Protocol::Messages, ..session(1) }] {
        let lease = world.acquire(&ask, 1).unwrap();
        assert_eq!((lease.endpoint, lease.probe), (1, false), "{:?}", lease.rule);
    }
    let lease = world.acquire(&native, 1).unwrap();
    assert_eq!((lease.endpoint, lease.rule), (0, Rule::LastResort));
}

#[test]
fn sessions_promotions_and_pins_reach_converted_channels() {
    let native = speaking([Protocol::Messages], channel("n", 1, 1));
    let converted = || speaking([Protocol::Chat], channel("c", 2, 2));
    let mut world = World::new(vec![native, promoted(100, converted())]);
    let bound = Ask { protocol: Protocol::Messages, ..session(1) };
    assert_eq!(world.once(&bound, Class::Success, 0), "c1");
    let lease = world.acquire(&bound, 200).unwrap();
    assert_eq!((key(&lease).as_str(), lease.rule), ("c1", Rule::Affinity));
    assert_eq!(world.once(&MESSAGES, Class::Success, 200), "n1");
    let pinned = Ask { pin: Some("c"), ..MESSAGES };
    assert_eq!(path_of(&mut world, &pinned, &[Class::Rate; 3]), ["c2@0", "c1@0", "Exhausted"]);
}

#[test]
fn vectors_fail_over_within_one_space_only() {
    let in_space = |space: Option<&str>, name: &str| Channel {
        embedding_space: space.map(Into::into),
        accepts: vec![Protocol::Embeddings],
        ..speaking([Protocol::Embeddings], channel(name, if name == "a" { 1 } else { 2 }, 2))
    };
    let ask = Ask { protocol: Protocol::Embeddings, embeds: true, ..ASK };
    for (first, second, expected) in [
        (Some("x"), Some("x"), vec!["a1@0", "b1@0"]),
        (Some("x"), Some("y"), vec!["a1@0", "a2@0"]),
        (Some("x"), None, vec!["a1@0", "a2@0"]),
        (None, None, vec!["a1@0", "a2@0"]),
    ] {
        let mut world = World::new(vec![in_space(first, "a"), in_space(second, "b")]);
        let path = path_of(&mut world, &ask, &[Class::Transport; 2]);
        assert_eq!(path, expected, "{first:?} {second:?}");
    }
}

#[test]
fn a_request_makes_one_test_in_vain_at_most_while_something_is_sound() {
    let half_open = (0..8).map(|n| channel(&format!("h{n}-"), 1, 1));
    let mut world = World::new(half_open.chain([channel("z", 2, 1)]).collect());
    for n in 0..8 {
        let pin = format!("h{n}-");
        for _ in 0..2 {
            world.once(&Ask { pin: Some(&pin), ..ASK }, Class::Overload, 0);
        }
    }
    let mut past = Vec::new();
    for expected in [true, false, true] {
        let lease = world.acquire(&Ask { tried: &past, ..ASK }, 700).unwrap();
        assert_eq!((lease.probe, key(&lease) == "z1"), (expected, !expected));
        world.report(&lease, Class::Overload, 700);
        past.push(tried(&lease, Class::Overload));
    }
}

#[test]
fn after_a_test_in_vain_a_sound_key_is_used_before_another_of_its_channel_is_tested() {
    let mut first = channel("a", 1, 2);
    first.rotation = Rotation::Ordered;
    let mut world = World::new(vec![channel("h", 1, 1), first]);
    for _ in 0..2 {
        world.once(&Ask { pin: Some("h"), ..ASK }, Class::Overload, 0);
    }
    world.once(&Ask { pin: Some("a"), ..ASK }, Class::Auth, 0);
    let test = world.acquire(&Ask { pin: Some("h"), ..ASK }, 700).unwrap();
    world.report(&test, Class::Overload, 700);
    let past = [Tried { probe: true, ..tried(&test, Class::Overload) }];
    let lease = world.acquire(&Ask { tried: &past, ..ASK }, 700).unwrap();
    assert_eq!((key(&lease).as_str(), lease.probe), ("a2", false));
}
