//! Clients of one protocol on upstreams of another.

use super::*;

/// Channels that speak `protocol`, at hosts `a.test` and `b.test`.
fn world(protocol: &str, more: &Value) -> World {
    let channels: Vec<Value> = ["a", "b"]
        .iter()
        .zip(1..)
        .map(|(name, priority)| {
            let mut channel = channel(name, priority);
            channel["endpoints"][0]["protocol"] = protocol.into();
            for (key, value) in more.as_object().unwrap() {
                channel[key] = value.clone();
            }
            channel
        })
        .collect();
    World::of(json!({ "channels": channels }))
}

fn claude(world: &World, stream: bool) -> Seen {
    let body = json!({
        "model": "claude-sonnet", "max_tokens": 100, "top_k": 5, "stream": stream,
        "messages": [{ "role": "user", "content": "hi" }],
    });
    world.post("/v1/messages", &body.to_string())
}

const CHAT: &str = r#"{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
    "message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}"#;
const TEXT: &str =
    "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hel\"}}]}\n\n";

#[test]
fn a_claude_client_is_served_by_a_chat_upstream() {
    let world = world("chat", &json!({ "modelMap": { "claude-*": "deepseek-chat" } }));
    world.http.script("a.test", [Answer::json(CHAT)]);
    let seen = claude(&world, false);
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    let answer: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(answer["content"][0]["text"], "hello");
    assert_eq!(answer["usage"]["input_tokens"], 5);
    assert_eq!(seen.headers["x-causeway-loss"], "top_k=dropped");

    let sent = &world.http.requests()[0];
    assert_eq!(sent.uri().path(), "/v1/chat/completions");
    let body: Value = serde_json::from_slice(sent.body()).unwrap();
    assert_eq!(body["model"], "deepseek-chat");
    assert_eq!(body["messages"][0]["content"], "hi");
    let record = world.record();
    assert_eq!(record.lost.to_string(), "top_k=dropped");
    assert_eq!(record.usage.unwrap().input, Some(5));
}

#[test]
fn a_converted_stream_is_told_as_it_comes() {
    let world = world("chat", &json!({}));
    world
        .http
        .script("a.test", [Answer::sse().data(TEXT).wait(Duration::from_secs(3)).data(FINISH).data(DONE)]);
    let seen = claude(&world, true);
    assert_eq!(seen.headers["content-type"], "text/event-stream");
    let first = seen.body.find("\"text\":\"hel\"").unwrap();
    assert!(first < seen.body.find("event: message_stop").unwrap(), "{}", seen.body);
    assert!(!seen.broken);
}

#[test]
fn either_side_may_stream_while_the_other_does_not() {
    let world = world("chat", &json!({}));
    world.http.script("a.test", [Answer::json(CHAT), Answer::sse().data(TEXT).data(FINISH).data(DONE)]);
    let streamed = claude(&world, true);
    assert!(streamed.body.contains("event: message_stop"), "{}", streamed.body);
    let whole = claude(&world, false);
    let answer: Value = serde_json::from_str(&whole.body).unwrap();
    assert_eq!(answer["content"][0]["text"], "hel", "{}", whole.body);
}

#[test]
fn a_cut_upstream_ends_in_the_clients_error() {
    for cut in [Answer::sse().data(TEXT), Answer::sse().data(TEXT).reset()] {
        let world = world("chat", &json!({}));
        world.http.script("a.test", [cut]);
        let seen = claude(&world, true);
        assert_eq!(seen.body.matches("event: error").count(), 1, "{}", seen.body);
        assert!(!seen.body.contains("message_stop"), "{}", seen.body);
        assert!(!seen.broken);
        assert_eq!(world.record().attempts[0].class, Class::Transport);
    }
}

#[test]
fn an_error_after_content_is_told_in_the_clients_protocol() {
    let world = world("chat", &json!({}));
    let error = "data: {\"error\":{\"message\":\"busy\",\"code\":\"server_error\"}}\n\n";
    world.http.script("a.test", [Answer::sse().data(TEXT).wait(Duration::from_secs(1)).data(error)]);
    let seen = claude(&world, true);
    assert!(seen.body.contains("event: error") && seen.body.contains("busy"), "{}", seen.body);
}

#[test]
fn an_error_inside_200_and_a_half_document_fail_over() {
    for bad in [
        Answer::json(r#"{"error":{"message":"overloaded","type":"server_error"}}"#),
        Answer::json(r#"{"id":"c1","choices":[{"mess"#),
        Answer::json("{}"),
    ] {
        let world = world("chat", &json!({}));
        world.http.script("a.test", [bad]);
        world.http.script("b.test", [Answer::json(CHAT)]);
        let seen = claude(&world, false);
        assert_eq!(seen.headers["x-causeway-channel"], "b", "{}", seen.body);
    }
}

#[test]
fn the_requests_own_fault_is_told_in_the_clients_protocol() {
    let world = world("chat", &json!({}));
    let long =
        r#"{"error":{"message":"maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#;
    world.http.script("a.test", [Answer::status(400).header("content-type", "application/json").data(long)]);
    let seen = claude(&world, false);
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(body["type"], "error");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("prompt is too long") && message.contains("8192"), "{message}");
    assert_eq!(world.hops(), ["a/1"]);
}

#[test]
fn a_channel_that_refuses_losses_is_not_asked() {
    let world = world("chat", &json!({ "onLoss": "refuse" }));
    let seen = claude(&world, false);
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.body.contains("top_k"), "{}", seen.body);
    assert!(world.hops().is_empty());
    assert!(world.record().attempts.iter().all(|attempt| attempt.class == Class::Unfit));
}

#[test]
fn state_that_no_upstream_holds_is_refused_in_words() {
    let world = world("chat", &json!({}));
    let body = r#"{"model":"m","input":"hi","previous_response_id":"resp_1"}"#;
    let seen = world.post("/v1/responses", body);
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.body.contains("previous_response_id"), "{}", seen.body);
    assert!(world.hops().is_empty());
}

#[test]
fn a_request_that_cannot_be_read_is_told_what_is_wrong() {
    let world = world("chat", &json!({}));
    let seen = world
        .post("/v1/messages", r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":7}]}"#);
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.body.contains("messages[0]"), "{}", seen.body);
    assert!(world.hops().is_empty());
}

#[test]
fn a_refused_feature_is_left_out_on_the_same_key_and_remembered() {
    let world = world("chat", &json!({}));
    let refused = r#"{"error":{"message":"Unsupported parameter: 'temperature' is not supported with this model.","type":"invalid_request_error","param":"temperature","code":"unsupported_parameter"}}"#;
    let refusal = Answer::status(400).header("content-type", "application/json").data(refused);
    world.http.script("a.test", [refusal, Answer::json(CHAT), Answer::json(CHAT)]);
    let body =
        r#"{"model":"m","max_tokens":9,"temperature":0.5,"messages":[{"role":"user","content":"hi"}]}"#;
    for _ in 0..2 {
        let seen = world.post("/v1/messages", body);
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
        assert_eq!(seen.headers["x-causeway-loss"], "temperature=dropped");
    }
    let sent = world.http.requests();
    let has: Vec<bool> =
        sent.iter().map(|request| memchr::memmem::find(request.body(), b"temperature").is_some()).collect();
    assert_eq!(has, [true, false, false]);
    assert_eq!(world.hops(), ["a/1", "a/1", "a/1"]);
}

#[test]
fn reasoning_that_another_upstream_sealed_is_left_out_where_it_is_refused() {
    let world = world("responses", &json!({}));
    let refused = r#"{"error":{"message":"The encrypted content for item rs_1 could not be verified.","type":"invalid_request_error","code":"invalid_encrypted_content"}}"#;
    let refusal = Answer::status(400).header("content-type", "application/json").data(refused);
    let answer = r#"{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"completed","output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]}],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}"#;
    world.http.script("a.test", [refusal, Answer::json(answer)]);
    let body = r#"{"model":"m","input":[{"type":"message","role":"user","content":"hi"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"},{"type":"message","role":"user","content":"go on"}]}"#;
    let seen = world.post("/v1/responses", body);
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    let sent = world.http.requests();
    assert_eq!(sent.len(), 2);
    assert!(memchr::memmem::find(sent[1].body(), b"gAAA").is_none());
    assert!(seen.body.contains("hello"), "{}", seen.body);
}

#[test]
fn channels_that_cannot_be_asked_use_up_no_attempts() {
    let channels: Vec<Value> = (0..6)
        .map(|number| {
            let mut channel = channel(&format!("c{number}"), number);
            channel["endpoints"][0]["protocol"] = if number == 5 { "responses" } else { "chat" }.into();
            channel
        })
        .collect();
    let world = World::of(json!({ "channels": channels, "settings": { "maxAttempts": 2 } }));
    let down = || Answer::status(500).data("down");
    world.http.script("c5.test", [down(), down()]);
    let seen = world.post("/v1/responses", r#"{"model":"m","input":"hi","previous_response_id":"resp_1"}"#);
    assert_eq!(seen.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", seen.body);
    assert!(seen.body.contains("down") && seen.body.contains("previous_response_id"), "{}", seen.body);
    assert!(world.hops().iter().all(|hop| hop.starts_with("c5/")), "{:?}", world.hops());
}

#[test]
fn a_long_list_of_losses_is_cut_short() {
    let world = world("chat", &json!({}));
    world.http.script("a.test", [Answer::json(CHAT)]);
    let mut body =
        json!({ "model": "m", "max_tokens": 9, "messages": [{ "role": "user", "content": "hi" }] });
    for number in 0..500 {
        body[format!("unknown_{number}")] = true.into();
    }
    let seen = world.post("/v1/messages", &body.to_string());
    let lost = seen.headers["x-causeway-loss"].to_str().unwrap();
    assert!(lost.len() < 1100 && lost.ends_with("=dropped, ..."), "{lost}");
}
