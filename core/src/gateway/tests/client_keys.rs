//! What a client's key may do, and what it hears when it may not.

use super::*;
use crate::config::access::Digest;
use crate::platform::Clock;

const KEY: &str = "cw-restricted-key-for-tests";

/// A world whose only key has these fields.
fn with_key(fields: Value) -> World {
    let mut key = json!({ "id": "ck_r", "name": "restricted", "hash": Digest::of(KEY).to_string() });
    key.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    World::of(json!({
        "channels": [every("a", 1), every("b", 2)],
        "access": { "clientKeys": [key] },
    }))
}

/// A channel that serves every protocol.
fn every(name: &str, priority: u32) -> Value {
    let mut channel = channel(name, priority);
    let endpoint = |protocol| json!({ "protocol": protocol, "baseUrl": format!("http://{name}.test") });
    channel["endpoints"] = ["chat", "messages", "responses", "gemini"].map(endpoint).to_vec().into();
    channel
}

fn ask(world: &World, path: &str, body: &str) -> Seen {
    world.send(Request::post(path).header("authorization", format!("Bearer {KEY}")), body)
}

fn chat(world: &World) -> Seen {
    ask(world, "/v1/chat/completions", r#"{"model":"m","max_tokens":4,"messages":[]}"#)
}

/// A protocol's way to ask, and how its errors say what they are.
struct Shape {
    path: &'static str,
    body: &'static str,
    place: &'static str,
    kinds: [(u16, &'static str); 3],
}

const CHAT: Shape = Shape {
    path: "/v1/chat/completions",
    body: r#"{"model":"m","messages":[]}"#,
    place: "/error/code",
    kinds: [(401, "invalid_api_key"), (403, "permission_denied"), (429, "rate_limit_exceeded")],
};

const SHAPES: [Shape; 4] = [
    CHAT,
    Shape { path: "/v1/responses", body: r#"{"model":"m","input":"hi"}"#, ..CHAT },
    Shape {
        path: "/v1/messages",
        body: r#"{"model":"m","max_tokens":4,"messages":[{"role":"user","content":"hi"}]}"#,
        place: "/error/type",
        kinds: [(401, "authentication_error"), (403, "permission_error"), (429, "rate_limit_error")],
    },
    Shape {
        path: "/v1beta/models/m:generateContent",
        body: r#"{"contents":[]}"#,
        place: "/error/status",
        kinds: [(401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (429, "RESOURCE_EXHAUSTED")],
    },
];

#[test]
fn a_refused_key_reads_why_in_its_own_protocol() {
    let spent = json!({ "budgets": [{ "period": "day", "tokens": 1 }] });
    let busy = json!({ "limits": { "requestsPerMinute": 1 } });
    for (fields, status, why) in [
        (json!({ "status": "paused" }), 401, "this key is paused"),
        (json!({ "expiresAt": 0 }), 401, "this key has expired"),
        (json!({ "models": ["other-*"] }), 403, "this key may not use the model `m`"),
        (json!({ "channels": ["ch_gone"] }), 403, "may use none of the channels"),
        (spent, 429, "this key's budget is used up (day)"),
        (busy, 429, "this key is at its limit of requests or tokens"),
    ] {
        for Shape { path, body, place, kinds } in SHAPES {
            let world = with_key(fields.clone());
            let allowed = usize::from(status == 429);
            if allowed == 1 {
                world.http.script("a.test", [Answer::json(COMPLETION)]);
                assert_eq!(chat(&world).status, StatusCode::OK);
            }
            let seen = ask(&world, path, body);
            assert_eq!(seen.status.as_u16(), status, "{path} {fields}: {}", seen.body);
            let answer: Value = serde_json::from_str(&seen.body).unwrap();
            let kind = kinds.iter().find(|(of, _)| *of == status).unwrap().1;
            assert_eq!(answer.pointer(place), Some(&json!(kind)), "{}", seen.body);
            assert!(seen.body.contains(why), "{}", seen.body);
            assert_eq!(seen.headers.contains_key("retry-after"), status == 429);
            assert_eq!(world.http.requests().len(), allowed, "no upstream hears of it");
        }
    }
}

#[test]
fn a_key_expires_and_a_budget_comes_back_with_time() {
    const DAY: Duration = Duration::from_secs(86_400);
    let begun = VirtualClock::default().now();
    let world = with_key(json!({
        "expiresAt": begun + 3 * DAY, "budgets": [{ "period": "day", "tokens": 11 }]
    }));
    let status = |world: &World| {
        world.http.script("a.test", [Answer::json(COMPLETION)]);
        chat(world).status.as_u16()
    };
    assert_eq!((status(&world), status(&world)), (200, 429));
    world.clock.advance(DAY);
    assert_eq!((status(&world), status(&world)), (200, 429));
    world.clock.advance(2 * DAY);
    assert_eq!(status(&world), 401);
}

#[test]
fn a_key_is_served_by_its_channels_and_models_only() {
    let world = with_key(json!({ "channels": ["ch_b"], "models": ["m", "n*"] }));
    world.http.script("b.test", [Answer::json(COMPLETION), error(500, "server_error", "oops")]);
    assert_eq!(chat(&world).headers["x-causeway-channel"], "b");
    assert_ne!(chat(&world).status, StatusCode::OK);
    assert!(world.http.requests().iter().all(|request| request.uri().host() == Some("b.test")));
    let records = world.records.all();
    let refused = ask(&world, "/v1/chat/completions", r#"{"model":"other","messages":[]}"#);
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let recorded = world.records.all();
    assert_eq!(recorded.len(), records.len() + 1, "what is refused is recorded too");
    assert_eq!(recorded.last().unwrap().client_key, ClientKeyId::new("ck_r"));
    assert_eq!(ask(&world, "/v1/chat/completions", r#"{"messages":[]}"#).status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_model_list_shows_what_the_key_may_use() {
    let listed = |fields: Value| {
        let world = with_key(fields);
        let models = |ids: &[&str]| {
            let ids: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "object": "model" })).collect();
            Answer::json(&json!({ "object": "list", "data": ids }).to_string())
        };
        world.http.script("a.test", [models(&["m", "secret-a"])]);
        world.http.script("b.test", [models(&["n", "secret-b"])]);
        let request = Request::get("/v1/models").header("authorization", format!("Bearer {KEY}"));
        let list: Value = serde_json::from_str(&world.send(request, "").body).unwrap();
        let list = list["data"].as_array().unwrap().clone();
        list.iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(json!({})), ["m", "n", "secret-a", "secret-b"]);
    assert_eq!(listed(json!({ "models": ["!secret-*"] })), ["m", "n"]);
    assert_eq!(listed(json!({ "channels": ["ch_b"] })), ["n", "secret-b"]);
}

#[test]
fn counting_tokens_uses_no_budget() {
    let world = with_key(json!({ "budgets": [{ "period": "day", "tokens": 11 }] }));
    world.http.script("a.test", [Answer::json(COMPLETION)]);
    chat(&world);
    let count = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
    world.http.script("a.test", [Answer::json(r#"{"input_tokens":9}"#)]);
    assert_eq!(ask(&world, "/v1/messages/count_tokens", count).status, StatusCode::OK);
    assert_eq!(chat(&world).status, StatusCode::TOO_MANY_REQUESTS);
}
