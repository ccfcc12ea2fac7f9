//! What a client's key may do: made and changed through the management API, refused in each protocol's own shape, and
//! held to its budgets whoever comes at once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Behaviour, Mock, Protocol};
use causeway_tests::sample::Sample;
use causeway_tests::wire;
use http::Method;
use serde_json::{Value, json};

/// Clients at once.
const CLIENTS: usize = 16;

#[expect(clippy::panic, reason = "a test fails loudly")]
async fn api(gateway: &Gateway, method: Method, path: &str, body: Value) -> Answer {
    let call = Call::new(method, format!("{}/api/client-keys{path}", gateway.url()));
    let call = if body.is_null() { call } else { call.body("application/json", body.to_string()) };
    gateway.admin(call).send().await.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A new key with these fields: its secret and its id.
async fn key(gateway: &Gateway, fields: Value) -> (String, String) {
    let mut body = json!({ "name": "test" });
    if let (Some(body), Some(fields)) = (body.as_object_mut(), fields.as_object()) {
        body.extend(fields.clone());
    }
    let made = api(gateway, Method::POST, "", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let text = |place| made.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/key"), text("/clientKey/id"))
}

fn from_now(duration: Duration) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from((now + duration).as_millis()).unwrap_or(u64::MAX)
}

#[tokio::test]
async fn a_key_is_made_changed_rotated_and_deleted() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[Channel::every("a", &mock.base("a"))], &[]).await.unwrap();
    let status = async |key: &str| {
        Sample::of(Protocol::Chat, false).call(gateway.url(), key).send().await.unwrap().status.as_u16()
    };
    let (secret, id) = key(&gateway, json!({ "limits": { "concurrency": 4 } })).await;
    assert_eq!(status(&secret).await, 200);
    let path = format!("/{id}");
    let read = api(&gateway, Method::GET, &path, Value::Null).await;
    assert!(!read.text().contains(&secret) && read.json()["lastUsedAt"].is_u64(), "{}", read.text());
    assert_eq!(read.json()["limits"], json!({ "concurrency": 4 }));
    assert_eq!(read.json()["spent"].as_array().map(Vec::len), Some(4));

    let paused = api(&gateway, Method::PATCH, &path, json!({ "status": "paused" })).await;
    assert_eq!(paused.status, 200, "{}", paused.text());
    assert_eq!(status(&secret).await, 401);
    let stale = read.header("etag").to_owned();
    let late = Call::new(Method::DELETE, format!("{}/api/client-keys{path}", gateway.url()));
    let late = gateway.admin(late).header("if-match", stale).send().await.unwrap();
    assert_eq!((late.status.as_u16(), &late.json()["current"]["status"]), (409, &json!("paused")));
    api(&gateway, Method::PATCH, &path, json!({ "status": null })).await;

    let rotated = api(&gateway, Method::POST, &format!("{path}/rotate"), Value::Null).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    let fresh = rotated.json()["key"].as_str().unwrap_or_default().to_owned();
    assert_eq!((status(&secret).await, status(&fresh).await), (401, 200));
    assert_eq!(status(gateway.key()).await, 200, "the environment's key may do everything");

    let list = api(&gateway, Method::GET, "", Value::Null).await;
    assert!(list.text().contains(&id) && !list.text().contains(&fresh), "{}", list.text());
    assert_eq!(api(&gateway, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(status(&fresh).await, 401);
    for (method, path) in [(Method::GET, path.clone()), (Method::POST, format!("{path}/rotate"))] {
        assert_eq!(api(&gateway, method, &path, Value::Null).await.status, 404);
    }
}

#[tokio::test]
async fn the_routes_want_an_operator_and_fields_that_they_know() {
    let gateway = Gateway::start(&[]).await.unwrap();
    let url = format!("{}/api/client-keys", gateway.url());
    for (method, path) in [
        (Method::GET, ""),
        (Method::POST, ""),
        (Method::GET, "/ck_1"),
        (Method::PATCH, "/ck_1"),
        (Method::DELETE, "/ck_1"),
        (Method::POST, "/ck_1/rotate"),
    ] {
        let call = Call::new(method, format!("{url}{path}")).body("application/json", "{}");
        let stranger = call.header("x-api-key", gateway.key()).send().await.unwrap();
        assert_eq!(stranger.status, 401, "{path}: a client's key opens nothing here");
    }
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": "a", "budget": 1 }), "budget"),
        (json!({ "name": "a", "key": "short" }), "key"),
        (json!({ "name": "a", "channels": ["ch_nobody"] }), "channels[0]"),
        (json!({ "name": "a", "budgets": [{ "period": "day", "tokens": 0 }] }), "budgets[0].tokens"),
    ] {
        let answer = api(&gateway, Method::POST, "", body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["error"]["fields"][field].is_string(), "{field}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_refused_key_reads_why_in_its_own_protocol() {
    let mock = Mock::start().await.unwrap();
    let open = Channel::every("open", &mock.base("open"));
    let closed = Channel::every("closed", &mock.base("closed")).with("id", json!("ch_closed"));
    let closed = closed.with("models", json!(["elsewhere"]));
    let gateway = Gateway::start_own(&[open, closed], &[]).await.unwrap();
    let day = |tokens: u64| json!({ "budgets": [{ "period": "day", "tokens": tokens }] });
    let cases = [
        (json!({ "status": "paused" }), 401, "is paused"),
        (json!({ "expiresAt": 1 }), 401, "has expired"),
        (json!({ "models": ["other-*"] }), 403, "may not use the model"),
        (json!({ "channels": ["ch_closed"] }), 403, "none of the channels"),
        (day(1), 429, "budget is used up (day)"),
        (json!({ "limits": { "requestsPerMinute": 1 } }), 429, "at its limit"),
    ];
    let protocols = [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini];
    for (fields, status, why) in cases {
        let (secret, _) = key(&gateway, fields.clone()).await;
        if status == 429 {
            let first = Sample::of(Protocol::Chat, false).call(gateway.url(), &secret).send().await.unwrap();
            assert_eq!(first.status, 200, "{}", first.text());
        }
        let before = mock.lane("open").count();
        for (protocol, stream) in protocols.into_iter().flat_map(|one| [(one, false), (one, true)]) {
            let answer = Sample::of(protocol, stream).call(gateway.url(), &secret).send().await.unwrap();
            assert_eq!(answer.status.as_u16(), status, "{protocol:?} {fields}: {}", answer.text());
            assert_eq!(wire::error_problem(protocol, status, &answer.json()), None);
            assert!(wire::error_message(&answer.json()).contains(why), "{}", answer.text());
            assert_eq!(answer.headers.contains_key("retry-after"), status == 429, "{protocol:?} {fields}");
        }
        assert_eq!(mock.lane("open").count(), before, "no upstream hears of it");
    }
}

#[tokio::test]
async fn a_key_expires_while_it_is_used() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[Channel::every("a", &mock.base("a"))], &[]).await.unwrap();
    let (secret, _) = key(&gateway, json!({ "expiresAt": from_now(Duration::from_secs(3)) })).await;
    let status = async || {
        let answer = Sample::of(Protocol::Messages, false).call(gateway.url(), &secret).send().await?;
        Ok::<_, std::io::Error>(answer.status.as_u16())
    };
    assert_eq!(status().await.unwrap(), 200);
    assert!(gateway.until(async || Ok(status().await? == 401)).await.unwrap());
}

#[tokio::test]
async fn a_key_sees_and_reaches_what_it_may_use() {
    let mock = Mock::start().await.unwrap();
    let channels = ["a", "b"].map(|name| {
        let channel = Channel::every(name, &mock.base(name)).with("id", json!(format!("ch_{name}")));
        channel.with("models", json!(["mock-large", format!("only-{name}")]))
    });
    let gateway = Gateway::start_own(&channels, &[]).await.unwrap();
    let (secret, id) = key(&gateway, json!({ "channels": ["ch_b"], "models": ["!mock-small"] })).await;
    for _ in 0..8 {
        let answer = Sample::of(Protocol::Chat, false).call(gateway.url(), &secret).send().await.unwrap();
        assert_eq!(answer.header("x-causeway-channel"), "b", "{}", answer.text());
    }
    let pinned = Sample::of(Protocol::Chat, false).call(gateway.url(), &secret).header("x-channel", "a");
    assert_eq!(pinned.send().await.unwrap().status, 403);
    let list = Call::get(format!("{}/v1/models", gateway.url())).header("x-api-key", &secret);
    let list = list.send().await.unwrap().json();
    let names: Vec<_> = list["data"].as_array().into_iter().flatten().map(|model| &model["id"]).collect();
    assert_eq!(names, [&json!("mock-large"), &json!("only-b")], "{list}");

    let question = json!({ "protocol": "chat", "model": "mock-large", "clientKey": id });
    let explain = Call::post(format!("{}/api/route/explain", gateway.url()), question.to_string());
    let told = gateway.admin(explain).send().await.unwrap().json();
    assert_eq!(told["chosen"]["name"], "b", "{told}");
    let of = |name: &str| {
        let mut all = told["candidates"].as_array().into_iter().flatten();
        all.find(|one| one["name"] == name).map(|one| one["verdict"].clone())
    };
    assert_eq!(of("a"), Some(json!("not_allowed")));
}

#[tokio::test]
async fn a_budget_holds_under_sixteen_clients_within_one_request() {
    const REQUESTS: u64 = 20;
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[Channel::every("a", &mock.base("a"))], &[]).await.unwrap();
    mock.lane("a").always(Behaviour::text("one two three").after_ms(20));
    let spent = async |id: &str| {
        let read = api(&gateway, Method::GET, &format!("/{id}"), Value::Null).await.json();
        read["spent"][3]["tokens"].as_u64().unwrap_or_default()
    };
    for stream in [false, true] {
        let sample = Sample::of(Protocol::Messages, stream);
        let (probe, probe_id) = key(&gateway, json!({})).await;
        sample.call(gateway.url(), &probe).send().await.unwrap();
        assert!(gateway.until(async || Ok(spent(&probe_id).await > 0)).await.unwrap());
        let one = spent(&probe_id).await;

        let budget = one * REQUESTS - 1;
        let (secret, id) =
            key(&gateway, json!({ "budgets": [{ "period": "total", "tokens": budget }] })).await;
        let call = sample.call(gateway.url(), &secret);
        let before = mock.lane("a").count();
        let clients = (0..CLIENTS).map(|_| tokio::spawn(until_it_is_used_up(call.clone())));
        for client in futures::future::join_all(clients).await {
            client.unwrap().unwrap();
        }
        assert_eq!(mock.lane("a").count() - before, REQUESTS, "stream: {stream}");
        assert!(gateway.until(async || Ok(spent(&id).await == one * REQUESTS)).await.unwrap());
    }
}

/// Asks until the budget is used up; what may go to others is asked for again.
async fn until_it_is_used_up(call: Call) -> Result<(), String> {
    loop {
        let answer = call.clone().send().await.map_err(|error| error.to_string())?;
        match answer.status.as_u16() {
            200 => {}
            429 if answer.text().contains("is used up") => return Ok(()),
            429 if answer.text().contains("may use up") => tokio::time::sleep(Duration::from_millis(5)).await,
            _ => return Err(answer.text()),
        }
    }
}

#[tokio::test]
async fn money_is_counted_by_the_price_and_what_the_channel_takes_of_it() {
    let mock = Mock::start().await.unwrap();
    let channel = Channel::every("a", &mock.base("a")).with("costMultiplier", json!(0.5));
    let gateway = Gateway::start_own(&[channel], &[]).await.unwrap();
    let prices =
        json!({ "prices": [{ "model": "mock-*", "input": 1000, "cachedInput": 1000, "output": 2000 }] });
    let replace = Call::new(Method::PUT, format!("{}/api/prices", gateway.url()));
    let replaced = gateway.admin(replace.body("application/json", prices.to_string())).send().await.unwrap();
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    let (secret, id) =
        key(&gateway, json!({ "budgets": [{ "period": "month", "costMicros": 19_500 }] })).await;
    let sample = Sample::of(Protocol::Messages, false);
    let spent = async || {
        let read = api(&gateway, Method::GET, &format!("/{id}"), Value::Null).await.json();
        read["spent"][2]["costMicros"].as_u64().unwrap_or_default()
    };
    let first = sample.call(gateway.url(), &secret).send().await.unwrap();
    assert_eq!(first.status, 200, "{}", first.text());
    assert!(gateway.until(async || Ok(spent().await > 0)).await.unwrap());
    assert_eq!(spent().await, (21 * 1000 + 9 * 2000) / 2, "21 tokens in and 9 out, at half the price");
    let last = sample.call(gateway.url(), &secret).send().await.unwrap();
    assert_eq!(last.status, 429, "{}", last.text());
}

#[tokio::test]
async fn what_was_spent_outlives_a_restart() {
    let mock = Mock::start().await.unwrap();
    let mut gateway = Gateway::start_own(&[Channel::every("a", &mock.base("a"))], &[]).await.unwrap();
    let (secret, id) = key(&gateway, json!({ "budgets": [{ "period": "total", "tokens": 1 }] })).await;
    let sample = Sample::of(Protocol::Chat, false);
    assert_eq!(sample.call(gateway.url(), &secret).send().await.unwrap().status, 200);
    let before = api(&gateway, Method::GET, &format!("/{id}"), Value::Null).await.json();
    assert_eq!(before["spent"][3]["tokens"], 30, "{before}");
    gateway.restart().await.unwrap();
    let after = api(&gateway, Method::GET, &format!("/{id}"), Value::Null).await.json();
    assert_eq!((&after["spent"], &after["lastUsedAt"]), (&before["spent"], &before["lastUsedAt"]));
    assert_eq!(sample.call(gateway.url(), &secret).send().await.unwrap().status, 429);
}
