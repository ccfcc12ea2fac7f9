use std::collections::BTreeMap;
use std::time::Duration;

use super::fixture::{ASK, World, channel, key};
use crate::config::Channel;
use crate::schedule::{Class, Outcome};

/// Serves `count` requests one after the other, a second apart; each channel takes so many milliseconds, and
/// fails where it takes none.
fn shares(world: &mut World, millis: impl Fn(&str) -> Option<u64>, count: u64) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for secs in 0..count {
        let lease = world.acquire(&ASK, secs).unwrap();
        let name = lease.channel.name.to_string();
        let outcome = match millis(&name) {
            Some(took) => {
                Outcome { first_content: Some(Duration::from_millis(took)), ..Outcome::of(Class::Success) }
            }
            None => Outcome::of(Class::ServerError),
        };
        world.report_as(&lease, &outcome, secs);
        *counts.entry(name).or_insert(0) += 1;
    }
    counts
}

#[test]
fn near_equals_share_by_weight() {
    let mut world = World::new(vec![Channel { weight: 3, ..channel("a", 1, 1) }, channel("b", 1, 1)]);
    let counts = shares(&mut world, |name| Some(if name == "a" { 400 } else { 360 }), 2_000);
    assert!((1_400..1_600).contains(&counts["a"]), "{counts:?}");
}

#[test]
fn a_clearly_slower_one_is_only_looked_at_now_and_then() {
    for tier in [2, 20] {
        let slow = Channel { weight: 10, ..channel("slow", 1, 1) };
        let fast = (1..tier).map(|n| channel(&format!("fast{n}"), 1, 1));
        let mut world = World::new(std::iter::once(slow).chain(fast).collect());
        let counts = shares(&mut world, |name| Some(if name == "slow" { 3_000 } else { 300 }), 1_000);
        assert!((1..150).contains(&counts["slow"]), "{tier}: {counts:?}");
    }
}

#[test]
fn the_best_gets_nearly_all_of_a_small_tier_and_two_shares_of_a_large_one() {
    for (tier, expected) in [(8, 0.8..1.0), (9, 0.15..0.3), (20, 0.07..0.15)] {
        let mut world = World::new((0..tier).map(|n| channel(&format!("c{n}-"), 1, 1)).collect());
        let counts = shares(&mut world, |name| Some(if name == "c3-" { 300 } else { 3_000 }), 2_000);
        let share = f64::from(u32::try_from(counts["c3-"]).unwrap()) / 2_000.0;
        assert!(expected.contains(&share), "{tier}: {counts:?}");
    }
}

#[test]
fn one_that_fails_now_and_then_is_avoided_before_it_trips() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 1, 1)]);
    let mut failing = 0;
    let mut counts = BTreeMap::new();
    for secs in 0..1_000 {
        let lease = world.acquire(&ASK, secs).unwrap();
        failing += u64::from(key(&lease) == "a1");
        let class = if key(&lease) == "a1" && failing % 2 == 0 { Class::ServerError } else { Class::Success };
        let first_content = (class == Class::Success).then_some(Duration::from_millis(500));
        world.report_as(&lease, &Outcome { first_content, ..Outcome::of(class) }, secs);
        *counts.entry(key(&lease)).or_insert(0) += 1;
    }
    assert!((5..450).contains(&counts["a1"]), "{counts:?}");
}

#[test]
fn the_crowded_one_gives_way() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 1, 1)]);
    let mut counts = BTreeMap::new();
    for _ in 0..200 {
        *counts.entry(key(&world.acquire(&ASK, 0).unwrap())).or_insert(0_i32) += 1;
    }
    assert!((counts["a1"] - counts["b1"]).abs() < 40, "{counts:?}");
}

#[test]
fn equals_share_however_fast_they_are() {
    for millis in [5, 20, 100, 2_000] {
        let mut world = World::new(vec![channel("a", 1, 1), channel("b", 1, 1)]);
        let mut counts = BTreeMap::new();
        for n in 0..1_000 {
            let lease = world.acquire(&ASK, n / 50).unwrap();
            let first_content = Some(Duration::from_millis(millis));
            world.report_as(&lease, &Outcome { first_content, ..Outcome::of(Class::Success) }, n / 50);
            *counts.entry(key(&lease)).or_insert(0) += 1;
        }
        assert!(counts.len() == 2 && counts.values().all(|count| *count >= 300), "{millis} ms: {counts:?}");
    }
}
