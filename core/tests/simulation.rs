//! The scheduler among failing upstreams, many times over.
//!
//! `CAUSEWAY_SIM_SCENARIOS` says how many scenarios; `CAUSEWAY_SIM_SEED` plays one again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use causeway_core::testing::sim::world::Tally;
use causeway_core::testing::sim::{self, Failure, KNOWN, regret};

const SCENARIOS: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a whole number"))
}

/// Plays the seeds from 0 on all processors; the failure of the lowest seed that has one.
fn play(run: fn(u64) -> Result<Tally, Failure>) {
    let scenarios = number("CAUSEWAY_SIM_SCENARIOS").unwrap_or(SCENARIOS);
    let next = AtomicU64::new(0);
    let seeds = || {
        let mut steps = 0;
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= scenarios {
                return Ok(steps);
            }
            match run(seed) {
                Ok(tally) => steps += tally.steps,
                Err(failure) => {
                    next.store(scenarios, Ordering::Relaxed);
                    return Err((seed, failure));
                }
            }
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let ends: Vec<Result<u64, (u64, Failure)>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(seeds)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that panicked")).collect()
    });
    let first = ends.iter().filter_map(|end| end.as_ref().err()).min_by_key(|(seed, _)| *seed);
    if let Some((_, failure)) = first {
        panic!("{failure}");
    }
    let steps: u64 = ends.iter().flatten().sum();
    println!("{scenarios} scenarios, {steps} steps");
}

#[test]
fn the_scheduler_keeps_its_rules_in_every_scenario() {
    play(sim::run);
}

#[test]
fn several_isolates_that_hear_of_each_other_late_keep_them_too() {
    play(sim::run_isolates);
}

#[test]
fn replay() {
    let Some(seed) = number("CAUSEWAY_SIM_SEED") else { return };
    for run in [sim::run, sim::run_isolates] {
        match run(seed) {
            Ok(tally) => println!("{tally:?}"),
            Err(failure) => panic!("{failure}"),
        }
    }
}

#[test]
fn a_seed_plays_the_same_again() {
    for seed in 0..50 {
        let costs = || sim::run(seed).map(|tally| tally.costs).map_err(|failure| failure.to_string());
        assert_eq!(costs(), costs(), "seed {seed}");
    }
}

#[test]
fn clients_wait_little_longer_than_if_the_truth_were_known() {
    let scenarios: Vec<_> = (0..20).map(regret::mixed).collect();
    let table = regret::compare(&scenarios).unwrap_or_else(|breach| panic!("{breach:?}"));
    println!("{table}");
}

#[test]
fn what_is_known_to_be_broken_has_a_reason() {
    assert!(KNOWN.iter().all(|(_, reason)| !reason.is_empty()));
}
