use super::fixture::{ASK, World, at, channel, endpoint, session, tried};
use crate::config::{Channel, Limits, Protocol, Status};
use crate::schedule::explain::{Explanation, Verdict};
use crate::schedule::{Ask, Class, Needs, Reason, Rule};

fn explain(world: &mut World, ask: &Ask<'_>, secs: u64) -> Explanation {
    world.state.explain(&world.config, ask, at(secs), &world.rng)
}

fn verdicts(explanation: &Explanation) -> Vec<(&str, Verdict)> {
    explanation.candidates.iter().map(|one| (one.name.as_str(), one.verdict)).collect()
}

#[test]
fn every_candidate_has_its_verdict_and_the_decision_is_the_real_one() {
    let prefixed = Channel { route_prefix: Some("team".into()), ..channel("prefix", 1, 1) };
    let paused = Channel { status: Status::Paused, ..channel("paused", 1, 1) };
    let mut blind = channel("blind", 1, 1);
    blind.endpoints[0].compat.vision = Some(false);
    let full =
        Channel { limits: Limits { concurrency: Some(0), ..Limits::default() }, ..channel("full", 1, 1) };
    let mut other = channel("other", 1, 1);
    other.models.add("x").unwrap();
    let channels = vec![
        prefixed,
        paused,
        blind,
        full,
        other,
        channel("keyless", 1, 0),
        channel("open", 1, 1),
        channel("cool", 1, 1),
        channel("a", 2, 1),
        channel("b", 2, 1),
        channel("low", 3, 1),
    ];
    let mut world = World::new(channels);
    for (pin, class) in [("open", Class::Overload), ("open", Class::Overload), ("cool", Class::Rate)] {
        world.once(&Ask { pin: Some(pin), ..ASK }, class, 0);
    }
    let ask = Ask { needs: Needs { vision: true, ..Needs::default() }, ..ASK };
    let explanation = explain(&mut world, &ask, 1);
    let lease = world.acquire(&Ask { traced: true, ..ask.clone() }, 1).unwrap();
    let chosen = explanation.chosen.as_ref().unwrap();
    assert_eq!((&chosen.channel, chosen.rule, chosen.probe), (&lease.channel.id, Rule::Priority, false));
    let of = |name: &str| if chosen.name == name { Verdict::Chosen } else { Verdict::NotDrawn };
    let expected = [
        ("prefix", Verdict::OtherPrefix),
        ("paused", Verdict::Paused),
        ("blind", Verdict::Capability),
        ("full", Verdict::Limited),
        ("other", Verdict::OtherModel),
        ("keyless", Verdict::NoKey),
        ("open", Verdict::Open),
        ("cool", Verdict::CoolingDown),
        ("a", of("a")),
        ("b", of("b")),
        ("low", Verdict::LowerTier),
    ];
    assert_eq!(verdicts(&explanation), expected);
    let considered: Vec<Verdict> = lease.considered.unwrap().iter().map(|one| one.verdict).collect();
    assert_eq!(considered, expected.map(|(_, verdict)| verdict));
    let until = |name: &str| explanation.candidates.iter().find(|one| one.name == name).unwrap().until;
    assert_eq!((until("cool"), until("low")), (Some(at(15)), None));
    assert!(until("open") >= Some(at(30)));
}

#[test]
fn explaining_changes_nothing() {
    let mut world = World::new(vec![channel("a", 1, 2), channel("b", 1, 2)]);
    for _ in 0..20 {
        let told = explain(&mut world, &session(1), 0);
        assert_eq!(told, explain(&mut world, &session(1), 0));
        let lease = world.acquire(&session(1), 0).unwrap();
        let chosen = told.chosen.unwrap();
        assert_eq!((&chosen.key, chosen.rule), (&lease.key().unwrap().id, lease.rule));
        world.report(&lease, Class::Success, 0);
    }
}

#[test]
fn a_refusal_is_told_with_what_stands_in_the_way_of_each_key() {
    let mut world = World::new(vec![channel("a", 1, 3)]);
    world.once(&ASK, Class::Rate, 0);
    let test = world.acquire(&ASK, 0).unwrap();
    world.report(&test, Class::Auth, 0);
    let last = world.acquire(&ASK, 0).unwrap();
    let past = [tried(&last, Class::Transport)];
    let told = explain(&mut world, &Ask { tried: &past, pin: Some("a"), ..ASK }, 0);
    let keys: Vec<Verdict> = told.candidates[0].keys.iter().map(|key| key.verdict).collect();
    assert_eq!(keys, [Verdict::CoolingDown, Verdict::Refused, Verdict::Tried]);
    assert_eq!(told.candidates[0].keys[0].until, Some(at(15)));
    assert_eq!(told.chosen.unwrap().rule, Rule::LastResort);
    let unknown = explain(&mut world, &Ask { pin: Some("nobody"), ..ASK }, 0);
    assert_eq!(unknown.refusal.unwrap().reason, Reason::UnknownChannel);
    assert!(unknown.candidates.is_empty());
}

#[test]
fn a_candidate_tells_of_what_keeps_its_best_key() {
    let mut world = World::new(vec![channel("a", 1, 2), channel("b", 2, 1)]);
    let first = world.acquire(&ASK, 0).unwrap();
    world.report(&first, Class::ModelUnavailable, 0);
    assert_eq!(world.once(&ASK, Class::Rate, 0), "a2");
    let past = [tried(&first, Class::ModelUnavailable)];
    let told = explain(&mut world, &Ask { tried: &past, ..ASK }, 1);
    assert_eq!(verdicts(&told), [("a", Verdict::CoolingDown), ("b", Verdict::Chosen)]);
    assert_eq!(told.candidates[0].until, Some(at(15)));
}

#[test]
fn the_keys_of_one_that_is_ruled_out_are_not_told() {
    let paused = Channel { status: Status::Paused, ..channel("paused", 1, 2) };
    let mut world = World::new(vec![paused, channel("a", 2, 2)]);
    let told = explain(&mut world, &ASK, 0);
    assert_eq!(told.candidates.iter().map(|one| one.keys.len()).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn one_that_is_tested_says_so() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    world.once(&ASK, Class::Rate, 0);
    let _test = world.acquire(&ASK, 15).unwrap();
    assert_eq!(verdicts(&explain(&mut world, &ASK, 15)), [("a", Verdict::UnderTest), ("b", Verdict::Chosen)]);
}

#[test]
fn a_pin_considers_its_channel_alone() {
    let mut world = World::new(vec![channel("a", 1, 1), channel("b", 2, 1)]);
    let ask = Ask { pin: Some("b"), traced: true, ..ASK };
    assert_eq!(verdicts(&explain(&mut world, &ask, 0)), [("b", Verdict::Chosen)]);
    let considered = world.acquire(&ask, 0).unwrap().considered.unwrap();
    assert_eq!(considered.iter().map(|one| one.channel.as_str()).collect::<Vec<_>>(), ["ch_b"]);
}

#[test]
fn each_way_to_a_channel_is_a_candidate() {
    let mut a = channel("a", 1, 1);
    a.endpoints.push(endpoint(Protocol::Messages));
    let mut world = World::new(vec![a]);
    let told = explain(&mut world, &ASK, 0);
    let ways: Vec<(Protocol, Verdict)> =
        told.candidates.iter().map(|one| (one.protocol, one.verdict)).collect();
    assert_eq!(ways, [(Protocol::Chat, Verdict::Chosen), (Protocol::Messages, Verdict::LowerTier)]);
}
