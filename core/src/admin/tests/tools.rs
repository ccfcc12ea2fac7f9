use super::*;
use crate::testing::http::Answer;

const SECRET: &str = "sk-alpha-0123456789";
const LIST: &str = r#"{"data": [{"id": "text-embedding-3"}, {"id": "gpt-5"}, {"id": "gpt-5-mini", "context_length": 1000}]}"#;
const PONG: &str = r#"{"choices": [{"index": 0, "message": {"role": "assistant", "content": "pong"}, "finish_reason": "stop"}]}"#;
const CALL: &str = r#"{"choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]}}]}"#;

fn stream() -> Answer {
    Answer::sse().data("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"po\"}}]}\n\n").data(
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    )
}

fn test_alpha(server: &Server, order: Value) -> Vec<Value> {
    let (status, report) = server.call(Method::POST, "/api/channels/ch_a/test", order);
    assert_eq!(status, StatusCode::OK, "{report}");
    report["results"].as_array().unwrap().clone()
}

#[test]
fn a_channel_is_tested_whole_with_a_model_its_upstream_lists() {
    let server = Server::with_channels();
    let answers = [Answer::json(LIST), Answer::json(PONG), stream(), Answer::json(CALL)];
    server.platform.http.script("alpha.example", answers);
    let results = test_alpha(&server, json!({}));
    let told: Vec<_> =
        results.iter().map(|result| (&result["check"], &result["ok"], &result["model"])).collect();
    assert_eq!(
        told,
        [
            (&json!("models"), &json!(true), &NULL),
            (&json!("request"), &json!(true), &json!("gpt-5-mini")),
            (&json!("stream"), &json!(true), &json!("gpt-5-mini")),
            (&json!("tools"), &json!(true), &json!("gpt-5-mini")),
        ],
        "{results:?}"
    );
    assert_eq!((&results[0]["models"], &results[1]["answer"]), (&json!(3), &json!("pong")));
    let sent = server.platform.http.requests();
    assert!(sent.iter().all(|request| request.headers()["authorization"] == format!("Bearer {SECRET}")));
    assert!(sent.iter().all(|request| request.headers()["x-title"] == "team"), "the channel's own headers");
    assert_eq!(sent[1].uri(), "https://alpha.example/v1/chat/completions");
    assert!(server.platform.records.all().is_empty(), "a test is no client's request");
}

#[test]
fn what_is_no_good_answer_is_told_with_its_class_and_its_bytes() {
    let no_call = PONG.replace("pong", "It rains.");
    let cut = Answer::sse().data("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"po\"}}]}\n\n");
    let refusal =
        r#"{"error": {"message": "Incorrect API key: sk-alpha-0123456789", "code": "invalid_api_key"}}"#;
    let html = Answer::status(200).header("content-type", "text/html").data("<html>");
    let failed = Answer::json(r#"{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}"#);
    let table: [(&str, Answer, &str, Value, &str); 8] = [
        ("request", Answer::status(401).data(refusal), "auth", json!(401), "Incorrect API key: …"),
        ("request", failed, "rate", json!(200), "slow down"),
        ("request", html, "bad_answer", json!(200), "the upstream sent a web page"),
        ("request", Answer::refused(), "transport", NULL, "cannot connect"),
        ("request", Answer::json("{"), "server_error", json!(200), "the upstream sent"),
        ("stream", cut, "bad_answer", json!(200), "the upstream sent a stream without its end"),
        ("stream", Answer::json(PONG), "bad_answer", json!(200), "one document where a stream"),
        ("tools", Answer::json(&no_call), "bad_answer", json!(200), "no tool call"),
    ];
    for (check, answer, class, status, message) in table {
        let server = Server::with_channels();
        server.platform.http.script("alpha.example", [answer]);
        let results = test_alpha(&server, json!({"checks": [check], "model": "m"}));
        let result = &results[0];
        assert_eq!((&result["ok"], &result["class"]), (&json!(false), &json!(class)), "{message}: {result}");
        assert_eq!(result["status"], status, "{result}");
        assert!(result["message"].as_str().unwrap().contains(message), "{message}: {result}");
        assert_eq!(result["raw"].is_string(), status != NULL, "{result}");
        assert!(!result.to_string().contains(SECRET), "{result}");
        assert_eq!(server.cooldown(), NULL, "a test changes no health");
    }
}

#[test]
fn a_test_reaches_what_traffic_does_not() {
    let server = Server::with_channels();
    server.refuse_key();
    server.call(Method::POST, "/api/channels/ch_a/pause", NULL);
    server.platform.http.script("alpha.example", [Answer::json(PONG)]);
    let results = test_alpha(&server, json!({"checks": ["request"], "model": "m", "keys": ["k_a"]}));
    assert_eq!(results[0]["ok"], true, "{results:?}");
    assert_eq!(server.cooldown(), "auth", "and forgives nothing");
}

#[test]
fn a_silent_upstream_ends_its_check_and_not_the_others() {
    let server = Server::with_channels();
    let silent = Answer::json(PONG).after(Duration::from_secs(600));
    server.platform.http.script("alpha.example", [silent, stream()]);
    let body = json!({"checks": ["request", "stream"], "model": "m"});
    let request =
        request(Method::POST, "/api/channels/ch_a/test", body).header("x-api-key", ADMIN_KEY).body_json();
    let (status, report) = parts(&server.run(request));
    assert_eq!(status, StatusCode::OK, "{report}");
    let results = &report["results"];
    assert_eq!((&results[0]["class"], &results[0]["durationMs"]), (&json!("transport"), &json!(30_000)));
    assert_eq!(results[1]["ok"], true, "{report}");
}

#[test]
fn an_order_that_cannot_be_carried_out_names_the_field() {
    let server = Server::with_channels();
    for (order, field) in [
        (json!({"protocols": ["gemini"]}), "checks"),
        (json!({"endpoint": 7}), "checks"),
        (json!({"checks": []}), "checks"),
        (json!({"keys": ["k_b"]}), "keys[0]"),
        (json!({"checks": ["speed"]}), "checks[0]"),
        (json!({"modle": "m"}), "modle"),
    ] {
        let (status, body) = server.call(Method::POST, "/api/channels/ch_a/test", order);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(body["error"]["fields"][field].is_string(), "{field}: {body}");
    }
    assert_eq!(server.call(Method::POST, "/api/channels/ch_x/test", json!({})).0, StatusCode::NOT_FOUND);
    assert!(server.platform.http.requests().is_empty());
}

#[test]
fn an_upstreams_models_are_listed_or_its_error_told() {
    let server = Server::with_channels();
    let refused = Answer::status(403).data(r#"{"error": {"message": "no list for sk-alpha-0123456789"}}"#);
    server.platform.http.script("alpha.example", [Answer::json(LIST), refused]);
    let path = "/api/channels/ch_a/upstream-models";
    let (status, list) = server.call(Method::GET, path, NULL);
    assert_eq!((status, &list["protocol"], &list["keyId"]), (StatusCode::OK, &json!("chat"), &json!("k_a")));
    assert_eq!(list["models"][2], json!({"id": "gpt-5-mini", "inputLimit": 1000}));
    let (status, body) = server.call(Method::GET, &format!("{path}?protocol=chat&key=k_a"), NULL);
    assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_GATEWAY, &json!("upstream_failed")));
    assert_eq!(body["error"]["message"], "403: no list for …");
    for (query, field) in
        [("protocol=gemini", "protocol"), ("protocol=x", "protocol"), ("key=k_b", "key"), ("x=1", "x")]
    {
        let (status, body) = server.call(Method::GET, &format!("{path}?{query}"), NULL);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(body["error"]["fields"][field].is_string(), "{query}: {body}");
    }
    assert_eq!(server.call(Method::GET, "/api/channels/ch_x/upstream-models", NULL).0, StatusCode::NOT_FOUND);
}

#[test]
fn a_copy_is_paused_and_has_ids_and_a_name_of_its_own() {
    let server = Server::with_channels();
    for name in ["alpha-2", "alpha-3"] {
        let (status, copy) = server.call(Method::POST, "/api/channels/ch_a/duplicate", NULL);
        assert_eq!(
            (status, &copy["name"], &copy["status"]),
            (StatusCode::CREATED, &json!(name), &json!("paused"))
        );
        assert_eq!(copy["keys"][0]["masked"], "sk-…6789");
        assert!(copy["id"] != "ch_a" && copy["keys"][0]["id"] != "k_a", "{copy}");
        assert_eq!(copy["headers"]["x-team-token"], "tk-…6789");
    }
    let stored = server.stored();
    let copy = &stored["channels"][2];
    assert_eq!((&copy["priority"], &copy["keys"][0]["key"]), (&json!(3), &json!(SECRET)));
    assert_eq!(server.call(Method::POST, "/api/channels/ch_x/duplicate", NULL).0, StatusCode::NOT_FOUND);
}

#[test]
fn a_draft_says_where_its_secrets_stand_and_shows_none() {
    let server = Server::with_channels();
    let text = "地址：https://relay.acme-ai.com/v1 密钥：sk-0123456789abcdefABCDEF";
    let (status, body) = server.call(Method::POST, "/api/paste", json!({"text": text}));
    assert_eq!(status, StatusCode::OK);
    let draft = &body["drafts"][0];
    assert_eq!(
        draft["channel"]["endpoints"],
        json!([{"protocol": "chat", "baseUrl": "https://relay.acme-ai.com"}])
    );
    assert_eq!(draft["keys"], json!([{"start": 35, "end": 60, "masked": "sk-…CDEF"}]));
    assert!(!body.to_string().contains("0123456789"), "{body}");
    let (_, body) = server.call(Method::POST, "/api/paste", json!({"text": "x".repeat(130 * 1024)}));
    assert!(body["error"]["fields"]["text"].is_string(), "{body}");
}
