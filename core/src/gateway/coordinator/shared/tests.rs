use std::collections::VecDeque;

use futures::future::{BoxFuture, join_all};
use serde_json::json;

use super::*;
use crate::config::document::Document;
use crate::config::outside::Outside;
use crate::config::{Protocol, validate};
use crate::platform::{Entropy, Unreachable};
use crate::schedule::authority::Authority;
use crate::schedule::{BreakerState, SessionKey};
use crate::testing::clock::VirtualClock;
use crate::testing::platform::Counting;
use crate::testing::run::run;

type Isolate = SharedCoordinator<VirtualClock, Wire, Later>;

/// An authority over a wire that takes its time, and what went over it.
#[derive(Clone)]
struct Wire {
    clock: VirtualClock,
    config: Arc<Config>,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    authority: Authority,
    calls: u32,
    takes: Duration,
}

/// Tasks that somebody has to run.
#[derive(Clone, Default)]
struct Later(Arc<Mutex<VecDeque<BoxFuture<'static, ()>>>>);

struct World {
    clock: VirtualClock,
    config: Arc<Config>,
    wire: Wire,
    later: Later,
}

const QUICK: Duration = Duration::from_millis(20);

impl Wire {
    fn with<T>(&self, use_it: impl FnOnce(&mut Shared) -> T) -> T {
        use_it(&mut self.shared.lock().unwrap())
    }

    async fn call<T>(&self, answer: impl FnOnce(&mut Authority, Timestamp) -> T) -> T {
        let takes = self.with(|shared| {
            shared.calls += 1;
            shared.takes
        });
        self.clock.sleep(takes / 2).await;
        let answer = self.with(|shared| answer(&mut shared.authority, self.clock.now()));
        self.clock.sleep(takes / 2).await;
        answer
    }
}

impl Link for Wire {
    async fn sync(&self, told: Told) -> Result<News, Unreachable> {
        // As it goes over a real wire.
        let told: Told = serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap();
        let news = self.call(|authority, now| authority.sync(&self.config, &told, now)).await;
        Ok(serde_json::from_str(&serde_json::to_string(&news).unwrap()).unwrap())
    }

    async fn health(&self) -> Result<Vec<ChannelHealth>, Unreachable> {
        Ok(self.call(|authority, now| authority.health(&self.config, now)).await)
    }

    async fn reset(&self, reset: Reset) -> Result<(), Unreachable> {
        self.call(|authority, now| authority.reset(&self.config, &reset, now)).await;
        Ok(())
    }
}

impl Background for Later {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.lock().unwrap().push_back(task);
    }
}

impl World {
    /// Two channels of one key, the first preferred.
    fn new() -> Self {
        let channel = |name: &str, priority: u32| {
            json!({
                "id": format!("ch_{name}"), "name": name, "priority": priority,
                "keys": [{ "id": format!("k_{name}"), "key": "sk-a" }],
                "endpoints": [{ "protocol": "chat", "baseUrl": "http://a.test" }],
            })
        };
        let document = json!({ "channels": [channel("a", 1), channel("b", 2)] }).to_string();
        let document = Document::parse(document.as_bytes()).unwrap();
        let config = Arc::new(validate::compile(document, &Outside::default()).unwrap());
        let clock = VirtualClock::default();
        let shared = Shared { authority: Authority::new(1), calls: 0, takes: QUICK };
        let wire =
            Wire { clock: clock.clone(), config: Arc::clone(&config), shared: Arc::new(Mutex::new(shared)) };
        Self { clock, config, wire, later: Later::default() }
    }

    fn isolates<const N: usize>(&self) -> [Isolate; N] {
        let entropy = Counting::default();
        [(); N].map(|()| {
            let local = LocalCoordinator::new(self.clock.clone(), &entropy).without_calls();
            // Lease ids of isolates differ.
            let _ = entropy.word();
            SharedCoordinator::new(local, self.wire.clone(), self.later.clone())
        })
    }

    async fn acquire(&self, isolate: &Isolate, session: Option<u64>) -> Result<Lease, Refusal> {
        isolate.catch_up(&self.config).await;
        let ask = Ask { session: session.map(SessionKey), ..Ask::of(Protocol::Chat, "m") };
        isolate.acquire(&self.config, &ask).await
    }

    /// A request of one attempt: who served it.
    async fn request(&self, isolate: &Isolate, outcome: impl Fn(&Lease) -> Class) -> String {
        let lease = self.acquire(isolate, None).await.unwrap();
        let class = outcome(&lease);
        isolate.report(&self.config, &lease, &Outcome::of(class)).await;
        lease.channel.name.to_string()
    }

    async fn background(&self) {
        let tasks: Vec<_> = std::mem::take(&mut *self.later.0.lock().unwrap()).into();
        join_all(tasks).await;
    }

    fn calls(&self) -> u32 {
        self.wire.with(|shared| std::mem::take(&mut shared.calls))
    }
}

fn dead_a(lease: &Lease) -> Class {
    if &*lease.channel.name == "a" { Class::Overload } else { Class::Success }
}

#[test]
fn a_dead_channel_is_avoided_by_all_who_ask_within_two_seconds() {
    let world = World::new();
    let [one, two, three] = world.isolates();
    run(&world.clock, async {
        for isolate in [&two, &three] {
            assert_eq!(world.request(isolate, |_| Class::Success).await, "a");
        }
        for _ in 0..2 {
            assert_eq!(world.request(&one, dead_a).await, "a");
        }
        let died = world.clock.now();
        while world.clock.now().since(died) < Duration::from_secs(2) {
            world.clock.sleep(Duration::from_millis(300)).await;
            join_all([&two, &three].map(|isolate| world.request(isolate, dead_a))).await;
        }
        for isolate in [&one, &two, &three] {
            assert_eq!(world.request(isolate, dead_a).await, "b");
        }
    });
}

#[test]
fn one_trial_at_a_time_over_all() {
    let world = World::new();
    let isolates = world.isolates::<4>();
    run(&world.clock, async {
        for isolate in &isolates {
            world.request(isolate, |_| Class::Success).await;
        }
        for _ in 0..2 {
            world.request(&isolates[0], dead_a).await;
        }
        world.clock.sleep(Duration::from_secs(700)).await;
        let leases = join_all(isolates.iter().map(|isolate| world.acquire(isolate, None))).await;
        let leases: Vec<Lease> = leases.into_iter().map(Result::unwrap).collect();
        assert_eq!(leases.iter().filter(|lease| lease.probe).count(), 1, "{leases:?}");
        assert_eq!(leases.iter().filter(|lease| &*lease.channel.name == "a").count(), 1);
        let reports = isolates.iter().zip(&leases).map(async |(isolate, lease)| {
            isolate.report(&world.config, lease, &Outcome::of(Class::Success)).await;
        });
        join_all(reports).await;
        world.clock.sleep(Duration::from_secs(6)).await;
        for isolate in &isolates {
            isolate.catch_up(&world.config).await;
            world.background().await;
            assert_eq!(world.request(isolate, |_| Class::Success).await, "a", "the trial served all");
        }
    });
}

#[test]
fn a_trial_whose_client_left_before_it_was_granted_is_over() {
    let world = World::new();
    let [one, two] = world.isolates();
    run(&world.clock, async {
        for _ in 0..2 {
            world.request(&one, dead_a).await;
        }
        world.clock.sleep(Duration::from_secs(700)).await;
        let late = world.clock.sleep(QUICK * 3 / 4);
        drop(select(pin!(world.acquire(&one, None)), pin!(late)).await);
        world.clock.sleep(Duration::from_secs(2)).await;
        assert_eq!(world.request(&one, |_| Class::Success).await, "a");
        assert_eq!(world.request(&two, |_| Class::Success).await, "a");
    });
}

#[test]
fn nothing_is_asked_before_an_attempt_and_little_said_after_it() {
    let world = World::new();
    let [one] = world.isolates();
    run(&world.clock, async {
        world.request(&one, |_| Class::Success).await;
        world.background().await;
        world.calls();
        let start = world.clock.now();
        while world.clock.now().since(start) < Duration::from_secs(10) {
            let before = world.clock.now();
            let lease = world.acquire(&one, None).await.unwrap();
            assert_eq!(world.clock.now(), before, "an attempt waits for nobody");
            let outcome = Outcome::of(Class::Success);
            let report = one.report(&world.config, &lease, &outcome);
            let next = world.clock.sleep(Duration::from_millis(50));
            futures::future::join(report, next).await;
        }
        assert!(world.later.0.lock().unwrap().is_empty());
        assert!((9..=11).contains(&world.calls()));
    });
}

#[test]
fn without_an_authority_everyone_goes_on_alone() {
    let world = World::new();
    let [one] = world.isolates();
    world.wire.with(|shared| shared.takes = Duration::from_secs(3600));
    run(&world.clock, async {
        for _ in 0..2 {
            assert_eq!(world.request(&one, dead_a).await, "a");
        }
        assert_eq!(world.request(&one, dead_a).await, "b");
        world.clock.sleep(Duration::from_secs(700)).await;
        let asked = world.clock.now();
        let lease = world.acquire(&one, None).await.unwrap();
        assert!(lease.probe, "nobody could say no");
        assert!(world.clock.now().since(asked) <= PATIENCE);
        one.report(&world.config, &lease, &Outcome::of(Class::Success)).await;
        world.wire.with(|shared| shared.takes = QUICK);
        world.clock.sleep(Duration::from_secs(10)).await;
        assert_eq!(world.request(&one, |_| Class::Success).await, "a");
        world.background().await;
        assert!(world.calls() > 0);
    });
}

#[test]
fn a_session_stays_where_another_isolate_served_it() {
    let world = World::new();
    let [one, two] = world.isolates();
    run(&world.clock, async {
        // The second isolate knows the authority before the session moves to `b`.
        world.request(&two, |_| Class::Success).await;
        for _ in 0..2 {
            world.request(&one, dead_a).await;
        }
        let lease = world.acquire(&one, Some(7)).await.unwrap();
        assert_eq!(&*lease.channel.name, "b");
        one.report(&world.config, &lease, &Outcome::of(Class::Success)).await;
        one.reset(&ChannelId::new("ch_a"), None).await;
        world.clock.sleep(Duration::from_secs(6)).await;
        let _ = world.request(&two, |_| Class::Success).await;
        world.background().await;
        let lease = world.acquire(&two, Some(7)).await.unwrap();
        assert_eq!((&*lease.channel.name, lease.rule), ("b", Rule::Affinity));
        assert_eq!(&*world.acquire(&two, None).await.unwrap().channel.name, "a", "reset for all");
    });
}

#[test]
fn the_authority_knows_how_the_channels_are() {
    let world = World::new();
    let [one, two] = world.isolates();
    run(&world.clock, async {
        for _ in 0..2 {
            world.request(&one, dead_a).await;
        }
        let health = two.health(&world.config).await;
        assert_eq!(health[0].keys[0].protocols[0].breaker, BreakerState::Open);
        two.reset(&ChannelId::new("ch_a"), None).await;
        let health = one.health(&world.config).await;
        assert_eq!(health[0].breaker, BreakerState::Closed);
    });
}

#[test]
fn another_life_of_the_authority_takes_up_what_the_last_one_said() {
    let world = World::new();
    let [one] = world.isolates();
    run(&world.clock, async {
        for _ in 0..2 {
            world.request(&one, dead_a).await;
        }
        let now = world.clock.now();
        world.wire.with(|shared| {
            let said = shared.authority.said_since(0);
            shared.authority = Authority::new(2);
            shared.authority.restore(&world.config, &said, now);
        });
        let [two] = world.isolates();
        assert_eq!(world.request(&two, dead_a).await, "b");
    });
}
