//! The configuration as a whole, from outside: exports, and imports of other gateways' files.

use std::fs;
use std::path::Path;

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Mock, Protocol};
use causeway_tests::sample::{MODEL, Sample};
use http::Method;
use serde_json::{Value, json};

#[expect(clippy::panic, reason = "a test fails loudly")]
async fn api(gateway: &Gateway, method: Method, path: &str, body: Value) -> Answer {
    let call = Call::new(method, format!("{}/api/{path}", gateway.url()));
    let call = if body.is_null() { call } else { call.body("application/json", body.to_string()) };
    gateway.admin(call).send().await.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of CCX, with the mock's lanes where its upstreams are.
#[expect(clippy::unwrap_used, reason = "a test fails loudly")]
fn ccx(name: &str, bases: &[(&str, String)]) -> Value {
    let path = format!("fixtures/import/ccx/{name}.json");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let text = bases.iter().fold(text, |text, (base, lane)| text.replace(base, lane));
    serde_json::from_str(&text).unwrap()
}

/// Which channel answers, and with which keys the lane was asked.
#[expect(clippy::unwrap_used, reason = "a test fails loudly")]
async fn served(gateway: &Gateway, protocol: Protocol, model: &str, prefix: &str) -> (u16, String) {
    let mut sample = Sample::of(protocol, false);
    sample.body = sample.body.replace(MODEL, model);
    sample.path = format!("{prefix}{}", sample.path.replace(MODEL, model));
    let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
    (answer.status.as_u16(), answer.header("x-causeway-channel").to_owned())
}

#[tokio::test]
async fn a_file_of_ccx_with_six_arrays_becomes_channels_that_answer() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[], &[]).await.unwrap();
    let mut file = ccx(
        "six_arrays",
        &[
            ("https://relay-2.example/", mock.base("relay-2")),
            ("https://relay.example", mock.base("relay")),
            ("https://plan-a.example", mock.base("plan-a")),
            ("https://plan-b.example", mock.base("plan-b")),
            ("https://generativelanguage.googleapis.com", mock.base("gemini")),
            ("https://api.openai.com", mock.base("openai")),
        ],
    );
    file["upstream"][0].as_object_mut().unwrap().remove("proxyUrl");
    let would = api(&gateway, Method::POST, "config/import?dryRun=true", json!({ "document": file })).await;
    assert_eq!(would.status, 200, "{}", would.text());
    assert_eq!(gateway.channels().await.unwrap(), [], "a dry run changes nothing");
    let notes: Vec<Value> = would.json()["plan"]["notCarried"].as_array().cloned().unwrap_or_default();
    for path in ["upstream[0].remark", "upstream[1].unheardOf", "upstream[2]", "autopilot"] {
        assert!(notes.iter().any(|note| note["path"] == path), "{path}: {notes:?}");
    }

    let done = api(&gateway, Method::POST, "config/import", json!({ "document": file })).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(!format!("{}{}", would.text(), done.text()).contains("sk-relay-first-0001"));
    // By a mapping, by a name that stands inside the model's, natively, by a prefix, and converted.
    for (protocol, model, prefix, channel) in [
        (Protocol::Messages, "claude-sonnet-4-5", "", "relay"),
        (Protocol::Messages, "claude-3-sonnet", "", "relay"),
        (Protocol::Chat, "anything", "/kimi", "relay-2"),
        (Protocol::Gemini, "anything", "", &host(&mock)),
        (Protocol::Embeddings, "anything", "", "embeddings"),
    ] {
        let (status, by) = served(&gateway, protocol, model, prefix).await;
        assert_eq!((status, by.as_str()), (200, channel), "{protocol:?} {model}");
    }
    let keys = mock.lane("relay").keys();
    assert_eq!(keys, ["sk-relay-first-0001", "sk-relay-first-0001", "sk-chat-0001"], "no paused key is used");
    for _ in 0..4 {
        let (status, by) = served(&gateway, Protocol::Chat, "anything", "").await;
        assert!(status == 200 && by.starts_with("two plans"), "{status} {by}");
    }
    for (lane, foreign) in [("plan-a", "tp-plan-b-0002"), ("plan-b", "sk-plan-a-0001")] {
        assert!(!mock.lane(lane).key_counts().contains_key(foreign), "a bound key went to {lane}");
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
}

/// What a channel without a name is called.
fn host(mock: &Mock) -> String {
    mock.address().ip().to_string()
}

#[tokio::test]
async fn a_file_of_ccx_with_sites_becomes_channels_that_answer() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[], &[]).await.unwrap();
    let file = ccx(
        "sites",
        &[
            ("https://api.moonshot.cn/anthropic", mock.base("kimi-messages")),
            ("https://api.moonshot.cn", mock.base("kimi-chat")),
            ("https://second.example", mock.base("second")),
        ],
    );
    let body = json!({ "format": "ccx", "document": file });
    let done = api(&gateway, Method::POST, "config/import", body.clone()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    for (protocol, lane, channel) in
        [(Protocol::Chat, "kimi-chat", "kimi"), (Protocol::Responses, "kimi-chat", "kimi-2")]
    {
        let (status, by) = served(&gateway, protocol, "gpt-5-codex", "").await;
        assert_eq!((status, by.as_str()), (200, channel), "{protocol:?}");
        let key = mock.lane(lane).keys().pop();
        assert_eq!(key.as_deref(), Some("sk-kimi-account-0001"), "the key of the account");
    }
    let (status, by) = served(&gateway, Protocol::Messages, "anything", "").await;
    assert_eq!(status, 200);
    assert!(["kimi", "second"].contains(&by.as_str()), "{by}");
    let again = api(&gateway, Method::POST, "config/import", body).await;
    assert_eq!(again.json()["plan"]["changes"], json!([]), "the same file changes nothing");
}

#[tokio::test]
async fn files_of_one_api_and_litellm_become_channels_that_answer() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[], &[]).await.unwrap();
    let table = json!([
        { "type": 14, "name": "claude", "key": "sk-table-0001\nsk-table-0002", "base_url": mock.base("table"),
          "models": "claude-sonnet-4-5", "status": 1, "priority": 3 },
        { "type": 8, "name": "custom", "key": "sk-custom-0001", "base_url": mock.base("custom"),
          "models": "small", "status": 1, "priority": 3, "model_mapping": "{\"small\":\"smallest\"}" },
    ]);
    let proxy = json!({ "model_list": [
        { "model_name": "fast", "litellm_params":
            { "model": "openai/fastest", "api_key": "sk-proxy-0001", "api_base": mock.base("proxy") } },
    ] });
    for (format, document) in [("one-api", table), ("litellm", proxy)] {
        let body = json!({ "document": document });
        let done = api(&gateway, Method::POST, "config/import", body).await;
        assert_eq!(done.status, 200, "{}", done.text());
        assert_eq!(done.json()["plan"]["format"], format);
        assert_eq!(done.json()["plan"]["notCarried"], json!([]));
    }
    for (protocol, model, channel, key) in [
        (Protocol::Messages, "claude-sonnet-4-5", "claude", "sk-table-0001"),
        (Protocol::Embeddings, "small", "custom", "sk-custom-0001"),
        (Protocol::Chat, "fast", "openai", "sk-proxy-0001"),
    ] {
        assert_eq!(served(&gateway, protocol, model, "").await, (200, channel.to_owned()), "{model}");
        let lane = mock.lane(key.split('-').nth(1).unwrap_or_default());
        assert_eq!(lane.keys(), [key]);
    }
    let asked = mock.lane("proxy").last().unwrap();
    assert!(String::from_utf8_lossy(&asked.body).contains(r#""model":"fastest""#), "{:?}", asked.body);
}

#[tokio::test]
async fn an_export_moves_a_gateway_with_its_passphrase_and_only_with_it() {
    let mock = Mock::start().await.unwrap();
    let channel = Channel::every("a", &mock.base("a"));
    let old = Gateway::start_own(std::slice::from_ref(&channel), &[]).await.unwrap();
    let new = Gateway::start_own(&[], &[]).await.unwrap();
    let plain = api(&old, Method::GET, "config/export", Value::Null).await;
    assert!(plain.status == 200 && !plain.text().contains("sk-a-1"), "{}", plain.text());
    assert!(plain.header("etag").starts_with('"'));
    let passphrase = json!("a long enough passphrase");
    let sealed = api(&old, Method::POST, "config/export", json!({ "passphrase": passphrase })).await;
    assert!(sealed.status == 200 && !sealed.text().contains("sk-a-1"), "{}", sealed.text());

    let without = api(&new, Method::POST, "config/import", json!({ "document": sealed.json() })).await;
    assert_eq!(without.status, 400, "{}", without.text());
    let body = json!({ "document": sealed.json(), "passphrase": passphrase, "mode": "replace" });
    let done = api(&new, Method::POST, "config/import", body).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(served(&new, Protocol::Chat, MODEL, "").await, (200, "a".to_owned()));
    assert_eq!(mock.lane("a").keys(), ["sk-a-1"]);

    let back = api(&old, Method::POST, "config/import", json!({ "document": plain.json() })).await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(served(&old, Protocol::Chat, MODEL, "").await, (200, "a".to_owned()), "it keeps its keys");
}

#[tokio::test]
async fn bad_and_unauthorised_imports_and_exports_change_nothing() {
    let gateway = Gateway::start(&[]).await.unwrap();
    for (method, path, body, status) in [
        (Method::GET, "config/export?secrets=all", Value::Null, 400),
        (Method::POST, "config/export", json!({ "passphrase": "short" }), 400),
        (Method::POST, "config/export", json!({}), 400),
        (Method::POST, "config/import", json!({ "document": { "nothing": 1 } }), 400),
        (Method::POST, "config/import", json!({ "document": [], "extra": 1 }), 400),
        (Method::POST, "config/import?dryRun=perhaps", json!({ "document": {} }), 400),
        (Method::GET, "config/import", Value::Null, 405),
        (Method::DELETE, "config/export", Value::Null, 405),
    ] {
        let answer = api(&gateway, method, path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.json()["error"]["code"].is_string(), "{path}: {}", answer.text());
    }
    for (method, path) in
        [(Method::GET, "config/export"), (Method::POST, "config/export"), (Method::POST, "config/import")]
    {
        let call = Call::new(method, format!("{}/api/{path}", gateway.url())).body("application/json", "{}");
        for call in [call.clone(), call.header("x-api-key", gateway.key())] {
            assert_eq!(call.send().await.unwrap().status, 401, "{path}");
        }
    }
}

#[tokio::test]
async fn every_write_is_in_the_audit_and_every_version_can_come_back() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[Channel::every("a", &mock.base("a"))], &[]).await.unwrap();
    let list = api(&gateway, Method::GET, "channels", Value::Null).await.json();
    let id = list["channels"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("channels/{id}");
    assert_eq!(api(&gateway, Method::PATCH, &path, json!({ "weight": 3 })).await.status, 200);
    assert!(api(&gateway, Method::DELETE, &path, Value::Null).await.status.is_success());

    let audit = api(&gateway, Method::GET, "audit", Value::Null).await;
    assert_eq!(audit.status, 200, "{}", audit.text());
    assert!(!audit.text().contains("sk-a-1"), "{}", audit.text());
    let entries = audit.json()["entries"].as_array().cloned().unwrap_or_default();
    let done: Vec<_> = entries.iter().map(|entry| (&entry["method"], &entry["actor"])).collect();
    assert_eq!(
        done,
        [
            (&json!("DELETE"), &json!("key")),
            (&json!("PATCH"), &json!("key")),
            (&json!(""), &json!("outside"))
        ]
    );
    assert_eq!(entries[1]["changes"][0]["after"], json!({ "weight": 3 }));
    let page = api(&gateway, Method::GET, "audit?limit=1", Value::Null).await.json();
    let next = page["next"].as_str().unwrap_or_default();
    let page = api(&gateway, Method::GET, &format!("audit?limit=1&cursor={next}"), Value::Null).await.json();
    assert_eq!(page["entries"][0], entries[1]);

    let history = api(&gateway, Method::GET, "config/history", Value::Null).await;
    assert_eq!(history.status, 200, "{}", history.text());
    let current = history.header("etag").to_owned();
    assert_eq!(current, format!("{}", history.json()["version"]));
    let first = history.json()["entries"][2]["version"].clone();
    let rollback = async |version: &str| {
        let call = Call::post(
            format!("{}/api/config/rollback", gateway.url()),
            json!({ "version": first }).to_string(),
        );
        gateway.admin(call).header("if-match", version).send().await.unwrap()
    };
    assert_eq!(rollback("\"stale\"").await.status, 409);
    let done = rollback(&current).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.json()["version"], first);
    assert_eq!(served(&gateway, Protocol::Chat, MODEL, "").await, (200, "a".to_owned()));
    assert_eq!(mock.lane("a").keys(), ["sk-a-1"]);
}

#[tokio::test]
async fn audit_and_history_are_for_operators_and_say_what_is_wrong() {
    let gateway = Gateway::start(&[]).await.unwrap();
    for (method, path, body, status) in [
        (Method::GET, "audit?limit=0", Value::Null, 400),
        (Method::GET, "audit?cursor=x", Value::Null, 400),
        (Method::GET, "config/history?page=2", Value::Null, 400),
        (Method::POST, "config/rollback", json!({}), 400),
        (Method::POST, "config/rollback", json!({ "version": "0000000000000000" }), 404),
        (Method::POST, "audit", json!({}), 405),
        (Method::GET, "config/rollback", Value::Null, 405),
    ] {
        let answer = api(&gateway, method, path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    for (method, path) in
        [(Method::GET, "audit"), (Method::GET, "config/history"), (Method::POST, "config/rollback")]
    {
        let call = Call::new(method, format!("{}/api/{path}", gateway.url()));
        assert_eq!(call.header("x-api-key", gateway.key()).send().await.unwrap().status, 401, "{path}");
    }
}
