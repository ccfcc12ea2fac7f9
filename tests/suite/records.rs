//! What happened to requests, from outside: recorded, found, exported, added up.
#![expect(clippy::unwrap_used, reason = "the helpers of a test fail the test")]

use std::time::{Duration, Instant};

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Feature, Gateway};
use causeway_tests::mock::{Behaviour, Mock, Protocol};
use causeway_tests::sample::Sample;
use futures::future::join_all;
use http::Method;
use serde_json::Value;

async fn get(gateway: &Gateway, path: &str) -> Answer {
    gateway.admin(Call::get(format!("{}/api/{path}", gateway.url()))).send().await.unwrap()
}

fn list(answer: &Answer) -> Vec<Value> {
    answer.json().get("requests").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Waits until so many requests are recorded; gives those that `query` finds.
async fn recorded(gateway: &Gateway, count: usize, query: &str) -> Vec<Value> {
    let written = async || Ok(list(&get(gateway, "requests?limit=200").await).len() >= count);
    assert!(gateway.until(written).await.unwrap(), "{}", get(gateway, "requests").await.text());
    list(&get(gateway, &format!("requests?{query}")).await)
}

async fn call(gateway: &Gateway, protocol: Protocol, stream: bool) -> Answer {
    Sample::of(protocol, stream).call(gateway.url(), gateway.key()).send().await.unwrap()
}

/// `b` fails, `a` serves after it.
async fn after_a_failover(mock: &Mock) -> Gateway {
    mock.lane("b").always(Behaviour::status_saying(503, "over capacity today"));
    let channels =
        [Channel::every("a", &mock.base("a")).priority(2), Channel::every("b", &mock.base("b")).priority(1)];
    Gateway::start_own(&channels, &[]).await.unwrap()
}

#[tokio::test]
async fn a_request_is_found_with_its_attempts_and_what_it_used() {
    let mock = Mock::start().await.unwrap();
    let gateway = after_a_failover(&mock).await;
    let answer = call(&gateway, Protocol::Messages, true).await;
    let id = answer.header("x-causeway-request-id").to_owned();
    let found = recorded(&gateway, 1, &format!("q={id}")).await;
    let [request] = found.as_slice() else { panic!("{found:?}") };
    for (name, expected) in [
        ("protocol", "messages"),
        ("class", "success"),
        ("finish", "stop"),
        ("upstreamProtocol", "messages"),
        ("id", id.as_str()),
    ] {
        assert_eq!(request[name], expected, "{request}");
    }
    assert_eq!((&request["status"], &request["stream"]), (&200.into(), &true.into()));
    assert!(request["usage"]["output"].as_u64() > Some(0), "{request}");
    assert!(request["responseBytes"].as_u64() > Some(100), "{request}");
    assert!(request["firstContentMs"].as_u64() <= request["durationMs"].as_u64(), "{request}");

    let detail = get(&gateway, &format!("requests/{id}")).await.json();
    let attempts = detail["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{detail}");
    assert_eq!(attempts[0]["message"], "over capacity today");
    assert_eq!((&attempts[0]["status"], &attempts[0]["class"]), (&503.into(), &"overload".into()));
    assert_eq!(attempts[1]["class"], "success");
    assert!(attempts[1]["firstByteMs"].is_u64(), "{detail}");
    assert_eq!(attempts[1]["endpoint"], mock.base("a"));
    assert!(!attempts[1]["considered"].as_array().unwrap().is_empty(), "{detail}");
}

#[tokio::test]
async fn requests_are_paged_filtered_exported_and_added_up() {
    let mock = Mock::start().await.unwrap();
    let gateway = after_a_failover(&mock).await;
    for protocol in [Protocol::Chat, Protocol::Messages, Protocol::Gemini, Protocol::Responses] {
        call(&gateway, protocol, false).await;
    }
    mock.lane("a").always(Behaviour::status(500));
    assert!(!call(&gateway, Protocol::Chat, false).await.status.is_success());
    assert_eq!(recorded(&gateway, 5, "status=failed").await.len(), 1);
    assert_eq!(recorded(&gateway, 5, "protocol=gemini").await.len(), 1);

    let first = get(&gateway, "requests?limit=2").await;
    let next = first.json()["next"].as_str().unwrap().to_owned();
    let second = get(&gateway, &format!("requests?limit=2&cursor={next}")).await;
    let ids = |answer: &Answer| list(answer).iter().map(|one| one["id"].to_string()).collect::<Vec<_>>();
    assert!(ids(&first).iter().all(|id| !ids(&second).contains(id)), "{}", second.text());

    let csv = get(&gateway, "requests/export.csv").await;
    assert!(csv.header("content-type").starts_with("text/csv"), "{}", csv.header("content-type"));
    assert_eq!(csv.text().lines().count(), 6, "{}", csv.text());
    let lines = get(&gateway, "requests/export.jsonl?status=failed").await.text();
    let line: Value = serde_json::from_str(lines.trim()).unwrap();
    assert!(line["status"].as_u64() >= Some(500), "{line}");

    let stats = get(&gateway, "stats?range=1h&by=protocol").await.json();
    assert_eq!((&stats["totals"]["requests"], &stats["totals"]["failed"]), (&5.into(), &1.into()), "{stats}");
    assert_eq!(stats["rows"].as_array().map(Vec::len), Some(4), "{stats}");
    assert_eq!(stats["rows"][0]["value"], "chat", "{stats}");
    assert!(stats["totals"]["attempts"].as_u64() > Some(5), "{stats}");

    let day = get(&gateway, "stats?range=24h").await.json();
    let starts: Vec<_> =
        day["series"].as_array().unwrap().iter().map(|bucket| bucket["at"].as_u64()).collect();
    let begins =
        |at: Option<u64>| at.zip(day["bucketMs"].as_u64()).is_some_and(|(at, width)| at % width == 0);
    assert!((1..=2).contains(&starts.len()) && starts.iter().all(|at| begins(*at)), "{starts:?}");

    let series = get(&gateway, "stats/series?range=1h&by=protocol").await.json();
    assert_eq!(series["values"][0], "chat", "{series}");
    assert_eq!(series["requests"].as_array().map(Vec::len), Some(4), "{series}");

    let overview = get(&gateway, "overview").await.json();
    assert_eq!(overview["day"]["requests"], 5, "{overview}");
    assert_eq!(overview["channels"]["total"], 2, "{overview}");
    assert!(overview["recording"].get("problem").is_none(), "{overview}");
}

#[tokio::test]
async fn the_requests_of_a_session_are_added_up() {
    let mock = Mock::start().await.unwrap();
    let gateway = after_a_failover(&mock).await;
    for session in ["", "one", "two", "one"] {
        let call = Sample::of(Protocol::Chat, false).call(gateway.url(), gateway.key());
        let call = if session.is_empty() { call } else { call.header("session-id", session) };
        assert_eq!(call.send().await.unwrap().status, 200);
    }
    let requests = recorded(&gateway, 4, "").await;
    let one = &requests[0]["session"];
    let body = get(&gateway, "sessions").await.json();
    assert_eq!(body["complete"], true, "{body}");
    let sessions = body["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{body}");
    let session = &sessions[0];
    assert_eq!((&session["id"], &session["last"]), (one, &requests[0]["at"]), "{body}");
    assert_eq!((&session["requests"], &session["failed"]), (&2.into(), &0.into()), "{body}");
    assert_eq!(session["clientKey"], requests[0]["clientKey"], "{body}");
    assert_eq!(session["channels"], Value::from(vec![requests[0]["channel"].clone()]), "{body}");
    assert_eq!(session["models"], Value::from(vec![requests[0]["model"].clone()]), "{body}");
    let used = requests[0]["usage"]["output"].as_u64().unwrap();
    assert_eq!(session["output"], 2 * used, "{body}");
    let until = format!("sessions?until={}", requests[0]["at"]);
    let before = get(&gateway, &until).await.json();
    assert_eq!(before["sessions"][0]["id"], requests[1]["session"], "{before}");
}

#[tokio::test]
async fn what_is_refused_before_it_is_read_is_listed_and_no_stranger_is_counted() {
    let mock = Mock::start().await.unwrap();
    let gateway = after_a_failover(&mock).await;
    for (path, key) in [("messages", "a-wrong-key"), ("messages/batches", gateway.key())] {
        let call = Call::new(Method::POST, format!("{}/v1/{path}", gateway.url()));
        call.header("x-api-key", key).send().await.unwrap();
    }
    let mut refused = recorded(&gateway, 2, "status=failed").await;
    refused.sort_by_key(|request| request["status"].as_u64());
    let told: Vec<_> = refused.iter().map(|one| [&one["status"], &one["code"], &one["class"]]).collect();
    assert_eq!(told[0], [&Value::from(401), &"authentication".into(), &"refused".into()], "{refused:?}");
    assert_eq!(told[1], [&Value::from(404), &"not_found".into(), &"refused".into()], "{refused:?}");
    assert_eq!(refused[0]["clientKey"], "", "{refused:?}");
    let stats = get(&gateway, "stats?range=1h").await.json();
    assert_eq!(stats["totals"]["requests"], 1, "{stats}");
}

#[tokio::test]
async fn strangers_and_wrong_questions_are_refused() {
    let gateway = Gateway::start(&[]).await.unwrap();
    for path in [
        "requests",
        "requests/req_1",
        "requests/export.csv",
        "requests/export.jsonl",
        "sessions",
        "stats",
        "stats/series",
        "overview",
    ] {
        let url = format!("{}/api/{path}", gateway.url());
        for call in [Call::get(&url), Call::get(&url).header("x-api-key", gateway.key())] {
            assert_eq!(call.send().await.unwrap().status, 401, "{path}");
        }
        let written = gateway.admin(Call::new(Method::DELETE, &url)).send().await.unwrap();
        assert_eq!((written.status.as_u16(), written.header("allow")), (405, "GET"), "{path}");
    }
    for path in ["requests?limit=0", "requests?colour=red", "requests/export.csv?limit=1", "stats?by=colour"]
    {
        let answer = get(&gateway, path).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
        assert!(answer.json()["error"]["fields"].is_object(), "{path}: {}", answer.text());
    }
    assert_eq!(get(&gateway, "requests/req_nobody").await.status, 404);
    assert_eq!(get(&gateway, "requests/export.pdf").await.status, 404);
}

#[tokio::test]
async fn what_was_recorded_and_what_is_held_against_channels_outlives_a_kill() {
    let mock = Mock::start().await.unwrap();
    let mut gateway = after_a_failover(&mock).await;
    mock.lane("b").always(Behaviour::status_saying(401, "invalid api key"));
    call(&gateway, Protocol::Chat, false).await;
    let rests = async |gateway: &Gateway| {
        let channels = get(gateway, "channels").await.json();
        let b = channels["channels"].as_array()?.iter().find(|channel| channel["name"] == "b").cloned()?;
        b["health"]["keys"][0]["cooldown"]["class"].as_str().map(str::to_owned)
    };
    let held = async || Ok(rests(&gateway).await.as_deref() == Some("auth"));
    assert!(gateway.until(held).await.unwrap(), "nothing is held against the key");
    assert_eq!(recorded(&gateway, 1, "").await.len(), 1);
    // What is held is kept within a second.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    gateway.restart().await.unwrap();
    let still = async || Ok(rests(&gateway).await.is_some());
    assert!(gateway.until(still).await.unwrap(), "the key is tried again at once");
    call(&gateway, Protocol::Chat, false).await;
    assert_eq!(recorded(&gateway, 2, "").await.len(), 2);
}

#[tokio::test]
async fn a_kill_under_load_loses_only_the_last_moment() {
    let mock = Mock::start().await.unwrap();
    let mut gateway = after_a_failover(&mock).await;
    let began = Instant::now();
    let caller = async || {
        let mut answered = Vec::new();
        while began.elapsed() < Duration::from_secs(3) {
            let answer = call(&gateway, Protocol::Chat, true).await;
            answered.push((began.elapsed(), answer.header("x-causeway-request-id").to_owned()));
        }
        answered
    };
    let answered = join_all([caller(), caller(), caller(), caller()]).await.concat();
    let killed = began.elapsed();
    gateway.restart().await.unwrap();
    let kept = get(&gateway, "requests/export.jsonl").await.text();
    // The Worker writes once a second, the server twice.
    let old = answered.iter().filter(|(at, _)| killed.saturating_sub(*at) > Duration::from_secs(2));
    let lost: Vec<_> = old.clone().filter(|(_, id)| !kept.contains(id.as_str())).collect();
    assert!(old.count() > 0 && lost.is_empty(), "{lost:?} of {}", answered.len());
    call(&gateway, Protocol::Chat, false).await;
    let before = kept.lines().count();
    let more = async || Ok(get(&gateway, "requests/export.csv").await.text().lines().count() > before + 1);
    assert!(gateway.until(more).await.unwrap(), "it records again");
}

#[tokio::test]
async fn a_damaged_database_stops_nothing_and_is_told() {
    let mock = Mock::start().await.unwrap();
    let mut gateway = after_a_failover(&mock).await;
    if !gateway.has(Feature::Files).await.unwrap() {
        return;
    }
    call(&gateway, Protocol::Chat, false).await;
    recorded(&gateway, 1, "").await;
    let file = gateway.state_dir().unwrap().join("causeway.db");
    for name in ["causeway.db-wal", "causeway.db-shm"] {
        let _there_may_be_none = std::fs::remove_file(file.with_file_name(name));
    }
    std::fs::write(&file, "not a database ".repeat(1000)).unwrap();
    gateway.restart().await.unwrap();
    assert_eq!(call(&gateway, Protocol::Chat, false).await.status, 200);
    assert_eq!(get(&gateway, "requests").await.status, 503);
    let dropped = async || {
        let overview = get(&gateway, "overview").await.json();
        let recording = &overview["recording"];
        Ok(recording["dropped"].as_u64() > Some(0) && recording["problem"].is_string())
    };
    assert!(gateway.until(dropped).await.unwrap(), "{}", get(&gateway, "overview").await.text());
}

#[tokio::test]
async fn who_locks_the_database_delays_records_and_no_answers() {
    let mock = Mock::start().await.unwrap();
    let gateway = after_a_failover(&mock).await;
    if !gateway.has(Feature::Files).await.unwrap() {
        return;
    }
    call(&gateway, Protocol::Chat, false).await;
    recorded(&gateway, 1, "").await;
    let other = rusqlite::Connection::open(gateway.state_dir().unwrap().join("causeway.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let asked = Instant::now();
    for _ in 0..20 {
        assert_eq!(call(&gateway, Protocol::Chat, true).await.status, 200);
    }
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let told = async || Ok(gateway.log().contains("the database is locked"));
    assert!(gateway.until(told).await.unwrap(), "{}", gateway.log());
    assert_eq!(get(&gateway, "requests").await.status, 200, "reading goes on");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(recorded(&gateway, 21, "").await.len(), 21, "nothing that waited is lost");
}
