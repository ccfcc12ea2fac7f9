use super::fixture::{ASK, World, at, channel, key};
use crate::config::model::ModelTable;
use crate::config::{Channel, Limits};
use crate::schedule::{Ask, Class, Needs, Outcome, Reason, Refusal, Rule};

const NONE: Limits = Limits { requests_per_minute: None, tokens_per_minute: None, concurrency: None };

fn limited(limits: Limits, channel: Channel) -> Channel {
    Channel { limits, ..channel }
}

fn key_limited(limits: Limits, mut channel: Channel) -> Channel {
    channel.keys.iter_mut().for_each(|key| key.limits = limits);
    channel
}

fn needing(input: u32) -> Ask<'static> {
    Ask { needs: Needs { input, ..Needs::default() }, ..ASK }
}

#[test]
fn what_is_at_its_limit_gives_way_and_is_refused_only_when_all_are() {
    let concurrency = Limits { concurrency: Some(1), ..NONE };
    let requests = Limits { requests_per_minute: Some(1), ..NONE };
    for (first, second, retry_at) in [
        (limited(concurrency, channel("a", 1, 1)), limited(requests, channel("b", 2, 1)), Some(at(65))),
        (
            key_limited(concurrency, channel("a", 1, 1)),
            key_limited(requests, channel("b", 2, 1)),
            Some(at(65)),
        ),
        (limited(concurrency, channel("a", 1, 1)), limited(concurrency, channel("b", 2, 1)), None),
    ] {
        let mut world = World::new(vec![first, second]);
        let held = world.acquire(&ASK, 0).unwrap();
        assert_eq!(key(&held), "a1");
        assert_eq!(key(&world.acquire(&ASK, 0).unwrap()), "b1");
        assert_eq!(world.acquire(&ASK, 0).unwrap_err(), Refusal { reason: Reason::Limited, retry_at });
        world.report(&held, Class::Success, 1);
        assert_eq!(key(&world.acquire(&ASK, 1).unwrap()), "a1");
    }
}

#[test]
fn a_limit_of_a_key_leaves_the_others() {
    let limits = Limits { requests_per_minute: Some(2), ..NONE };
    let mut world = World::new(vec![key_limited(limits, channel("a", 1, 2))]);
    let served: Vec<String> = (0..4).map(|_| world.once(&ASK, Class::Success, 0)).collect();
    assert_eq!(served, ["a1", "a2", "a1", "a2"]);
    assert_eq!(world.acquire(&ASK, 0).unwrap_err().reason, Reason::Limited);
    assert_eq!(world.once(&ASK, Class::Success, 65), "a1");
}

#[test]
fn tokens_are_counted_before_and_corrected_after() {
    let limits = Limits { tokens_per_minute: Some(1_000), ..NONE };
    let mut world = World::new(vec![limited(limits, channel("a", 1, 1))]);
    let lease = world.acquire(&needing(800), 0).unwrap();
    assert_eq!(world.acquire(&needing(1), 0).unwrap_err().reason, Reason::Limited, "the first goes alone");
    world.report_as(&lease, &Outcome { tokens: Some(100), ..Outcome::of(Class::Success) }, 1);
    let lease = world.acquire(&needing(800), 1).unwrap();
    assert_eq!(world.acquire(&needing(101), 1).unwrap_err().reason, Reason::Limited);
    world.report_as(&lease, &Outcome { tokens: Some(950), ..Outcome::of(Class::Success) }, 2);
    assert_eq!(
        world.acquire(&needing(0), 2).unwrap_err(),
        Refusal { reason: Reason::Limited, retry_at: Some(at(65)) }
    );
}

#[test]
fn what_failed_used_no_tokens_and_what_served_tells_what_is_usual() {
    let limits = Limits { tokens_per_minute: Some(1_000), ..NONE };
    for limited in [limited as fn(_, _) -> _, key_limited] {
        let mut world = World::new(vec![limited(limits, channel("a", 1, 1))]);
        let failed = world.acquire(&needing(800), 0).unwrap();
        world.report(&failed, Class::RequestFault, 0);
        let served = world.acquire(&needing(800), 0).unwrap();
        world.report_as(&served, &Outcome { tokens: Some(400), ..Outcome::of(Class::Success) }, 0);
        assert!(world.acquire(&ASK, 0).is_ok(), "400 used, 400 expected");
        assert_eq!(world.acquire(&ASK, 0).unwrap_err().reason, Reason::Limited);
    }
}

#[test]
fn a_limit_is_waited_for_rather_than_tripped_channels_tried() {
    let limits = Limits { concurrency: Some(1), ..NONE };
    let mut world = World::new(vec![channel("a", 1, 1), limited(limits, channel("b", 2, 1))]);
    world.trip(0);
    let held = world.acquire(&ASK, 1).unwrap();
    assert_eq!(key(&held), "b1");
    assert_eq!(world.acquire(&ASK, 1).unwrap_err().reason, Reason::Limited);
    world.report(&held, Class::Auth, 1);
    assert_eq!(world.acquire(&ASK, 1).unwrap().rule, Rule::LastResort);
}

#[test]
fn who_waits_is_served_before_who_comes() {
    let limits = Limits { concurrency: Some(2), ..NONE };
    let mut world = World::new(vec![limited(limits, channel("a", 1, 1))]);
    let held = [world.acquire(&ASK, 0).unwrap(), world.acquire(&ASK, 0).unwrap()];
    let tickets: Vec<_> = (0..3).map(|_| world.state.enqueue(&world.config, &ASK, at(0))).collect();
    let waiting = |n: usize| Ask { ticket: Some(tickets[n]), ..ASK };
    assert!(world.acquire(&waiting(0), 0).is_err());
    world.report(&held[0], Class::Success, 1);
    assert_eq!(world.acquire(&ASK, 1).unwrap_err().reason, Reason::Limited, "a newcomer");
    assert!(world.acquire(&waiting(1), 1).is_err(), "the second in line");
    let first = world.acquire(&waiting(0), 1).unwrap();
    world.state.dequeue(tickets[0]);
    world.report(&first, Class::Success, 2);
    world.state.dequeue(tickets[1]);
    assert!(world.acquire(&waiting(2), 2).is_ok(), "the second left");
    world.state.dequeue(tickets[2]);
    world.report(&held[1], Class::Success, 3);
    assert!(world.acquire(&ASK, 3).is_ok(), "nobody waits");
}

#[test]
fn a_line_holds_nobody_up_where_there_is_room_for_all() {
    let limits = Limits { concurrency: Some(1), ..NONE };
    let mut world = World::new(vec![limited(limits, channel("a", 1, 1)), channel("b", 2, 1)]);
    let _held = world.acquire(&ASK, 0).unwrap();
    let pinned = Ask { pin: Some("a"), ..ASK };
    assert!(world.acquire(&pinned, 0).is_err());
    let ticket = world.state.enqueue(&world.config, &pinned, at(0));
    assert_eq!(world.once(&ASK, Class::Success, 0), "b1");
    assert!(world.acquire(&Ask { ticket: Some(ticket), ..pinned }, 0).is_err());
}

#[test]
fn a_line_for_one_channel_holds_nobody_up_at_another() {
    let limits = Limits { concurrency: Some(1), ..NONE };
    let mut world =
        World::new(vec![limited(limits, channel("a", 1, 1)), limited(limits, channel("b", 2, 1))]);
    let _held = world.acquire(&ASK, 0).unwrap();
    world.state.enqueue(&world.config, &Ask { pin: Some("a"), ..ASK }, at(0));
    assert_eq!(world.once(&ASK, Class::Success, 0), "b1");
}

#[test]
fn who_waits_tests_what_comes_back() {
    let mut world = World::new(vec![channel("a", 1, 1)]);
    assert_eq!(world.once(&ASK, Class::Rate, 0), "a1");
    let ticket = world.state.enqueue(&world.config, &ASK, at(1));
    assert_eq!(world.acquire(&ASK, 15).unwrap_err().reason, Reason::Limited);
    assert!(world.acquire(&Ask { ticket: Some(ticket), ..ASK }, 15).unwrap().probe);
}

fn windowed(tokens: u32, channel: Channel) -> Channel {
    let mut context_windows = ModelTable::default();
    context_windows.add("m*", tokens).unwrap();
    Channel { context_windows, ..channel }
}

#[test]
fn a_channel_that_cannot_do_it_comes_last() {
    let lacking = |change: fn(&mut crate::config::compat::Compat), mut channel: Channel| {
        channel.endpoints.iter_mut().for_each(|endpoint| change(&mut endpoint.compat));
        channel
    };
    let blind = || lacking(|compat| compat.vision = Some(false), channel("a", 1, 1));
    let toolless = || lacking(|compat| compat.tools = Some(false), channel("a", 1, 1));
    let short = || lacking(|compat| compat.max_output = Some(100), channel("a", 1, 1));
    let needs = Needs::default();
    let images = Needs { vision: true, ..needs };
    let tools = Needs { tools: true, ..needs };
    let long = Needs { input: 1_001, ..needs };
    let verbose = Needs { output: 101, ..needs };
    for (first, needs, expected) in [
        (blind(), images, "b1"),
        (blind(), tools, "a1"),
        (toolless(), tools, "b1"),
        (toolless(), images, "a1"),
        (windowed(1_000, channel("a", 1, 1)), long, "b1"),
        (windowed(1_001, channel("a", 1, 1)), long, "a1"),
        (windowed(1_000, channel("a", 1, 1)), needs, "a1"),
        (short(), verbose, "a1"),
    ] {
        let mut world = World::new(vec![first, channel("b", 2, 1)]);
        assert_eq!(world.once(&Ask { needs, ..ASK }, Class::Success, 0), expected, "{needs:?}");
    }
    let ask = Ask { needs: images, ..ASK };
    assert_eq!(World::new(vec![blind()]).once(&ask, Class::Success, 0), "a1", "alone it is tried");
    let mut world = World::new(vec![short(), channel("b", 1, 1)]);
    for _ in 0..20 {
        assert_eq!(world.once(&Ask { needs: verbose, ..ASK }, Class::Success, 0), "b1", "within a tier");
    }
    let enough = Ask { needs: Needs { output: 100, ..needs }, ..ASK };
    assert!((0..20).any(|_| world.once(&enough, Class::Success, 0) == "a1"));
}

#[test]
fn a_window_is_that_of_the_upstreams_model() {
    let mut a = windowed(1_000, channel("a", 1, 1));
    a.model_map.add("small", "m-mapped").unwrap();
    let mut world = World::new(vec![a, channel("b", 2, 1)]);
    let long = |model| Ask { model, ..needing(5_000) };
    assert_eq!(world.once(&long("small"), Class::Success, 0), "b1");
    assert_eq!(world.once(&long("large"), Class::Success, 0), "a1");
}

#[test]
fn sessions_and_promotions_do_not_lead_to_a_misfit() {
    let small = windowed(1_000, channel("a", 1, 1));
    let mut world = World::new(vec![small, channel("b", 2, 1)]);
    assert_eq!(world.once(&super::fixture::session(1), Class::Success, 0), "a1");
    let grown = Ask { needs: Needs { input: 2_000, ..Needs::default() }, ..super::fixture::session(1) };
    assert_eq!(world.once(&grown, Class::Success, 0), "b1");
    let promoted = Channel { promoted_until: Some(at(100)), ..windowed(1_000, channel("a", 2, 1)) };
    let mut world = World::new(vec![promoted, channel("b", 3, 1)]);
    assert_eq!(world.once(&needing(2_000), Class::Success, 0), "b1");
}

#[test]
fn a_last_resort_keeps_to_the_limits() {
    let requests = Limits { requests_per_minute: Some(6), ..NONE };
    let concurrency = Limits { concurrency: Some(1), ..NONE };
    for (limits, retry_at) in [(requests, at(65)), (concurrency, at(11))] {
        let mut world = World::new(vec![limited(limits, channel("a", 1, 1))]);
        world.trip(0);
        let held = world.acquire(&ASK, 1).unwrap();
        assert_eq!(held.rule, Rule::LastResort);
        let expected = Refusal { reason: Reason::CoolingDown, retry_at: Some(retry_at) };
        assert_eq!(world.acquire(&ASK, 10).unwrap_err(), expected, "{limits:?}");
    }
}

#[test]
fn tokens_of_a_long_request_are_taken_back_where_they_were_counted() {
    let limits = Limits { tokens_per_minute: Some(1_000), ..NONE };
    let used = |tokens| Outcome { tokens: Some(tokens), ..Outcome::of(Class::Success) };
    let mut world = World::new(vec![limited(limits, channel("a", 1, 1))]);
    let first = world.acquire(&needing(600), 0).unwrap();
    world.report_as(&first, &used(600), 1);
    let long = world.acquire(&needing(0), 100).unwrap();
    let other = world.acquire(&needing(0), 200).unwrap();
    world.report_as(&other, &used(600), 201);
    world.report_as(&long, &used(10), 202);
    assert_eq!(world.acquire(&needing(500), 203).unwrap_err().retry_at, Some(at(265)));
}
