//! How much longer clients wait for content than if somebody had known the truth at every moment.

use std::fmt;

use super::client::Load;
use super::draw::Draw;
use super::policy::{Failover, Oracle, Policy, RoundRobin};
use super::scenario::{Plan, Scenario};
use super::tally::Tally;
use super::trace::Trace;
use super::upstream::Upstream;
use super::world::World;
use super::{Breach, Guarded};
use crate::config::validate::{DEFAULT_BREAKER, DEFAULT_MAX_ATTEMPTS, DEFAULT_TIMEOUTS};

const MINUTE: u64 = 60_000;
/// How long a mixed scenario lasts.
const SPAN: u64 = 120 * MINUTE;

/// One policy's row.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: &'static str,
    pub tally: Tally,
}

/// The same scenarios under every policy; the oracle is the last row.
#[derive(Clone, Debug)]
pub struct Table {
    pub rows: Vec<Row>,
}

/// Six upstreams in two priorities over two hours: a steady, a slow, a flapping, a rate-limited and a lying
/// one, and one that dies and recovers. Who stands where is the seed's.
pub fn mixed(seed: u64) -> Scenario {
    let mut draw = Draw::new(seed ^ 0x0e64_e700);
    let off = 2 * MINUTE + draw.below(4 * MINUTE);
    let every = 15 * MINUTE + draw.below(15 * MINUTE);
    let dies = 20 * MINUTE + draw.below(30 * MINUTE);
    let lives = dies + 10 * MINUTE + draw.below(20 * MINUTE);
    let upstreams = vec![
        Upstream::paced(700, &mut draw),
        Upstream::paced(5_000, &mut draw),
        Upstream::paced(600, &mut draw).flapping(draw.below(every), off, every),
        Upstream::paced(500, &mut draw).limited(20, MINUTE, draw.one_in(2), 1),
        Upstream::paced(800, &mut draw).down(dies, lives, 5_000),
        Upstream::paced(400, &mut draw).lying(300),
    ];
    let mut priorities = [0, 0, 0, 1, 1, 1];
    for position in (1..priorities.len()).rev() {
        priorities.swap(position, draw.index(position + 1));
    }
    let gap = 2_000;
    Scenario {
        seed,
        plans: priorities.map(Plan::plain).into(),
        upstreams,
        load: Load {
            requests: u32::try_from(SPAN / gap).unwrap_or(0),
            gap,
            burst: None,
            sessions: 0,
            leave: 0,
            long: 50,
            messages: 0,
            models: 1,
            pins: (0, 0),
            sized: false,
            seed: draw.word(),
        },
        changes: Vec::new(),
        breaker: DEFAULT_BREAKER,
        max_attempts: DEFAULT_MAX_ATTEMPTS,
        total: DEFAULT_TIMEOUTS.total,
    }
}

/// Plays `scenarios` under the scheduler, two that know less, and one that knows all.
///
/// # Errors
/// When the scheduler breaks a rule.
pub fn compare(scenarios: &[Scenario]) -> Result<Table, Breach> {
    Ok(Table {
        rows: vec![
            Row { name: "causeway", tally: play(scenarios, Guarded::new)? },
            Row { name: "priority failover", tally: play(scenarios, |_| Failover)? },
            Row { name: "round robin", tally: play(scenarios, |_| RoundRobin::default())? },
            Row { name: "oracle, always the best", tally: play(scenarios, |_| Oracle { shares: false })? },
            Row { name: "oracle", tally: play(scenarios, |_| Oracle { shares: true })? },
        ],
    })
}

fn play<P: Policy>(scenarios: &[Scenario], policy: impl Fn(&Scenario) -> P) -> Result<Tally, Breach> {
    let mut all = Tally::default();
    for scenario in scenarios {
        let mut policy = policy(scenario);
        let mut world = World::new(scenario, &mut policy, Trace::silent());
        world.run()?;
        all.add(&world.tally);
    }
    Ok(all)
}

impl Table {
    /// What a policy costs over the oracle, in tenths of a percent of its cost.
    pub fn regret(&self, name: &str) -> Option<i64> {
        let cost = |row: &Row| i64::try_from(row.tally.cost()).ok();
        let oracle = cost(self.rows.last()?)?;
        let own = cost(self.rows.iter().find(|row| row.name == name)?)?;
        Some((own - oracle) * 1_000 / oracle.max(1))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<24} {:>8} {:>9} {:>9} {:>9} {:>8} {:>9} {:>9}",
            "policy", "requests", "mean ms", "p50 ms", "p99 ms", "failed", "attempts", "regret"
        )?;
        self.rows.iter().try_for_each(|Row { name, tally }| {
            let regret = self.regret(name).unwrap_or(0);
            let (whole, tenth) = (regret / 10, (regret % 10).abs());
            let requests = u64::try_from(tally.costs.len()).unwrap_or(0);
            let (mean, half, most) = (tally.cost() / requests.max(1), tally.percentile(50), tally.percentile(99));
            let (failed, attempts) = (tally.failed, tally.attempts);
            writeln!(f, "{name:<24} {requests:>8} {mean:>9} {half:>9} {most:>9} {failed:>8} {attempts:>9} {whole:>6}.{tenth} %")
        })
    }
}
