use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::codec::sse;
use crate::error::FailureKind;
use crate::ir::{Citation, Sealed};

fn encoder() -> Encoder {
    Encoder::new(Answering { seed: "S".into(), now: 7, model: "asked".into(), ..Answering::default() })
}

fn events(bytes: &[u8]) -> Vec<Value> {
    let mut events = Vec::new();
    let mut decoder = sse::Decoder::new(1 << 20);
    let mut each = |event: sse::Event<'_>| {
        let data: Value = serde_json::from_slice(&event.data).unwrap();
        assert_eq!(event.name.as_deref(), data["type"].as_str().map(str::as_bytes));
        events.push(data);
    };
    decoder.push(bytes, &mut each).unwrap();
    decoder.finish(&mut each);
    events
}

/// Encodes, and checks what holds for every stream: numbers rise, deltas add up to what is done, and the
/// last event holds the items.
fn encode(all: &[Event<'_>]) -> Vec<Value> {
    let mut encoder = encoder();
    let mut out = Vec::new();
    all.iter().for_each(|event| encoder.encode(event, &mut out));
    let events = events(&out);
    let mut deltas: BTreeMap<String, String> = BTreeMap::new();
    let mut done = BTreeMap::new();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
        let kind = event["type"].as_str().unwrap();
        let place = |kind: &str| {
            let at = ["output_index", "item_id", "content_index", "summary_index"]
                .map(|name| event[name].to_string());
            format!("{kind} {at:?}")
        };
        if let Some(kind) = kind.strip_suffix(".delta") {
            deltas.entry(place(kind)).or_default().push_str(event["delta"].as_str().unwrap());
        } else if kind == "response.output_item.done" {
            assert!(done.insert(event["output_index"].as_u64().unwrap(), event["item"].clone()).is_none());
        } else if let Some(kind) = kind.strip_suffix(".done") {
            let whole =
                ["text", "refusal", "arguments", "input"].iter().find_map(|name| event[*name].as_str());
            if let Some(whole) = whole {
                assert_eq!(deltas.remove(&place(kind)).unwrap_or_default(), whole, "{event}");
            }
        }
    }
    assert!(deltas.is_empty(), "{deltas:?}");
    let last = events.last().unwrap();
    assert_eq!(last["response"]["output"], Value::Array(done.into_values().collect()));
    events
}

fn finish(reason: FinishReason) -> [Event<'static>; 2] {
    [Event::Finish { choice: 0, finish: Finish::new(reason) }, Event::End]
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap().trim_start_matches("response.")).collect()
}

fn text(index: u32, joins: bool) -> Event<'static> {
    Event::BlockStart { index, choice: 0, block: BlockStart::Text { joins, message_id: None, phase: None } }
}

fn delta(index: u32, delta: Delta<'static>) -> Event<'static> {
    Event::Delta { index, delta }
}

fn call(index: u32, id: &'static str, kind: CallKind) -> Event<'static> {
    let block = BlockStart::ToolCall {
        id: id.into(),
        item_id: None,
        name: "f".into(),
        namespace: Some("ns".into()),
        kind,
        executor: Executor::Client,
        sealed: None,
    };
    Event::BlockStart { index, choice: 0, block }
}

#[test]
fn thinking_text_and_a_call_make_the_full_grammar() {
    let mut all = vec![
        Event::Start(Start { id: Some("r1".into()), ..Start::default() }),
        Event::BlockStart { index: 0, choice: 0, block: BlockStart::Reasoning { id: None, redacted: false } },
        delta(0, Delta::Reasoning("Let me ".into())),
        delta(0, Delta::Reasoning("see.".into())),
        delta(0, Delta::Sealed(Sealed { kind: SealKind::Encrypted, data: "gAAA".into() })),
        Event::BlockStop { index: 0 },
        text(1, false),
        delta(
            1,
            Delta::Citation(Citation::Url {
                url: "u".into(),
                title: None,
                start: None,
                end: None,
                raw: None,
            }),
        ),
        delta(1, Delta::Text("Sunny".into())),
        Event::BlockStop { index: 1 },
        text(2, true),
        delta(2, Delta::Text("!".into())),
        Event::BlockStop { index: 2 },
        call(3, "c1", CallKind::Function),
        call(4, "c2", CallKind::Custom),
        delta(3, Delta::Arguments("{\"a\"".into())),
        delta(4, Delta::Arguments("*** \"".into())),
        delta(3, Delta::Arguments(":1}".into())),
        Event::BlockStop { index: 4 },
        Event::BlockStop { index: 3 },
        Event::Usage(Usage {
            input: Some(3),
            cache_read: Some(4),
            output: Some(5),
            reasoning: Some(6),
            ..Usage::default()
        }),
    ];
    all.extend(finish(FinishReason::ToolCalls));
    let events = encode(&all);
    assert_eq!(
        kinds(&events),
        [
            "created",
            "in_progress",
            "output_item.added",
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.annotation.added",
            "output_text.done",
            "content_part.done",
            "content_part.added",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "output_item.added",
            "function_call_arguments.delta",
            "custom_tool_call_input.delta",
            "function_call_arguments.delta",
            "custom_tool_call_input.done",
            "output_item.done",
            "function_call_arguments.done",
            "output_item.done",
            "completed",
        ]
    );
    let response = &events.last().unwrap()["response"];
    assert_eq!(
        response["output"],
        json!([
            {"type": "reasoning", "id": "rs_S0", "encrypted_content": "gAAA",
             "summary": [{"type": "summary_text", "text": "Let me see."}]},
            {"type": "message", "id": "msg_S1", "status": "completed", "role": "assistant", "content": [
                {"type": "output_text", "text": "Sunny", "logprobs": [], "annotations": [
                    {"type": "url_citation", "url": "u", "title": "", "start_index": 0, "end_index": 5}]},
                {"type": "output_text", "text": "!", "logprobs": [], "annotations": []}]},
            {"type": "function_call", "id": "fc_S2", "status": "completed", "call_id": "c1", "namespace": "ns",
             "name": "f", "arguments": "{\"a\":1}"},
            {"type": "custom_tool_call", "id": "ctc_S3", "status": "completed", "call_id": "c2", "namespace": "ns", "name": "f",
             "input": "*** \""},
        ])
    );
    assert_eq!(
        response["usage"],
        json!({"input_tokens": 7, "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
               "output_tokens": 11, "output_tokens_details": {"reasoning_tokens": 6}, "total_tokens": 18})
    );
    let cited = events.iter().find(|event| event["annotation"].is_object()).unwrap();
    assert_eq!(cited["annotation"], response["output"][1]["content"][0]["annotations"][0]);
    assert_eq!(
        (&response["id"], &response["model"], &response["created_at"]),
        (&json!("r1"), &json!("asked"), &json!(7))
    );
}

#[test]
fn calls_that_are_objects_come_whole_and_an_empty_argument_still_is_a_call() {
    let mut all = vec![
        call(0, "c1", CallKind::LocalShell),
        delta(0, Delta::Arguments("{\"type\":\"exec\",".into())),
        delta(0, Delta::Arguments("\"command\":[\"ls\"]}".into())),
        Event::BlockStop { index: 0 },
        call(1, "c2", CallKind::ToolSearch),
        delta(1, Delta::Arguments("{\"query\":\"x\"}".into())),
        Event::BlockStop { index: 1 },
        call(2, "c3", CallKind::ApplyPatch),
        delta(2, Delta::Arguments("no JSON".into())),
        Event::BlockStop { index: 2 },
        call(3, "c4", CallKind::Function),
        Event::BlockStop { index: 3 },
    ];
    all.extend(finish(FinishReason::ToolCalls));
    let events = encode(&all);
    let output = &events.last().unwrap()["response"]["output"];
    assert_eq!(output[0]["action"], json!({"type": "exec", "command": ["ls"]}));
    assert_eq!(
        (&output[1]["execution"], &output[1]["arguments"]),
        (&json!("client"), &json!({"query": "x"}))
    );
    assert_eq!((&output[2]["type"], &output[2]["arguments"]), (&json!("function_call"), &json!("no JSON")));
    assert_eq!(output[3]["arguments"], "{}");
}

#[test]
fn every_end_has_its_one_event() {
    for (finish, kind, reason) in [
        (Finish::new(FinishReason::Stop), "response.completed", json!(null)),
        (Finish::new(FinishReason::Length), "response.incomplete", json!("max_output_tokens")),
        (Finish::new(FinishReason::ContentFilter), "response.incomplete", json!("content_filter")),
        (Finish::new(FinishReason::Refusal), "response.incomplete", json!("content_filter")),
        (
            Finish { message: Some("No.".into()), ..Finish::new(FinishReason::Refusal) },
            "response.completed",
            json!(null),
        ),
        (Finish::new(FinishReason::MalformedCall), "response.failed", json!(null)),
    ] {
        let all = [
            text(0, false),
            delta(0, Delta::Text("a".into())),
            Event::BlockStop { index: 0 },
            Event::Finish { choice: 0, finish },
            Event::End,
            Event::End,
        ];
        let events = encode(&all);
        let last = events.last().unwrap();
        assert_eq!(last["type"], kind);
        assert_eq!(last["response"]["incomplete_details"]["reason"], reason);
        let ends =
            kinds(&events).into_iter().filter(|kind| ["completed", "incomplete", "failed"].contains(kind));
        assert_eq!(ends.count(), 1);
    }
}

#[test]
fn a_failure_does_not_tell_half_a_call_as_done() {
    let mut encoder = encoder();
    let mut out = Vec::new();
    encoder.encode(&call(0, "c", CallKind::Function), &mut out);
    encoder.fail(
        &Failure::new(crate::error::Origin::Upstream, FailureKind::Overloaded, ""),
        "busy",
        &mut out,
    );
    encoder.encode(&Event::End, &mut out);
    let events = events(&out);
    assert_eq!(kinds(&events), ["created", "in_progress", "output_item.added", "failed"]);
    assert_eq!(events[3]["response"]["error"], json!({"code": "server_is_overloaded", "message": "busy"}));
    assert_eq!(events[3]["response"]["id"], events[0]["response"]["id"]);
}

#[test]
fn what_has_no_place_is_told() {
    let opaque = |owner, kind: &str| {
        let raw = Raw::from(json!({"type": kind, "id": "x"}));
        BlockStart::Opaque(Opaque { owner, role: crate::ir::Role::Assistant, kind: kind.into(), raw })
    };
    let mut encoder = encoder();
    let mut out = Vec::new();
    for event in [
        Event::BlockStart { index: 0, choice: 0, block: opaque(Protocol::Messages, "server_tool_use") },
        Event::BlockStart { index: 1, choice: 0, block: opaque(Protocol::Responses, "web_search_call") },
        Event::BlockStart {
            index: 2,
            choice: 0,
            block: BlockStart::Image { joins: false, mime: "image/png".into() },
        },
        delta(2, Delta::Media("aW".into())),
        delta(2, Delta::Media("1n".into())),
        Event::BlockStop { index: 2 },
        Event::BlockStart {
            index: 3,
            choice: 0,
            block: BlockStart::Audio { joins: false, mime: "audio/wav".into(), id: None },
        },
        delta(3, Delta::Text("hi".into())),
        Event::BlockStop { index: 3 },
        Event::BlockStart {
            index: 4,
            choice: 1,
            block: BlockStart::Text { joins: false, message_id: None, phase: None },
        },
        Event::End,
    ] {
        encoder.encode(&event, &mut out);
    }
    let events = events(&out);
    let output = &events.last().unwrap()["response"]["output"];
    assert_eq!(output[0], json!({"type": "web_search_call", "id": "x"}));
    assert_eq!((&output[1]["result"], &output[1]["output_format"]), (&json!("aW1n"), &json!("png")));
    assert_eq!(output[2]["content"][0]["text"], "hi");
    assert_eq!(
        encoder.lost().to_string(),
        "items.server_tool_use=dropped, items.audio=approximated, n=dropped"
    );
}
