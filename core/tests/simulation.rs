//! The scheduler among failing upstreams, many times over.
//!
//! `CAUSEWAY_SIM_SCENARIOS` says how many scenarios, `CAUSEWAY_SIM_FROM` the first seed; `CAUSEWAY_SIM_SEED` plays
//! one again.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use causeway_core::testing::sim::{self, Check, Failure, Tally, regret};

const SCENARIOS: u64 = 2_000;
/// So many at a time a long run shows where it is.
const STRIDE: u64 = 100_000;
/// What the scheduler may cost over one that knows the truth, in tenths of a percent.
const REGRET: i64 = 50;

#[expect(clippy::disallowed_methods, reason = "the runner's settings; the core reads none")]
fn number(name: &str) -> Result<Option<u64>, String> {
    let parse = |value: String| value.parse().map_err(|_| format!("{name} is no whole number: {value}"));
    std::env::var(name).ok().map(parse).transpose()
}

/// Plays the seeds on all processors; of every rule that is broken the lowest seed and how often.
#[expect(clippy::print_stdout, reason = "a long run shows where it is and what it found")]
fn play(run: fn(u64) -> Result<Tally, Failure>) -> Result<String, String> {
    let scenarios = number("CAUSEWAY_SIM_SCENARIOS")?.unwrap_or(SCENARIOS);
    let from = number("CAUSEWAY_SIM_FROM")?.unwrap_or(0);
    let next = AtomicU64::new(from);
    let seeds = || {
        let mut found = Found::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from + scenarios {
                return found;
            }
            if seed > from && (seed - from).is_multiple_of(STRIDE) {
                println!("{} scenarios, up to seed {seed}", seed - from);
            }
            match run(seed) {
                Ok(tally) => found.steps += tally.steps,
                Err(failure) => {
                    println!("seed {seed}: {:?}", failure.breach);
                    found.add(failure, 1);
                }
            }
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let found = thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(seeds)).collect();
        let ends = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|why| resume_unwind(why)));
        ends.fold(Found::default(), Found::with)
    });
    if found.broken.is_empty() {
        return Ok(format!("{scenarios} scenarios, {} steps", found.steps));
    }
    let told = |(failure, count): &(Failure, u64)| format!("in {count} scenarios, such as {failure}");
    Err(found.broken.values().map(told).collect())
}

#[derive(Default)]
struct Found {
    steps: u64,
    broken: BTreeMap<Check, (Failure, u64)>,
}

impl Found {
    fn add(&mut self, failure: Failure, count: u64) {
        let (first, counted) =
            self.broken.entry(failure.breach.check).or_insert_with(|| (failure.clone(), 0));
        *counted += count;
        if failure.seed() < first.seed() {
            *first = failure;
        }
    }

    fn with(mut self, other: Self) -> Self {
        self.steps += other.steps;
        other.broken.into_values().for_each(|(failure, count)| self.add(failure, count));
        self
    }
}

#[test]
fn the_scheduler_keeps_its_rules_in_every_scenario() {
    match play(sim::run) {
        Ok(played) => println!("{played}"),
        Err(broken) => panic!("{broken}"),
    }
}

#[test]
fn several_isolates_that_hear_of_each_other_late_keep_them_too() {
    match play(sim::run_isolates) {
        Ok(played) => println!("{played}"),
        Err(broken) => panic!("{broken}"),
    }
}

#[test]
fn replay() {
    let Some(seed) = number("CAUSEWAY_SIM_SEED").unwrap() else { return };
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
    let table = regret::compare(&scenarios).unwrap();
    println!("{table}");
    let regret = table.regret("causeway").unwrap();
    assert!(regret <= REGRET, "{table}");
    assert!(table.regret("round robin").unwrap() > regret, "{table}");
}
