//! Model lists: three shapes, merged over the channels, with the configured names to fall back on.

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Behaviour, Mock, Protocol};
use causeway_tests::wire;
use serde_json::{Value, json};

fn get(gateway: &Gateway, path: &str) -> Call {
    Call::get(format!("{}{path}", gateway.url())).header("x-api-key", gateway.key())
}

/// Names in the list's own order, without Gemini's `models/`.
fn names(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let (items, field) = match list.get("models") {
        Some(models) => (models.clone(), "name"),
        None => (list.get("data").cloned().unwrap_or_default(), "id"),
    };
    let items = items.as_array().cloned().unwrap_or_default();
    let name = |item: &Value| {
        let name = item.get(field).and_then(Value::as_str).unwrap_or_default();
        name.strip_prefix("models/").unwrap_or(name).to_owned()
    };
    items.iter().map(name).collect()
}

#[tokio::test]
async fn a_list_comes_in_the_shape_of_who_asks() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[Channel::every("a", &mock.base("a"))]).await.unwrap();

    let openai = get(&gateway, "/v1/models").send().await.unwrap();
    assert_eq!(openai.json()["object"], "list", "{}", openai.text());
    assert_eq!(openai.json()["data"][0]["object"], "model");

    let anthropic =
        get(&gateway, "/v1/models").header("anthropic-version", "2023-06-01").send().await.unwrap();
    assert_eq!(anthropic.json()["has_more"], false, "{}", anthropic.text());
    assert_eq!(anthropic.json()["data"][0]["type"], "model");

    let gemini = get(&gateway, "/v1beta/models").send().await.unwrap();
    assert!(gemini.json()["models"][0]["supportedGenerationMethods"].is_array(), "{}", gemini.text());

    for answer in [openai, anthropic, gemini] {
        let mut names = names(&answer);
        names.sort();
        assert_eq!(names, ["mock-large", "mock-small"]);
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn one_model_is_found_by_its_name_and_another_is_not() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[Channel::every("a", &mock.base("a"))]).await.unwrap();
    for (path, field, protocol) in
        [("/v1/models/", "/id", Protocol::Chat), ("/v1beta/models/", "/name", Protocol::Gemini)]
    {
        let one = get(&gateway, &format!("{path}mock-small")).send().await.unwrap();
        assert_eq!(one.status, 200, "{}", one.text());
        let name = one.json().pointer(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        assert!(name.ends_with("mock-small"), "{name}");
        let other = get(&gateway, &format!("{path}nobody-has-it")).send().await.unwrap();
        assert_eq!(other.status, 404, "{}", other.text());
        assert_eq!(wire::error_problem(protocol, 404, &other.json()), None);
    }
}

#[tokio::test]
async fn lists_are_merged_filtered_and_fall_back_to_configured_names() {
    let mock = Mock::start().await.unwrap();
    mock.lane("down").always(Behaviour::status(500));
    let gateway = Gateway::start(&[
        Channel::new("a")
            .key("sk-a-1")
            .endpoint(Protocol::Chat, &mock.base("a"))
            .endpoint(Protocol::Gemini, &mock.base("a"))
            .with("models", json!(["mock-small", "alias"]))
            .with("modelMap", json!({ "alias": "mock-small" })),
        Channel::new("down")
            .key("sk-b-1")
            .endpoint(Protocol::Chat, &mock.base("down"))
            .endpoint(Protocol::Gemini, &mock.base("down"))
            .with("models", json!(["configured-*", "configured-name"])),
    ])
    .await
    .unwrap();
    for path in ["/v1/models", "/v1beta/models"] {
        let names = names(&get(&gateway, path).send().await.unwrap());
        for wanted in ["mock-small", "configured-name"] {
            assert_eq!(names.iter().filter(|name| *name == wanted).count(), 1, "{path}: {names:?}");
        }
        for unwanted in ["mock-large", "configured-*"] {
            assert!(!names.iter().any(|name| name == unwanted), "{path}: {names:?}");
        }
    }
}

#[tokio::test]
async fn a_list_is_kept_for_a_while_and_wants_a_key() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[Channel::every("a", &mock.base("a"))]).await.unwrap();
    for _ in 0..5 {
        assert_eq!(get(&gateway, "/v1/models").send().await.unwrap().status, 200);
    }
    let asked = mock.lane("a").count();
    assert!(asked <= 4, "five lists asked the upstream {asked} times, for at most four endpoints");
    let stranger = Call::get(format!("{}/v1/models", gateway.url())).send().await.unwrap();
    assert_eq!(stranger.status, 401);
}

#[tokio::test]
async fn without_channels_a_list_is_empty_and_not_null() {
    let gateway = Gateway::start(&[]).await.unwrap();
    let answer = get(&gateway, "/v1/models").send().await.unwrap();
    assert_eq!(answer.json()["data"], json!([]), "{}", answer.text());
    let answer = get(&gateway, "/v1beta/models").send().await.unwrap();
    assert_eq!(answer.json()["models"], json!([]), "{}", answer.text());
}
