//! What an operator does with a channel beside writing it: test it, see its upstream's models, copy it.

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Behaviour, Mock, Protocol, Reply, ToolCall};
use causeway_tests::sample::Sample;
use http::Method;
use serde_json::{Value, json};

const NULL: Value = Value::Null;
const CONVERSATIONS: [Protocol; 4] =
    [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini];

#[expect(clippy::panic, reason = "a test fails loudly")]
async fn api(gateway: &Gateway, method: Method, path: &str, body: Value) -> Answer {
    let call = Call::new(method, format!("{}/api/{path}", gateway.url()));
    let call = if body.is_null() { call } else { call.body("application/json", body.to_string()) };
    gateway.admin(call).send().await.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Creates the channel and gives its path.
async fn created(gateway: &Gateway, channel: Channel) -> String {
    let answer = api(gateway, Method::POST, "channels", channel.json()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json().get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    format!("channels/{id}")
}

async fn tested(gateway: &Gateway, path: &str, order: Value) -> Vec<Value> {
    let answer = api(gateway, Method::POST, &format!("{path}/test"), order).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.text().contains("canary"), "{}", answer.text());
    answer.json().get("results").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn calls_the_tool() -> Behaviour {
    let tool = Some(ToolCall { name: String::new(), arguments: json!({ "city": "Paris" }) });
    Behaviour { reply: Reply { tool, ..Reply::default() }, ..Behaviour::default() }
}

#[tokio::test]
async fn every_endpoint_of_a_good_channel_passes_every_check() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    mock.lane("a").always(calls_the_tool());
    let base = mock.base("a");
    let channel =
        CONVERSATIONS.into_iter().fold(Channel::new("a").key("sk-canary-0123456789"), |channel, spoken| {
            channel.endpoint(spoken, &base)
        });
    let path = created(&gateway, channel).await;
    let results = tested(&gateway, &path, json!({})).await;
    assert_eq!(results.len(), 16);
    for result in &results {
        assert_eq!((&result["ok"], &result["class"]), (&json!(true), &json!("success")), "{result}");
        assert_eq!((&result["status"], result.get("raw")), (&json!(200), None), "{result}");
        assert!(result["headersMs"].is_u64() && result["durationMs"].is_u64(), "{result}");
        let model = if result["check"] == "models" { NULL } else { json!("mock-small") };
        assert_eq!(result["model"], model, "{result}");
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_failed_check_shows_the_upstreams_own_words_and_changes_no_health() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let channel = Channel::new("a").endpoint(Protocol::Chat, &mock.base("a")).key("sk-canary-0123456789");
    let path = created(&gateway, channel).await;
    let order = json!({ "checks": ["request"], "model": "m" });
    mock.lane("a").always(Behaviour::status_saying(401, "the key sk-canary-0123456789 is unknown"));
    for _ in 0..8 {
        let results = tested(&gateway, &path, order.clone()).await;
        let [result] = results.as_slice() else { panic!("{results:?}") };
        assert_eq!((&result["ok"], &result["class"]), (&json!(false), &json!("auth")), "{result}");
        assert_eq!((&result["status"], &result["model"]), (&json!(401), &json!("m")), "{result}");
        assert_eq!(result["message"], "the key … is unknown");
        assert!(result["raw"].as_str().is_some_and(|raw| raw.contains("\"error\"")), "{result}");
    }
    mock.lane("a").always(Behaviour::ok());
    let answer = Sample::of(Protocol::Chat, false).call(gateway.url(), gateway.key()).send().await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn a_paused_channel_can_be_tested_key_by_key() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let channel = Channel::new("a")
        .endpoint(Protocol::Messages, &mock.base("a"))
        .key("sk-canary-good-123456")
        .key("sk-canary-dead-123456")
        .with("status", json!("paused"));
    mock.lane("a").always_key("sk-canary-dead-123456", Behaviour::status(403));
    let path = created(&gateway, channel).await;
    let read = api(&gateway, Method::GET, &path, NULL).await.json();
    let keys = [&read["keys"][0]["id"], &read["keys"][1]["id"]];
    let results = tested(&gateway, &path, json!({ "checks": ["request"], "keys": keys, "model": "m" })).await;
    let told: Vec<_> = results.iter().map(|result| (&result["keyId"], &result["ok"])).collect();
    assert_eq!(told, [(keys[0], &json!(true)), (keys[1], &json!(false))]);
}

#[tokio::test]
async fn an_upstreams_models_are_listed_as_it_names_them() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let path = created(&gateway, Channel::every("a", &mock.base("a"))).await;
    for protocol in ["messages", "chat", "responses", "gemini"] {
        let list =
            api(&gateway, Method::GET, &format!("{path}/upstream-models?protocol={protocol}"), NULL).await;
        assert_eq!(list.status, 200, "{}", list.text());
        let list = list.json();
        assert_eq!((&list["protocol"], &list["models"][0]["id"]), (&json!(protocol), &json!("mock-large")));
    }
    mock.lane("a").always(Behaviour::status_saying(403, "no list for sk-a-1"));
    let refused = api(&gateway, Method::GET, &format!("{path}/upstream-models?protocol=chat"), NULL).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]["code"]), (502, &json!("upstream_failed")));
    assert_eq!(refused.json()["error"]["message"], "403: no list for …");
}

#[tokio::test]
async fn a_copy_gets_no_traffic_until_it_is_resumed() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let path = created(&gateway, Channel::every("a", &mock.base("a"))).await;
    let copy = api(&gateway, Method::POST, &format!("{path}/duplicate"), NULL).await;
    assert_eq!(copy.status, 201, "{}", copy.text());
    let location = copy.header("location").trim_start_matches("/api/").to_owned();
    let copy = copy.json();
    assert_eq!(
        (&copy["name"], &copy["status"], &copy["priority"]),
        (&json!("a-2"), &json!("paused"), &json!(2))
    );
    assert_eq!(location, format!("channels/{}", copy["id"].as_str().unwrap_or_default()));
    api(&gateway, Method::DELETE, &path, NULL).await;
    let sample = Sample::of(Protocol::Chat, false);
    assert_ne!(sample.call(gateway.url(), gateway.key()).send().await.unwrap().status, 200);
    api(&gateway, Method::POST, &format!("{location}/resume"), NULL).await;
    let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-causeway-channel")),
        (200, "a-2"),
        "{}",
        answer.text()
    );
    assert!(mock.lane("a").key_counts().contains_key("sk-a-1"), "the copy has the original's key");
}

#[tokio::test]
async fn what_cannot_be_done_says_why() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let path =
        created(&gateway, Channel::new("a").endpoint(Protocol::Chat, &mock.base("a")).key("sk-a")).await;
    let order = |order: Value| (Method::POST, format!("{path}/test"), order);
    for ((method, path, body), status, field) in [
        (order(json!({ "keys": ["k_nobody"] })), 400, "keys[0]"),
        (order(json!({ "protocols": ["gemini"] })), 400, "checks"),
        (order(json!({ "endpoints": [0] })), 400, "endpoints"),
        ((Method::GET, format!("{path}/upstream-models?protocol=soap"), NULL), 400, "protocol"),
        ((Method::GET, format!("{path}/upstream-models?protocol=gemini"), NULL), 400, "protocol"),
        ((Method::POST, "channels/ch_nobody/test".to_owned(), json!({})), 404, ""),
        ((Method::POST, "channels/ch_nobody/duplicate".to_owned(), NULL), 404, ""),
        ((Method::GET, "channels/ch_nobody/upstream-models".to_owned(), NULL), 404, ""),
        ((Method::GET, format!("{path}/test"), NULL), 405, ""),
    ] {
        let answer = api(&gateway, method, &path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        let fields = &answer.json()["error"]["fields"];
        assert!(field.is_empty() || fields[field].is_string(), "{field}: {}", answer.text());
    }
    for (method, tool) in
        [(Method::POST, "test"), (Method::POST, "duplicate"), (Method::GET, "upstream-models")]
    {
        let call = Call::new(method, format!("{}/api/{path}/{tool}", gateway.url()));
        let stranger = call.header("x-api-key", gateway.key()).body("application/json", "{}");
        assert_eq!(stranger.send().await.unwrap().status, 401, "{tool}");
    }
    assert_eq!(mock.lane("a").count(), 0);
}

#[tokio::test]
async fn pasted_text_becomes_a_channel_without_a_secret_in_any_answer() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[]).await.unwrap();
    let secret = "sk-canary0123456789abcdefABCDEF";
    let text = format!("请求地址：{}/v1/messages 😀\n密钥：{secret}\n", mock.base("a"));
    let answer = api(&gateway, Method::POST, "paste", json!({ "text": text })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.text().contains(secret), "{}", answer.text());
    let draft = answer.json()["drafts"][0].clone();
    assert_eq!(draft["keys"].as_array().map(Vec::len), Some(1), "{draft}");

    // What a browser does: `text.slice(start, end)`.
    let units: Vec<u16> = text.encode_utf16().collect();
    let at = |end: &str| usize::try_from(draft["keys"][0][end].as_u64().unwrap()).unwrap();
    let key = String::from_utf16(units.get(at("start")..at("end")).unwrap()).unwrap();
    let mut channel = draft["channel"].clone();
    channel["keys"] = json!([{ "key": key }]);
    let created = api(&gateway, Method::POST, "channels", channel).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let sample = Sample::of(Protocol::Messages, false);
    assert_eq!(sample.call(gateway.url(), gateway.key()).send().await.unwrap().status, 200);
    assert!(mock.lane("a").key_counts().contains_key(secret));

    let empty = api(&gateway, Method::POST, "paste", json!({ "text": "hello" })).await;
    assert_eq!(empty.json(), json!({ "drafts": [] }));
    let long = api(&gateway, Method::POST, "paste", json!({ "text": "x".repeat(200_000) })).await;
    assert_eq!(long.status, 400, "{}", long.text());
    let stranger = Call::post(format!("{}/api/paste", gateway.url()), json!({ "text": text }).to_string());
    assert_eq!(stranger.send().await.unwrap().status, 401);
}
