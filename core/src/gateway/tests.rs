//! The path of a request on fakes, under virtual time: what fails over, what stops, how streams end.

mod capture;
mod client_keys;
mod conversion;
mod live;
mod records;
mod recovery;
mod rounds;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body::Body as _;
use serde_json::{Value, json};

use super::attempt::served;
use super::{Body, Gateway, Options};
use crate::admin::Facts;
use crate::config::document::Document;
use crate::config::outside::Outside;
use crate::config::secret_key::SecretKey;
use crate::config::{ClientKeyId, validate};
use crate::platform::BoxError;
use crate::record::Record;
use crate::schedule::Class;
use crate::testing::clock::VirtualClock;
use crate::testing::http::{Answer, FakeHttp, OneBody};
use crate::testing::platform::{FakePlatform, Records};
use crate::testing::run::run;
use crate::time::Timestamp;

const CLIENT_KEY: &str = "cw-client-key-for-tests";

/// A gateway with channels `a` and `b`, two keys each, at hosts `a.test` and `b.test`.
struct World {
    clock: VirtualClock,
    http: FakeHttp,
    records: Records,
    gateway: Arc<Gateway<FakePlatform>>,
}

/// An answer as a client sees it.
struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    /// The body broke off instead of ending.
    broken: bool,
}

impl World {
    fn new() -> Self {
        Self::with(json!({}))
    }

    fn with(settings: Value) -> Self {
        let channels: Vec<Value> =
            ["a", "b"].iter().zip(1..).map(|(name, priority)| channel(name, priority)).collect();
        Self::of(json!({ "channels": channels, "settings": settings }))
    }

    fn of(document: Value) -> Self {
        let platform = FakePlatform::new();
        let (clock, http, records) =
            (platform.clock.clone(), platform.http.clone(), platform.records.clone());
        let mut outside = Outside::default();
        outside.access.add_client(ClientKeyId::new("ck_test"), "test", CLIENT_KEY);
        let document = Document::parse(document.to_string().as_bytes()).unwrap();
        let config = validate::compile(document, &outside).unwrap();
        let options = Options {
            max_body_bytes: 1024 * 1024,
            secrets: SecretKey::parse(&"07".repeat(32)).unwrap().into(),
            outside,
            facts: Facts { version: "0.0.0", runtime: "native", language: None, features: Vec::new() },
        };
        Self { clock, http, records, gateway: Gateway::new(platform, config, options) }
    }

    fn post(&self, path: &str, body: &str) -> Seen {
        self.send(Request::post(path).header("authorization", format!("Bearer {CLIENT_KEY}")), body)
    }

    fn send(&self, request: http::request::Builder, body: &str) -> Seen {
        let request = request.body(OneBody::new(body.to_owned())).unwrap();
        run(&self.clock, async {
            let response = self.gateway.handle(request, None).await;
            let (parts, body) = response.into_parts();
            let (body, broken) = drain(body).await;
            Seen { status: parts.status, headers: parts.headers, body, broken }
        })
    }

    fn chat(&self, stream: bool) -> Seen {
        self.post("/v1/chat/completions", &format!(r#"{{"model":"m","stream":{stream},"messages":[]}}"#))
    }

    /// Host and key of every request that reached an upstream, as `a/1`.
    fn hops(&self) -> Vec<String> {
        let hop = |request: Request<Bytes>| {
            let host = request.uri().host().unwrap().trim_end_matches(".test").to_owned();
            let key = request.headers()["authorization"].to_str().unwrap().chars().last().unwrap();
            format!("{host}/{key}")
        };
        self.http.requests().into_iter().map(hop).collect()
    }

    fn record(&self) -> Record {
        let records = self.records.all();
        assert_eq!(records.len(), 1, "one request, one record");
        records[0].clone()
    }
}

fn channel(name: &str, priority: u32) -> Value {
    json!({
        "id": format!("ch_{name}"), "name": name, "priority": priority, "rotation": "ordered",
        "endpoints": [{ "protocol": "chat", "baseUrl": format!("http://{name}.test") }],
        "keys": [{ "id": format!("k_{name}1"), "key": format!("sk-{name}-1") }, { "id": format!("k_{name}2"), "key": format!("sk-{name}-2") }],
    })
}

async fn drain(mut body: Body<FakePlatform>) -> (String, bool) {
    let mut bytes = Vec::new();
    loop {
        match next(&mut body).await {
            None => return (String::from_utf8(bytes).unwrap(), false),
            Some(Err(_)) => return (String::from_utf8(bytes).unwrap(), true),
            Some(Ok(data)) => bytes.extend_from_slice(&data),
        }
    }
}

async fn next(body: &mut Body<FakePlatform>) -> Option<Result<Bytes, BoxError>> {
    let frame = std::future::poll_fn(|context| std::pin::Pin::new(&mut *body).poll_frame(context)).await?;
    Some(frame.map(|frame| frame.into_data().unwrap()))
}

const DELTA: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const COMPLETION: &str =
    r#"{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#;

fn good_stream() -> Answer {
    Answer::sse().data(DELTA).data(FINISH).data(DONE)
}

fn error(status: u16, kind: &str, message: &str) -> Answer {
    Answer::status(status)
        .header("content-type", "application/json")
        .data(&json!({ "error": { "type": kind, "message": message } }).to_string())
}

#[test]
fn an_answer_passes_through_byte_for_byte() {
    let world = World::new();
    world.http.script("a.test", [Answer::json(COMPLETION)]);
    let seen = world.chat(false);
    assert_eq!((seen.status, seen.body.as_str()), (StatusCode::OK, COMPLETION));
    assert_eq!(seen.headers["x-causeway-channel"], "a");
    let usage = world.record().usage.unwrap();
    assert_eq!((usage.input, usage.output), (Some(9), Some(2)));
}

#[test]
fn a_stream_passes_through_byte_for_byte() {
    let world = World::new();
    world.http.script("a.test", [good_stream()]);
    let seen = world.chat(true);
    assert_eq!((seen.body, seen.broken), ([DELTA, FINISH, DONE].concat(), false));
    assert_eq!(world.record().attempts[0].class, Class::Success);
}

#[test]
fn what_fails_before_content_goes_to_the_next_candidate() {
    let key = "next key";
    let channel = "next channel";
    let table = [
        ("401", error(401, "invalid_request_error", "Incorrect API key provided"), key),
        ("403", error(403, "permission_error", "forbidden"), key),
        ("429", error(429, "rate_limit_error", "slow down").header("retry-after", "7"), key),
        ("500", error(500, "server_error", "oops"), channel),
        ("503", error(503, "overloaded", "busy"), channel),
        ("529", error(529, "overloaded_error", "Overloaded"), channel),
        ("refused", Answer::refused(), channel),
        ("reset before content", Answer::sse().reset(), channel),
        ("no headers", Answer::sse().after(Duration::from_secs(130)), channel),
        ("web page", Answer::status(200).header("content-type", "text/html").data("<html>"), channel),
        (
            "web page as error",
            Answer::status(400).header("content-type", "text/html").data("<html>"),
            channel,
        ),
        ("empty stream", Answer::sse(), channel),
        (
            "start only",
            Answer::sse().data("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"),
            channel,
        ),
        ("redirect", Answer::status(302).header("location", "http://elsewhere.test"), channel),
        (
            "200 then error",
            Answer::sse().data("data: {\"error\":{\"type\":\"server_error\",\"message\":\"boom\"}}\n\n"),
            channel,
        ),
    ];
    for (fault, answer, then) in table {
        let world = World::new();
        world.http.script("a.test", [answer]);
        let host = if then == key { "a.test" } else { "b.test" };
        world.http.script(host, [good_stream()]);
        let seen = world.chat(true);
        let expected = if then == key { ["a/1", "a/2"] } else { ["a/1", "b/1"] };
        assert_eq!(world.hops(), expected, "{fault}");
        assert_eq!((seen.status, seen.body), (StatusCode::OK, [DELTA, FINISH, DONE].concat()), "{fault}");
    }
}

#[test]
fn a_non_streamed_answer_that_is_none_fails_over() {
    let table = [
        ("error inside 200", Answer::json(r#"{"error":{"type":"server_error","message":"boom"}}"#)),
        ("not JSON", Answer::json("upstream timed out")),
        ("half a document", Answer::json(r#"{"choices":[{"mess"#)),
        ("nothing", Answer::json("")),
        ("an unasked stream", good_stream()),
        ("reset in the middle", Answer::json(r#"{"choices""#).reset()),
    ];
    for (fault, answer) in table {
        let world = World::new();
        world.http.script("a.test", [answer]);
        world.http.script("b.test", [Answer::json(COMPLETION)]);
        let seen = world.chat(false);
        assert_eq!(
            (world.hops(), seen.body.as_str()),
            (vec!["a/1".into(), "b/1".into()], COMPLETION),
            "{fault}"
        );
    }
}

#[test]
fn the_requests_own_fault_is_passed_on_unchanged_and_blames_nobody() {
    let bodies = [
        r#"{"error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"This model's maximum context length is 8 tokens"}}"#,
        r#"{"error": {"message": "temperature must be <= 2",   "type": "invalid_request_error"}}"#,
    ];
    for body in bodies {
        let world = World::new();
        let answer = || Answer::status(400).header("content-type", "application/json").data(body);
        world.http.script("a.test", (0..20).map(|_| answer()));
        for _ in 0..20 {
            let seen = world.chat(true);
            assert_eq!((seen.status.as_u16(), seen.body.as_str()), (400, body));
        }
        assert!(world.hops().iter().all(|hop| hop == "a/1"), "no breaker opened");
    }
}

#[test]
fn when_all_fail_the_client_reads_the_last_error_and_what_was_tried() {
    let world = World::new();
    let limited = || error(429, "rate_limit_error", "slow down").header("retry-after", "70");
    world.http.script("a.test", [limited(), limited()]);
    world.http.script("b.test", [limited(), limited()]);
    let seen = world.chat(true);
    assert_eq!((seen.status.as_u16(), &seen.headers["retry-after"]), (429, &"70".parse().unwrap()));
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("slow down") && message.contains("a: 429") && message.contains("b: 429"),
        "{message}"
    );
    assert_eq!(world.hops(), ["a/1", "a/2", "b/1", "b/2"]);
    assert_eq!(world.record().attempts.len(), 4);
}

#[test]
fn a_rate_limited_key_rests_until_its_retry_after() {
    let world = World::new();
    world.http.script(
        "a.test",
        [error(429, "rate_limit_error", "slow").header("retry-after", "60"), good_stream()],
    );
    world.chat(true);
    world.http.script("a.test", [good_stream(), good_stream()]);
    world.chat(true);
    world.clock.advance(Duration::from_secs(61));
    world.chat(true);
    assert_eq!(world.hops(), ["a/1", "a/2", "a/2", "a/1"]);
}

#[test]
fn a_rate_limited_key_rests_until_the_time_that_the_body_tells() {
    let world = World::new();
    world.http.script(
        "a.test",
        [error(429, "rate_limit_error", "slow down, please try again in 1m30s"), good_stream()],
    );
    world.chat(true);
    world.http.script("a.test", [good_stream(), good_stream()]);
    world.clock.advance(Duration::from_secs(89));
    world.chat(true);
    world.clock.advance(Duration::from_secs(2));
    world.chat(true);
    assert_eq!(world.hops(), ["a/1", "a/2", "a/2", "a/1"]);
}

#[test]
fn an_answer_that_uses_a_limit_up_tells_when_it_refills() {
    let now = Timestamp::from_millis(1_000);
    for (refills_at, retry_after) in
        [(None, None), (Some(500), None), (Some(1_000), None), (Some(4_000), Some(Duration::from_secs(3)))]
    {
        let outcome = served(refills_at.map(Timestamp::from_millis), now);
        assert_eq!((outcome.class, outcome.retry_after), (Class::Success, retry_after));
    }
}

#[test]
fn a_cut_stream_ends_in_one_error_and_no_clean_end() {
    let world = World::new();
    world.http.script("a.test", [Answer::sse().data(DELTA).reset()]);
    let seen = world.chat(true);
    let (rest, closing) = (seen.body.strip_prefix(DELTA).unwrap(), "\"error\"");
    assert_eq!(rest.matches(closing).count(), 1, "{rest}");
    assert!(!seen.body.contains("[DONE]") && !seen.broken);
    assert_eq!(world.record().attempts[0].class, Class::Transport);
}

#[test]
fn a_stream_that_just_stops_is_a_cut_one() {
    let world = World::new();
    world.http.script("a.test", [Answer::sse().data(DELTA).data("data: {\"choi")]);
    let seen = world.chat(true);
    let closing = seen.body.strip_prefix(DELTA).unwrap();
    assert!(closing.starts_with("data: {\"error\""), "half an event is not passed on: {closing}");
}

#[test]
fn a_silent_stream_is_kept_alive_and_ended_at_the_idle_limit() {
    let world = World::with(json!({ "timeouts": { "idleTimeoutMs": 25_000 } }));
    world.http.script("a.test", [Answer::sse().data(DELTA).wait(Duration::from_secs(1000)).data(DONE)]);
    let before = world.clock.clone();
    let start = crate::platform::Clock::now(&before);
    let seen = world.chat(true);
    let rest = seen.body.strip_prefix(DELTA).unwrap();
    assert_eq!(rest.matches(": keep-alive\n\n").count(), 2, "{rest}");
    assert!(rest.contains("\"error\"") && rest.contains("25"), "{rest}");
    assert_eq!(crate::platform::Clock::now(&before).since(start), Duration::from_secs(25));
    assert_eq!(world.http.aborted(), 1, "the upstream is let go");
}

#[test]
fn a_slow_first_content_commits_and_keeps_the_client_alive() {
    let world = World::new();
    world
        .http
        .script("a.test", [Answer::sse().wait(Duration::from_secs(22)).data(DELTA).data(FINISH).data(DONE)]);
    let seen = world.chat(true);
    assert!(seen.body.starts_with(": keep-alive\n\n"), "{}", seen.body);
    assert!(seen.body.ends_with(&[DELTA, FINISH, DONE].concat()), "{}", seen.body);
}

#[test]
fn a_probe_is_settled_by_its_first_content_however_late() {
    let mut only = channel("a", 1);
    only["keys"].as_array_mut().unwrap().truncate(1);
    let settings = json!({ "breaker": { "consecutiveFailures": 2 } });
    let world = World::of(json!({ "channels": [only], "settings": settings }));
    let slow =
        || Answer::sse().wait(Duration::from_secs(8)).data(DELTA).wait(Duration::from_secs(60)).data(DONE);
    for _ in 0..2 {
        world.http.script("a.test", [error(500, "server_error", "down")]);
        world.chat(true);
    }
    world.clock.advance(Duration::from_secs(3600));
    world.http.script("a.test", [slow(), good_stream()]);
    let request = || {
        let request = Request::post("/v1/chat/completions").header("x-api-key", CLIENT_KEY);
        request.body(OneBody::new(r#"{"model":"m","stream":true}"#)).unwrap()
    };
    run(&world.clock, async {
        let mut probe = world.gateway.handle(request(), None).await.into_body();
        loop {
            let data = next(&mut probe).await.unwrap().unwrap();
            if data == DELTA {
                break;
            }
        }
        let second = world.gateway.handle(request(), None).await;
        assert_eq!(second.status(), StatusCode::OK, "the breaker is closed while the probe still streams");
    });
}

#[test]
fn a_client_that_leaves_aborts_the_upstream_and_blames_nobody() {
    let world = World::new();
    world.http.script("a.test", [Answer::sse().data(DELTA).wait(Duration::from_secs(50)).data(DONE)]);
    let request = Request::post("/v1/chat/completions").header("x-api-key", CLIENT_KEY);
    let request = request.body(OneBody::new(r#"{"model":"m","stream":true}"#)).unwrap();
    run(&world.clock, async {
        let mut body = world.gateway.handle(request, None).await.into_body();
        next(&mut body).await.unwrap().unwrap();
    });
    assert_eq!(world.http.aborted(), 1);
    assert_eq!(world.record().attempts[0].class, Class::ClientGone);
}

#[test]
fn one_deadline_covers_all_attempts() {
    let world =
        World::with(json!({ "timeouts": { "totalTimeoutMs": 100_000, "responseHeaderTimeoutMs": 60_000 } }));
    let slow = || Answer::sse().after(Duration::from_secs(90));
    world.http.script("a.test", [slow(), slow()]);
    world.http.script("b.test", [slow(), slow()]);
    let start = crate::platform::Clock::now(&world.clock);
    let seen = world.chat(true);
    assert_eq!(seen.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(crate::platform::Clock::now(&world.clock).since(start), Duration::from_secs(100));
    assert_eq!(world.hops(), ["a/1", "b/1"]);
}

#[test]
fn attempts_have_a_budget() {
    let world = World::with(json!({ "maxAttempts": 2 }));
    let broken = || error(500, "server_error", "oops");
    world.http.script("a.test", [broken(), broken()]);
    world.http.script("b.test", [broken(), broken()]);
    world.chat(false);
    assert_eq!(world.hops().len(), 2);
}

#[test]
fn a_large_document_streams_through_and_a_cut_one_breaks_off() {
    let large = format!(r#"{{"data":"{}"}}"#, "x".repeat(300 * 1024));
    let world = World::new();
    world.http.script("a.test", [Answer::json(&large)]);
    assert_eq!(world.chat(false).body, large);
    world.http.script("a.test", [Answer::json(&large[..290 * 1024]).reset()]);
    assert!(world.chat(false).broken);
}

#[test]
fn the_client_key_never_reaches_an_upstream() {
    let world = World::new();
    world.http.script("a.test", [Answer::json(COMPLETION)]);
    let request = Request::post("/v1/chat/completions")
        .header("authorization", format!("Bearer {CLIENT_KEY}"))
        .header("cookie", "session=1")
        .header("x-forwarded-for", "10.0.0.1");
    world.send(request, r#"{"model":"m"}"#);
    let sent = &world.http.requests()[0];
    let all = format!(
        "{:?}",
        sent.headers().iter().map(|(name, value)| (name, value.as_bytes())).collect::<Vec<_>>()
    );
    assert_eq!(sent.headers()["authorization"], "Bearer sk-a-1");
    assert!(!all.contains("cookie") && !all.contains("forwarded"), "{all}");
}

#[test]
fn a_bad_request_is_told_what_is_wrong_in_its_own_protocol() {
    let world = World::new();
    let deep = "[".repeat(1_000_000);
    let table = [
        ("/v1/chat/completions", "{", 400, "/error/message"),
        ("/v1/chat/completions", r#"{"messages":[]}"#, 400, "/error/message"),
        ("/v1/messages", deep.as_str(), 400, "/error/message"),
        ("/v1/messages", "\u{0}", 400, "/error/message"),
        ("/v1beta/models/m:generateContent", "no", 400, "/error/message"),
        ("/v1/nothing", "{}", 404, "/error/message"),
        ("/v1/chat/completions", r#"{"model":"m"} trailing"#, 400, "/error/message"),
    ];
    for (path, body, status, message) in table {
        let seen = world.post(path, body);
        let answer: Value = serde_json::from_str(&seen.body).unwrap();
        assert_eq!(seen.status.as_u16(), status, "{path} {}", seen.body);
        assert!(answer.pointer(message).is_some_and(Value::is_string), "{path} {}", seen.body);
    }
    assert!(world.http.requests().is_empty());
}

#[test]
fn an_unknown_key_is_refused_and_a_guesser_is_throttled() {
    let world = World::new();
    let address = Some([10, 0, 0, 9].into());
    let try_key = |key: String| {
        let request =
            Request::post("/v1/messages").header("x-api-key", key).body(OneBody::new("{}")).unwrap();
        run(&world.clock, async { world.gateway.handle(request, address).await.status().as_u16() })
    };
    assert!((0..30).all(|_| try_key("the-same-wrong-key".into()) == 401), "one wrong key is a mistake");
    let statuses: Vec<u16> = (0..30).map(|n| try_key(format!("guess-{n}"))).collect();
    assert!(statuses.contains(&429), "many are an attack: {statuses:?}");
    world.clock.advance(Duration::from_secs(120));
    assert_eq!(try_key("the-same-wrong-key".into()), 401);
}

#[test]
fn tokens_are_estimated_where_no_upstream_counts_them() {
    let mut document = channel("a", 1);
    document["endpoints"] = json!([{ "protocol": "messages", "baseUrl": "http://a.test" }]);
    let world = World::of(json!({ "channels": [document] }));
    world.http.script("a.test", [Answer::status(404), Answer::status(404)]);
    let body = r#"{"model":"m","messages":[{"role":"user","content":"How many tokens are these?"}]}"#;
    let seen = world.post("/v1/messages/count_tokens", body);
    let tokens = serde_json::from_str::<Value>(&seen.body).unwrap()["input_tokens"].as_u64().unwrap();
    assert!((4..30).contains(&tokens), "{tokens}");
    assert_eq!(seen.headers["x-causeway-estimated"], "true");
}

#[test]
fn a_websocket_request_is_told_to_upgrade_elsewhere() {
    let world = World::new();
    let seen = world.send(Request::get("/v1/responses").header("upgrade", "websocket"), "");
    assert_eq!(seen.status, StatusCode::UPGRADE_REQUIRED);
}

#[test]
fn a_channel_is_named_and_pinned_in_any_script() {
    let channels = [channel("a", 1), channel("b", 2)].map(|mut channel| {
        if channel["name"] == "b" {
            channel["name"] = json!("通义 千问");
        }
        channel
    });
    let world = World::of(json!({ "channels": channels }));
    for pin in ["通义 千问".to_owned(), "%E9%80%9A%E4%B9%89 %E5%8D%83%E9%97%AE".to_owned(), "ch_b".to_owned()]
    {
        world.http.script("b.test", [Answer::json(COMPLETION)]);
        let request = Request::post("/v1/chat/completions").header("x-api-key", CLIENT_KEY);
        let seen = world.send(request.header("x-channel", pin.as_bytes()), r#"{"model":"m"}"#);
        assert_eq!(
            seen.headers["x-causeway-channel"], "%E9%80%9A%E4%B9%89 %E5%8D%83%E9%97%AE",
            "{}",
            seen.body
        );
    }
}

#[test]
fn a_sender_that_stops_is_told_so_and_holds_up_nobody_for_ever() {
    struct Stalled;

    impl http_body::Body for Stalled {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
            std::task::Poll::Pending
        }
    }

    let world = World::new();
    let request = Request::post("/v1/messages").header("x-api-key", CLIENT_KEY).body(Stalled).unwrap();
    let (status, body) = run(&world.clock, async {
        let response = world.gateway.handle(request, None).await;
        (response.status(), drain(response.into_body()).await.0)
    });
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    assert!(body.starts_with(r#"{"type":"error""#) && body.contains("did not arrive"), "{body}");
}
