//! Who may call, which channel answers, and what the paths beside the protocols say.

use std::io;

use causeway_tests::client::Call;
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Mock, Operation, Protocol};
use causeway_tests::sample::Sample;
use causeway_tests::wire;
use http::Method;
use serde_json::json;

/// `a` before `b`, and `team` only below its prefix.
async fn three_channels() -> io::Result<(Mock, Gateway)> {
    let mock = Mock::start().await?;
    let channels = [
        Channel::every("a", &mock.base("a")),
        Channel::every("b", &mock.base("b")).priority(2),
        Channel::every("team", &mock.base("team")).with("routePrefix", json!("team")),
    ];
    let gateway = Gateway::start(&channels).await?;
    Ok((mock, gateway))
}

#[tokio::test]
async fn a_channel_is_reached_by_priority_by_name_or_by_prefix() {
    let (mock, gateway) = three_channels().await.unwrap();
    for sample in Sample::all() {
        let direct = sample.call(gateway.url(), gateway.key());
        let pinned = direct.clone().header("x-channel", "b");
        let prefixed = sample.call(&format!("{}/team", gateway.url()), gateway.key());
        for (call, lane) in [(direct, "a"), (pinned, "b"), (prefixed, "team")] {
            let before = mock.lane(lane).count();
            let answer = call.send().await.unwrap();
            assert_eq!(answer.status, 200, "{} on {lane}: {}", sample.name(), answer.text());
            assert_eq!(answer.header("x-causeway-channel"), lane, "{}", sample.name());
            assert_eq!(mock.lane(lane).count(), before + 1, "{} on {lane}", sample.name());
        }
    }
}

#[tokio::test]
async fn a_channel_or_model_nobody_has_is_an_error_in_the_clients_protocol() {
    let mock = Mock::start().await.unwrap();
    let channel = Channel::every("a", &mock.base("a")).with("models", json!(["mock-*", "!mock-old"]));
    let gateway = Gateway::start(&[channel]).await.unwrap();
    for protocol in Protocol::ALL {
        let sample = Sample::of(protocol, false);
        let calls = [
            sample.call(gateway.url(), gateway.key()).header("x-channel", "nobody"),
            sample.clone().model("other").call(gateway.url(), gateway.key()),
            sample.clone().model("mock-old").call(gateway.url(), gateway.key()),
            sample.call(&format!("{}/nobody", gateway.url()), gateway.key()),
        ];
        for (index, call) in calls.into_iter().enumerate() {
            let answer = call.send().await.unwrap();
            let status = answer.status.as_u16();
            assert!((400..500).contains(&status), "{} {index}: {status} {}", sample.name(), answer.text());
            assert_eq!(
                wire::error_problem(protocol, status, &answer.json()),
                None,
                "{} {index}",
                sample.name()
            );
        }
    }
    assert_eq!(mock.lane("a").count(), 0);
}

#[tokio::test]
async fn a_key_is_taken_from_every_carrier_and_from_no_other_key() {
    let (_mock, gateway) = three_channels().await.unwrap();
    let body = Sample::of(Protocol::Chat, false).body;
    let chat = Call::post(format!("{}/v1/chat/completions", gateway.url()), body);
    let gemini = Sample::of(Protocol::Gemini, false);
    let (url, key) = (gateway.url(), gateway.key());
    let with_key = format!("{url}{}?key={key}", gemini.path);
    let good = [
        ("bearer", chat.clone().header("authorization", format!("Bearer {key}"))),
        ("another case", chat.clone().header("authorization", format!("bearer {key}"))),
        ("x-api-key", chat.clone().header("x-api-key", key)),
        ("x-goog-api-key", chat.clone().header("x-goog-api-key", key)),
        ("?key=", Call::post(with_key, gemini.body.clone())),
    ];
    for (case, call) in good {
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status, 200, "{case}: {}", answer.text());
    }
    let bad = [
        ("nothing", chat.clone()),
        ("empty", chat.clone().header("authorization", "Bearer ")),
        ("another", chat.clone().header("authorization", "Bearer cw-not-the-client-key")),
        ("a part of it", chat.clone().header("x-api-key", key.get(..10).unwrap_or_default())),
        ("the admin's", chat.clone().header("x-api-key", gateway.admin_key())),
    ];
    for (case, call) in bad {
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status, 401, "{case}: {}", answer.text());
        assert_eq!(wire::error_problem(Protocol::Chat, 401, &answer.json()), None, "{case}");
    }
    for protocol in Protocol::ALL {
        let answer = Sample::of(protocol, false).call(url, "cw-not-the-client-key").send().await.unwrap();
        assert_eq!(answer.status, 401, "{protocol:?}");
        assert_eq!(wire::error_problem(protocol, 401, &answer.json()), None, "{protocol:?}");
    }
}

#[tokio::test]
async fn guessing_keys_is_slowed_down() {
    // A gateway of its own: the address is refused for a while, whoever else uses it.
    let gateway = Gateway::start_own(&[], &[]).await.unwrap();
    let sample = Sample::of(Protocol::Messages, false);
    // A Worker is told the address by Cloudflare, a server sees it.
    let guess = |key: String| sample.call(gateway.url(), &key).header("cf-connecting-ip", "192.0.2.7").send();
    let mut last = None;
    for number in 0..20 {
        last = Some(guess(format!("cw-a-guess-number-{number}")).await.unwrap());
    }
    let last = last.unwrap();
    assert_eq!(last.status, 429, "{}", last.text());
    assert_eq!(wire::error_problem(Protocol::Messages, 429, &last.json()), None);
    assert!(last.header("retry-after").parse::<u64>().is_ok());
}

#[tokio::test]
async fn an_unknown_path_is_an_error_in_the_nearest_protocol_and_never_html() {
    let (mock, gateway) = three_channels().await.unwrap();
    let cases = [
        (Method::POST, "/v1/messages/unknown", Protocol::Messages),
        (Method::POST, "/v1/chat/unknown", Protocol::Chat),
        (Method::POST, "/v1/responses/unknown", Protocol::Responses),
        (Method::POST, "/v1beta/models/m:unknown", Protocol::Gemini),
        (Method::POST, "/v1beta/unknown", Protocol::Gemini),
        (Method::POST, "/v1/images/unknown", Protocol::Images),
        (Method::POST, "/v1/unknown", Protocol::Chat),
        (Method::POST, "/team/v1/messages/unknown", Protocol::Messages),
        (Method::GET, "/v2/anything", Protocol::Chat),
        (Method::GET, "/v1/../../etc/passwd", Protocol::Chat),
    ];
    for (method, path, protocol) in cases {
        let call = Call::new(method, format!("{}{path}", gateway.url())).body("application/json", "{}");
        let answer = call.header("x-api-key", gateway.key()).send().await.unwrap();
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(answer.header("content-type").starts_with("application/json"), "{path}");
        assert_eq!(wire::error_problem(protocol, 404, &answer.json()), None, "{path}");
    }
    assert_eq!(mock.lane("a").count(), 0);
}

#[tokio::test]
async fn gemini_is_spoken_below_v1_too() {
    let (mock, gateway) = three_channels().await.unwrap();
    for sample in Sample::all().into_iter().filter(|sample| sample.protocol == Protocol::Gemini) {
        let sample = Sample { path: sample.path.replace("/v1beta/", "/v1/"), ..sample };
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!(answer.status, 200, "{}: {}", sample.name(), answer.text());
        let seen = mock.lane("a").last().unwrap();
        assert_eq!((seen.operation, &seen.body[..]), (Some(sample.operation), sample.body.as_bytes()));
    }
    let list = Call::get(format!("{}/v1/models", gateway.url())).header("x-goog-api-key", gateway.key());
    assert!(list.send().await.unwrap().json()["models"].is_array());
}

#[tokio::test]
async fn a_wrong_method_says_which_one_is_right() {
    let (_mock, gateway) = three_channels().await.unwrap();
    for operation in [Operation::Messages, Operation::Chat, Operation::Embeddings] {
        let sample = Sample::operation(operation, false);
        let call = Call::get(format!("{}{}", gateway.url(), sample.path)).header("x-api-key", gateway.key());
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status, 405, "{}: {}", sample.name(), answer.text());
        assert!(answer.header("allow").contains("POST"), "{}", sample.name());
        assert_eq!(wire::error_problem(sample.protocol, 405, &answer.json()), None, "{}", sample.name());
    }
}

#[tokio::test]
async fn health_and_the_root_answer_without_a_key() {
    let (_mock, gateway) = three_channels().await.unwrap();
    let head = Call::new(Method::HEAD, format!("{}/", gateway.url())).send().await.unwrap();
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    let health = Call::get(format!("{}/health", gateway.url())).send().await.unwrap();
    assert_eq!(health.status, 200);
    assert!(health.json().is_object(), "{}", health.text());
    assert!(!health.text().contains("a-key"), "health says nothing of channels");
}

#[tokio::test]
async fn a_websocket_for_responses_is_sent_back_to_http() {
    let (_mock, gateway) = three_channels().await.unwrap();
    let answer = Call::get(format!("{}/v1/responses", gateway.url()))
        .header("authorization", format!("Bearer {}", gateway.key()))
        .headers(&[
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status, 426, "{}", answer.text());
    assert_eq!(wire::error_problem(Protocol::Responses, 426, &answer.json()), None);
}

#[tokio::test]
async fn a_conversation_stays_with_its_channel_and_key() {
    let mock = Mock::start().await.unwrap();
    let channel = |name: &str| {
        let base = mock.base(name);
        Channel::new(name)
            .endpoint(Protocol::Messages, &base)
            .key(&format!("sk-{name}-1"))
            .key(&format!("sk-{name}-2"))
    };
    let gateway = Gateway::start(&[channel("a"), channel("b")]).await.unwrap();
    let sample = Sample::of(Protocol::Messages, false);
    for session in 0..6 {
        let (a, b) = (mock.lane("a"), mock.lane("b"));
        a.reset();
        b.reset();
        for _ in 0..4 {
            let call = sample.call(gateway.url(), gateway.key());
            let call = call.header("x-claude-code-session-id", format!("session-{session}"));
            assert_eq!(call.send().await.unwrap().status, 200);
        }
        let keys: Vec<_> = a.key_counts().into_iter().chain(b.key_counts()).collect();
        assert_eq!(keys.len(), 1, "session {session} used {keys:?}");
    }
}
