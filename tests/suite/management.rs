//! The management API from outside: signing in, channels and keys, conflicts, masked secrets.

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Mock, Protocol};
use causeway_tests::sample::Sample;
use http::Method;
use serde_json::{Value, json};

#[expect(clippy::panic, reason = "a test fails loudly")]
async fn api(gateway: &Gateway, method: Method, path: &str, body: Value) -> Answer {
    let call = Call::new(method, format!("{}/api/{path}", gateway.url()));
    let call = if body.is_null() { call } else { call.body("application/json", body.to_string()) };
    gateway.admin(call).send().await.unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn id(answer: &Answer) -> String {
    answer.json().get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Every place where a list must stand and something else does.
fn no_lists(value: &Value, path: &str) -> Vec<String> {
    const LISTS: &[&str] = &["channels", "endpoints", "keys", "accepts", "models", "features", "languages"];
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let path = format!("{path}.{name}");
                let wrong = LISTS.contains(&name.as_str()) && !value.is_array();
                no_lists(value, &path).into_iter().chain(wrong.then_some(path))
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| no_lists(item, &format!("{path}[]"))).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn an_operator_signs_in_and_out() {
    let gateway = Gateway::start(&[]).await.unwrap();
    let session = format!("{}/api/session", gateway.url());
    let channels = format!("{}/api/channels", gateway.url());
    for key in ["cwa-not-the-admin-key-at-all", gateway.key(), ""] {
        let answer = Call::post(&session, json!({ "key": key }).to_string()).send().await.unwrap();
        assert!(answer.status.is_client_error(), "{}", answer.status);
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    assert_eq!(Call::get(&channels).send().await.unwrap().status, 401);
    let stranger = Call::get(&channels).header("x-api-key", gateway.key()).send().await.unwrap();
    assert_eq!(stranger.status, 401, "a client's key opens nothing here");

    let answer =
        Call::post(&session, json!({ "key": gateway.admin_key() }).to_string()).send().await.unwrap();
    assert!(answer.status.is_success(), "{}", answer.text());
    let cookie = answer.header("set-cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Strict"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains(gateway.admin_key()));
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let read = Call::get(&channels).header("cookie", cookie.clone()).send().await.unwrap();
    assert_eq!(read.status, 200, "{}", read.text());
    let foreign = Call::post(format!("{channels}/reorder"), r#"{"ids":[]}"#)
        .header("cookie", cookie.clone())
        .headers(&[("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")]);
    assert_eq!(foreign.send().await.unwrap().status, 403);
    let forged = Call::get(&channels).header("cookie", format!("{cookie}0")).send().await.unwrap();
    assert_eq!(forged.status, 401);
    let out = Call::new(Method::DELETE, &session).header("cookie", cookie).send().await.unwrap();
    assert!(out.status.is_success());
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{}", out.header("set-cookie"));
}

#[tokio::test]
async fn a_channel_lives_from_creation_to_deletion() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let list = api(&gateway, Method::GET, "channels", Value::Null).await;
    assert_eq!(list.json(), json!({ "channels": [] }));

    let created = api(&gateway, Method::POST, "channels", Channel::every("a", &mock.base("a")).json()).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let id = id(&created);
    assert!(id.starts_with("ch_"), "{id}");
    let sample = Sample::of(Protocol::Messages, false);
    assert_eq!(
        sample.call(gateway.url(), gateway.key()).send().await.unwrap().header("x-causeway-channel"),
        "a"
    );

    let path = format!("channels/{id}");
    let renamed = api(&gateway, Method::PATCH, &path, json!({ "name": "renamed", "weight": 3 })).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    let read = api(&gateway, Method::GET, &path, Value::Null).await.json();
    assert_eq!(
        (&read["name"], &read["weight"], &read["priority"]),
        (&json!("renamed"), &json!(3), &json!(1))
    );
    assert_eq!(
        sample.call(gateway.url(), gateway.key()).send().await.unwrap().header("x-causeway-channel"),
        "renamed"
    );

    for (action, status) in [("pause", 503), ("resume", 200)] {
        let answer = api(&gateway, Method::POST, &format!("{path}/{action}"), Value::Null).await;
        assert!(answer.status.is_success(), "{action}: {}", answer.text());
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!(answer.status == 200, status == 200, "{action}: {}", answer.text());
    }
    let gone = api(&gateway, Method::DELETE, &path, Value::Null).await;
    assert!(gone.status.is_success(), "{}", gone.text());
    assert_eq!(api(&gateway, Method::GET, &path, Value::Null).await.status, 404);
    assert_ne!(sample.call(gateway.url(), gateway.key()).send().await.unwrap().status, 200);
}

#[tokio::test]
async fn keys_come_and_go_and_never_show_themselves() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let secret = "sk-canary-0123456789-abcdef";
    let channel = Channel::new("a").endpoint(Protocol::Chat, &mock.base("a")).key(secret);
    let created = api(&gateway, Method::POST, "channels", channel.json()).await;
    let path = format!("channels/{}", id(&created));
    let added = api(
        &gateway,
        Method::POST,
        &format!("{path}/keys"),
        json!({ "key": "sk-canary-second-key-xyz", "name": "second" }),
    )
    .await;
    assert_eq!(added.status, 201, "{}", added.text());
    let read = api(&gateway, Method::GET, &path, Value::Null).await;
    let list = api(&gateway, Method::GET, "channels", Value::Null).await;
    for answer in [&created, &added, &read, &list] {
        assert!(!answer.text().contains("canary"), "{}", answer.text());
        assert_eq!(no_lists(&answer.json(), ""), Vec::<String>::new());
    }
    let keys = read.json()["keys"].as_array().cloned().unwrap_or_default();
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|key| key["id"].as_str().is_some_and(|id| id.starts_with("k_"))), "{keys:?}");
    assert!(
        keys.iter().all(|key| key["masked"].as_str().is_some_and(|masked| masked.contains('…'))),
        "{keys:?}"
    );

    let first = keys.first().and_then(|key| key["id"].as_str()).unwrap_or_default().to_owned();
    let paused =
        api(&gateway, Method::PATCH, &format!("{path}/keys/{first}"), json!({ "status": "paused" })).await;
    assert_eq!(paused.status, 200, "{}", paused.text());
    let sample = Sample::of(Protocol::Chat, false);
    for _ in 0..3 {
        assert_eq!(sample.call(gateway.url(), gateway.key()).send().await.unwrap().status, 200);
    }
    assert!(!mock.lane("a").key_counts().contains_key(secret), "a paused key was used");
    let deleted = api(&gateway, Method::DELETE, &format!("{path}/keys/{first}"), Value::Null).await;
    assert!(deleted.status.is_success(), "{}", deleted.text());
    assert_eq!(
        api(&gateway, Method::GET, &path, Value::Null).await.json()["keys"].as_array().map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn order_and_promotion_decide_who_is_first() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let mut ids = Vec::new();
    for (priority, name) in (1..).zip(["a", "b", "c"]) {
        let channel = Channel::every(name, &mock.base(name)).priority(priority);
        ids.push(id(&api(&gateway, Method::POST, "channels", channel.json()).await));
    }
    let sample = Sample::of(Protocol::Chat, false);
    let first = async || {
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        answer.header("x-causeway-channel").to_owned()
    };
    assert_eq!(first().await, "a");
    ids.reverse();
    let reordered = api(&gateway, Method::POST, "channels/reorder", json!({ "ids": ids })).await;
    assert!(reordered.status.is_success(), "{}", reordered.text());
    assert_eq!(first().await, "c");
    let a = ids.last().cloned().unwrap_or_default();
    for (seconds, wanted) in [(60, "a"), (0, "c")] {
        let answer =
            api(&gateway, Method::POST, &format!("channels/{a}/promote"), json!({ "seconds": seconds }))
                .await;
        assert!(answer.status.is_success(), "{}", answer.text());
        assert_eq!(first().await, wanted, "promoted for {seconds} s");
    }
    let incomplete = api(&gateway, Method::POST, "channels/reorder", json!({ "ids": [a] })).await;
    assert_eq!(incomplete.status, 400, "{}", incomplete.text());
}

#[tokio::test]
async fn a_stale_version_is_a_conflict_that_shows_the_present_state() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let created = api(&gateway, Method::POST, "channels", Channel::every("a", &mock.base("a")).json()).await;
    let url = format!("{}/api/channels/{}", gateway.url(), id(&created));
    let read = gateway.admin(Call::get(&url)).send().await.unwrap();
    let etag = read.header("etag").to_owned();
    assert!(etag.starts_with('"'), "{etag:?}");
    let patch = |weight: u32| {
        let call =
            Call::new(Method::PATCH, &url).body("application/json", json!({ "weight": weight }).to_string());
        gateway.admin(call).header("if-match", etag.clone()).send()
    };
    assert_eq!(patch(2).await.unwrap().status, 200);
    let conflict = patch(3).await.unwrap();
    assert_eq!(conflict.status, 409, "{}", conflict.text());
    assert_eq!(conflict.json()["error"]["code"], "conflict");
    assert_eq!(conflict.json()["current"]["weight"], 2);
}

#[tokio::test]
async fn what_cannot_be_says_which_field_and_why() {
    let gateway = Gateway::start(&[]).await.unwrap();
    let good = Channel::every("a", "https://upstream.example").json();
    let with = |field: &str, value: Value| {
        let mut channel = good.clone();
        channel[field] = value;
        channel
    };
    let cases = [
        (with("endpoints", json!([{ "protocol": "chat", "baseUrl": "ftp://x" }])), "endpoints"),
        (with("endpoints", json!([{ "protocol": "telnet", "baseUrl": "https://x.example" }])), "endpoints"),
        (with("weight", json!(0)), "weight"),
        (with("routePrefix", json!("v1")), "routePrefix"),
        (with("headers", json!({ "authorization": "Bearer x" })), "headers"),
        (with("nmae", json!("a")), "nmae"),
        (with("name", json!("")), "name"),
    ];
    for (channel, field) in cases {
        let answer = api(&gateway, Method::POST, "channels", channel).await;
        assert_eq!(answer.status, 400, "{field}: {}", answer.text());
        let fields = answer.json()["error"]["fields"].as_object().cloned().unwrap_or_default();
        assert!(fields.keys().any(|path| path.contains(field)), "{field}: {}", answer.text());
    }
    let call = Call::post(format!("{}/api/channels", gateway.url()), "{\"name\":");
    assert_eq!(gateway.admin(call).send().await.unwrap().status, 400);
    assert_eq!(api(&gateway, Method::GET, "channels", Value::Null).await.json(), json!({ "channels": [] }));
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_say_so_in_json() {
    let gateway = Gateway::start(&[]).await.unwrap();
    for (method, path, status) in [
        (Method::GET, "unknown", 404),
        (Method::GET, "channels/ch_nobody", 404),
        (Method::DELETE, "channels/ch_nobody/keys/k_nobody", 404),
        (Method::PUT, "channels", 405),
    ] {
        let answer = api(&gateway, method, path, Value::Null).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.json()["error"]["code"].is_string(), "{path}: {}", answer.text());
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    let bootstrap = Call::get(format!("{}/api/bootstrap", gateway.url())).send().await.unwrap();
    assert_eq!(bootstrap.status, 200, "without a key");
    assert_eq!(no_lists(&bootstrap.json(), ""), Vec::<String>::new());
    assert!(bootstrap.json()["runtime"].is_string(), "{}", bootstrap.text());
}
