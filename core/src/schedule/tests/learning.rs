use std::time::Duration;

use super::fixture::{ASK, BREAKER, World, at, channel, config, endpoint, key, tried};
use crate::config::{Channel, ChannelId, KeyId, Protocol, Secret};
use crate::schedule::{Ask, BreakerState, ChannelHealth, Class, Outcome, Reason, Rule};

fn health(world: &World, secs: u64) -> ChannelHealth {
    world.state.health(&world.config, at(secs)).remove(0)
}

/// Seconds from `secs` until the breaker of the first channel is half open.
fn open_for(world: &World, secs: u64) -> u64 {
    let until = health(world, secs).keys[0].protocols[0].open_until;
    until.map_or(0, |until| at(secs).until(until).as_millis().div_ceil(1000).try_into().unwrap())
}

#[test]
fn failures_in_a_row_open_and_one_probe_closes() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    world.trip(0);
    assert_eq!(health(&world, 0).breaker, BreakerState::Open);
    assert_eq!(world.once(&ASK, Class::Success, 1), "b1");
    let half_open = open_for(&world, 0);
    assert!((30..=60).contains(&half_open), "{half_open}");

    let probe = world.acquire(&ASK, half_open).unwrap();
    assert_eq!((key(&probe).as_str(), probe.probe), ("a1", true));
    let other = world.acquire(&ASK, half_open).unwrap();
    assert_eq!((key(&other).as_str(), other.probe), ("b1", false));
    world.report(&probe, Class::Success, half_open);
    assert_eq!(health(&world, half_open).breaker, BreakerState::Closed);
    assert_eq!(world.once(&ASK, Class::Success, half_open), "a1");
}

#[test]
fn each_failed_probe_opens_for_longer_up_to_the_maximum() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    world.trip(0);
    let mut now = 0;
    for level in 1..12_u32 {
        now += open_for(&world, now);
        let probe = world.acquire(&ASK, now).unwrap();
        assert!(probe.probe);
        now += 2;
        world.report(&probe, Class::ServerError, now);
        let ceiling = (30 << (level + 1)).min(600);
        assert!((30..=ceiling).contains(&open_for(&world, now)), "level {level}");
    }
}

#[test]
fn a_probe_that_fails_at_once_lengthens_no_wait() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    world.trip(0);
    let mut now = 0;
    for probe in 1..12 {
        now += open_for(&world, now);
        assert_eq!(world.once(&ASK, Class::ServerError, now), "a1");
        assert!((30..=60).contains(&open_for(&world, now)), "probe {probe}");
    }
}

#[test]
fn what_fails_now_and_then_anyway_takes_more_failures_in_a_row_to_open() {
    for (before, row) in [(0, 5), (1, 7), (2, 9)] {
        let mut world = World::new(vec![channel("a", 1, 1)]);
        (0..before).for_each(|_| _ = world.once(&ASK, Class::Transport, 0));
        (0..10).for_each(|_| _ = world.once(&ASK, Class::Success, 0));
        (1..row).for_each(|_| _ = world.once(&ASK, Class::Transport, 0));
        assert_eq!(health(&world, 0).breaker, BreakerState::Closed, "{before} before");
        world.once(&ASK, Class::Transport, 0);
        assert_eq!(health(&world, 0).breaker, BreakerState::Open, "{before} before");
    }
}

#[test]
fn a_probe_whose_client_left_makes_room_for_the_next() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    world.trip(0);
    for class in [Class::ClientGone, Class::RequestFault, Class::ContextTooLong, Class::ContentPolicy] {
        let probe = world.acquire(&ASK, 700).unwrap();
        assert!(probe.probe, "{class:?}");
        world.report(&probe, class, 700);
        assert_eq!(health(&world, 700).breaker, BreakerState::HalfOpen);
    }
}

#[test]
fn a_probe_nobody_reports_expires() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    world.trip(0);
    assert!(world.acquire(&ASK, 700).unwrap().probe);
    assert!(!world.acquire(&ASK, 999).unwrap().probe);
    assert!(world.acquire(&ASK, 1_000).unwrap().probe);
}

#[test]
fn a_share_of_failures_in_a_full_enough_window_opens() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    let mixed = [Class::Transport, Class::Transport, Class::Transport, Class::Success];
    for class in mixed.into_iter().cycle().take(9) {
        world.once(&ASK, class, 0);
    }
    assert_eq!(health(&world, 0).breaker, BreakerState::Closed, "too few samples");
    world.once(&ASK, Class::Transport, 0);
    assert_eq!(health(&world, 0).breaker, BreakerState::Open);
}

#[test]
fn a_share_of_failures_below_the_rate_opens_nothing() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    for class in [Class::Transport, Class::Success].into_iter().cycle().take(60) {
        world.once(&ASK, class, 0);
        assert_eq!(health(&world, 0).breaker, BreakerState::Closed);
    }
}

#[test]
fn only_the_latest_results_count() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    for class in [Class::Success; 100] {
        world.once(&ASK, class, 0);
    }
    let mixed = [Class::Transport, Class::Transport, Class::Transport, Class::Success];
    let opens = mixed.into_iter().cycle().take(usize::try_from(BREAKER.window).unwrap()).any(|class| {
        world.once(&ASK, class, 0);
        health(&world, 0).breaker == BreakerState::Open
    });
    assert!(opens);
}

#[test]
fn results_older_than_the_window_do_not_count() {
    for (secs, state) in [(900, BreakerState::Open), (901, BreakerState::Closed)] {
        let mut world = World::new(vec![channel("a", 1, 1)]);
        for class in [[Class::Transport; 3].as_slice(), &[Class::Success], &[Class::Transport; 4]].concat() {
            world.once(&ASK, class, 0);
        }
        for class in [Class::Success, Class::Transport, Class::Transport] {
            world.once(&ASK, class, secs);
        }
        assert_eq!(health(&world, secs).breaker, state, "after {secs} s");
    }
}

#[test]
fn two_overloads_in_a_row_open() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    for class in [Class::Overload, Class::Success, Class::Overload] {
        world.once(&ASK, class, 0);
        assert_eq!(health(&world, 0).breaker, BreakerState::Closed);
    }
    world.once(&ASK, Class::Overload, 0);
    assert_eq!(health(&world, 0).breaker, BreakerState::Open);
}

#[test]
fn what_blames_nobody_changes_nothing() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    for class in [Class::RequestFault, Class::ContextTooLong, Class::ContentPolicy, Class::ClientGone] {
        for _ in 0..50 {
            world.once(&ASK, class, 0);
        }
    }
    let health = health(&world, 0);
    assert_eq!((health.breaker, health.in_flight), (BreakerState::Closed, 0));
    assert_eq!((health.keys[0].cooldown, health.keys[0].protocols[0].last_failure), (None, None));
}

#[test]
fn a_success_that_began_before_it_opened_does_not_close_it() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    let old = world.acquire(&ASK, 0).unwrap();
    world.trip(5);
    world.report(&old, Class::Success, 6);
    assert_eq!(health(&world, 6).breaker, BreakerState::Open);
}

#[test]
fn a_stream_that_began_well_before_the_failures_does_not_end_their_row() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    let old = world.acquire(&ASK, 0).unwrap();
    let serves =
        |secs| Outcome { first_content: Some(Duration::from_secs(secs)), ..Outcome::of(Class::Success) };
    for (content, state) in [(12, BreakerState::Closed), (1, BreakerState::Open)] {
        (0..4).for_each(|_| _ = world.once(&ASK, Class::Transport, 10));
        world.report_as(&old, &serves(content), 13);
        world.once(&ASK, Class::Transport, 14);
        assert_eq!(health(&world, 14).breaker, state, "content after {content} s");
        world.state.reset(&old.channel.id, None, at(14));
    }
}

#[test]
fn a_failure_of_one_protocol_trips_no_other() {
    let mut a = channel("a", 1, 1);
    a.endpoints.push(endpoint(Protocol::Messages));
    let mut world = World::new(vec![a]);
    world.trip(0);
    let lease = world.acquire(&Ask { protocol: Protocol::Messages, ..ASK }, 1).unwrap();
    assert_eq!(lease.rule, Rule::Priority);
}

#[test]
fn without_an_alternative_an_open_channel_is_tried_at_the_probes_pace() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    world.trip(0);
    let lease = world.acquire(&ASK, 1).unwrap();
    assert_eq!((lease.rule, lease.probe), (Rule::LastResort, true));
    let refusal = world.acquire(&ASK, 5).unwrap_err();
    assert_eq!((refusal.reason, refusal.retry_at), (Reason::CoolingDown, Some(at(6))), "one at a time");
    world.report(&lease, Class::Transport, 5);
    let lease = world.acquire(&ASK, 5).unwrap();
    world.report(&lease, Class::Transport, 5);
    assert_eq!(world.acquire(&ASK, 5).unwrap_err().retry_at, Some(at(6)), "one a second");
    let lease = world.acquire(&ASK, 6).unwrap();
    world.report(&lease, Class::Success, 6);
    assert_eq!(world.acquire(&ASK, 6).unwrap().rule, Rule::Priority);
}

#[test]
fn a_last_resort_that_fails_keeps_nothing_open_for_longer() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    world.trip(0);
    let half_open = open_for(&world, 0);
    for secs in 1..10 {
        let lease = world.acquire(&ASK, secs).unwrap();
        assert_eq!(lease.rule, Rule::LastResort);
        world.report(&lease, Class::Transport, secs);
        assert_eq!(open_for(&world, secs), half_open - secs);
    }
}

#[test]
fn a_refused_key_is_the_very_last_resort() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    assert_eq!(world.once(&ASK, Class::Auth, 0), "a1");
    assert_eq!(world.once(&ASK, Class::Quota, 0), "b1");
    assert_eq!(world.once(&ASK, Class::Quota, 1), "b1", "although its wait is longer");
    assert_eq!(world.once(&ASK, Class::Auth, 1), "a1", "nothing else may be tried in this second");
}

#[test]
fn among_equals_the_last_resort_is_the_one_of_the_better_priority() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1), channel("c", 3, 1)]);
    for expected in ["a1", "b1", "c1"] {
        assert_eq!(world.once(&ASK, Class::Rate, 0), expected);
    }
    for (secs, expected) in [(1, "a1"), (1, "b1"), (1, "c1"), (2, "a1")] {
        let lease = world.acquire(&ASK, secs).unwrap();
        assert_eq!((key(&lease).as_str(), lease.rule), (expected, Rule::LastResort));
        world.report(&lease, Class::ClientGone, secs);
    }
}

#[test]
fn an_excluded_model_leaves_the_others_alone() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    assert_eq!(world.once(&ASK, Class::ModelUnavailable, 0), "a1");
    assert_eq!(world.once(&ASK, Class::Success, 1), "b1");
    assert_eq!(world.once(&Ask { model: "other", ..ASK }, Class::Success, 1), "a1");
    assert_eq!(world.once(&ASK, Class::Success, 601), "a1");
}

#[test]
fn an_overload_that_names_a_time_is_left_alone_until_then() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    let lease = world.acquire(&ASK, 0).unwrap();
    let retry_after = Some(Duration::from_secs(8));
    world.report_as(&lease, &Outcome { retry_after, ..Outcome::of(Class::Overload) }, 0);
    assert_eq!(world.acquire(&ASK, 7).unwrap_err().retry_at, Some(at(8)));
    let test = world.acquire(&ASK, 8).unwrap();
    assert_eq!((test.rule, test.probe), (Rule::Priority, true));
}

#[test]
fn a_time_that_the_upstream_names_is_enough_unless_it_keeps_failing() {
    use Class::{Overload, Transport};
    for (before, secs, expected) in [
        (vec![], 8, 8..=8),
        (vec![], 5_000, 600..=600),
        (vec![Transport; 3], 8, 8..=8),
        (vec![Transport; 4], 8, 30..=60),
        (vec![Overload], 8, 30..=60),
        (vec![Overload], 300, 300..=300),
    ] {
        let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
        for class in &before {
            assert_eq!(world.once(&ASK, *class, 0), "a1");
        }
        let told = Outcome { retry_after: Some(Duration::from_secs(secs)), ..Outcome::of(Overload) };
        let lease = world.acquire(&ASK, 0).unwrap();
        world.report_as(&lease, &told, 0);
        let half_open = open_for(&world, 0);
        assert!(expected.contains(&half_open), "{before:?}, {secs} s: {half_open}");
        let test = world.acquire(&ASK, half_open).unwrap();
        assert!(test.probe, "{before:?}");
        world.report_as(&test, &told, half_open);
        assert!(open_for(&world, half_open) >= 30.max(secs.min(600)), "{before:?}");
    }
}

#[test]
fn a_time_that_is_named_again_and_again_is_not_the_shortest_wait() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    let retry_after = Some(Duration::from_secs(1));
    for (secs, open) in [(0, 1..=1), (1, 30..=60)] {
        let lease = world.acquire(&ASK, secs).unwrap();
        world.report_as(&lease, &Outcome { retry_after, ..Outcome::of(Class::Overload) }, secs);
        assert!(open.contains(&open_for(&world, secs)), "at {secs} s");
    }
}

#[test]
fn a_time_that_the_upstream_names_counts_although_other_models_are_served() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    world.once(&Ask { model: "other", ..ASK }, Class::Success, 0);
    let lease = world.acquire(&ASK, 0).unwrap();
    let retry_after = Some(Duration::from_secs(8));
    world.report_as(&lease, &Outcome { retry_after, ..Outcome::of(Class::Overload) }, 0);
    assert_eq!(open_for(&world, 0), 8);
    let test = world.acquire(&ASK, 8).unwrap();
    world.report(&test, Class::Transport, 8);
    assert!(open_for(&world, 8) >= 30);
}

#[test]
fn a_reset_forgets_the_key_it_names() {
    let mut world = World::new(vec![channel("a", 1, 2)]);
    world.once(&ASK, Class::Auth, 0);
    world.once(&ASK, Class::Auth, 0);
    world.state.reset(&ChannelId::new("ch_a"), Some(&KeyId::new("a2")), at(0));
    let cooling =
        |world: &World| health(world, 0).keys.iter().map(|key| key.cooldown.is_some()).collect::<Vec<_>>();
    assert_eq!(cooling(&world), [true, false]);
    world.state.reset(&ChannelId::new("ch_a"), None, at(0));
    assert_eq!(cooling(&world), [false, false]);
}

#[test]
fn a_reset_closes_breakers_and_forgets_the_last_failure() {
    for key in [None, Some(KeyId::new("a1"))] {
        let mut world = World::new(vec![channel("a", 1, 1)]);
        let held = world.acquire(&ASK, 0).unwrap();
        for _ in 0..BREAKER.consecutive_failures {
            world.once(&ASK, Class::ServerError, 0);
        }
        assert_eq!(health(&world, 0).breaker, BreakerState::Open);
        world.state.reset(&held.channel.id, key.as_ref(), at(0));
        let health = health(&world, 0);
        let protocol = &health.keys[0].protocols[0];
        assert_eq!(
            (health.breaker, protocol.last_failure, health.in_flight),
            (BreakerState::Closed, None, 1)
        );
    }
}

#[test]
fn a_new_configuration_keeps_the_health_of_what_stays() {
    let mut world = World::new(vec![channel("a", 1, 2), channel("b", 2, 1)]);
    assert_eq!(world.once(&ASK, Class::Auth, 0), "a1");
    let mut a = channel("a", 1, 2);
    a.keys.reverse();
    world.config = config("2", vec![channel("new", 3, 1), channel("b", 2, 1), a]);
    assert_eq!(world.once(&ASK, Class::Success, 1), "a2");
    let cooling: Vec<(String, bool)> = world.state.health(&world.config, at(1))[2]
        .keys
        .iter()
        .map(|key| (key.id.to_string(), key.cooldown.is_some()))
        .collect();
    assert_eq!(cooling, [("a2".to_owned(), false), ("a1".to_owned(), true)]);
}

#[test]
fn a_key_that_got_another_secret_begins_anew() {
    for (secret, rests) in [("secret", true), ("another", false)] {
        let mut world = World::new(vec![channel("a", 1, 1)]);
        world.once(&ASK, Class::Auth, 0);
        let mut a = channel("a", 1, 1);
        a.keys[0].secret = Secret::new(secret);
        world.config = config("2", vec![a]);
        world.state.align(&world.config, at(1));
        assert_eq!(health(&world, 1).keys[0].cooldown.is_some(), rests, "{secret}");
    }
}

#[test]
fn a_report_reaches_its_key_wherever_that_stands_by_now() {
    let mut world = World::new(vec![channel("a", 1, 2)]);
    let lease = world.acquire(&ASK, 0).unwrap();
    assert_eq!(key(&lease), "a1");
    let mut a = channel("a", 1, 2);
    a.keys.reverse();
    world.config = config("2", vec![a]);
    let other = world.acquire(&Ask { tried: &[tried(&lease, Class::Auth)], ..ASK }, 1).unwrap();
    assert_eq!(key(&other), "a2");
    world.report(&lease, Class::Auth, 2);
    let keys = health(&world, 2).keys;
    let told: Vec<_> = keys.iter().map(|key| (key.cooldown.is_some(), key.protocols[0].in_flight)).collect();
    assert_eq!(told, [(false, 1), (true, 0)]);
}

#[test]
fn a_removed_key_is_forgotten_but_not_at_once() {
    for (away, kept) in [(590, true), (700, false)] {
        let mut world = World::new(vec![channel("a", 1, 2)]);
        assert_eq!(world.once(&ASK, Class::Quota, 0), "a1");
        for (secs, version, first) in [(1, "2", 1), (1 + away, "3", 1), (2 + away, "4", 0)] {
            let mut a = channel("a", 1, 2);
            a.keys.drain(..first);
            world.config = config(version, vec![a]);
            world.once(&ASK, Class::Success, secs);
        }
        assert_eq!(
            health(&world, 2 + away).keys[0].last_used_at.is_some_and(|last| last < at(1)),
            kept,
            "{away}"
        );
    }
}

#[test]
fn a_removed_channel_is_forgotten_but_not_at_once() {
    for (away, kept) in [(590, true), (700, false)] {
        let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
        assert_eq!(world.once(&ASK, Class::Quota, 0), "a1");
        for (secs, version) in [(1, "2"), (1 + away, "3")] {
            world.config = config(version, vec![channel("b", 2, 1)]);
            assert_eq!(world.once(&ASK, Class::Success, secs), "b1");
        }
        world.config = config("4", vec![channel("a", 1, 1), channel("b", 2, 1)]);
        let lease = world.acquire(&ASK, 2 + away).unwrap();
        assert_eq!((key(&lease).as_str(), lease.probe), (if kept { "b1" } else { "a1" }, false), "{away}");
    }
}

#[test]
fn a_report_of_something_removed_is_ignored() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    let lease = world.acquire(&ASK, 0).unwrap();
    world.state = crate::schedule::State::new();
    world.report(&lease, Class::Transport, 1);
    world.report(&lease, Class::Success, 1);
    assert!(world.acquire(&ASK, 1).is_ok());
}

#[test]
fn health_is_camel_case_for_people() {
    let mut world = World::new(vec![Channel { weight: 2, ..channel("a", 1, 1) }]);
    world.trip(0);
    let json = serde_json::to_value(health(&world, 0)).unwrap();
    assert_eq!(json["breaker"], "open");
    assert_eq!(json["keys"][0]["protocols"][0]["consecutiveFailures"], BREAKER.consecutive_failures);
    assert_eq!(json["keys"][0]["protocols"][0]["lastFailure"]["class"], "transport");
}

#[test]
fn a_probe_that_fails_counts_although_the_time_was_stretched_meanwhile() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    let old = world.acquire(&ASK, 0).unwrap();
    world.trip(1);
    let probe = world.acquire(&ASK, 700).unwrap();
    assert!(probe.probe);
    let retry_after = Some(Duration::from_secs(2));
    world.report_as(&old, &Outcome { retry_after, ..Outcome::of(Class::Overload) }, 701);
    assert_eq!(open_for(&world, 701), 2);
    world.report(&probe, Class::Transport, 702);
    assert!(open_for(&world, 702) >= 30);
}

#[test]
fn a_probe_that_begins_well_ends_the_test_and_keeps_its_place() {
    for (class, times) in [(Class::Transport, 5), (Class::Rate, 1)] {
        let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
        (0..times).for_each(|_| drop(world.once(&Ask { pin: Some("a"), ..ASK }, class, 0)));
        let probe = world.acquire(&ASK, 700).unwrap();
        assert_eq!((key(&probe).as_str(), probe.probe), ("a1", true));
        world.state.prove(&probe, &BREAKER, at(701));
        let other = world.acquire(&ASK, 701).unwrap();
        assert_eq!((key(&other).as_str(), other.probe), ("a1", false), "{class:?}");
        assert_eq!(health(&world, 701).in_flight, 2);
        world.report(&probe, Class::Transport, 702);
        assert_eq!((health(&world, 702).in_flight, health(&world, 702).breaker), (1, BreakerState::Closed));
    }
}
