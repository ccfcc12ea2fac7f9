//! What becomes of upstreams under load: clients see no error where anybody could have served, and an upstream is
//! called as it wants to be. What it was called is read in its own log.
//!
//! With `CAUSEWAY_STORY_SECONDS`, the overload lasts so long, and all that flaps does it in a sixth of that, under the
//! breaker's settings as an operator finds them.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_tests::crowd::Seen;
use causeway_tests::judge::{GRACE, back, let_alone, meanwhile, micros, refusal, tested_at_pace};
use causeway_tests::mock::{Action, Behaviour, Lane, Protocol, Silent, Timetable, Visit};
use causeway_tests::scene::{PATIENCE, Scene, Stage, complaints, good, until};
use serde_json::{Value, json};

/// Of each scene; up to eight scenes are played at once.
const CLIENTS: usize = 8;
/// From the beginning of a rest of three seconds: less than where nobody had named a time.
const SOON: Duration = Duration::from_secs(12);

/// How long things last.
struct Scale {
    /// Whether a person watches.
    shows: bool,
    overload: Duration,
    breaker: Value,
    /// The least time between two tests of what is tripped.
    pace: Duration,
    patience: Duration,
}

fn scale() -> Scale {
    let told = std::env::var("CAUSEWAY_STORY_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    told.map_or_else(
        || Scale {
            shows: false,
            overload: Duration::from_secs(5),
            breaker: json!({ "openMinMs": 1000, "openMaxMs": 2000 }),
            pace: Duration::from_secs(1),
            patience: PATIENCE,
        },
        |seconds| Scale {
            shows: true,
            overload: Duration::from_secs(seconds),
            breaker: json!({}),
            pace: Duration::from_secs(30),
            patience: Duration::from_secs(seconds) * 3 + Duration::from_secs(600),
        },
    )
}

const fn another(protocol: Protocol) -> Protocol {
    if matches!(protocol, Protocol::Chat) { Protocol::Messages } else { Protocol::Chat }
}

fn served_by(seen: &Seen, channel: &str) -> usize {
    seen.channels.get(channel).copied().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a person watches")]
fn show(scene: &Scene, seen: &Seen, lane: &Lane) {
    let (good, bad) = (seen.served_us.len(), seen.problems.len());
    let failed = lane.log(|visits| visits.iter().filter(|visit| !visit.ok).count());
    println!("{}: {good} good answers, {bad} errors, {failed} calls that failed", scene.name);
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// As the vendors say it, and each in another way until when.
fn quota(scene: &Scene) -> Behaviour {
    let error = json!({ "type": "insufficient_quota", "code": "insufficient_quota", "message": "You exceeded your current quota." });
    let body = json!({ "type": "error", "error": error }).to_string();
    let refusal = Behaviour::from(Action::Status { code: 429, message: None, body: Some(body) });
    match (scene.protocol, scene.stream) {
        (Protocol::Chat, false) => refusal.header("retry-after", "{seconds}"),
        (Protocol::Chat, true) => refusal
            .header("x-ratelimit-reset-requests", "{seconds}s")
            .header("x-ratelimit-remaining-requests", "0"),
        (_, false) => refusal
            .header("anthropic-ratelimit-tokens-reset", "{rfc3339}")
            .header("anthropic-ratelimit-tokens-remaining", "0"),
        (_, true) => refusal.header("anthropic-ratelimit-unified-reset", "{unix}"),
    }
}

#[tokio::test]
async fn a_quota_that_ends_on_one_key_costs_no_request_and_the_key_comes_back() {
    const KEYS: [&str; 3] = ["sk-1", "sk-2", "sk-3"];
    let stage = Stage::set(Scene::each(&["quota"]), json!({}), |mock, scene| {
        vec![KEYS.into_iter().fold(scene.channel(mock, "vendor"), |channel, key| channel.key(key))]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let lane = scene.lane(&stage.mock, "vendor");
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        let used = |key: &str| lane.log(|visits| visits.iter().any(|visit| visit.has_key(key)));
        until("every key is used", PATIENCE, || KEYS.into_iter().all(used)).await?;
        lane.timetable_key("sk-1", Timetable::once(Duration::from_secs(3), quota(scene)));
        until("the key is used again", SOON, || back(&lane, "sk-1") > CLIENTS).await?;
        complaints(&crowd.stop().await)?;
        for other in ["sk-2", "sk-3"] {
            if meanwhile((&lane, "sk-1"), (&lane, other)) < CLIENTS {
                return Err(format!("{other} did not go on"));
            }
        }
        let_alone(&lane, "sk-1", CLIENTS)
    });
    none(&problems.await);
}

#[tokio::test]
async fn a_relay_that_overloads_is_only_tested_until_it_is_back() {
    let Scale { shows, overload, breaker, pace, patience } = scale();
    let settings = json!({ "breaker": breaker });
    let stage = Stage::set(Scene::each(&["status", "inside"]), settings, |mock, scene| {
        // Where the error is inside an answer, those that fail over are converted besides.
        let of = if scene.is("inside") { another(scene.protocol) } else { scene.protocol };
        let base = mock.base(&scene.channel_name("other"));
        vec![
            scene.channel(mock, "relay").key("sk-relay"),
            scene.without_endpoint("other").endpoint(of, &base).key("sk-other").priority(2),
        ]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let relay = scene.lane(&stage.mock, "relay");
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        until("the relay serves", PATIENCE, || relay.count() > CLIENTS as u64).await?;
        let fault = match scene.protocol {
            _ if scene.is("inside") => Action::ErrorEvent { after_events: 0 }.into(),
            Protocol::Chat => Behaviour::status_saying(503, "The engine is currently overloaded."),
            _ => Behaviour::status(529),
        };
        relay.timetable(Timetable::once(overload, fault));
        until("the relay is back", patience, || back(&relay, "sk-relay") > 2 * CLIENTS).await?;
        let seen = crowd.stop().await;
        if shows {
            show(scene, &seen, &relay);
        }
        complaints(&seen)?;
        if served_by(&seen, &scene.channel_name("other")) < CLIENTS {
            return Err("the other channel did not serve".to_owned());
        }
        tested_at_pace(&relay, pace, CLIENTS)
    });
    none(&problems.await);
}

#[tokio::test]
async fn a_channel_that_flaps_costs_no_request_and_serves_while_it_is_good() {
    let Scale { shows, overload, breaker, patience, .. } = scale();
    let settings = json!({ "breaker": breaker });
    let stage = Stage::set(Scene::each(&["errs", "hangs-up"]), settings, |mock, scene| {
        ["flaps", "steady"].map(|which| scene.channel(mock, which).key(&format!("sk-{which}"))).to_vec()
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let lane = scene.lane(&stage.mock, "flaps");
        let fault = if scene.is("errs") { Behaviour::status(500) } else { Action::ResetBeforeHeaders.into() };
        let period = overload / 6;
        lane.timetable(Timetable::repeat([(period * 2, good()), (period, fault)]));
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        let periods = |ok: bool| {
            let mut calls = BTreeMap::<_, usize>::new();
            lane.log(|visits| {
                for visit in visits.iter().filter(|visit| visit.ok == ok) {
                    *calls.entry(visit.until_us).or_default() += 1;
                }
            });
            calls
        };
        until("it served in three good periods and failed in two", patience, || {
            periods(true).len() >= 3 && periods(false).len() >= 2
        })
        .await?;
        let seen = crowd.stop().await;
        if shows {
            show(scene, &seen, &lane);
        }
        complaints(&seen)?;
        match periods(false).values().max() {
            Some(wasted) if *wasted > 2 * CLIENTS => Err(format!("{wasted} calls failed in one period")),
            _ => Ok(()),
        }
    });
    none(&problems.await);
}

#[tokio::test]
async fn an_upstream_that_names_a_time_is_not_called_before_it() {
    let settings = json!({ "breaker": { "openMinMs": 1000, "openMaxMs": 10_000 } });
    let cases = ["seconds", "date", "busy"];
    let stage = Stage::set(Scene::each(&cases), settings, |mock, scene| {
        vec![
            scene.channel(mock, "vendor").key("sk-vendor"),
            scene.channel(mock, "other").key("sk-other").priority(2),
        ]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let (vendor, other) = (scene.lane(&stage.mock, "vendor"), scene.lane(&stage.mock, "other"));
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        until("the vendor serves", PATIENCE, || vendor.count() > CLIENTS as u64).await?;
        let refusal = Behaviour::status(if scene.is("busy") { 503 } else { 429 });
        let told = if scene.is("date") { "{date}" } else { "{seconds}" };
        vendor.timetable(Timetable::once(Duration::from_secs(3), refusal.header("retry-after", told)));
        until("the vendor is back", SOON, || back(&vendor, "sk-vendor") > CLIENTS).await?;
        complaints(&crowd.stop().await)?;
        if meanwhile((&vendor, "sk-vendor"), (&other, "sk-other")) < CLIENTS {
            return Err("the other channel did not go on".to_owned());
        }
        let_alone(&vendor, "sk-vendor", CLIENTS)
    });
    none(&problems.await);
}

#[tokio::test]
async fn a_dead_host_costs_no_request_and_little_time() {
    let silent = Silent::start().await.unwrap();
    let settings = json!({ "breaker": { "openMinMs": 1000, "openMaxMs": 2000 } });
    let stage = Stage::set(Scene::each(&["refused", "silent", "mute"]), settings, |mock, scene| {
        let dead = match () {
            () if scene.is("refused") => scene.channel_at(&mock.refused().unwrap(), "dead"),
            () if scene.is("silent") => scene.channel_at(&silent.base(), "dead"),
            () => scene.channel(mock, "dead"),
        };
        let timeouts = json!({ "connectTimeoutMs": 500, "responseHeaderTimeoutMs": 1000 });
        vec![
            dead.key("sk-dead").with("timeouts", timeouts),
            scene.channel(mock, "alive").key("sk-alive").priority(2),
        ]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        scene.lane(&stage.mock, "dead").always(Action::StallHeaders);
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        until("many are served", PATIENCE, || crowd.served() >= 40 * CLIENTS).await?;
        let seen = crowd.stop().await;
        complaints(&seen)?;
        if seen.slowest > Duration::from_secs(8) {
            return Err(format!("a request took {:?}", seen.slowest));
        }
        // Most of them keep no log; this is the gateway's own.
        let wasted = stage.gateway.failed_attempts(&format!("ch_{}", scene.channel_name("dead")));
        let (first, last) = (seen.served_us.first(), seen.served_us.last());
        let took = last.zip(first).map_or(0, |(last, first)| last.saturating_sub(*first));
        let due =
            2 * CLIENTS + usize::try_from(took / micros(Duration::from_secs(1))).unwrap_or_default() + 2;
        if wasted == 0 || wasted > due {
            return Err(format!("{wasted} attempts beside {} good answers", seen.served_us.len()));
        }
        Ok(())
    });
    none(&problems.await);
}

#[tokio::test]
async fn the_last_one_standing_serves_within_moments_of_its_return() {
    // Nobody waits for the breaker of an operator who changed nothing: it stays open for half a minute.
    let stage = Stage::set(Scene::each(&["only"]), json!({}), |mock, scene| {
        vec![scene.channel(mock, "only").key("sk-only")]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let lane = scene.lane(&stage.mock, "only");
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        until("it serves", PATIENCE, || lane.count() > CLIENTS as u64).await?;
        lane.timetable(Timetable::once(Duration::from_secs(4), Behaviour::status(500)));
        until("it serves again", PATIENCE, || back(&lane, "sk-only") > 4 * CLIENTS).await?;
        let seen = crowd.stop().await;
        tested_at_pace(&lane, Duration::from_secs(1), CLIENTS)?;
        let (_, returned) = lane.log(|visits| refusal(visits, "sk-only")).ok_or("nothing failed")?;
        let after = |visits: &[Visit]| visits.iter().map(|it| it.at_us).find(|at| *at >= returned);
        let tried = lane.log(after).ok_or("it was never called again")?;
        let late = Duration::from_micros(tried.saturating_sub(returned));
        if late > Duration::from_secs(3) {
            return Err(format!("it was called {late:?} after its return"));
        }
        let since = tried + micros(GRACE);
        match seen.problems.iter().find(|problem| problem.at_us > since) {
            Some(problem) => Err(format!("an error after it had served again: {}", problem.text)),
            None => Ok(()),
        }
    });
    none(&problems.await);
}

#[tokio::test]
async fn channels_that_are_alike_share_the_traffic() {
    let stage = Stage::set(Scene::each(&["alike"]), json!({}), |mock, scene| {
        ["a", "b"].map(|which| scene.channel(mock, which).key(&format!("sk-{which}"))).to_vec()
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        for which in ["a", "b"] {
            // Long beside what a busy machine adds: it must not make one look clearly slower.
            scene.lane(&stage.mock, which).always(good().after_ms(400));
        }
        let crowd = scene.strangers(&stage.gateway, CLIENTS);
        until("many are served", PATIENCE, || crowd.served() >= 20 * CLIENTS).await?;
        let seen = crowd.stop().await;
        complaints(&seen)?;
        let shares = ["a", "b"].map(|which| served_by(&seen, &scene.channel_name(which)));
        if shares.iter().any(|share| share * 5 < seen.served_us.len()) {
            return Err(format!("the shares were {shares:?}"));
        }
        Ok(())
    });
    none(&problems.await);
}
