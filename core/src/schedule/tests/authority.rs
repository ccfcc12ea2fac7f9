use std::time::Duration;

use serde_json::json;

use super::fixture::{ASK, BREAKER, at, channel, config, key, session};
use crate::config::{Channel, ChannelId, Config};
use crate::schedule::authority::Authority;
use crate::schedule::authority::notes::{Event, LeaseNote, News, Note, Reset, Seen, Told};
use crate::schedule::share::Held;
use crate::schedule::traits::{Change, Trait};
use crate::schedule::{Ask, BreakerState, Class, Lease, Outcome, Rng, Rule, Scope, State};

/// A scheduler that shares what it knows.
#[derive(Default)]
struct Isolate {
    state: State,
    seen: Option<Seen>,
}

struct World {
    config: Config,
    authority: Authority,
    rng: Rng,
}

impl World {
    fn new(channels: Vec<Channel>) -> Self {
        Self { config: config("1", channels), authority: Authority::new(1), rng: Rng::new(2) }
    }

    fn acquire(&mut self, isolate: &mut Isolate, ask: &Ask<'_>, secs: u64) -> Lease {
        isolate.state.acquire(&self.config, ask, at(secs), &mut self.rng).unwrap()
    }

    /// Tells the authority what came of a lease, and takes up its news.
    fn tell(&mut self, isolate: &mut Isolate, lease: &Lease, event: Event, secs: u64) -> News {
        if let Event::Ended(outcome) = &event {
            isolate.state.report(lease, outcome, &BREAKER, at(secs), &mut self.rng);
        }
        let notes = vec![Note { lease: LeaseNote::of(lease).unwrap(), event }];
        self.sync(isolate, Told { notes, ..Told::default() }, secs)
    }

    fn listen(&mut self, isolate: &mut Isolate, secs: u64) -> News {
        self.sync(isolate, Told::default(), secs)
    }

    /// Whether the trial that `lease` is may be made.
    fn may_try(&mut self, isolate: &mut Isolate, lease: &Lease, secs: u64) -> News {
        self.sync(isolate, Told { trial: LeaseNote::of(lease), ..Told::default() }, secs)
    }

    fn sync(&mut self, isolate: &mut Isolate, told: Told, secs: u64) -> News {
        isolate.state.align(&self.config, at(secs));
        let news = self.authority.sync(&self.config, &Told { seen: isolate.seen, ..told }, at(secs));
        news.channels.iter().for_each(|verdicts| isolate.state.adopt(verdicts));
        news.accounts.iter().for_each(|verdict| isolate.state.adopt_account(verdict));
        news.bonds.iter().for_each(|bond| isolate.state.bind(bond, at(secs)));
        isolate.seen = Some(news.seen);
        news
    }

    /// Fails so often that the first channel's breaker opens.
    fn trip(&mut self, isolate: &mut Isolate, secs: u64) {
        for _ in 0..2 {
            let lease = self.acquire(isolate, &ASK, secs);
            self.tell(isolate, &lease, ended(Class::Overload), secs);
        }
    }
}

fn ended(class: Class) -> Event {
    Event::Ended(Outcome::of(class))
}

fn two_channels() -> World {
    World::new(vec![channel("a", 1, 1), channel("b", 2, 1)])
}

#[test]
fn who_listens_hears_everything_once() {
    let (mut world, mut one, mut two) = (two_channels(), Isolate::default(), Isolate::default());
    let served = world.acquire(&mut one, &ASK, 0);
    assert_eq!(world.tell(&mut one, &served, ended(Class::Success), 0).channels, []);
    assert_eq!(world.listen(&mut two, 0).channels, []);
    world.trip(&mut one, 0);
    let heard: Vec<String> =
        world.listen(&mut two, 1).channels.iter().map(|one| one.channel.to_string()).collect();
    assert_eq!(heard, ["ch_a"]);
    assert_eq!(key(&world.acquire(&mut two, &ASK, 1)), "b1");
    let again = world.listen(&mut two, 1);
    assert!(again.granted && again.channels.is_empty() && again.accounts.is_empty());
    assert_eq!(world.authority.health(&world.config, at(1))[0].breaker, BreakerState::Open);
}

#[test]
fn another_life_tells_what_the_last_one_knew_whatever_was_heard_of_that() {
    let (mut world, mut one) = (two_channels(), Isolate::default());
    let before = world.authority.revision();
    world.trip(&mut one, 0);
    let said = world.authority.said_since(before);
    assert_eq!(said.channels.iter().map(|one| one.channel.as_str()).collect::<Vec<_>>(), ["ch_a"]);
    assert_eq!(world.authority.said_since(world.authority.revision()), Held::default());
    world.authority = Authority::new(2);
    world.authority.restore(&world.config, &said, at(1));
    one.seen = one.seen.map(|seen| Seen { revision: 1_000, ..seen });
    assert_eq!(world.listen(&mut one, 1).channels, said.channels);
}

#[test]
fn the_rest_of_an_account_outlives_the_authority() {
    let mut grouped = channel("a", 1, 1);
    grouped.keys.iter_mut().for_each(|key| key.quota_group = Some("org".into()));
    let (mut world, mut one) = (World::new(vec![grouped]), Isolate::default());
    let lease = world.acquire(&mut one, &ASK, 0);
    let outcome = Outcome { scope: Scope::Account, ..Outcome::of(Class::Quota) };
    let told = world.tell(&mut one, &lease, Event::Ended(outcome), 0).accounts;
    assert_eq!(told.len(), 1);
    let held = world.authority.said_since(0);
    world.authority = Authority::new(2);
    world.authority.restore(&world.config, &held, at(1));
    assert_eq!(world.listen(&mut Isolate::default(), 1).accounts, told);
}

#[test]
fn a_trial_is_lent_to_one_at_a_time_until_it_served() {
    let (mut world, mut one, mut two) = (two_channels(), Isolate::default(), Isolate::default());
    world.trip(&mut one, 0);
    world.listen(&mut two, 0);
    let first = world.acquire(&mut one, &ASK, 700);
    let second = world.acquire(&mut two, &ASK, 700);
    assert!(first.probe && second.probe);
    assert!(world.may_try(&mut one, &first, 700).granted);
    let denied = world.may_try(&mut two, &second, 700);
    assert!(!denied.granted);
    assert_eq!(denied.channels.len(), 1, "and told what stands there");
    let again = world.may_try(&mut two, &second, 700);
    assert_eq!((again.granted, again.channels.len()), (false, 1), "known or not");
    world.tell(&mut one, &first, Event::Proved, 701);
    assert!(world.may_try(&mut two, &second, 701).granted, "nothing is held against it any more");
    world.tell(&mut one, &first, ended(Class::Success), 702);
    let free = world.acquire(&mut two, &ASK, 702);
    assert_eq!((key(&free).as_str(), free.probe), ("a1", false));
}

#[test]
fn what_is_open_is_lent_as_a_last_resort_alone_and_at_the_pace_of_trials() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    let (mut one, mut two) = (Isolate::default(), Isolate::default());
    world.trip(&mut one, 0);
    world.listen(&mut two, 0);
    let first = world.acquire(&mut one, &ASK, 2);
    let second = world.acquire(&mut two, &ASK, 2);
    assert_eq!((first.rule, second.rule), (Rule::LastResort, Rule::LastResort));
    let by_priority = Lease { rule: Rule::Priority, ..first.clone() };
    assert!(!world.may_try(&mut one, &by_priority, 2).granted);
    assert!(world.may_try(&mut one, &first, 2).granted);
    assert!(!world.may_try(&mut two, &second, 2).granted);
    world.tell(&mut one, &first, ended(Class::Overload), 2);
    assert!(!world.may_try(&mut two, &second, 2).granted, "one a second");
    assert!(world.may_try(&mut two, &second, 3).granted);
}

#[test]
fn what_the_authority_does_not_know_is_neither_lent_nor_taken_in() {
    let mut world = two_channels();
    let mut one = Isolate::default();
    let lease = world.acquire(&mut one, &ASK, 0);
    world.config = config("2", vec![channel("b", 2, 1)]);
    assert!(!world.may_try(&mut one, &lease, 1).granted);
    assert_eq!(world.tell(&mut one, &lease, ended(Class::Auth), 1).channels, []);
}

#[test]
fn an_account_rests_for_all() {
    let grouped = |name: &str, priority| {
        let mut channel = channel(name, priority, 1);
        channel.keys[0].quota_group = Some("x".into());
        channel
    };
    let mut world = World::new(vec![grouped("a", 1), grouped("b", 2), channel("c", 3, 1)]);
    let (mut one, mut two) = (Isolate::default(), Isolate::default());
    let lease = world.acquire(&mut one, &ASK, 0);
    assert_eq!(world.tell(&mut one, &lease, ended(Class::Success), 0).accounts, []);
    let lease = world.acquire(&mut one, &ASK, 0);
    let spent = Outcome { scope: Scope::Account, ..Outcome::of(Class::Quota) };
    world.tell(&mut one, &lease, Event::Ended(spent), 0);
    assert_eq!(one.state.changed_at(&lease.channel.id), at(0));
    assert_eq!(world.listen(&mut two, 1).accounts.len(), 1);
    assert_eq!(key(&world.acquire(&mut two, &ASK, 1)), "c1");
    assert_eq!(world.listen(&mut two, 1).accounts, []);
    let test = world.acquire(&mut one, &ASK, 700);
    assert!(test.probe);
    let spent = Outcome { scope: Scope::Account, ..Outcome::of(Class::Quota) };
    world.tell(&mut one, &test, Event::Ended(spent), 700);
    assert_eq!(world.listen(&mut two, 701).accounts.len(), 1, "it rests again");
}

#[test]
fn a_key_and_a_model_rest_for_all() {
    for (class, same_model) in [(Class::Auth, "b1"), (Class::ModelUnavailable, "a1")] {
        let (mut world, mut one, mut two) = (two_channels(), Isolate::default(), Isolate::default());
        let lease = world.acquire(&mut one, &ASK, 0);
        world.tell(&mut one, &lease, ended(class), 0);
        world.listen(&mut two, 1);
        assert_eq!(key(&world.acquire(&mut two, &ASK, 1)), "b1", "{class:?}");
        assert_eq!(key(&world.acquire(&mut two, &Ask { model: "other", ..ASK }, 1)), same_model, "{class:?}");
    }
}

#[test]
fn what_one_learned_all_know() {
    let (mut world, mut one, mut two) = (two_channels(), Isolate::default(), Isolate::default());
    let lease = world.acquire(&mut one, &ASK, 0);
    let learned = Trait::lasting(Change::Omit("seed".into()));
    world.tell(&mut one, &lease, Event::Learned(learned.clone()), 0);
    world.listen(&mut two, 1);
    assert_eq!(world.acquire(&mut two, &ASK, 1).traits(), [learned]);
}

#[test]
fn a_session_is_told_of_when_it_moves_and_never_where_a_pin_led_it() {
    let (mut world, mut one, mut two) = (two_channels(), Isolate::default(), Isolate::default());
    let pinned = Ask { pin: Some("b"), ..session(1) };
    for (ask, class, bonds) in [
        (&pinned, Class::Success, 0),
        (&ASK, Class::Success, 0),
        (&session(1), Class::RequestFault, 0),
        (&session(1), Class::Success, 1),
        (&session(1), Class::Success, 0),
    ] {
        let lease = world.acquire(&mut one, ask, 0);
        assert_eq!(world.tell(&mut one, &lease, ended(class), 0).bonds.len(), bonds, "{class:?}");
    }
    world.trip(&mut one, 1);
    let moved = world.acquire(&mut one, &session(1), 2);
    assert_eq!(world.tell(&mut one, &moved, ended(Class::Success), 2).bonds.len(), 1);
    world.authority.reset(&world.config, &Reset { channel: ChannelId::new("ch_a"), key: None }, at(3));
    world.listen(&mut two, 3);
    let lease = world.acquire(&mut two, &session(1), 3);
    assert_eq!((key(&lease).as_str(), lease.rule), ("b1", Rule::Affinity));
    assert_eq!(key(&world.acquire(&mut two, &ASK, 3)), "a1", "a reset is for all");
}

#[test]
fn the_sessions_that_are_told_of_are_bounded() {
    let (mut world, mut one, mut two) = (two_channels(), Isolate::default(), Isolate::default());
    for number in 0..1_100 {
        let lease = world.acquire(&mut one, &session(number), 0);
        world.tell(&mut one, &lease, ended(Class::Success), 0);
    }
    let bonds = world.listen(&mut two, 0).bonds;
    assert_eq!((bonds.len(), bonds[0].session.0), (1_024, 76));
}

#[test]
fn older_news_change_nothing() {
    let (mut world, mut one, mut two) = (two_channels(), Isolate::default(), Isolate::default());
    let lease = world.acquire(&mut one, &ASK, 0);
    let retry_after = Some(Duration::from_secs(500));
    let rate = Event::Ended(Outcome { retry_after, ..Outcome::of(Class::Rate) });
    world.tell(&mut one, &lease, rate, 0);
    let old = world.listen(&mut two, 1).channels;
    assert_eq!(key(&world.acquire(&mut two, &ASK, 1)), "b1");
    two.state.reset(&lease.channel.id, None, at(2));
    two.state.adopt(&old[0]);
    assert_eq!(key(&world.acquire(&mut two, &ASK, 2)), "a1");
}

#[test]
fn only_what_changed_is_told() {
    let mut world = World::new(vec![channel("a", 1, 3)]);
    let (mut one, mut two) = (Isolate::default(), Isolate::default());
    let lease = world.acquire(&mut one, &ASK, 0);
    world.tell(&mut one, &lease, ended(Class::Auth), 0);
    let told = serde_json::to_value(&world.listen(&mut two, 1).channels[0]).unwrap();
    assert_eq!(told["keys"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["keys"][0]["key"], "a1");
    assert!([&told["breakers"], &told["keys"][0]["breakers"]].iter().all(|one| **one == json!([])), "{told}");
}
