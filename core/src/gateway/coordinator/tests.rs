use futures::future::{Either, join, join_all, select};
use serde_json::json;

use super::*;
use crate::config::document::Document;
use crate::config::outside::Outside;
use crate::config::{Protocol, validate};
use crate::record::verdicts;
use crate::schedule::{BreakerState, Class};
use crate::testing::clock::VirtualClock;
use crate::testing::database::MemoryDatabase;
use crate::testing::platform::Counting;
use crate::testing::run::run;

/// One channel with one key, whose breaker is open: it takes one trial at a time, a second apart.
struct World {
    clock: VirtualClock,
    config: Arc<Config>,
    coordinator: LocalCoordinator<VirtualClock>,
}

impl World {
    fn new() -> Self {
        let clock = VirtualClock::default();
        let config = config("sk-a");
        let coordinator = LocalCoordinator::new(clock.clone(), &Counting::default());
        let world = Self { clock, config, coordinator };
        for _ in 0..2 {
            let lease = run(&world.clock, world.acquire("m", Duration::ZERO)).unwrap();
            run(&world.clock, world.report(&lease, Class::Overload));
        }
        world
    }

    async fn acquire(&self, model: &str, wait: Duration) -> Result<Lease, Refusal> {
        let ask = Ask { waits_until: Some(self.clock.now() + wait), ..Ask::of(Protocol::Chat, model) };
        self.coordinator.acquire(&self.config, &ask).await
    }

    async fn report(&self, lease: &Lease, class: Class) {
        self.coordinator.report(&self.config, lease, &Outcome::of(class)).await;
    }

    fn waiting(&self) -> usize {
        self.coordinator.with(|inner| inner.queue.waiting)
    }
}

fn config(secret: &str) -> Arc<Config> {
    let channel = json!({
        "id": "ch_a", "name": "a", "keys": [{ "id": "k_a", "key": secret }],
        "endpoints": [{ "protocol": "chat", "baseUrl": "http://a.test" }],
    });
    let document = json!({ "channels": [channel] }).to_string();
    let document = Document::parse(document.as_bytes()).unwrap();
    Arc::new(validate::compile(document, &Outside::default()).unwrap())
}

const LONG: Duration = Duration::from_secs(10);

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn who_waits_is_served_when_a_trial_closes_the_breaker() {
    for calls in [true, false] {
        let world = World::new();
        let World { clock, coordinator, .. } = world;
        let coordinator = if calls { coordinator } else { coordinator.without_calls() };
        let world = World { clock, coordinator, ..world };
        let start = world.clock.now();
        run(&world.clock, async {
            let trial = world.acquire("m", LONG).await.unwrap();
            let waiters = join_all((0..5).map(|_| world.acquire("m", LONG)));
            let end = async {
                world.clock.sleep(secs(3)).await;
                world.report(&trial, Class::Success).await;
            };
            let (leases, ()) = join(waiters, end).await;
            assert!(leases.iter().all(Result::is_ok), "{leases:?}");
        });
        let waited = world.clock.now().since(start);
        let limit = if calls { secs(3) } else { secs(3) + LOOKS_EVERY * 5 };
        assert!((secs(3)..=limit).contains(&waited), "calls: {calls}, {waited:?}");
        assert_eq!(world.waiting(), 0);
    }
}

#[test]
fn who_came_first_is_served_first() {
    let world = World::new();
    let served = Mutex::new(Vec::new());
    run(&world.clock, async {
        let trial = world.acquire("m", LONG).await.unwrap();
        let waiter = async |name: usize| {
            let lease = world.acquire("m", LONG).await.unwrap();
            served.lock().unwrap().push((name, world.clock.now()));
            world.clock.sleep(secs(2)).await;
            world.report(&lease, Class::ServerError).await;
        };
        let end = world.report(&trial, Class::ServerError);
        join(join_all((0..4).map(waiter)), end).await;
    });
    let served = served.into_inner().unwrap();
    assert_eq!(served.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert!(served.windows(2).all(|two| two[1].1.since(two[0].1) >= secs(2)), "one trial at a time");
}

#[test]
fn who_waited_in_vain_is_told_when_to_retry() {
    let world = World::new();
    let start = world.clock.now();
    run(&world.clock, async {
        let _trial = world.acquire("m", LONG).await.unwrap();
        let refusal = world.acquire("m", secs(4)).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::CoolingDown);
        assert!(refusal.retry_at.is_some_and(|at| at > world.clock.now()));
    });
    assert_eq!(world.clock.now().since(start), secs(3), "the next try would come too late");
    assert_eq!(world.waiting(), 0);
}

#[test]
fn what_takes_too_long_is_refused_at_once() {
    let world = World::new();
    let start = world.clock.now();
    run(&world.clock, async {
        let _trial = world.acquire("m", LONG).await.unwrap();
        world.acquire("m", Duration::from_millis(800)).await.unwrap_err();
        world.acquire("m", Duration::ZERO).await.unwrap_err();
    });
    assert_eq!(world.clock.now(), start);
}

#[test]
fn who_leaves_makes_room_for_the_next() {
    let world = World::new();
    run(&world.clock, async {
        let trial = world.acquire("m", LONG).await.unwrap();
        let leaver = Box::pin(world.acquire("m", LONG));
        let next = Box::pin(world.acquire("m", LONG));
        let Either::Right((_, waiting)) =
            select(join(leaver, next), Box::pin(world.clock.sleep(secs(1)))).await
        else {
            panic!("nobody is served yet");
        };
        assert_eq!(world.waiting(), 2);
        drop(waiting);
        assert_eq!(world.waiting(), 0);
        world.report(&trial, Class::Success).await;
    });
}

#[test]
fn the_next_asks_when_the_first_of_its_line_is_gone() {
    let world = World::new();
    let start = world.clock.now();
    run(&world.clock, async {
        let trial = world.acquire("m", LONG).await.unwrap();
        let leaver = async {
            let gone = select(Box::pin(world.acquire("m", LONG)), Box::pin(world.clock.sleep(secs(2)))).await;
            assert!(matches!(gone, Either::Right(_)), "it gave up");
        };
        let next = async { world.acquire("m", LONG).await.unwrap() };
        let end = async {
            world.clock.sleep(secs(5)).await;
            world.report(&trial, Class::ServerError).await;
        };
        join(leaver, join(next, end)).await;
    });
    assert_eq!(world.clock.now().since(start), secs(5));
}

#[test]
fn a_reset_calls_those_who_wait() {
    let world = World::new();
    let start = world.clock.now();
    run(&world.clock, async {
        let _trial = world.acquire("m", LONG).await.unwrap();
        let reset = async {
            world.clock.sleep(Duration::from_millis(2_500)).await;
            world.coordinator.reset(&ChannelId::new("ch_a"), None).await;
        };
        let (lease, ()) = join(world.acquire("m", LONG), reset).await;
        assert!(lease.is_ok());
    });
    assert_eq!(world.clock.now().since(start), Duration::from_millis(2_500));
}

#[test]
fn more_than_can_wait_are_refused_at_once() {
    let world = World::new();
    run(&world.clock, async {
        let trial = world.acquire("m", LONG).await.unwrap();
        let waiters = join_all((0..1_100).map(async |_| world.acquire("m", LONG).await));
        let end = async {
            world.clock.sleep(secs(1)).await;
            world.report(&trial, Class::Success).await;
        };
        let (leases, ()) = join(waiters, end).await;
        assert!(leases.iter().enumerate().all(|(n, lease)| lease.is_ok() == (n < 1_024)));
    });
}

#[test]
fn a_later_life_goes_on_with_what_was_held() {
    let world = World::new();
    let held = world.coordinator.held_since(&world.config, Timestamp::from_millis(1));
    assert_eq!(held.channels.len(), 1);
    let database = MemoryDatabase::new();
    database.run(&verdicts::save(&held)).unwrap();
    database.run(&verdicts::save(&held)).unwrap();
    let read = verdicts::read(database.run(&[verdicts::load()]).unwrap().remove(0));
    assert_eq!(read, held);

    let later = LocalCoordinator::new(world.clock.clone(), &Counting::default());
    later.restore(&world.config, &read);
    let health = |coordinator: &LocalCoordinator<VirtualClock>| {
        let health = run(&world.clock, coordinator.health(&world.config)).remove(0);
        let protocol = health.keys[0].protocols[0];
        (health.breaker, protocol.breaker, protocol.last_failure.map(|failure| failure.class))
    };
    let (breaker, _, failure) = health(&world.coordinator);
    assert_ne!((breaker, failure), (BreakerState::Closed, None));
    assert_eq!(health(&later), health(&world.coordinator));
    assert_eq!(later.held_since(&world.config, world.clock.now() + secs(1)).channels, []);
}

#[test]
fn health_is_that_of_the_configuration_asked_for() {
    let world = World::new();
    let failure = |config: &Arc<Config>| {
        let health = run(&world.clock, world.coordinator.health(config)).remove(0);
        health.keys[0].protocols[0].last_failure.map(|failure| failure.class)
    };
    assert_eq!(failure(&world.config), Some(Class::Overload));
    assert_eq!(failure(&config("sk-another")), None, "another secret begins anew");
}
