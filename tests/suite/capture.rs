//! Bodies are captured while an operator wants it, and only then.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "the helpers of a test fail the test")]

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{CLIENT_KEY, Channel, Gateway};
use causeway_tests::mock::{Behaviour, Mock, Protocol};
use causeway_tests::sample::Sample;
use causeway_tests::watcher::Watcher;
use http::Method;
use serde_json::{Value, json};

const PROMPT: &str = "a prompt that is nobody's business";
const SAID: &str = "an answer that is nobody's business";
const UPSTREAM: &str = "sk-canary-upstream-0a1b2c3d4e5f";

async fn api(gateway: &Gateway, method: Method, path: &str, body: Option<Value>) -> Answer {
    let call = Call::new(method, format!("{}/api/{path}", gateway.url()));
    let call = match body {
        Some(body) => call.body("application/json", body.to_string()),
        None => call,
    };
    gateway.admin(call).send().await.unwrap()
}

async fn get(gateway: &Gateway, path: &str) -> Answer {
    api(gateway, Method::GET, path, None).await
}

async fn state(gateway: &Gateway) -> Value {
    get(gateway, "capture").await.json()
}

/// The id of a request with the prompt.
async fn ask(gateway: &Gateway, protocol: Protocol) -> String {
    let mut sample = Sample::of(protocol, true);
    sample.body = sample.body.replace("hello", PROMPT);
    let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-causeway-request-id").to_owned()
}

/// What was captured of a request, once it is kept.
async fn captured(gateway: &Gateway, id: &str) -> Value {
    let path = format!("requests/{id}/capture");
    let kept = async || Ok(get(gateway, &path).await.status == 200);
    assert!(gateway.until(kept).await.unwrap(), "nothing of {id} is kept");
    get(gateway, &path).await.json()
}

/// How lists show a request, once it is recorded.
async fn listed(gateway: &Gateway, id: &str) -> Value {
    let read = async || get(gateway, &format!("requests?q={id}")).await.json()["requests"][0].clone();
    assert!(gateway.until(async || Ok(!read().await.is_null())).await.unwrap(), "{id} is not recorded");
    read().await
}

async fn start(mock: &Mock) -> Gateway {
    let channel = Channel::new("a").key(UPSTREAM).with("id", json!("ch_a"));
    let channel = channel.endpoint(Protocol::Chat, &mock.base("a"));
    Gateway::start_own(&[channel], &[]).await.unwrap()
}

#[tokio::test]
async fn so_many_requests_are_captured_and_deleted_when_that_is_wished() {
    let mock = Mock::start().await.unwrap();
    mock.lane("a").always(Behaviour::text(SAID));
    let gateway = start(&mock).await;
    assert_eq!(state(&gateway).await["on"], false);
    let before = ask(&gateway, Protocol::Chat).await;
    assert_eq!(get(&gateway, &format!("requests/{before}/capture")).await.status, 404);

    let order = json!({"requests": 2, "minutes": 5, "filter": {"channel": "ch_a"}});
    let on = api(&gateway, Method::POST, "capture", Some(order)).await.json();
    assert_eq!((&on["on"], &on["order"]["requestsLeft"]), (&json!(true), &json!(2)));
    let mut watcher = Watcher::open(&gateway).await.unwrap();
    let passed = ask(&gateway, Protocol::Chat).await;
    let ends = |message: &Value| message["type"] == "finished" && message["request"]["id"] == passed;
    let told = watcher.until(ends).await.unwrap();
    assert_eq!(told.last().unwrap()["request"]["captured"], true);
    let converted = ask(&gateway, Protocol::Messages).await;

    let one = captured(&gateway, &passed).await;
    assert!(one["request"]["body"]["text"].as_str().unwrap().contains(PROMPT), "{one}");
    let attempt = &one["attempts"][0];
    assert_eq!((&attempt["channel"], &attempt["answer"]["status"]), (&json!("ch_a"), &json!(200)));
    assert_eq!(
        (attempt["request"].get("body"), one["answer"].get("body")),
        (None, None),
        "nothing was converted"
    );
    let two = captured(&gateway, &converted).await;
    assert_eq!(two["request"]["url"], "/v1/messages");
    assert!(
        two["attempts"][0]["request"]["url"].as_str().unwrap().ends_with("/v1/chat/completions"),
        "{two}"
    );
    assert!(two["attempts"][0]["request"]["body"]["text"].as_str().unwrap().contains(PROMPT), "{two}");
    assert!(two["answer"]["body"]["text"].as_str().unwrap().contains("message_stop"), "{two}");
    for secret in [UPSTREAM, CLIENT_KEY] {
        assert!(!one.to_string().contains(secret) && !two.to_string().contains(secret), "{secret}");
    }

    let after = ask(&gateway, Protocol::Chat).await;
    assert_eq!(listed(&gateway, &passed).await["captured"], true);
    assert_eq!(listed(&gateway, &after).await["captured"], false);
    let off = state(&gateway).await;
    assert_eq!((&off["on"], &off["kept"]), (&json!(false), &json!(2)));
    for path in ["config/export", "config/history", "audit", "requests", "requests/export.jsonl", "capture"] {
        let text = get(&gateway, path).await.text();
        assert!(!text.contains(PROMPT) && !text.contains(SAID), "{path}: {text}");
    }
    let audit = get(&gateway, "audit").await.json();
    assert_eq!(audit["entries"][0]["changes"][0]["after"]["channel"], "ch_a", "{audit}");

    assert_eq!(api(&gateway, Method::DELETE, "capture", None).await.status, 204);
    assert_eq!(get(&gateway, &format!("requests/{passed}/capture")).await.status, 404);
    assert_eq!(listed(&gateway, &passed).await["captured"], false);
    assert_eq!(state(&gateway).await["kept"], 0);
}

#[tokio::test]
async fn capture_ends_with_its_order() {
    let mock = Mock::start().await.unwrap();
    let gateway = start(&mock).await;
    api(&gateway, Method::POST, "capture", Some(json!({"minutes": 5, "filter": {"model": "another"}}))).await;
    let other = ask(&gateway, Protocol::Chat).await;
    listed(&gateway, &other).await;
    assert_eq!(get(&gateway, &format!("requests/{other}/capture")).await.status, 404);
    api(&gateway, Method::POST, "capture", Some(json!({"minutes": 5}))).await;
    assert_eq!(api(&gateway, Method::DELETE, "capture?keep=true", None).await.status, 204);
    let late = ask(&gateway, Protocol::Chat).await;
    listed(&gateway, &late).await;
    assert_eq!(get(&gateway, &format!("requests/{late}/capture")).await.status, 404);
}
