use std::time::Duration;

use super::fixture::{ASK, World, at, channel, endpoint, session};
use crate::config::{Protocol, Rotation};
use crate::schedule::{Ask, BreakerState, Class, Lease, Outcome, Rng, Rule};

const CLASSES: [Class; 13] = [
    Class::Success,
    Class::RequestFault,
    Class::ContextTooLong,
    Class::ContentPolicy,
    Class::Auth,
    Class::Quota,
    Class::Rate,
    Class::Overload,
    Class::ModelUnavailable,
    Class::Transport,
    Class::ServerError,
    Class::BadAnswer,
    Class::ClientGone,
];

fn world() -> World {
    let mut channels = vec![channel("a", 1, 2), channel("b", 1, 1), channel("c", 2, 3)];
    channels[0].endpoints.push(endpoint(Protocol::Messages));
    channels[2].endpoints = vec![endpoint(Protocol::Gemini), endpoint(Protocol::Responses)];
    channels[0].rotation = Rotation::Ordered;
    channels[2].rotation = Rotation::LeastUsed;
    World::new(channels)
}

/// Whether some key could serve without a test, seen from outside.
fn any_healthy(world: &World, secs: u64) -> bool {
    world.state.health(&world.config, at(secs)).iter().flat_map(|channel| &channel.keys).any(|key| {
        key.cooldown.is_none()
            && !key.unproven
            && key.excluded_models == 0
            && key.protocols.iter().all(|one| one.breaker == BreakerState::Closed)
    })
}

fn check(world: &World, held: &[(Lease, u64)], secs: u64) {
    for channel in world.state.health(&world.config, at(secs)) {
        for key in channel.keys {
            let longest = Duration::from_secs(24 * 60 * 60);
            assert!(key.cooldown.is_none_or(|cooling| at(secs).until(cooling.until) <= longest));
            for one in key.protocols {
                assert!(one.open_until.is_none_or(|until| at(secs).until(until) <= Duration::from_secs(600)));
                let own = |lease: &Lease| {
                    lease.channel.id == channel.id
                        && lease.key().unwrap().id == key.id
                        && lease.endpoint().unwrap().protocol == one.protocol
                };
                let count = held.iter().filter(|(lease, _)| own(lease)).count();
                assert_eq!(usize::try_from(one.in_flight), Ok(count));
                let live = |begun: &u64| secs - begun < 300;
                let trials = held.iter().filter(|(lease, begun)| own(lease) && lease.probe && live(begun));
                assert!(trials.count() <= 1, "two trials at once");
            }
        }
    }
}

#[test]
fn a_random_walk_keeps_the_invariants() {
    for seed in 0..20 {
        let (mut world, mut rng) = (world(), Rng::new(seed));
        let mut held: Vec<(Lease, u64)> = Vec::new();
        let mut secs = 0;
        for _ in 0..1_500 {
            secs += [0, 0, 1, 7, 40, 400][usize::try_from(rng.below(6)).unwrap()];
            if rng.below(2) == 0 && held.len() < 30 {
                let protocol = if rng.below(2) == 0 { Protocol::Chat } else { Protocol::Messages };
                let ask = if rng.below(2) == 0 { session(rng.below(4)) } else { ASK };
                let ask = Ask { protocol, ..ask };
                let healthy = any_healthy(&world, secs);
                match world.acquire(&ask, secs) {
                    Ok(lease) => {
                        assert!(
                            !healthy || lease.rule != Rule::LastResort,
                            "a last resort beside a healthy key"
                        );
                        held.push((lease, secs));
                    }
                    Err(refusal) => {
                        assert!(!healthy, "refused beside a healthy key");
                        assert!(refusal.retry_at.is_some_and(|retry| retry > at(secs)));
                    }
                }
            } else if !held.is_empty() {
                let count = u64::try_from(held.len()).unwrap();
                let (lease, _) = held.swap_remove(usize::try_from(rng.below(count)).unwrap());
                let class = CLASSES[usize::try_from(rng.below(13)).unwrap()];
                let retry_after = (rng.below(3) == 0).then(|| Duration::from_secs(rng.below(1 << 40)));
                world.report_as(&lease, &Outcome { retry_after, ..Outcome::of(class) }, secs);
            }
            check(&world, &held, secs);
        }
    }
}

#[test]
fn whatever_happened_everything_is_usable_again_in_time() {
    for seed in 0..20 {
        let (mut world, mut rng) = (world(), Rng::new(seed));
        for secs in 0..200 {
            if let Ok(lease) = world.acquire(&ASK, secs) {
                let class = CLASSES[usize::try_from(rng.below(13)).unwrap()];
                let retry_after = Some(Duration::MAX);
                world.report_as(&lease, &Outcome { retry_after, ..Outcome::of(class) }, secs);
            }
        }
        for pin in ["a", "b", "c"] {
            assert!(world.acquire(&Ask { pin: Some(pin), ..ASK }, 200 + 24 * 60 * 60).is_ok());
        }
    }
}
