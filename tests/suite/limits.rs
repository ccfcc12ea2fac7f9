//! Limits that operators set, and waiting: a request waits its turn while that can help, and is refused in its own
//! protocol when it cannot.

use std::time::Duration;

use causeway_tests::judge::{self, GRACE, back, let_alone, micros};
use causeway_tests::mock::{Action, Behaviour, Protocol, Timetable, Visit};
use causeway_tests::scene::{PATIENCE, Scene, Stage, complaints, good, until};
use causeway_tests::wire;
use serde_json::json;

/// Of each scene.
const CLIENTS: usize = 8;

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[tokio::test]
async fn a_limit_on_concurrency_is_kept_and_everybody_gets_a_turn() {
    const KEYS: [&str; 2] = ["sk-1", "sk-2"];
    let cases = ["channel", "keys", "key"];
    let stage = Stage::set(Scene::each(&cases), json!({}), |mock, scene| {
        let channel = KEYS.into_iter().fold(scene.channel(mock, "only"), |channel, key| channel.key(key));
        let limited = match () {
            () if scene.is("channel") => channel.with("limits", json!({ "concurrency": 2 })),
            () if scene.is("keys") => channel.with("keyLimits", json!({ "concurrency": 1 })),
            // One of its own, beside the default.
            () => {
                let keys = json!([{ "key": "sk-1", "limits": { "concurrency": 2 } }, { "key": "sk-2" }]);
                channel.with("keyLimits", json!({ "concurrency": 1 })).with("keys", keys)
            }
        };
        vec![limited]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let lane = scene.lane(&stage.mock, "only");
        lane.always(good().after_ms(60));
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        until("many are served", PATIENCE, || crowd.served() >= 8 * CLIENTS).await?;
        let seen = crowd.stop().await;
        complaints(&seen)?;
        let most = KEYS.map(|key| lane.most_at_once_for(key));
        let kept = match () {
            () if scene.is("channel") => lane.most_at_once() == 2,
            () if scene.is("keys") => most == [1, 1],
            () => most == [2, 1],
        };
        if !kept {
            return Err(format!("{} at once, by key {most:?}", lane.most_at_once()));
        }
        let (least, most) = (seen.clients.iter().min(), seen.clients.iter().max());
        match least.zip(most) {
            Some((least, most)) if least * 2 >= *most => Ok(()),
            _ => Err(format!("clients got unequal turns: {:?}", seen.clients)),
        }
    });
    none(&problems.await);
}

#[tokio::test]
async fn what_is_over_a_limit_goes_elsewhere_at_once() {
    let stage = Stage::set(Scene::each(&["requests", "tokens"]), json!({}), |mock, scene| {
        let limits = if scene.is("requests") {
            json!({ "requestsPerMinute": 5 })
        } else {
            json!({ "tokensPerMinute": 1 })
        };
        let limited = scene.channel(mock, "limited").key("sk-limited").with("limits", limits);
        vec![limited, scene.channel(mock, "other").key("sk-other").priority(2)]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let lane = scene.lane(&stage.mock, "limited");
        let first = scene.sample().call(stage.gateway.url(), stage.gateway.key()).send().await;
        let first = first.map_err(|error| error.to_string())?;
        if first.status != 200 {
            return Err(format!("{}: {}", first.status, first.text()));
        }
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        until("many are served", PATIENCE, || crowd.served() >= 8 * CLIENTS).await?;
        complaints(&crowd.stop().await)?;
        // Alone, a request goes that needs more tokens than the limit; else it never would.
        let allowed = if scene.is("requests") { 5 } else { 1 };
        match lane.count() {
            count if count == allowed => Ok(()),
            count => Err(format!("{count} requests went where {allowed} may in a minute")),
        }
    });
    none(&problems.await);
}

#[tokio::test]
async fn who_waited_in_vain_is_refused_in_its_own_protocol() {
    const MINUTE: u64 = 65;
    let settings = json!({ "maxWaitMs": 500 });
    let protocols = [Protocol::Chat, Protocol::Messages, Protocol::Responses, Protocol::Gemini];
    let scenes = protocols.into_iter().flat_map(|protocol| {
        let ways = ["requests", "concurrency"].into_iter().flat_map(|case| [(case, false), (case, true)]);
        ways.map(move |(case, stream)| Scene::new(case, protocol, stream))
    });
    let stage = Stage::set(scenes.collect(), settings, |mock, scene| {
        let limits = if scene.is("requests") {
            json!({ "requestsPerMinute": 1 })
        } else {
            json!({ "concurrency": 1 })
        };
        vec![scene.channel(mock, "only").key("sk-only").with("limits", limits)]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let lane = scene.lane(&stage.mock, "only");
        lane.always(good().after_ms(3_000));
        let call = || scene.sample().call(stage.gateway.url(), stage.gateway.key());
        let first = tokio::spawn(call().send());
        until("the first is under way", PATIENCE, || lane.count() == 1).await?;
        let refused = call().send().await.map_err(|error| error.to_string())?;
        if refused.status != 429 {
            return Err(format!("{}: {}", refused.status, refused.text()));
        }
        if let Some(problem) = wire::error_problem(scene.protocol, 429, &refused.json()) {
            return Err(problem);
        }
        match refused.header("retry-after").parse::<u64>() {
            Ok(1..=MINUTE) => {}
            _ => return Err(format!("retry-after is {:?}", refused.header("retry-after"))),
        }
        let first = first.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        match (first.status.as_u16(), lane.count()) {
            (200, 1) => Ok(()),
            (status, count) => Err(format!("the first got {status}, the upstream {count} calls")),
        }
    });
    none(&problems.await);
}

#[tokio::test]
async fn a_short_rest_of_the_only_channel_costs_no_request() {
    let cases = ["rate", "overload", "error"];
    let stage = Stage::set(Scene::each(&cases), json!({}), |mock, scene| {
        vec![scene.channel(mock, "only").key("sk-only")]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let lane = scene.lane(&stage.mock, "only");
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        until("it serves", PATIENCE, || lane.count() > CLIENTS as u64).await?;
        let (time, fault) = match () {
            () if scene.is("rate") => (2_000, Behaviour::status(429).header("retry-after", "{seconds}")),
            () if scene.is("overload") => (500, Behaviour::status(503)),
            () => (500, Behaviour::status(500)),
        };
        lane.timetable(Timetable::once(Duration::from_millis(time), fault));
        until("it serves again", PATIENCE, || back(&lane, "sk-only") > 2 * CLIENTS).await?;
        complaints(&crowd.stop().await)?;
        if scene.is("rate") { let_alone(&lane, "sk-only", CLIENTS) } else { Ok(()) }
    });
    none(&problems.await);
}

#[tokio::test]
async fn channels_that_take_turns_cost_no_request() {
    let settings = json!({ "breaker": { "openMinMs": 1000, "openMaxMs": 2000 } });
    let stage = Stage::set(Scene::each(&["turns"]), settings, |mock, scene| {
        ["a", "b"].map(|which| scene.channel(mock, which).key(&format!("sk-{which}"))).to_vec()
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let [a, b] = ["a", "b"].map(|which| scene.lane(&stage.mock, which));
        let (turn, fault) = (Duration::from_secs(3), Behaviour::status(503));
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        until("both serve", PATIENCE, || a.count() > 0 && b.count() > 0).await?;
        a.timetable(Timetable::repeat([(turn, fault.clone()), (turn, good())]));
        b.timetable(Timetable::repeat([(turn, good()), (turn, fault)]));
        until("both came back", PATIENCE, || back(&a, "sk-a") > CLIENTS && back(&b, "sk-b") > CLIENTS)
            .await?;
        complaints(&crowd.stop().await)
    });
    none(&problems.await);
}

#[tokio::test]
async fn keys_of_one_account_rest_together_when_its_quota_ends() {
    let stage = Stage::set(Scene::each(&["account"]), json!({}), |mock, scene| {
        let keys = json!([
            { "key": "sk-1", "quotaGroup": "team" },
            { "key": "sk-2", "quotaGroup": "team" },
            { "key": "sk-3" },
        ]);
        vec![scene.channel(mock, "vendor").with("keys", keys)]
    });
    let stage = stage.await.unwrap();
    let problems = stage.play(async |scene| {
        let lane = scene.lane(&stage.mock, "vendor");
        let crowd = scene.crowd(&stage.gateway, CLIENTS);
        let used = |key: &str| lane.log(|visits| visits.iter().any(|visit| visit.has_key(key)));
        until("every key is used", PATIENCE, || ["sk-1", "sk-2", "sk-3"].into_iter().all(used)).await?;
        let error =
            json!({ "type": "insufficient_quota", "code": "insufficient_quota", "message": "No quota." });
        let body = json!({ "type": "error", "error": error }).to_string();
        let refusal = Action::Status { code: 429, message: None, body: Some(body) };
        let refusal = Behaviour::from(refusal).header("retry-after", "{seconds}");
        // The vendor would still take the second key: whether it is asked is the gateway's doing.
        lane.timetable_key("sk-1", Timetable::once(Duration::from_secs(3), refusal));
        until("the key is back", PATIENCE, || back(&lane, "sk-1") > 0).await?;
        complaints(&crowd.stop().await)?;
        lane.log(|visits| {
            let (from, until) = judge::refusal(visits, "sk-1").ok_or("nothing was refused")?;
            let during = |visit: &&Visit| (from + micros(GRACE)..until).contains(&visit.at_us);
            let asked = |key: &str| visits.iter().filter(during).filter(|visit| visit.has_key(key)).count();
            match (asked("sk-1"), asked("sk-2"), asked("sk-3")) {
                (0, 0, 1..) => Ok(()),
                asked => Err(format!(
                    "while the account rested, its keys and the other were asked {asked:?} times"
                )),
            }
        })
    });
    none(&problems.await);
}
