//! Same protocol on both sides: bytes go through unchanged, apart from a mapped model.

use std::io;

use causeway_tests::client::Call;
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Action, Behaviour, Mock, Operation, Protocol};
use causeway_tests::sample::{MODEL, Sample};
use serde_json::json;

const CLAUDE_CODE: &str = include_str!("../fixtures/request/messages/claude_code.json");

/// A gateway with one channel for everything; `mapped-*` models become `mock-large` on the way.
async fn one_channel() -> io::Result<(Mock, Gateway)> {
    let mock = Mock::start().await?;
    let channel = Channel::every("a", &mock.base("a")).with("modelMap", json!({ "mapped-*": MODEL }));
    let gateway = Gateway::start(&[channel]).await?;
    Ok((mock, gateway))
}

/// Bodies that any re-encoding would change: unknown fields, order, number spelling, spaces, escapes.
fn odd_bodies() -> Vec<(Operation, String)> {
    let odd = r#"  "x_unknown" : {"b":1.10,"a":1e5,"big":1234567890123456789012345 ,"neg":-0.0,"deep":[[],{},[null , true]]},
    "x_text":"\u00e9\/\ud83d\ude00 é 😀 \\u0041",	"temperature":1.0"#;
    let body = |rest: &str| format!("\n {{ \"x_first\":0,  \"model\" : \"{MODEL}\" ,\r\n{odd},  {rest} }}\n");
    let gemini = |rest: &str| format!("{{ {odd},  {rest} }}");
    let turns = r#""messages":[{"role":"user","content":[{"type":"text","text":"hello","cache_control":{"ttl":"1h","type":"ephemeral"}}],"x_mark":1.50}]"#;
    let contents = r#""contents":[{"parts":[{"text":"hello","x_mark":1.50}],"role":"user"}]"#;
    vec![
        (Operation::Messages, body(&format!(r#"{turns},"max_tokens":64"#))),
        (Operation::CountTokens, body(turns)),
        (Operation::Chat, body(turns)),
        (
            Operation::Responses,
            body(r#""input":[{"type":"message","role":"user","content":"hi","id":"msg_1"}]"#),
        ),
        (Operation::ResponsesCompact, body(r#""input":"hi""#)),
        (Operation::ResponsesInputTokens, body(r#""input":"hi""#)),
        (Operation::GeminiGenerate, gemini(contents)),
        (Operation::GeminiStream, gemini(contents)),
        (Operation::GeminiCountTokens, gemini(contents)),
        (Operation::GeminiEmbed, gemini(r#""content":{"parts":[{"text":"hi"}]}"#)),
        (Operation::GeminiBatchEmbed, gemini(r#""requests":[{"content":{"parts":[{"text":"hi"}]}}]"#)),
        (Operation::ImageGenerate, body(r#""prompt":"a bridge""#)),
        (Operation::Embeddings, body(r#""input":"hi""#)),
    ]
}

#[tokio::test]
async fn every_operation_reaches_its_path_with_its_bytes() {
    let (mock, gateway) = one_channel().await.unwrap();
    let plain = Sample::all();
    let odd = odd_bodies()
        .into_iter()
        .map(|(operation, body)| Sample { body, ..Sample::operation(operation, false) });
    for sample in plain.into_iter().chain(odd) {
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!(answer.status, 200, "{}: {}", sample.name(), answer.text());
        let seen = mock.lane("a").last().unwrap();
        let path = match &seen.query {
            Some(query) => format!("{}?{query}", seen.path),
            None => seen.path.clone(),
        };
        assert_eq!(
            (seen.operation, path),
            (Some(sample.operation), sample.path.clone()),
            "{}",
            sample.name()
        );
        assert_eq!(seen.body, sample.body.as_bytes(), "{}", sample.name());
        assert_eq!(seen.key.as_deref(), Some("sk-a-1"), "{}", sample.name());
        assert!(answer.header("x-causeway-channel").starts_with('a'), "{}", sample.name());
        assert!(!answer.header("x-causeway-request-id").is_empty(), "{}", sample.name());
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_mapped_model_is_all_that_differs() {
    let (mock, gateway) = one_channel().await.unwrap();
    let odd = odd_bodies()
        .into_iter()
        .map(|(operation, body)| Sample { body, ..Sample::operation(operation, false) });
    for wanted in Sample::all().into_iter().chain(odd) {
        let mut asked = wanted.clone().model("mapped-model");
        if wanted.operation == Operation::GeminiBatchEmbed {
            asked.body = wanted.body.clone();
        }
        let answer = asked.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!(answer.status, 200, "{}: {}", asked.name(), answer.text());
        let seen = mock.lane("a").last().unwrap();
        assert_eq!(seen.body, wanted.body.as_bytes(), "{}", asked.name());
        assert!(wanted.path.starts_with(&seen.path), "{}: {}", asked.name(), seen.path);
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn answers_come_back_byte_for_byte() {
    let (mock, gateway) = one_channel().await.unwrap();
    for sample in Sample::all() {
        let direct = sample.call(&mock.base("direct"), "k").send().await.unwrap();
        for (case, body) in spellings(&direct.text(), sample.stream) {
            let mut behaviour = Behaviour::verbatim(direct.header("content-type"), body.clone());
            for size in [None, Some(7), Some(1000)] {
                behaviour.reply.write_bytes = size;
                mock.lane("a").script([behaviour.clone()]);
                let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
                let name = format!("{} {case} {size:?}", sample.name());
                assert_eq!(answer.status, 200, "{name}: {}", answer.text());
                assert_eq!(answer.text(), body, "{name}");
                assert!(!answer.cut, "{name}");
                assert_eq!(answer.header("content-type"), direct.header("content-type"), "{name}");
            }
        }
    }
}

/// The same answer as vendors and proxies may spell it.
fn spellings(text: &str, stream: bool) -> Vec<(&'static str, String)> {
    if !stream {
        let spaced = text.replacen('{', "{\n  \"x_first\": 1.10,\n  \"x_big\": 12345678901234567890123 ,", 1);
        return vec![("plain", text.to_owned()), ("spaced, with fields nobody knows", spaced)];
    }
    vec![
        ("plain", text.to_owned()),
        ("CRLF", text.replace('\n', "\r\n")),
        ("comments", text.replace("data: ", ": a comment\nid: 7\nretry: 1000\ndata: ")),
        ("no space", text.replace("data: ", "data:")),
        ("odd fields", text.replace("\n\n", "\nx-odd: 1\n\n")),
        ("blank lines", text.replace("\n\n", "\n\n\n\n")),
    ]
}

#[tokio::test]
async fn a_gemini_stream_without_sse_stays_a_json_array() {
    let (mock, gateway) = one_channel().await.unwrap();
    let mut sample = Sample::of(Protocol::Gemini, true);
    sample.path = sample.path.replace("?alt=sse", "");
    let direct = sample.call(&mock.base("direct"), "k").send().await.unwrap();
    assert_eq!(direct.json().as_array().map(Vec::len), Some(5), "{}", direct.text());
    let mut behaviour = Behaviour::verbatim(direct.header("content-type"), direct.text());
    behaviour.reply.write_bytes = Some(50);
    mock.lane("a").script([behaviour]);
    let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.text()), (200, direct.text()));
    assert_eq!(mock.lane("a").last().unwrap().query, None);
}

#[tokio::test]
async fn bytes_that_are_no_utf8_pass() {
    let (mock, gateway) = one_channel().await.unwrap();
    for protocol in [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini] {
        let sample = Sample::of(protocol, true);
        mock.lane("a").script([Action::InvalidUtf8.into()]);
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!(answer.status, 200, "{}", sample.name());
        assert!(
            answer.body.windows(4).any(|bytes| bytes == b"mo\xff\xfe"),
            "{}: {}",
            sample.name(),
            answer.text()
        );
        assert!(!answer.cut, "{}", sample.name());
    }
}

#[tokio::test]
async fn the_claude_code_request_and_a_megabyte_arrive_whole() {
    let (mock, gateway) = one_channel().await.unwrap();
    let url = format!("{}/v1/messages?beta=true", gateway.url());
    let filler = "0123456789abcdef".repeat(64 * 1024);
    let bodies = [CLAUDE_CODE.to_owned(), CLAUDE_CODE.replacen("Reading it.", &filler, 1)];
    assert!(bodies.last().unwrap().len() > 1024 * 1024);
    mock.lane("a").has_sealed("bW9jay1zaWduYXR1cmU=", "The note has to be read first.");
    let betas = "claude-code-20250219,interleaved-thinking-2025-05-14,mid-conversation-system-2026-04-07";
    for body in bodies {
        let answer = Call::post(&url, body.clone())
            .header("authorization", format!("Bearer {}", gateway.key()))
            .headers(&[("anthropic-version", "2023-06-01"), ("anthropic-beta", betas)])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = mock.lane("a").last().unwrap();
        assert!(seen.body == body.as_bytes(), "{} bytes became {}", body.len(), seen.body.len());
        assert_eq!(seen.query.as_deref(), Some("beta=true"));
        assert_eq!(seen.headers.get("anthropic-beta").unwrap(), betas);
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn headers_of_the_client_and_of_the_connection_stop_here() {
    let (mock, gateway) = one_channel().await.unwrap();
    let stray = [
        ("cookie", "session=1"),
        ("forwarded", "for=10.0.0.1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-host", "inside.example"),
        ("x-forwarded-proto", "https"),
        ("x-real-ip", "10.0.0.1"),
        ("origin", "https://inside.example"),
        ("referer", "https://inside.example/page"),
        ("proxy-authorization", "Basic eA=="),
        ("x-own-header", "inside"),
        ("sec-fetch-site", "cross-site"),
    ];
    for protocol in Protocol::ALL {
        let sample = Sample::of(protocol, false);
        let answer = sample
            .call(gateway.url(), gateway.key())
            .headers(&stray)
            .header("x-channel", "a")
            .header("user-agent", "an-sdk/1.0")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status, 200, "{}: {}", sample.name(), answer.text());
        let seen = mock.lane("a").last().unwrap();
        for (name, _) in stray.iter().chain(&[("x-channel", "")]) {
            assert!(!seen.headers.contains_key(*name), "{}: `{name}` reached the upstream", sample.name());
        }
        let host = mock.address().to_string();
        assert_eq!(seen.headers.get("host").unwrap(), host.as_str(), "{}", sample.name());
        for value in seen.headers.values() {
            assert!(!String::from_utf8_lossy(value.as_bytes()).contains(gateway.key()), "{}", sample.name());
        }
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn headers_of_the_upstream_pass_only_where_clients_use_them() {
    let (mock, gateway) = one_channel().await.unwrap();
    let behaviour = Behaviour::ok()
        .header("set-cookie", "a=b")
        .header("access-control-allow-origin", "*")
        .header("strict-transport-security", "max-age=1")
        .header("alt-svc", "h3=\":443\"")
        .header("server", "an-upstream")
        .header("x-ratelimit-remaining-requests", "41");
    for stream in [false, true] {
        mock.lane("a").always(behaviour.clone());
        let answer =
            Sample::of(Protocol::Chat, stream).call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!(answer.status, 200);
        for name in ["set-cookie", "access-control-allow-origin", "strict-transport-security", "alt-svc"] {
            assert!(!answer.headers.contains_key(name), "`{name}` reached the client");
        }
        assert_ne!(answer.header("server"), "an-upstream");
        assert_eq!(answer.header("x-ratelimit-remaining-requests"), "41");
    }
}

#[tokio::test]
async fn a_refusal_of_the_request_comes_back_byte_for_byte() {
    let (mock, gateway) = one_channel().await.unwrap();
    for protocol in Protocol::ALL {
        let sample = Sample::of(protocol, false);
        let body = r#"{"type":"error","error":{"type":"invalid_request_error","code":400,"status":"INVALID_ARGUMENT",  "message":"no such field","x":1.10}}"#;
        let action = Action::Status { code: 400, message: None, body: Some(body.to_owned()) };
        mock.lane("a").script([action.into()]);
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.text()), (400, body.to_owned()), "{}", sample.name());
    }
}

#[tokio::test]
async fn a_stream_is_not_held_back() {
    let (mock, gateway) = one_channel().await.unwrap();
    for protocol in [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini] {
        let mut behaviour = Behaviour::text("one two three four five six seven");
        behaviour.action = Action::StallAfter { events: 6 };
        mock.lane("a").script([behaviour]);
        let sample = Sample::of(protocol, true);
        let mut arriving = sample.call(gateway.url(), gateway.key()).open().await.unwrap();
        let mut text = String::new();
        while text.matches("data:").count() < 6 {
            let bytes = arriving.next().await.unwrap().unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
}
