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
