use super::fixture::{ASK, World, at, channel, endpoint};
use crate::config::{Channel, Protocol};
use crate::schedule::Ask;
use crate::schedule::traits::{Change, Trait};

const DAY: u64 = 24 * 60 * 60;

fn omit(field: &str) -> Trait {
    Trait::lasting(Change::Omit(field.to_owned()))
}

fn traits(world: &mut World, ask: &Ask<'_>, secs: u64) -> Vec<Trait> {
    world.acquire(ask, secs).unwrap().traits().to_vec()
}

#[test]
fn what_one_request_learned_holds_for_that_model_there_until_it_expires() {
    let endpoints = vec![endpoint(Protocol::Chat), endpoint(Protocol::Messages)];
    let mut world = World::new(vec![Channel { endpoints, ..channel("a", 1, 2) }]);
    let lease = world.acquire(&ASK, 0).unwrap();
    world.state.learn(&lease, &omit("seed"), at(0));
    world.state.learn(&lease, &Trait::lasting(Change::MaxOutput(100)), at(1));
    world.state.learn(&lease, &Trait::lasting(Change::MaxOutput(50)), at(2));
    world.state.learn(&lease, &Trait::once(Change::NoSealed), at(2));
    let known = [omit("seed"), Trait::lasting(Change::MaxOutput(50))];
    assert_eq!(traits(&mut world, &ASK, DAY - 1), known);
    assert_eq!(traits(&mut world, &Ask { model: "other", ..ASK }, 3), []);
    assert_eq!(traits(&mut world, &Ask { protocol: Protocol::Messages, ..ASK }, 3), []);
    let lease = world.acquire(&ASK, 4).unwrap();
    assert_eq!(lease.compat().max_output, Some(50));
    assert!(lease.compat().omits("seed"));
    assert_eq!(traits(&mut world, &ASK, DAY), []);
    world.state.learn(&lease, &omit("top_p"), at(DAY));
    assert_eq!(traits(&mut world, &ASK, DAY), [omit("top_p")], "found out anew");
}

#[test]
fn a_reset_of_the_channel_forgets_what_was_learned() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    let lease = world.acquire(&ASK, 0).unwrap();
    world.state.learn(&lease, &omit("seed"), at(0));
    world.state.reset(&lease.channel.id, lease.key().map(|key| &key.id), at(0));
    assert_eq!(traits(&mut world, &ASK, 1), [omit("seed")]);
    world.state.reset(&lease.channel.id, None, at(1));
    assert_eq!(traits(&mut world, &ASK, 1), []);
}

#[test]
fn a_lease_grows_wiser_and_at_last_gives_up() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    let first = world.acquire(&ASK, 0).unwrap();
    let sealed = first.with_trait(&Trait::once(Change::NoSealed)).unwrap();
    assert_eq!(sealed.id, first.id);
    assert!(sealed.omits_sealed() && !first.omits_sealed());
    assert!(sealed.with_trait(&Trait::once(Change::NoSealed)).is_none(), "it did not help");
    let betas = Trait::lasting(Change::NoBetas(vec!["x-2025".into()]));
    let lease = sealed.with_trait(&betas).unwrap();
    assert!(lease.omits_beta("x-2025") && !lease.omits_beta("y-2025") && lease.omits_sealed());
    let lease = lease.with_trait(&omit("seed")).and_then(|lease| lease.with_trait(&omit("top_p"))).unwrap();
    assert!(lease.with_trait(&omit("top_k")).is_none(), "too many lessons");
}

#[test]
fn the_memory_of_a_channel_is_bounded() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    for number in 0..1_000 {
        let model = format!("m{number}");
        let lease = world.acquire(&Ask { model: &model, ..ASK }, 0).unwrap();
        world.state.learn(&lease, &omit("seed"), at(0));
    }
    for (model, known) in [("m0", false), ("m935", false), ("m936", true), ("m999", true)] {
        assert_eq!(traits(&mut world, &Ask { model, ..ASK }, 1) == [omit("seed")], known, "{model}");
    }
    let lease = world.acquire(&ASK, 1).unwrap();
    for number in 0..100 {
        world.state.learn(&lease, &omit(&format!("field{number}")), at(1));
    }
    assert_eq!(traits(&mut world, &ASK, 2).len(), 16);
}
