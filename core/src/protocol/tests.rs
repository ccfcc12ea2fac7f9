use std::time::Duration;

use http::HeaderValue;
use serde_json::{Value, json};

use super::*;
use crate::error::{FailureKind, Origin};

/// Nothing of this may reach an upstream, whatever the protocol.
const PRIVATE_OF_CLIENT: [&str; 18] = [
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "cookie",
    "host",
    "origin",
    "referer",
    "forwarded",
    "x-forwarded-for",
    "x-real-ip",
    "via",
    "connection",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "openai-organization",
    "openai-project",
    "x-channel",
];

/// Nothing of this may reach a client, whatever the protocol.
const PRIVATE_OF_UPSTREAM: [&str; 13] = [
    "set-cookie",
    "access-control-allow-origin",
    "strict-transport-security",
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "connection",
    "server",
    "alt-svc",
    "cf-ray",
    "anthropic-organization-id",
    "openai-organization",
    "openai-project",
];

fn all(names: &[&'static str]) -> HeaderMap {
    names.iter().map(|name| (HeaderName::from_static(name), HeaderValue::from_static("v"))).collect()
}

#[test]
fn what_is_private_stays_behind() {
    for protocol in Protocol::ALL {
        let sent = request_headers(protocol, &all(&PRIVATE_OF_CLIENT));
        assert!(PRIVATE_OF_CLIENT.iter().all(|name| !sent.contains_key(*name)), "{protocol}: {sent:?}");
        let shown = response_headers(protocol, &all(&PRIVATE_OF_UPSTREAM));
        assert!(shown.is_empty(), "{protocol}: {shown:?}");
    }
}

#[test]
fn what_the_clients_tell_their_vendors_passes() {
    for (protocol, names) in [
        (
            Protocol::Messages,
            &["anthropic-beta", "anthropic-version", "x-app", "x-claude-code-session-id", "user-agent"][..],
        ),
        (
            Protocol::Responses,
            &[
                "openai-beta",
                "session-id",
                "thread-id",
                "originator",
                "x-codex-window-id",
                "x-client-request-id",
            ],
        ),
        (Protocol::Gemini, &["x-goog-api-client", "x-gemini-api-privileged-user-id", "accept"]),
        (Protocol::Chat, &["x-stainless-retry-count", "idempotency-key"]),
    ] {
        let sent = request_headers(protocol, &all(names));
        assert!(names.iter().all(|name| sent.contains_key(*name)), "{protocol}: {sent:?}");
    }
}

#[test]
fn what_the_sdks_read_of_an_answer_passes() {
    let common = ["content-type", "retry-after", "retry-after-ms", "x-request-id", "x-should-retry"];
    for (protocol, names) in [
        (Protocol::Messages, &["anthropic-ratelimit-requests-remaining", "request-id"][..]),
        (Protocol::Responses, &["openai-processing-ms", "x-codex-primary-used-percent", "x-models-etag"]),
        (Protocol::Chat, &["x-ratelimit-remaining-tokens", "openai-version"]),
    ] {
        let names = [names, &common].concat();
        assert_eq!(response_headers(protocol, &all(&names)), all(&names), "{protocol}");
    }
}

#[test]
fn a_claude_upstream_is_always_told_a_version() {
    let version =
        |client: &HeaderMap| request_headers(Protocol::Messages, client)["anthropic-version"].clone();
    assert_eq!(version(&HeaderMap::new()), "2023-06-01");
    assert_eq!(version(&all(&["anthropic-version"])), "v");
}

#[test]
fn a_key_goes_where_its_vendor_looks_for_it() {
    for (protocol, secret, name, value) in [
        (Protocol::Messages, "sk-ant-api03-x", "x-api-key", "sk-ant-api03-x"),
        (Protocol::Messages, "sk-ant-oat01-x", "authorization", "Bearer sk-ant-oat01-x"),
        (Protocol::Messages, "sk-x", "authorization", "Bearer sk-x"),
        (Protocol::Gemini, "AIza", "x-goog-api-key", "AIza"),
        (Protocol::Responses, "sk-x", "authorization", "Bearer sk-x"),
    ] {
        let (header, credential) = credential(protocol, secret).unwrap();
        assert_eq!((header.as_str(), credential.to_str().unwrap()), (name, value));
        assert!(credential.is_sensitive());
    }
    assert_eq!(credential(Protocol::Gemini, "a\nb"), None);
}

fn failure(kind: FailureKind) -> Failure {
    Failure::new(Origin::Gateway, kind, "it broke")
}

fn encoded(protocol: Protocol, failure: &Failure) -> Value {
    serde_json::from_slice(&encode_error(protocol, failure, "req_1")).unwrap()
}

#[test]
fn an_error_has_the_shape_of_the_clients_protocol() {
    let failure = Failure {
        tried: vec!["a: 429 slow down".to_owned(), "b: 503".to_owned()],
        ..failure(FailureKind::RateLimited).with_retry_after(Some(Duration::from_millis(2500)))
    };
    let message = "it broke (tried: a: 429 slow down; b: 503)";
    assert_eq!(
        encoded(Protocol::Messages, &failure),
        json!({"type": "error", "error": {"type": "rate_limit_error", "message": message}, "request_id": "req_1"})
    );
    for protocol in [Protocol::Chat, Protocol::Responses, Protocol::Images, Protocol::Embeddings] {
        assert_eq!(
            encoded(protocol, &failure),
            json!({"error":
                {"message": message, "type": "requests", "param": null, "code": "rate_limit_exceeded"}})
        );
    }
    assert_eq!(
        encoded(Protocol::Gemini, &failure),
        json!({"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"},
            {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "req_1"},
        ]}})
    );
}

#[test]
fn each_kind_of_failure_has_its_type() {
    use FailureKind::*;
    for (kind, claude, openai, google) in [
        (InvalidRequest, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"),
        (Authentication, "authentication_error", "invalid_request_error", "UNAUTHENTICATED"),
        (Permission, "permission_error", "request_forbidden", "PERMISSION_DENIED"),
        (NotFound, "not_found_error", "invalid_request_error", "NOT_FOUND"),
        (TooLarge, "request_too_large", "invalid_request_error", "INVALID_ARGUMENT"),
        (RateLimited, "rate_limit_error", "requests", "RESOURCE_EXHAUSTED"),
        (Overloaded, "overloaded_error", "server_error", "UNAVAILABLE"),
        (Timeout, "timeout_error", "server_error", "DEADLINE_EXCEEDED"),
        (Upstream, "api_error", "server_error", "UNAVAILABLE"),
        (Internal, "api_error", "server_error", "INTERNAL"),
    ] {
        let failure = failure(kind);
        assert_eq!(encoded(Protocol::Messages, &failure)["error"]["type"], claude);
        assert_eq!(encoded(Protocol::Chat, &failure)["error"]["type"], openai);
        assert_eq!(encoded(Protocol::Gemini, &failure)["error"]["status"], google);
    }
    let unpaid = failure(Permission).with_status(http::StatusCode::PAYMENT_REQUIRED);
    assert_eq!(encoded(Protocol::Messages, &unpaid)["error"]["type"], "billing_error");
    assert_eq!(encoded(Protocol::Chat, &unpaid)["error"]["code"], "insufficient_quota");
}

#[test]
fn an_error_we_write_is_one_we_can_read() {
    for protocol in Protocol::ALL {
        let error = decode_error(&encode_error(protocol, &failure(FailureKind::Overloaded), "req_1"));
        assert_eq!(error.message, "it broke", "{protocol}");
        assert!(error.kind.is_some(), "{protocol}");
    }
}

/// Bytes of every kind that a peer may send, as seeds for broken ones.
const CORPUS: [&str; 9] = [
    r#"{"model":"m","stream":true,"metadata":{"user_id":"u"},"messages":[{"content":[{"type":"text","text":"é"}]}]}"#,
    r#"{"type":"error","error":{"type":"x","message":"{\"error\":{\"message\":\"y\"}}"}}"#,
    r#"{"type":"message_start","message":{"usage":{"input_tokens":18446744073709551615,"output_tokens":1e300}}}"#,
    r#"{"choices":[{"delta":{"content":"a"},"finish_reason":null}],"usage":{"prompt_tokens":9,"completion_tokens":-1}}"#,
    r#"{"type":"response.completed","response":{"output":[{}],"usage":{"input_tokens":1}}}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1}}"#,
    r#"{"data":[{"id":"a","created_at":"2026-02-17T12:34:56+01:00"}],"has_more":true,"last_id":"a"}"#,
    "<html><script>x</script><h1>502</h1>",
    "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n",
];

#[test]
fn broken_bytes_do_no_harm() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let form = HeaderMap::from_iter([(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("multipart/form-data; boundary=b"),
    )]);
    let mut taps: Vec<_> = Operation::ALL.into_iter().map(Tap::new).collect();
    for _ in 0..3000 {
        let mut bytes = CORPUS[random(CORPUS.len())].as_bytes().to_vec();
        for _ in 0..random(4) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, br#"{}[]",:\<"#[random(9)]),
            }
        }
        let body = Bytes::from(bytes);
        for operation in Operation::ALL {
            for headers in [&HeaderMap::new(), &form] {
                if let Ok(peek) = peek(operation, headers, &body, Some("m")) {
                    let mapped = with_model(operation, &peek, &body, "another");
                    let again = super::peek(operation, headers, &mapped, Some("another")).unwrap();
                    assert_eq!(again.model, "another");
                }
            }
            body_usage(operation, Some(&body));
        }
        for tap in &mut taps {
            tap.observe(&sse::Event { name: None, data: body.as_ref().into() });
            tap.usage();
        }
        body_error(Some(&body));
        models::decode(&body);
        messages::count::estimate(&body);
        assert!(decode_error(&body).message.len() <= MAX_MESSAGE);
    }
}
