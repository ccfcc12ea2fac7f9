use serde_json::{Value, json};

use super::{decode, encode};
use crate::codec::sse;
use crate::config::Protocol;
use crate::ir::{
    Accumulator, Block, CallKind, Citation, Compaction, Event, Finish, FinishReason, Image, Item, Message,
    Opaque, Raw, Reasoning, Response, Role, SealKind, Sealed, Source, Text, ToolCall, Usage, replay,
};
use crate::protocol::convert::{Answering, StreamDecoder, StreamEncoder};
use crate::protocol::responses::stream;

/// An answer with everything that Responses can tell.
fn full() -> Response {
    let sealed = Some(Sealed { kind: SealKind::Encrypted, data: "gAAA".into() });
    let text = Text {
        text: "Hé".into(),
        citations: vec![Citation::Url {
            url: "u".into(),
            title: Some("t".into()),
            start: Some(0),
            end: Some(2),
            raw: None,
        }],
        logprobs: Some(
            Raw::parse(r#"[{"token":"H","logprob":-0.5,"bytes":[72],"top_logprobs":[]}]"#).unwrap(),
        ),
        ..Text::default()
    };
    let call = |kind, name: &str, arguments: &str, id: &str| {
        Item::ToolCall(ToolCall {
            item_id: Some(format!("item_{id}")),
            kind,
            ..ToolCall::function(id, name, arguments)
        })
    };
    let image = Source::Base64 { mime: "image/png".into(), data: "aW1n".into() };
    let items = vec![
        Item::Reasoning(Reasoning {
            id: Some("rs_1".into()),
            summary: vec!["One.".into(), "Two.".into()],
            text: Some("Raw.".into()),
            sealed: sealed.clone(),
            redacted: false,
        }),
        Item::Message(Message {
            id: Some("msg_1".into()),
            phase: Some("commentary".into()),
            ..Message::new(Role::Assistant, vec![Block::Text(text), Block::Refusal("no".into())])
        }),
        Item::Message(Message {
            id: Some("msg_2".into()),
            ..Message::new(Role::Assistant, vec![Block::text("x")])
        }),
        Item::ToolCall(ToolCall {
            item_id: Some("fc_1".into()),
            namespace: Some("ns".into()),
            ..ToolCall::function("c1", "f", r#"{"a": 1.50}"#)
        }),
        call(CallKind::Custom, "apply_patch", "*** \"x\"\n", "c2"),
        call(CallKind::LocalShell, "local_shell", r#"{"type":"exec","command":["ls"],"env":{}}"#, "c3"),
        call(CallKind::ToolSearch, "tool_search", r#"{"query":"x"}"#, "c4"),
        call(CallKind::ApplyPatch, "apply_patch", r#"{"type":"delete_file","path":"a"}"#, "c5"),
        call(CallKind::Other("shell".into()), "shell", r#"{"commands":["ls"]}"#, "c6"),
        Item::Message(Message::new(
            Role::Assistant,
            vec![Block::Image(Image { source: image, detail: None, cache: None })],
        )),
        Item::Opaque(Opaque {
            owner: Protocol::Responses,
            role: Role::Assistant,
            kind: "web_search_call".into(),
            raw: Raw::parse(r#"{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}}"#).unwrap(),
        }),
        Item::Compaction(Compaction { id: Some("cmp_1".into()), sealed, summary: None }),
    ];
    Response {
        id: Some("resp_1".into()),
        model: Some("m".into()),
        created: Some(7),
        choices: vec![crate::ir::Choice { items, finish: Some(Finish::new(FinishReason::ToolCalls)) }],
        usage: Some(Usage {
            input: Some(1),
            cache_read: Some(2),
            cache_write: Some(0),
            output: Some(3),
            reasoning: Some(4),
            ..Usage::default()
        }),
        service_tier: Some("flex".into()),
        ..Response::default()
    }
}

fn document(response: &Response) -> Value {
    let encoded = encode::encode(response, &Answering { seed: "S".into(), ..Answering::default() });
    assert_eq!(encoded.lost.to_string(), "");
    serde_json::from_slice(&encoded.body).unwrap()
}

fn told(body: &Value) -> Accumulator {
    let mut accumulator = Accumulator::default();
    decode::decode(body.to_string().as_bytes(), &mut |event| accumulator.push(&event)).unwrap();
    accumulator
}

#[test]
fn a_document_and_a_stream_tell_an_answer_whole() {
    let response = full();
    let from_document = told(&document(&response)).into_response();
    assert_eq!(from_document, response);

    let mut encoder = stream::encode::Encoder::new(Answering { seed: "S".into(), ..Answering::default() });
    let mut bytes = Vec::new();
    replay(&response, &mut |event| encoder.encode(&event, &mut bytes));
    let mut decoder = stream::decode::Decoder::default();
    let mut accumulator = Accumulator::default();
    let mut last = Value::Null;
    let mut each = |event: sse::Event<'_>| {
        last = serde_json::from_slice(&event.data).unwrap();
        decoder.decode(&event, &mut |event: Event<'_>| accumulator.push(&event));
    };
    sse::Decoder::new(1 << 20).push(&bytes, &mut each).unwrap();
    assert!(accumulator.ended());
    assert_eq!(accumulator.into_response(), response);
    assert_eq!(last["response"], document(&response), "the last event holds the document");
}

#[test]
fn a_failed_answer_is_an_error() {
    for (body, message) in [
        (
            json!({"status": "failed", "error": {"code": "server_error", "message": "broke"}, "output": []}),
            "broke",
        ),
        (json!({"error": {"message": "odd"}}), "odd"),
        (json!({"status": "queued", "output": []}), "The upstream answers in the background."),
    ] {
        assert_eq!(told(&body).error().unwrap().message, message);
    }
    assert!(decode::decode(b"<html>", &mut |_| {}).is_err());
}

#[test]
fn an_answer_that_was_cut_is_incomplete() {
    let mut response = full();
    response.choices[0].finish = None;
    assert_eq!(document(&response)["status"], "incomplete");
}
