use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;
use crate::error::{FailureKind, Origin};

fn event<'a>(name: &'a str, data: &'a str) -> sse::Event<'a> {
    sse::Event {
        name: (!name.is_empty()).then_some(Cow::Borrowed(name.as_bytes())),
        data: Cow::Borrowed(data.as_bytes()),
    }
}

/// `.` quiet, `c` content, `d` done, `!` failed.
fn signals(operation: Operation, events: &[(&str, &str)]) -> (Tap, String) {
    let mut tap = Tap::new(operation);
    let seen = events
        .iter()
        .map(|(name, data)| match tap.observe(&event(name, data)) {
            Signal::Quiet => '.',
            Signal::Content => 'c',
            Signal::Done => 'd',
            Signal::Failed(_) => '!',
        })
        .collect();
    (tap, seen)
}

fn failed(operation: Operation, name: &str, data: &str) -> UpstreamError {
    match Tap::new(operation).observe(&event(name, data)) {
        Signal::Failed(error) => error,
        other => panic!("{other:?}: {data}"),
    }
}

const CLAUDE: &[(&str, &str)] = &[
    (
        "message_start",
        r#"{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":9,"cache_read_input_tokens":80,"cache_creation_input_tokens":3,"output_tokens":1}}}"#,
    ),
    ("ping", r#"{"type":"ping"}"#),
    (
        "content_block_start",
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    ),
    (
        "content_block_delta",
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":""}}"#,
    ),
    (
        "content_block_delta",
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
    ),
    ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
    ("content_block_delta", "not looked at any more"),
    (
        "message_delta",
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":0,"output_tokens":50,"output_tokens_details":{"thinking_tokens":20}}}"#,
    ),
    ("message_stop", r#"{"type":"message_stop"}"#),
];

#[test]
fn a_claude_stream_is_followed_by_the_names_of_its_events() {
    let (tap, seen) = signals(Operation::Messages, CLAUDE);
    assert_eq!(seen, "....c.c.d");
    assert!(tap.ended());
    let expected = Usage {
        input: Some(9),
        cache_read: Some(80),
        cache_write: Some(3),
        output: Some(30),
        reasoning: Some(20),
        ..Usage::default()
    };
    assert_eq!(tap.usage(), Some(expected));
}

#[test]
fn events_without_names_are_told_by_their_type() {
    for name in ["", "message"] {
        let nameless: Vec<_> = CLAUDE.iter().map(|(_, data)| (name, *data)).collect();
        let (tap, seen) = signals(Operation::Messages, &nameless);
        assert_eq!(seen, "....c...d");
        assert!(tap.ended());
    }
    let (_, seen) = signals(
        Operation::Responses,
        &[
            ("", r#"{"sequence_number":0,"response":{"type":"x"},"type":"response.created"}"#),
            ("", r#"{"delta":"a","type":"response.output_text.delta"}"#),
            ("", r#"{"type":"response.completed","response":{}}"#),
        ],
    );
    assert_eq!(seen, ".cd");
}

#[test]
fn tool_calls_and_refusals_of_claude_are_content() {
    for (name, data, expected) in [
        (
            "content_block_start",
            r#"{"content_block":{"type":"tool_use","id":"t","name":"Bash","input":{}}}"#,
            "c",
        ),
        ("content_block_start", r#"{"content_block":{"type":"redacted_thinking","data":"x"}}"#, "c"),
        ("content_block_start", r#"{"content_block":{"type":"text","text":""}}"#, "."),
        ("content_block_delta", r#"{"delta":{"type":"signature_delta","signature":"x"}}"#, "c"),
        ("content_block_delta", r#"{"delta":{"type":"input_json_delta","partial_json":""}}"#, "."),
        ("message_delta", r#"{"delta":{"stop_reason":"refusal"},"usage":{"output_tokens":0}}"#, "c"),
        ("message_delta", r#"{"delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":0}}"#, "."),
        ("something_new", r#"{"type":"something_new"}"#, "."),
        ("message_start", "{broken", "."),
    ] {
        assert_eq!(signals(Operation::Messages, &[(name, data)]).1, expected, "{data}");
    }
}

#[test]
fn a_chat_stream_is_followed_to_its_usage() {
    let (tap, seen) = signals(
        Operation::Chat,
        &[
            (
                "",
                r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[]},"finish_reason":null}],"usage":null}"#,
            ),
            ("", r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":null}"#),
            (
                "",
                r#"{"choices":[{"index":0,"delta":{"content":"say \"usage\": {} and \"finish_reason\": \"x\""},"finish_reason":null}]"#,
            ),
            ("", r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#),
            ("", r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#),
            ("", "[DONE]"),
        ],
    );
    assert_eq!(seen, ".cc..d");
    assert!(tap.ended());
    assert_eq!(tap.usage().map(|usage| (usage.input, usage.output)), Some((Some(7), Some(2))));
}

#[test]
fn whatever_a_chat_delta_brings_is_content() {
    for (chunk, expected) in [
        (r#"{"choices":[{"delta":{"reasoning_content":"x"}}]}"#, "c"),
        (r#"{"choices":[{"delta":{"content":null,"reasoning":"x"}}]}"#, "c"),
        (
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}}]}"#,
            "c",
        ),
        (r#"{"choices":[{"delta":{"refusal":"no"}}]}"#, "c"),
        (r#"{"choices":[{"message":{"role":"assistant","content":"x"}}]}"#, "c"),
        (r#"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#, "c"),
        (r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#, "c"),
        (r#"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":""}]}"#, "."),
        (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, "."),
        (r#"{"choices":[]}"#, "."),
        (r#"{"object":"x"}"#, "."),
        ("7", "."),
    ] {
        assert_eq!(signals(Operation::Chat, &[("", chunk)]).1, expected, "{chunk}");
    }
}

#[test]
fn a_finish_reason_ends_a_chat_stream_without_done() {
    let content = ("", r#"{"choices":[{"delta":{"content":"a"}}]}"#);
    let (cut, _) = signals(Operation::Chat, &[content]);
    assert!(!cut.ended());
    let finish = (
        "",
        r#"{"choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":1}}]}"#,
    );
    let (whole, _) = signals(Operation::Chat, &[content, finish]);
    assert!(whole.ended());
    assert_eq!(whole.usage().and_then(|usage| usage.input), Some(3));
}

#[test]
fn a_responses_stream_is_followed_to_its_usage() {
    let (tap, seen) = signals(
        Operation::Responses,
        &[
            (
                "response.created",
                r#"{"type":"response.created","response":{"id":"resp_1","model":"m","created_at":5}}"#,
            ),
            ("response.in_progress", r#"{"type":"response.in_progress","response":{"id":"resp_1"}}"#),
            ("response.output_item.added", r#"{"item":{"type":"reasoning","summary":[]}}"#),
            ("response.output_text.delta", r#"{"delta":""}"#),
            ("response.output_item.done", r#"{"item":{"type":"reasoning","encrypted_content":"x"}}"#),
            ("response.output_text.delta", "not looked at any more"),
            (
                "response.completed",
                r#"{"response":{"output":[{"usage":{}}],"error":null,"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":8},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":1}}}}"#,
            ),
        ],
    );
    assert_eq!(seen, "....ccd");
    assert!(tap.ended());
    let expected = Usage {
        input: Some(2),
        cache_read: Some(8),
        output: Some(3),
        reasoning: Some(1),
        ..Usage::default()
    };
    assert_eq!(tap.usage(), Some(expected));
}

#[test]
fn a_responses_stream_may_say_all_in_its_last_event() {
    for (name, data, expected) in [
        ("response.completed", r#"{"response":{"output":[{"type":"message"}]}}"#, "c"),
        ("response.completed", r#"{"response":{"output":[]}}"#, "d"),
        ("response.incomplete", r#"{"response":{"output":[]}}"#, "c"),
        ("response.output_item.added", r#"{"item":{"type":"function_call","name":"f","arguments":""}}"#, "c"),
        ("response.output_item.added", r#"{"item":{"type":"message","content":[]}}"#, "."),
        ("response.image_generation_call.partial_image", "{}", "c"),
        ("codex.rate_limits", r#"{"type":"codex.rate_limits"}"#, "."),
    ] {
        assert_eq!(signals(Operation::Responses, &[(name, data)]).1, expected, "{name} {data}");
    }
}

#[test]
fn a_gemini_stream_ends_by_its_finish_reason_and_the_last_usage_wins() {
    let (tap, seen) = signals(
        Operation::GeminiStream,
        &[
            (
                "",
                r#"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"}}],"usageMetadata":{"promptTokenCount":4}}"#,
            ),
            (
                "",
                r#"{"candidates":[{"content":{"parts":[{"text":"a","thought":true}]}}],"usageMetadata":{"promptTokenCount":4}}"#,
            ),
            (
                "",
                r#"{"candidates":[{"content":{"parts":[{"text":"say \"finishReason\""}]}}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":1},"modelVersion":"m"}"#,
            ),
        ],
    );
    assert_eq!((seen.as_str(), tap.ended()), (".cc", false));
    assert_eq!(tap.usage().map(|usage| (usage.input, usage.output)), Some((Some(4), Some(1))));
    let (tap, seen) = signals(
        Operation::GeminiStream,
        &[(
            "",
            r#"{"usageMetadata":{"promptTokenCount":4,"thoughtsTokenCount":6},"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#,
        )],
    );
    assert_eq!((seen.as_str(), tap.ended()), ("c", true));
    assert_eq!(tap.usage().and_then(|usage| usage.reasoning), Some(6));
}

#[test]
fn a_gemini_answer_without_words_is_one_when_it_says_why() {
    for (chunk, expected) in [
        (r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, "c"),
        (r#"{"candidates":[{"finishReason":"SAFETY"}]}"#, "c"),
        (r#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#, "c"),
        (r#"{"candidates":[{"finishReason":"STOP"}]}"#, "d"),
        (r#"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#, "d"),
        (r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]}}]}"#, "c"),
        (
            r#"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"x"}}]}}]}"#,
            "c",
        ),
    ] {
        let (tap, seen) = signals(Operation::GeminiStream, &[("", chunk)]);
        assert_eq!((seen.as_str(), tap.ended()), (expected, !chunk.contains("parts")), "{chunk}");
    }
}

#[test]
fn an_image_stream_ends_with_its_picture() {
    let (tap, seen) = signals(
        Operation::ImageGenerate,
        &[
            ("image_generation.partial_image", r#"{"type":"image_generation.partial_image","b64_json":"x"}"#),
            (
                "",
                r#"{"type":"image_generation.completed","b64_json":"x","usage":{"input_tokens":5,"output_tokens":9}}"#,
            ),
        ],
    );
    assert_eq!((seen.as_str(), tap.ended()), ("cc", true));
    assert_eq!(tap.usage().and_then(|usage| usage.output), Some(9));
}

#[test]
fn an_error_inside_a_stream_is_read_and_ends_it() {
    for (operation, name, data, kind, message) in [
        (
            Operation::Messages,
            "error",
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            Some("overloaded_error"),
            "Overloaded",
        ),
        (
            Operation::Messages,
            "",
            r#"{"type":"error","error":{"type":"api_error","message":"x"}}"#,
            Some("api_error"),
            "x",
        ),
        (Operation::Messages, "", r#"{"error":{"message":"x","type":"y"}}"#, Some("y"), "x"),
        (Operation::Chat, "", r#"{"error":{"message":"x","type":"y","code":429}}"#, Some("y"), "x"),
        (Operation::Chat, "error", r#"{"message":"x"}"#, None, "x"),
        (
            Operation::Chat,
            "",
            r#"{"choices":[{"delta":{},"finish_reason":"error"}],"error":{"message":"x"}}"#,
            None,
            "x",
        ),
        (
            Operation::Responses,
            "response.failed",
            r#"{"response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"x"}}}"#,
            None,
            "x",
        ),
        (
            Operation::Responses,
            "error",
            r#"{"type":"error","code":"c","message":"x","param":null}"#,
            None,
            "x",
        ),
        (Operation::Responses, "", r#"{"error":{"message":"x"}}"#, None, "x"),
        (
            Operation::GeminiStream,
            "",
            r#"{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}"#,
            Some("UNAVAILABLE"),
            "x",
        ),
        (
            Operation::ImageEdit,
            "error",
            r#"{"type":"error","error":{"message":"x","type":"y"}}"#,
            Some("y"),
            "x",
        ),
    ] {
        let error = failed(operation, name, data);
        assert_eq!((error.kind.as_deref(), error.message.as_str()), (kind, message), "{data}");
        assert!(signals(operation, &[(name, data)]).0.ended(), "{data}");
    }
}

#[test]
fn a_late_error_is_seen_after_content() {
    for (operation, content, error) in [
        (
            Operation::Chat,
            r#"{"choices":[{"delta":{"content":"a"}}]}"#,
            r#"{"id":"","error":{"message":"x"}}"#,
        ),
        (
            Operation::GeminiStream,
            r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#,
            r#"{"error":{"code":500,"message":"x"}}"#,
        ),
    ] {
        assert_eq!(signals(operation, &[("", content), ("", content), ("", error)]).1, "cc!");
    }
}

#[test]
fn only_a_stream_that_starts_without_json_has_failed() {
    let streaming = [Operation::Messages, Operation::Chat, Operation::Responses, Operation::GeminiStream];
    for operation in streaming {
        assert_eq!(failed(operation, "", "<h1>Bad gateway</h1>").message, "Bad gateway");
        assert_eq!(signals(operation, &[("", "{}"), ("", "oops"), ("", "{\"a\":"), ("", "\u{0}")]).1, "....");
        assert_eq!(signals(operation, &[("", r#"{"error":null}"#), ("", r#"{"error":{}}"#)]).1, "..");
    }
}

#[test]
fn a_cut_stream_ends_in_an_error_of_its_protocol() {
    let failure = Failure::new(Origin::Upstream, FailureKind::Upstream, "the upstream broke off");
    let written = |tap: &Tap| {
        let mut out = Vec::new();
        tap.error_event(&failure, &mut out);
        let text = String::from_utf8(out).unwrap();
        let (head, data) = text.split_once("data: ").unwrap();
        let data: Value = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
        (head.to_owned(), data)
    };
    let (head, data) = written(&Tap::new(Operation::Messages));
    assert_eq!(
        (head.as_str(), &data["error"]["message"]),
        ("event: error\n", &json!("the upstream broke off"))
    );
    let (head, data) = written(&Tap::new(Operation::Chat));
    assert_eq!((head.as_str(), &data["error"]["type"]), ("", &json!("server_error")));
    let (head, data) = written(&Tap::new(Operation::GeminiStream));
    assert_eq!((head.as_str(), &data["error"]["code"]), ("", &json!(502)));
    let (tap, _) = signals(
        Operation::Responses,
        &[
            ("response.created", r#"{"response":{"id":"resp_1","model":"m","created_at":5}}"#),
            ("response.x.delta", "{}"),
        ],
    );
    let (head, data) = written(&tap);
    assert_eq!(head, "event: response.failed\n");
    assert_eq!(data["sequence_number"], 2);
    let response = &data["response"];
    assert_eq!(
        (&response["id"], &response["model"], &response["status"]),
        (&json!("resp_1"), &json!("m"), &json!("failed"))
    );
    assert_eq!(response["error"]["code"], "server_error");
}

#[test]
fn our_own_error_events_are_terminal_to_a_tap() {
    let failure = Failure::new(Origin::Upstream, FailureKind::Overloaded, "busy");
    for operation in Operation::ALL {
        let mut out = Vec::new();
        Tap::new(operation).error_event(&failure, &mut out);
        let mut tap = Tap::new(operation);
        let mut seen = Vec::new();
        sse::Decoder::new(1 << 20).push(&out, &mut |event| seen.push(tap.observe(&event))).unwrap();
        assert!(matches!(seen.as_slice(), [Signal::Failed(error)] if error.message == "busy"), "{seen:?}");
        assert!(tap.ended());
    }
}

#[test]
fn a_keep_alive_is_no_event_to_a_tap() {
    for operation in Operation::ALL {
        let mut tap = Tap::new(operation);
        let mut seen = Vec::new();
        let bytes = keep_alive(operation.protocol());
        sse::Decoder::new(1 << 20).push(bytes, &mut |event| seen.push(tap.observe(&event))).unwrap();
        assert!(seen.iter().all(|signal| *signal == Signal::Quiet));
    }
}
