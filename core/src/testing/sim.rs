//! A simulation of the scheduler among upstreams that fail in many ways, in virtual time.
//!
//! A [`scenario`] grows from a seed: channels, what their upstreams are like, who asks, what the operator
//! does. A [`world`] plays it: the gateway's loop over attempts without its awaiting. Whoever decides is a
//! [`policy`]; the scheduler is one of them, and [`invariant`] watches it. Every run of a seed is the same.

mod book;
pub mod client;
mod draw;
mod guarded;
pub mod invariant;
pub mod isolates;
mod ledger;
pub mod policy;
pub mod regret;
mod row;
pub mod scenario;
mod tally;
mod trace;
mod trouble;
pub mod upstream;
mod used;
pub mod world;

use std::fmt;

pub use self::draw::Draw;
pub use self::guarded::Guarded;
use self::isolates::Isolates;
use self::policy::Policy;
pub use self::scenario::{Change, Scenario};
pub use self::tally::Tally;
pub use self::trace::Trace;
use self::world::World;

/// A rule that the scheduler keeps at every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// A lease points to an active channel, key and endpoint of its request's configuration that can serve
    /// the request and were not tried by it.
    Position,
    /// Every lease has its own number.
    LeaseReused,
    /// One probe at a time of a (channel, key, protocol).
    ProbeStorm,
    /// What failed so often that its breaker has to be open gets no traffic but probes.
    Flood,
    /// A failed probe is followed by another after the shortest open time, or after a second when nothing
    /// else is left.
    ProbePace,
    /// Nobody is refused, or sent to a last resort, beside a candidate against which nothing is held.
    BesideHealthy,
    /// No request spends its attempts on probes while a candidate was well all along.
    Starved,
    /// What cannot be held any more against a channel keeps no request from it for one of less priority.
    PassedOver,
    /// In a tier, the best channel gets traffic again when nothing is held against it.
    Forgotten,
    /// No wait exceeds what its kind allows.
    Unbounded,
    /// A refusal's time to come back lies ahead, and not farther than the longest wait.
    RetryAt,
    /// What is shown as in flight is what is.
    InFlight,
    /// No lease exceeds a limit that the operator set.
    OverLimit,
    /// A conversation stays where it was served while that is healthy, in 99 of 100 requests.
    Affinity,
}

/// A broken rule.
#[derive(Clone, Debug)]
pub struct Breach {
    pub check: Check,
    pub detail: String,
}

impl Breach {
    pub(crate) fn new(check: Check, detail: impl Into<String>) -> Self {
        Self { check, detail: detail.into() }
    }
}

/// A breach with all that is needed to see it again.
#[derive(Clone, Debug)]
pub struct Failure {
    pub breach: Breach,
    scenario: Box<Scenario>,
    isolates: bool,
    trace: Trace,
}

/// Plays the scenario of `seed` under one scheduler.
///
/// # Errors
/// The first breach of a rule.
pub fn run(seed: u64) -> Result<Tally, Failure> {
    let scenario = Scenario::of(seed);
    play(scenario, false, Guarded::new)
}

/// Plays the scenario of `seed` under several schedulers that hear of each other late or never.
///
/// # Errors
/// The first breach of a rule that holds for each of them.
pub fn run_isolates(seed: u64) -> Result<Tally, Failure> {
    let scenario = Scenario::of(seed);
    play(scenario, true, Isolates::new)
}

fn play<P: Policy>(
    scenario: Scenario,
    isolates: bool,
    policy: impl Fn(&Scenario) -> P,
) -> Result<Tally, Failure> {
    let attempt = |trace: Trace| {
        let mut policy = policy(&scenario);
        let mut world = World::new(&scenario, &mut policy, trace);
        match world.run() {
            Ok(()) => Ok(world.tally),
            Err(breach) => Err((breach, world.trace)),
        }
    };
    // What happened is written down only when it is of interest.
    let again = |_| attempt(Trace::of(TRACED));
    attempt(Trace::silent()).or_else(again).map_err(|(breach, trace)| Failure {
        breach,
        scenario: Box::new(scenario.clone()),
        isolates,
        trace,
    })
}

impl Failure {
    pub const fn seed(&self) -> u64 {
        self.scenario.seed
    }
}

/// Events shown before a breach.
const TRACED: usize = 60;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { breach, scenario, trace, .. } = self;
        let seed = scenario.seed;
        let mode = if self.isolates { ", several isolates" } else { "" };
        writeln!(f, "seed {seed}{mode}: {:?}: {}", breach.check, breach.detail)?;
        for (number, (plan, upstream)) in scenario.plans.iter().zip(&scenario.upstreams).enumerate() {
            writeln!(f, "  channel {number}: {plan:?}\n    {upstream:?}")?;
        }
        writeln!(f, "  {:?}", scenario.load)?;
        writeln!(f, "  {:?}", scenario.breaker)?;
        writeln!(f, "  at most {} attempts in {:?}", scenario.max_attempts, scenario.total)?;
        write!(f, "{trace}")?;
        writeln!(
            f,
            "replay: CAUSEWAY_SIM_SEED={seed} cargo test -p causeway-core --all-features --test simulation replay"
        )
    }
}
