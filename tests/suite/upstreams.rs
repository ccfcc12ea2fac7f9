//! What becomes of upstreams under load: clients see no error where anybody could have served, and an upstream is
//! called as it wants to be. What it was called is read in its own log.
//!
//! With `CAUSEWAY_STORY_SECONDS`, the overload lasts so long, and all that flaps does it in a sixth of that, under the
//! breaker's settings as an operator finds them.

use std::collections::BTreeSet;
use std::time::Duration;

use causeway_tests::crowd::Seen;
use causeway_tests::mock::{Action, Behaviour, Lane, Protocol, Silent, Timetable, Visit};
use causeway_tests::scene::{PATIENCE, Scene, Stage, complaints, good, until};
use serde_json::{Value, json};

/// Of each scene; up to eight scenes are played at once.
const CLIENTS: usize = 8;
/// For what was under way when an upstream began to refuse.
const GRACE: Duration = Duration::from_secs(1);

/// How long things last.
struct Scale {
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
            overload: Duration::from_secs(5),
            breaker: json!({ "openMinMs": 1000, "openMaxMs": 2000 }),
            pace: Duration::from_secs(1),
            patience: PATIENCE,
        },
        |seconds| Scale {
            overload: Duration::from_secs(seconds),
            breaker: json!({}),
            pace: Duration::from_secs(30),
            patience: Duration::from_secs(seconds) * 3 + Duration::from_secs(600),
        },
    )
}

const fn micros(time: Duration) -> u64 {
    time.as_secs() * 1_000_000 + time.subsec_micros() as u64
}

/// Good answers since the first refusal.
fn back(lane: &Lane, key: &str) -> usize {
    let visits = lane.visits();
    let of_key = visits.iter().filter(|visit| visit.key.as_deref() == Some(key));
    of_key.skip_while(|visit| visit.ok).filter(|visit| visit.ok).count()
}

/// Refused calls and nothing else came while `key` was not to be called, and only those that were under way: each
/// client may have had one, and they come at once.
fn let_alone(lane: &Lane, key: &str) -> Result<(), String> {
    let visits = lane.visits();
    let refused: Vec<&Visit> =
        visits.iter().filter(|visit| visit.key.as_deref() == Some(key) && !visit.ok).collect();
    let first = refused.first().ok_or("nothing was refused")?;
    let late = refused.iter().filter(|visit| visit.at_us > first.at_us + micros(GRACE)).count();
    if late > 0 || refused.len() > CLIENTS {
        let at: Vec<_> = refused.iter().map(|visit| (visit.at_us - first.at_us) / 1000).collect();
        return Err(format!("{key} was called before its time, {at:?} ms after its first refusal"));
    }
    Ok(())
}

/// Visits of others than `key`, in any of `lanes`, while `key` was not to be called.
fn meanwhile(lanes: &[&Lane], key: &str) -> usize {
    let visits: Vec<Visit> = lanes.iter().flat_map(|lane| lane.visits()).collect();
    let refusal = visits.iter().find(|visit| visit.key.as_deref() == Some(key) && !visit.ok);
    let Some((from, Some(to))) = refusal.map(|visit| (visit.at_us, visit.until_us)) else { return 0 };
    let others = visits.iter().filter(|visit| visit.key.as_deref() != Some(key));
    others.filter(|visit| (from..to).contains(&visit.at_us)).count()
}

/// After what was under way, `lane` got no more failing calls than one each `pace`.
fn tested_at_pace(lane: &Lane, pace: Duration) -> Result<(), String> {
    let failed: Vec<u64> = lane.visits().iter().filter(|visit| !visit.ok).map(|visit| visit.at_us).collect();
    let (Some(first), Some(last)) = (failed.first(), failed.last()) else {
        return Err("nothing failed".to_owned());
    };
    let begun = first + micros(GRACE);
    let tests = failed.iter().filter(|at| **at > begun).count() as u64;
    let (allowed, burst) = (last.saturating_sub(begun) / micros(pace) + 1, failed.len() as u64 - tests);
    if tests > allowed || burst > 2 * CLIENTS as u64 {
        let at: Vec<_> = failed.iter().map(|at| (at - first) / 1000).collect();
        return Err(format!("called {burst} + {tests} times, {allowed} tests were its due, at {at:?} ms"));
    }
    Ok(())
}

fn served_by(seen: &Seen, channel: &str) -> usize {
    seen.channels.get(channel).copied().unwrap_or_default()
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
        let crowd = scene.crowd(&stage.gateway, 2 * CLIENTS);
        let used = |key: &str| lane.visited(|visit| visit.key.as_deref() == Some(key)) > 0;
        until("every key is used", PATIENCE, || KEYS.into_iter().all(used)).await?;
        lane.timetable_key("sk-1", Timetable::once(Duration::from_secs(3), quota(scene)));
        until("the key is used again", PATIENCE, || back(&lane, "sk-1") > CLIENTS).await?;
        complaints(&crowd.stop().await)?;
        if meanwhile(&[&lane], "sk-1") < CLIENTS {
            return Err("the other keys did not go on".to_owned());
        }
        let_alone(&lane, "sk-1")
    });
    none(&problems.await);
}

#[tokio::test]
async fn a_relay_that_overloads_is_only_tested_until_it_is_back() {
    let Scale { overload, breaker, pace, patience } = scale();
    let settings = json!({ "breaker": breaker });
    let stage = Stage::set(Scene::each(&["status", "inside"]), settings, |mock, scene| {
        vec![
            scene.channel(mock, "relay").key("sk-relay"),
            scene.channel(mock, "other").key("sk-other").priority(2),
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
        complaints(&seen)?;
        if served_by(&seen, &scene.channel_name("other")) < CLIENTS {
            return Err("the other channel did not serve".to_owned());
        }
        tested_at_pace(&relay, pace)
    });
    none(&problems.await);
}

#[tokio::test]
async fn a_channel_that_flaps_costs_no_request_and_serves_while_it_is_good() {
    let Scale { overload, breaker, patience, .. } = scale();
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
            let visits = lane.visits();
            let ends = visits.iter().filter(|visit| visit.ok == ok).filter_map(|visit| visit.until_us);
            ends.collect::<BTreeSet<_>>().len()
        };
        until("it served in three good periods and failed in two", patience, || {
            periods(true) >= 3 && periods(false) >= 2
        })
        .await?;
        let seen = crowd.stop().await;
        complaints(&seen)?;
        let wasted = lane.visited(|visit| !visit.ok);
        if wasted * 4 > seen.served_us.len() {
            return Err(format!("{wasted} calls failed beside {} good answers", seen.served_us.len()));
        }
        Ok(())
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
        until("the vendor is back", PATIENCE, || back(&vendor, "sk-vendor") > CLIENTS).await?;
        complaints(&crowd.stop().await)?;
        if meanwhile(&[&vendor, &other], "sk-vendor") < CLIENTS {
            return Err("the other channel did not go on".to_owned());
        }
        let_alone(&vendor, "sk-vendor")
    });
    none(&problems.await);
}

#[tokio::test]
async fn a_dead_host_costs_no_request_and_little_time() {
    let silent = Silent::start().await.unwrap();
    let settings = json!({ "breaker": { "openMinMs": 1000, "openMaxMs": 2000 } });
    let stage = Stage::set(Scene::each(&["refused", "silent"]), settings, |mock, scene| {
        let base = if scene.is("silent") { silent.base() } else { mock.refused().unwrap() };
        let dead = scene.channel_at(&base, "dead").key("sk-dead");
        vec![
            dead.with("timeouts", json!({ "connectTimeoutMs": 500 })),
            scene.channel(mock, "alive").key("sk-alive").priority(2),
        ]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        until("many are served", PATIENCE, || crowd.served() >= 40 * CLIENTS).await?;
        let seen = crowd.stop().await;
        complaints(&seen)?;
        if seen.slowest > Duration::from_secs(8) {
            return Err(format!("a request took {:?}", seen.slowest));
        }
        // Nobody there keeps a log; this is the gateway's own.
        let dead = format!("ch_{}/", scene.channel_name("dead"));
        let wasted = stage.gateway.log().matches(&dead).count();
        if wasted == 0 || wasted > 8 * CLIENTS {
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
        tested_at_pace(&lane, Duration::from_secs(1))?;
        let visits = lane.visits();
        let returned =
            visits.iter().find(|visit| !visit.ok).and_then(|visit| visit.until_us).unwrap_or_default();
        let tried = visits.iter().map(|visit| visit.at_us).find(|at| *at >= returned).unwrap_or_default();
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
