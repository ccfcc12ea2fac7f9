use std::time::Duration;

use super::fixture::{ASK, BREAKER, World, at, channel, key, tried};
use crate::config::{Channel, Protocol, Rotation};
use crate::schedule::{Ask, BreakerState, Class, Outcome, Reason, Rule, Scope};

const OTHER: Ask<'static> = Ask { model: "other", ..ASK };

fn of(class: Class, scope: Scope) -> Outcome {
    Outcome { scope, ..Outcome::of(class) }
}

/// A channel whose keys `groups` names the accounts of.
fn grouped<const N: usize>(name: &str, priority: u32, groups: [Option<&str>; N]) -> Channel {
    let mut channel = Channel { rotation: Rotation::Ordered, ..channel(name, priority, N) };
    for (key, group) in channel.keys.iter_mut().zip(groups) {
        key.quota_group = group.map(Into::into);
    }
    channel
}

/// Which key serves next; `-` for none.
fn next(world: &mut World, ask: &Ask<'_>, secs: u64) -> String {
    match world.acquire(ask, secs) {
        Ok(lease) => {
            world.report(&lease, Class::ClientGone, secs);
            let last = if lease.rule == Rule::LastResort { "!" } else { "" };
            format!("{}{last}", key(&lease))
        }
        Err(refusal) => format!("{:?}", refusal.reason),
    }
}

#[test]
fn a_fault_reaches_as_far_as_it_says() {
    use Class::{Auth, ModelUnavailable, Quota, Rate};
    for (class, scope, same_model, other_model) in [
        (Rate, Scope::Model, "a2", "a1"),
        (Quota, Scope::Model, "a2", "a1"),
        (ModelUnavailable, Scope::Model, "a2", "a1"),
        (ModelUnavailable, Scope::Key, "a2", "a1"),
        (Rate, Scope::Key, "a2", "a2"),
        (Quota, Scope::Key, "a2", "a2"),
        (Auth, Scope::Key, "a2", "a2"),
        (Rate, Scope::Account, "a3", "a3"),
        (Quota, Scope::Account, "a3", "a3"),
        (Auth, Scope::Account, "a3", "a3"),
        (Rate, Scope::Channel, "b1", "b1"),
    ] {
        let a = grouped("a", 1, [Some("x"), Some("x"), Some("y"), None]);
        let mut world = World::new(vec![a, channel("b", 2, 1)]);
        let lease = world.acquire(&ASK, 0).unwrap();
        world.report_as(&lease, &of(class, scope), 0);
        let served = [next(&mut world, &ASK, 1), next(&mut world, &OTHER, 1)];
        assert_eq!(served, [same_model, other_model], "{class:?} {scope:?}");
    }
}

#[test]
fn an_account_spans_channels_and_a_success_of_any_key_clears_it() {
    let channels = || vec![grouped("a", 1, [Some("x")]), grouped("b", 2, [Some("x")]), channel("c", 3, 1)];
    let mut world = World::new(channels());
    let old = world.acquire(&ASK, 0).unwrap();
    world.report_as(&old, &of(Class::Quota, Scope::Account), 1);
    assert_eq!(next(&mut world, &ASK, 2), "c1");
    world.config = super::fixture::config("2", channels());
    assert_eq!(next(&mut world, &ASK, 3), "c1", "known after a reload");
    let lease = world.acquire(&ASK, 700).unwrap();
    assert_eq!((key(&lease).as_str(), lease.probe), ("a1", true));
    world.report(&lease, Class::Success, 700);
    let lease = world.acquire(&Ask { pin: Some("b"), ..ASK }, 700).unwrap();
    assert!(!lease.probe);
}

#[test]
fn the_account_of_a_removed_channel_is_no_others() {
    let a = || grouped("a", 1, [Some("x")]);
    let channels = || vec![a(), grouped("b", 2, [Some("y")])];
    let mut world = World::new(channels());
    let lease = world.acquire(&ASK, 0).unwrap();
    world.config = super::fixture::config("2", vec![grouped("b", 2, [Some("y")])]);
    assert_eq!(next(&mut world, &ASK, 1), "b1");
    world.report_as(&lease, &of(Class::Quota, Scope::Account), 2);
    assert_eq!(next(&mut world, &ASK, 3), "b1");
    world.config = super::fixture::config("1", channels());
    assert_eq!(next(&mut world, &ASK, 4), "b1", "a request that began with the old one knows");
    world.config = super::fixture::config("3", vec![a()]);
    assert_eq!(next(&mut world, &ASK, 5), "a1!");
}

#[test]
fn an_account_without_a_group_is_its_key() {
    let mut world = World::new(vec![grouped("a", 1, [None, None])]);
    let lease = world.acquire(&ASK, 0).unwrap();
    world.report_as(&lease, &of(Class::Quota, Scope::Account), 0);
    assert_eq!(next(&mut world, &ASK, 1), "a2");
}

#[test]
fn a_reset_clears_the_account_too() {
    let mut world = World::new(vec![grouped("a", 1, [Some("x"), Some("x")]), channel("b", 2, 1)]);
    let lease = world.acquire(&ASK, 0).unwrap();
    world.report_as(&lease, &of(Class::Quota, Scope::Account), 0);
    let other = lease.channel.keys[1].id.clone();
    world.state.reset(&lease.channel.id, Some(&other), at(0));
    assert_eq!(next(&mut world, &ASK, 1), "a1");
}

#[test]
fn what_rested_is_tested_by_one_request_at_a_time() {
    for (class, scope, back) in [
        (Class::Rate, Scope::Key, 15),
        (Class::Quota, Scope::Key, 600),
        (Class::Auth, Scope::Key, 300),
        (Class::Rate, Scope::Model, 15),
        (Class::ModelUnavailable, Scope::Model, 600),
        (Class::Rate, Scope::Channel, 15),
        (Class::Rate, Scope::Account, 15),
    ] {
        let mut world = World::new(vec![grouped("a", 1, [Some("x")]), channel("b", 2, 1)]);
        let lease = world.acquire(&ASK, 0).unwrap();
        world.report_as(&lease, &of(class, scope), 0);
        assert_eq!(next(&mut world, &ASK, back - 1), "b1", "{class:?} {scope:?}");
        let test = world.acquire(&ASK, back).unwrap();
        assert_eq!((key(&test).as_str(), test.probe), ("a1", true), "{class:?} {scope:?}");
        assert_eq!(next(&mut world, &ASK, back), "b1", "{class:?} {scope:?}: under test");
        world.report(&test, Class::Success, back);
        let lease = world.acquire(&ASK, back).unwrap();
        assert_eq!((key(&lease).as_str(), lease.probe), ("a1", false), "{class:?} {scope:?}");
    }
}

#[test]
fn health_tells_what_rests_and_what_is_to_be_tested() {
    for (class, scope, cooling, excluded) in [
        (Class::Rate, Scope::Model, None, 1),
        (Class::Rate, Scope::Key, Some(Class::Rate), 0),
        (Class::Auth, Scope::Key, Some(Class::Auth), 0),
        (Class::Quota, Scope::Account, Some(Class::Quota), 0),
        (Class::Rate, Scope::Channel, Some(Class::Rate), 0),
        (Class::Overload, Scope::Model, None, 1),
    ] {
        let mut world = World::new(vec![grouped("a", 1, [Some("x")])]);
        let told = |world: &World, secs| {
            let key = world.state.health(&world.config, at(secs)).remove(0).keys.remove(0);
            (key.cooldown.map(|cooling| cooling.class), key.excluded_models, key.unproven)
        };
        let lease = world.acquire(&ASK, 0).unwrap();
        assert_eq!(told(&world, 0), (None, 0, false), "{class:?} {scope:?}");
        world.report_as(&lease, &of(class, scope), 0);
        assert_eq!(told(&world, 1), (cooling, excluded, false), "{class:?} {scope:?}");
        assert_eq!(told(&world, 700), (None, 0, true), "{class:?} {scope:?}");
        assert_eq!(world.once(&ASK, Class::Success, 700), "a1");
        assert_eq!(told(&world, 700), (None, 0, false), "{class:?} {scope:?}");
    }
}

#[test]
fn a_test_that_fails_rests_for_longer() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    let mut now = 0;
    for wait in [15, 30, 60, 120, 240, 300, 300] {
        let lease = world.acquire(&ASK, now).unwrap();
        assert_eq!(key(&lease), "a1");
        world.report(&lease, Class::Rate, now);
        assert_eq!(next(&mut world, &ASK, now + wait - 1), "b1", "{wait}");
        now += wait;
    }
}

#[test]
fn a_model_that_fails_alone_is_left_out_alone() {
    for class in [Class::ServerError, Class::BadAnswer, Class::Transport, Class::Overload] {
        let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
        for n in 1..u64::from(BREAKER.consecutive_failures) {
            assert_eq!(world.once(&OTHER, class, 2 * n), "a1", "{class:?}");
            assert_eq!(world.once(&ASK, Class::Success, 2 * n + 1), "a1", "{class:?}");
        }
        assert_eq!(world.once(&OTHER, class, 10), "a1", "{class:?}");
        assert_eq!(next(&mut world, &OTHER, 11), "b1", "{class:?}");
        assert_eq!(next(&mut world, &ASK, 11), "a1", "{class:?}");
        let health = world.state.health(&world.config, at(11)).remove(0);
        assert_eq!((health.breaker, health.keys[0].excluded_models), (BreakerState::Closed, 1), "{class:?}");
        let test = world.acquire(&OTHER, 41).unwrap();
        assert_eq!((key(&test).as_str(), test.probe), ("a1", true), "{class:?}");
    }
}

#[test]
fn a_model_whose_test_fails_rests_again_for_longer() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    for _ in 0..BREAKER.consecutive_failures {
        assert_eq!(world.once(&OTHER, Class::ServerError, 0), "a1");
        assert_eq!(world.once(&ASK, Class::Success, 0), "a1");
    }
    let mut now = 0;
    for wait in [30, 60, 120, 240, 480, 600, 600] {
        assert_eq!(next(&mut world, &OTHER, now + wait - 1), "b1", "{wait}");
        now += wait;
        assert_eq!(world.once(&OTHER, Class::ServerError, now), "a1", "{wait}");
        assert_eq!(next(&mut world, &ASK, now), "a1", "{wait}: the others are served");
    }
}

#[test]
fn a_model_asked_for_seldom_is_left_out_too() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    for n in 0..u64::from(BREAKER.consecutive_failures) {
        assert_eq!(world.once(&OTHER, Class::ServerError, 100 * n), "a1");
        for _ in 0..BREAKER.window {
            assert_eq!(world.once(&ASK, Class::Success, 100 * n + 1), "a1");
        }
    }
    assert_eq!(world.once(&OTHER, Class::ServerError, 500), "a1");
    assert_eq!(next(&mut world, &OTHER, 501), "b1");
    assert_eq!(next(&mut world, &ASK, 501), "a1");
}

#[test]
fn a_model_that_was_served_since_it_failed_is_not_left_out() {
    for (content_at, next_of_model) in [(None, "b1"), (Some(9), "b1"), (Some(10), "a1"), (Some(11), "a1")] {
        let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
        let slow = world.acquire(&OTHER, 0).unwrap();
        for n in 1..=BREAKER.consecutive_failures {
            if let Some(secs) = content_at.filter(|_| n == BREAKER.consecutive_failures) {
                let first_content = Some(Duration::from_secs(secs));
                world.report_as(&slow, &Outcome { first_content, ..Outcome::of(Class::Success) }, 12);
            }
            assert_eq!(world.once(&OTHER, Class::Transport, 10), "a1");
            assert_eq!(world.once(&ASK, Class::Success, 10), "a1");
        }
        assert_eq!(next(&mut world, &OTHER, 12), next_of_model, "content at {content_at:?}");
    }
}

#[test]
fn a_model_is_blamed_for_attempts_that_overlap_with_one_that_served_another() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    let slow = world.acquire(&OTHER, 0).unwrap();
    let served = world.acquire(&ASK, 3).unwrap();
    for _ in 1..BREAKER.consecutive_failures {
        assert_eq!(world.once(&OTHER, Class::Transport, 5), "a1");
    }
    world.report(&served, Class::Success, 6);
    world.report(&slow, Class::Transport, 7);
    assert_eq!(next(&mut world, &OTHER, 8), "b1");
    assert_eq!(next(&mut world, &ASK, 8), "a1");
}

#[test]
fn models_that_fail_side_by_side_are_each_left_out() {
    const THIRD: Ask<'static> = Ask { model: "third", ..ASK };
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    for _ in 0..BREAKER.consecutive_failures {
        for ask in [&OTHER, &THIRD] {
            assert_eq!(world.once(ask, Class::Transport, 0), "a1");
            assert_eq!(world.once(&ASK, Class::Success, 0), "a1");
        }
    }
    assert_eq!([&OTHER, &THIRD, &ASK].map(|ask| next(&mut world, ask, 1)), ["b1", "b1", "a1"]);
}

#[test]
fn what_a_model_failed_before_it_was_left_out_is_not_held_against_the_others() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    for _ in 0..BREAKER.consecutive_failures {
        assert_eq!(world.once(&OTHER, Class::Transport, 0), "a1");
        assert_eq!(world.once(&ASK, Class::Success, 0), "a1");
    }
    for class in [Class::Transport, Class::Transport, Class::Success, Class::Transport, Class::Transport] {
        assert_eq!(world.once(&ASK, class, 1), "a1");
    }
    assert_eq!(next(&mut world, &ASK, 2), "a1");
}

#[test]
fn a_test_of_a_key_that_fails_for_another_reason_blames_no_model() {
    for class in [Class::ServerError, Class::Transport] {
        let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
        assert_eq!(world.once(&ASK, Class::Rate, 0), "a1");
        let test = world.acquire(&ASK, 15).unwrap();
        assert!(test.probe);
        world.report(&test, class, 15);
        let health = world.state.health(&world.config, at(15)).remove(0);
        assert_eq!(health.keys[0].excluded_models, 0, "{class:?}");
        assert_eq!(health.keys[0].protocols[0].consecutive_failures, 1, "{class:?}");
    }
}

#[test]
fn failures_in_a_row_of_several_models_are_the_channels() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    assert_eq!(world.once(&OTHER, Class::Transport, 0), "a1");
    assert_eq!(world.once(&ASK, Class::Success, 1), "a1");
    for (ask, times) in [(&OTHER, 3), (&ASK, 4)] {
        (0..times).for_each(|_| assert_eq!(world.once(ask, Class::Transport, 2), "a1"));
    }
    assert_eq!(next(&mut world, &ASK, 3), "b1");
}

#[test]
fn a_model_that_is_overloaded_rests_for_all_keys() {
    let mut world = World::new(vec![channel("a", 1, 2), channel("b", 2, 1)]);
    let lease = world.acquire(&ASK, 0).unwrap();
    let retry_after = Some(Duration::from_secs(90));
    world.report_as(&lease, &Outcome { retry_after, ..of(Class::Overload, Scope::Model) }, 0);
    assert_eq!(next(&mut world, &ASK, 89), "b1");
    assert_eq!(next(&mut world, &OTHER, 89), "a2");
    assert_eq!(next(&mut world, &ASK, 90), "a1");
}

#[test]
fn a_channels_fault_is_counted_over_its_keys() {
    let mut world = World::new(vec![channel("a", 1, 5), channel("b", 2, 1)]);
    for n in 1..=5 {
        assert_eq!(world.once(&ASK, Class::Transport, 0), format!("a{n}"));
    }
    assert_eq!(next(&mut world, &ASK, 1), "b1");
}

#[test]
fn a_keys_fault_trips_the_key_until_other_keys_fail_too() {
    let ordered = || Channel { rotation: Rotation::Ordered, ..channel("a", 1, 2) };
    let mut world = World::new(vec![ordered(), channel("b", 2, 1)]);
    for _ in 0..5 {
        assert_eq!(world.once(&ASK, Class::ServerError, 0), "a1");
    }
    assert_eq!(world.once(&ASK, Class::ServerError, 1), "a2", "the other key still serves");
    assert_eq!(next(&mut world, &ASK, 1), "b1", "six in a row over two keys are the channel's");
}

#[test]
fn a_bad_key_among_good_ones_is_left_out() {
    let mut world = World::new(vec![channel("a", 1, 3), channel("b", 2, 1)]);
    for _ in 0..60 {
        let lease = world.acquire(&ASK, 0).unwrap();
        let class = if key(&lease) == "a2" { Class::ServerError } else { Class::Success };
        world.report(&lease, class, 0);
    }
    let health = world.state.health(&world.config, at(0)).remove(0);
    let states: Vec<BreakerState> = health.keys.iter().map(|key| key.protocols[0].breaker).collect();
    assert_eq!(states, [BreakerState::Closed, BreakerState::Open, BreakerState::Closed]);
    assert_eq!(health.breaker, BreakerState::Closed);
}

#[test]
fn a_limit_that_a_success_used_up_is_left_alone() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    let lease = world.acquire(&ASK, 0).unwrap();
    let retry_after = Some(Duration::from_secs(20));
    world.report_as(&lease, &Outcome { retry_after, ..Outcome::of(Class::Success) }, 0);
    assert_eq!(next(&mut world, &ASK, 19), "b1");
    let lease = world.acquire(&ASK, 20).unwrap();
    assert_eq!((key(&lease).as_str(), lease.probe), ("a1", false));
}

#[test]
fn a_pin_makes_no_test_and_waits_for_none() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    assert_eq!(world.once(&ASK, Class::Rate, 0), "a1");
    let test = world.acquire(&ASK, 15).unwrap();
    assert!(test.probe);
    for _ in 0..3 {
        let lease = world.acquire(&Ask { pin: Some("a"), ..ASK }, 15).unwrap();
        assert_eq!((lease.rule, lease.probe), (Rule::Pin, false));
    }
}

#[test]
fn an_unproven_key_is_no_reason_to_refuse_for_long() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    assert_eq!(world.once(&ASK, Class::Rate, 0), "a1");
    let test = world.acquire(&ASK, 15).unwrap();
    let refusal = world.acquire(&ASK, 15).unwrap_err();
    assert_eq!((refusal.reason, refusal.retry_at), (Reason::CoolingDown, Some(at(16))));
    world.report(&test, Class::Success, 15);
    assert_eq!(next(&mut world, &ASK, 15), "a1");
}

#[test]
fn the_test_of_a_model_goes_on_while_a_key_is_tested() {
    let mut world = World::new(vec![channel("a", 1, 2)]);
    let first = world.acquire(&ASK, 0).unwrap();
    world.report_as(&first, &of(Class::ServerError, Scope::Model), 0);
    let other = Ask::of(Protocol::Chat, "n");
    let second = world.acquire(&other, 0).unwrap();
    world.report_as(&second, &of(Class::Rate, Scope::Key), 0);
    let of_model = world.acquire(&ASK, 60).unwrap();
    let past = [tried(&of_model, Class::Rate)];
    let of_key = world.acquire(&Ask { tried: &past, ..other }, 60).unwrap();
    assert_eq!((of_model.probe, of_key.probe, key(&of_key)), (true, true, key(&second)));
    world.report(&of_key, Class::Success, 61);
    assert!(world.acquire(&ASK, 61).is_err(), "the model is under test");
    world.report(&of_model, Class::Success, 62);
    assert!(!world.acquire(&ASK, 62).unwrap().probe);
}
