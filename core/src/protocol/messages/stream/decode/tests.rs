use serde_json::{Value, json};

use super::*;
use crate::config::Protocol;
use crate::ir::{
    Accumulator, Block, Citation, Compaction, FinishReason, Item, Opaque, Raw, Response, Role, SealKind,
    Sealed, ToolCall,
};

/// Events and whether the stream came to its end.
fn fold(events: &[Value]) -> Accumulator {
    let mut decoder = Decoder::default();
    let mut accumulator = Accumulator::default();
    let mut open = Vec::new();
    for event in events {
        let data = event.to_string().into_bytes();
        let event = sse::Event { name: None, data: data.into() };
        decoder.decode(&event, &mut |event| {
            match &event {
                Event::BlockStart { index, .. } => open.push(*index),
                Event::Delta { index, .. } => {
                    assert!(open.contains(index), "a delta for a block that is not open")
                }
                Event::BlockStop { index } => open.retain(|open| open != index),
                Event::Finish { .. } | Event::End => assert!(open.is_empty(), "open at the end: {open:?}"),
                Event::Start(_) | Event::Usage(_) | Event::Error(_) => {}
            }
            accumulator.push(&event);
        });
    }
    decoder.finish(&mut |event| accumulator.push(&event));
    accumulator
}

fn answer(events: &[Value]) -> Response {
    let accumulator = fold(events);
    assert!(accumulator.ended(), "{:?}", accumulator.error());
    accumulator.into_response()
}

fn start(index: u32, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u32, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: u32) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn text(text: &str) -> Value {
    json!({"type": "text_delta", "text": text})
}

fn conclude(reason: &str) -> Value {
    json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 9}})
}

fn begin() -> Value {
    json!({"type": "message_start", "message": {"id": "msg_1", "model": "claude", "role": "assistant", "content": [],
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 70, "output_tokens": 1, "service_tier": "standard"}}})
}

fn end() -> Value {
    json!({"type": "message_stop"})
}

fn full() -> Vec<Value> {
    vec![
        begin(),
        start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        json!({"type": "ping"}),
        delta(0, json!({"type": "thinking_delta", "thinking": "hm"})),
        delta(0, json!({"type": "signature_delta", "signature": "sig"})),
        stop(0),
        start(1, json!({"type": "redacted_thinking", "data": "enc"})),
        stop(1),
        start(2, json!({"type": "text", "text": ""})),
        delta(2, text("It \"is\" ")),
        delta(2, text("sunny.")),
        delta(
            2,
            json!({"type": "citations_delta", "citation":
            {"type": "web_search_result_location", "url": "u", "title": "t", "cited_text": "c", "encrypted_index": "e"}}),
        ),
        delta(
            2,
            json!({"type": "citations_delta", "citation": {"type": "page_location", "document_index": 0}}),
        ),
        stop(2),
        start(3, json!({"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {}})),
        delta(3, json!({"type": "input_json_delta", "partial_json": "{\"q\":"})),
        delta(3, json!({"type": "input_json_delta", "partial_json": "1}"})),
        stop(3),
        start(4, json!({"type": "web_search_tool_result", "tool_use_id": "srv", "content": []})),
        stop(4),
        start(5, json!({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}})),
        delta(5, json!({"type": "input_json_delta", "partial_json": ""})),
        delta(5, json!({"type": "input_json_delta", "partial_json": "{\"a\": 1.10"})),
        delta(5, json!({"type": "input_json_delta", "partial_json": "}"})),
        stop(5),
        start(6, json!({"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}})),
        stop(6),
        start(7, json!({"type": "compaction", "content": null, "signature": "s"})),
        delta(7, json!({"type": "compaction_delta", "content": "before", "encrypted_content": "e"})),
        stop(7),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null},
            "usage": {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 50,
                "output_tokens_details": {"thinking_tokens": 20}}}),
        end(),
    ]
}

#[test]
fn a_stream_is_read_whole() {
    let response = answer(&full());
    assert_eq!(
        (response.id.as_deref(), response.model.as_deref(), response.service_tier.as_deref()),
        (Some("msg_1"), Some("claude"), Some("standard"))
    );
    let usage = Usage {
        input: Some(3),
        cache_read: Some(70),
        output: Some(30),
        reasoning: Some(20),
        ..Usage::default()
    };
    assert_eq!(response.usage, Some(usage));
    let choice = &response.choices[0];
    assert_eq!(choice.finish.as_ref().unwrap().reason, FinishReason::ToolCalls);
    let seal = |kind, data: &str| Some(Sealed { kind, data: data.into() });
    let opaque = |kind: &str, raw: &str| {
        Item::Opaque(Opaque {
            owner: Protocol::Messages,
            role: Role::Assistant,
            kind: kind.into(),
            raw: Raw::parse(raw).unwrap(),
        })
    };
    let [Item::Reasoning(thinking), Item::Reasoning(redacted), Item::Message(message), rest @ ..] =
        choice.items.as_slice()
    else {
        panic!("{:?}", choice.items)
    };
    assert_eq!((thinking.text.as_deref(), &thinking.sealed), (Some("hm"), &seal(SealKind::Signature, "sig")));
    assert_eq!((redacted.redacted, &redacted.sealed), (true, &seal(SealKind::Redacted, "enc")));
    let [Block::Text(said)] = message.blocks.as_slice() else { panic!("{message:?}") };
    assert_eq!(said.text, "It \"is\" sunny.");
    let Citation::Url { url, title, raw: Some(_), .. } = &said.citations[0] else { panic!("{said:?}") };
    assert_eq!((url.as_str(), title.as_deref()), ("u", Some("t")));
    assert!(matches!(said.citations[1], Citation::Opaque { .. }));
    let expected = [
        opaque(
            "server_tool_use",
            r#"{"type":"server_tool_use","id":"srv","name":"web_search","input":{"q":1}}"#,
        ),
        opaque(
            "web_search_tool_result",
            r#"{"type":"web_search_tool_result","tool_use_id":"srv","content":[]}"#,
        ),
        Item::ToolCall(ToolCall::function("toolu_1", "f", r#"{"a": 1.10}"#)),
        Item::ToolCall(ToolCall::function("toolu_2", "g", "")),
        Item::Compaction(Compaction {
            id: None,
            sealed: seal(SealKind::Signature, r#"{"signature":"s","encrypted_content":"e"}"#),
            summary: Some("before".into()),
        }),
    ];
    assert_eq!(rest, expected);
}

#[test]
fn what_is_missing_is_mended() {
    let thought = |text: &str| json!({"type": "thinking_delta", "thinking": text});
    let call = json!({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}});
    for (case, events, texts, reason) in [
        (
            "no start",
            vec![
                start(0, json!({"type": "text", "text": ""})),
                delta(0, text("a")),
                stop(0),
                conclude("end_turn"),
                end(),
            ],
            "a",
            FinishReason::Stop,
        ),
        (
            "no block start",
            vec![begin(), delta(0, thought("x")), delta(1, text("a")), conclude("max_tokens"), end()],
            "[x]a",
            FinishReason::Length,
        ),
        (
            "another kind at the same index",
            vec![begin(), delta(0, thought("x")), delta(0, text("a")), end()],
            "[x]a",
            FinishReason::Stop,
        ),
        (
            "no index",
            vec![
                begin(),
                json!({"type": "content_block_delta", "delta": {"text": "a"}}),
                json!({"type": "content_block_stop"}),
                end(),
            ],
            "a",
            FinishReason::Stop,
        ),
        (
            "no stops",
            vec![
                begin(),
                start(0, json!({"type": "text", "text": "a"})),
                start(1, json!({"type": "text", "text": "b"})),
                conclude("stop_sequence"),
            ],
            "ab",
            FinishReason::StopSequence,
        ),
        (
            "thinking by another name",
            vec![
                begin(),
                delta(0, json!({"reasoning_content": "x"})),
                delta(1, text("a")),
                conclude("pause_turn"),
                end(),
            ],
            "[x]a",
            FinishReason::Pause,
        ),
        (
            "input in the start, no reason",
            vec![begin(), start(0, call), stop(0), end()],
            r#"f({"a":1})"#,
            FinishReason::ToolCalls,
        ),
        (
            "a whole answer",
            vec![
                json!({"type": "message", "content": [{"type": "text", "text": "a"}], "stop_reason": "refusal"}),
            ],
            "a",
            FinishReason::Refusal,
        ),
        ("a new reason", vec![begin(), conclude("bored"), end()], "", FinishReason::Other),
        (
            "content after the end",
            vec![
                begin(),
                delta(0, text("a")),
                conclude("end_turn"),
                delta(0, text("b")),
                end(),
                delta(0, text("c")),
            ],
            "a",
            FinishReason::Stop,
        ),
    ] {
        let response = answer(&events);
        let choice = &response.choices[0];
        let told: String = choice
            .items
            .iter()
            .map(|item| match item {
                Item::Message(message) => message
                    .blocks
                    .iter()
                    .map(|block| match block {
                        Block::Text(text) => text.text.clone(),
                        other => panic!("{other:?}"),
                    })
                    .collect(),
                Item::Reasoning(reasoning) => format!("[{}]", reasoning.text.clone().unwrap_or_default()),
                Item::ToolCall(call) => format!("{}({})", call.name, call.arguments),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!((told.as_str(), choice.finish.as_ref().unwrap().reason), (texts, reason), "{case}");
    }
}

#[test]
fn texts_in_a_row_are_one_message() {
    let block = |text: &str| json!({"type": "text", "text": text});
    let response = answer(&[
        begin(),
        start(0, block("a")),
        stop(0),
        start(1, block("b")),
        stop(1),
        start(2, json!({"type": "tool_use", "id": "t", "name": "f", "input": {}})),
        stop(2),
        start(3, block("c")),
        stop(3),
        end(),
    ]);
    assert_eq!(response.choices[0].items.len(), 3, "{:?}", response.choices[0].items);
}

#[test]
fn interleaved_calls_keep_their_arguments() {
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {}});
    let json = |text: &str| json!({"type": "input_json_delta", "partial_json": text});
    let response = answer(&[
        begin(),
        start(2, call("a")),
        start(3, call("b")),
        delta(2, json("{\"x\"")),
        delta(3, json("{\"y\"")),
        delta(2, json(":1}")),
        stop(2),
        delta(3, json(":2}")),
        stop(3),
        conclude("tool_use"),
        end(),
    ]);
    let expected = [("a", r#"{"x":1}"#), ("b", r#"{"y":2}"#)]
        .map(|(id, arguments)| Item::ToolCall(ToolCall::function(id, "f", arguments)));
    assert_eq!(response.choices[0].items, expected);
}

#[test]
fn a_cut_stream_does_not_end_and_a_failed_one_says_why() {
    let cut = fold(&[begin(), delta(0, text("a"))]);
    assert!(!cut.ended() && cut.error().is_none());
    for (event, message) in [
        (json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}), "busy"),
        (json!({"error": {"message": "busy"}}), "busy"),
        (json!({"type": "content_block_delta", "index": "x"}), "malformed `content_block_delta` event"),
        (
            delta(0, json!({"type": "input_json_delta", "partial_json": "{"})),
            "arguments came for a tool call that was not opened",
        ),
    ] {
        let failed = fold(&[begin(), event, end()]);
        assert_eq!(failed.error().unwrap().message, message);
        assert!(!failed.ended());
    }
}

#[test]
fn an_answer_in_one_piece_is_read_as_a_stream() {
    let body = json!({
        "id": "msg_1", "type": "message", "model": "claude", "role": "assistant", "stop_reason": "refusal",
        "stop_details": {"type": "refusal", "category": "bio", "explanation": "no"}, "container": {"id": "c"},
        "content": [{"type": "thinking", "thinking": "", "signature": "sig"},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}],
        "usage": {"input_tokens": 1, "output_tokens": 2},
    });
    let mut accumulator = Accumulator::default();
    let told = response::decode::decode(body.to_string().as_bytes(), &mut |event| accumulator.push(&event));
    assert_eq!(told, Ok(()));
    assert!(accumulator.ended());
    let response = accumulator.into_response();
    let finish = response.choices[0].finish.as_ref().unwrap();
    assert_eq!((finish.reason, finish.message.as_deref()), (FinishReason::Refusal, Some("no")));
    assert_eq!(response.choices[0].items.len(), 2);
    assert_eq!(response.ext["container"], json!({"id": "c"}));
    assert_eq!(response.usage.unwrap().output, Some(2));
    for body in ["{", "[]", r#"{"type":"message"}"#] {
        assert!(response::decode::decode(body.as_bytes(), &mut |_| {}).is_err(), "{body}");
    }
}
