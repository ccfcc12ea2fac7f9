use serde_json::{Value, json};

use super::*;
use crate::codec::sse;
use crate::ir::{
    Accumulator, CallKind, Citation, Delta, FinishReason, Opaque, Raw, Role, SealKind, Sealed, replay,
};
use crate::protocol::convert::StreamDecoder;
use crate::protocol::messages::stream::decode::Decoder;

fn answering() -> Answering {
    Answering { seed: "5".into(), now: 7, model: "m".into(), ..Answering::default() }
}

fn events(bytes: &[u8]) -> Vec<Value> {
    let mut events = Vec::new();
    let mut read = |event: sse::Event<'_>| {
        let data: Value = serde_json::from_slice(&event.data).unwrap();
        assert_eq!(event.name.as_deref(), data["type"].as_str().map(str::as_bytes));
        events.push(data);
    };
    let mut decoder = sse::Decoder::new(1 << 20);
    decoder.push(bytes, &mut read).unwrap();
    assert!(decoder.at_boundary());
    events
}

fn write(told: &[Event<'_>]) -> (Vec<Value>, String) {
    let mut encoder = Encoder::new(answering());
    let mut out = Vec::new();
    told.iter().for_each(|event| encoder.encode(event, &mut out));
    (events(&out), encoder.lost().to_string())
}

/// The blocks, each as its start, its deltas and its stop; checks that they come one after the other.
fn blocks(events: &[Value]) -> Vec<Value> {
    let mut blocks: Vec<Value> = Vec::new();
    let mut open = false;
    for event in events {
        let index = || event["index"].as_u64().unwrap() as usize;
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert!(!open && index() == blocks.len(), "{event}");
                open = true;
                blocks.push(json!([event["content_block"]]));
            }
            "content_block_delta" => {
                assert!(open && index() + 1 == blocks.len(), "{event}");
                blocks.last_mut().unwrap().as_array_mut().unwrap().push(event["delta"].clone());
            }
            "content_block_stop" => {
                assert!(open && index() + 1 == blocks.len(), "{event}");
                open = false;
            }
            _ => assert!(!open, "{event}"),
        }
    }
    blocks
}

fn begin(index: u32, block: BlockStart<'static>) -> Event<'static> {
    Event::BlockStart { index, choice: 0, block }
}

fn more(index: u32, delta: Delta<'static>) -> Event<'static> {
    Event::Delta { index, delta }
}

fn stop(index: u32) -> Event<'static> {
    Event::BlockStop { index }
}

fn text_block() -> BlockStart<'static> {
    BlockStart::Text { joins: false, message_id: None, phase: None }
}

fn reasoning(redacted: bool) -> BlockStart<'static> {
    BlockStart::Reasoning { id: None, redacted }
}

fn call(id: &'static str) -> BlockStart<'static> {
    BlockStart::ToolCall {
        id: id.into(),
        item_id: None,
        name: "f".into(),
        namespace: None,
        kind: CallKind::Function,
        executor: Executor::Client,
        sealed: None,
    }
}

fn finish(reason: FinishReason) -> Event<'static> {
    Event::Finish { choice: 0, finish: Finish::new(reason) }
}

fn sealed(kind: SealKind, data: &str) -> Delta<'static> {
    Delta::Sealed(Sealed { kind, data: data.into() })
}

fn text(text: &'static str) -> Delta<'static> {
    Delta::Text(text.into())
}

fn arguments(json: &'static str) -> Delta<'static> {
    Delta::Arguments(json.into())
}

#[test]
fn interleaved_blocks_come_one_after_the_other() {
    let (events, lost) = write(&[
        Event::Start(Start { id: Some("id".into()), ..Start::default() }),
        Event::Usage(Usage { input: Some(3), cache_read: Some(4), ..Usage::default() }),
        begin(0, text_block()),
        begin(1, call("a")),
        begin(2, call("b")),
        more(1, arguments("{\"x\"")),
        more(2, arguments("{}")),
        more(0, text("hi")),
        more(1, arguments(":1}")),
        stop(2),
        more(0, text(" there")),
        stop(0),
        begin(3, call("c")),
        stop(3),
        stop(1),
        finish(FinishReason::Stop),
        Event::Usage(Usage { output: Some(5), reasoning: Some(6), ..Usage::default() }),
        Event::End,
    ]);
    let used = |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {}});
    let input = |json: &str| json!({"type": "input_json_delta", "partial_json": json});
    let said = |text: &str| json!({"type": "text_delta", "text": text});
    assert_eq!(
        blocks(&events),
        [
            json!([{"type": "text", "text": ""}, said("hi"), said(" there")]),
            json!([used("a"), input("{\"x\":1}")]),
            json!([used("b"), input("{}")]),
            json!([used("c")]),
        ]
    );
    assert_eq!(
        events[0],
        json!({"type": "message_start", "message": {"id": "id", "type": "message", "role": "assistant", "model": "m",
            "content": [], "stop_reason": null, "stop_sequence": null, "stop_details": null,
            "usage": {"input_tokens": 3, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 4, "output_tokens": 0}}})
    );
    assert_eq!(
        events[events.len() - 2..],
        [
            json!({"type": "message_delta",
                "delta": {"stop_reason": "tool_use", "stop_sequence": null, "stop_details": null},
                "usage": {"input_tokens": 3, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 4,
                    "output_tokens": 11, "output_tokens_details": {"thinking_tokens": 6}}}),
            json!({"type": "message_stop"}),
        ]
    );
    assert_eq!(lost, "");
}

#[test]
fn thinking_is_shown_once_and_signed_at_its_end() {
    let thought = |text: &str| json!({"type": "thinking_delta", "thinking": text});
    let summary = |part, text: &'static str| Delta::Summary { part, text: text.into() };
    let empty = json!({"type": "thinking", "thinking": "", "signature": ""});
    let signature = json!({"type": "signature_delta", "signature": "s"});
    for (block, deltas, expected, told) in [
        (
            reasoning(false),
            vec![
                sealed(SealKind::Signature, "early"),
                Delta::Reasoning("a".into()),
                sealed(SealKind::Signature, "s"),
            ],
            vec![json!([empty, thought("a"), signature])],
            "",
        ),
        (
            reasoning(false),
            vec![summary(0, "a"), summary(0, "b"), summary(1, "c"), Delta::Reasoning("raw".into())],
            vec![json!([empty, thought("a"), thought("b"), thought("\n\nc")])],
            "items.reasoning=approximated",
        ),
        (reasoning(false), vec![sealed(SealKind::Signature, "s")], vec![json!([empty, signature])], ""),
        (reasoning(false), vec![sealed(SealKind::Encrypted, "s")], vec![], "reasoning.sealed=dropped"),
        (
            reasoning(true),
            vec![sealed(SealKind::Redacted, "d")],
            vec![json!([{"type": "redacted_thinking", "data": "d"}])],
            "",
        ),
        (reasoning(false), vec![], vec![], ""),
        (text_block(), vec![], vec![], ""),
    ] {
        let mut told_events = vec![Event::Start(Start::default()), begin(0, block)];
        told_events.extend(deltas.into_iter().map(|delta| more(0, delta)));
        told_events.extend([stop(0), begin(1, text_block()), more(1, text("x")), stop(1), Event::End]);
        let (events, lost) = write(&told_events);
        let mut expected = expected;
        expected.push(json!([{"type": "text", "text": ""}, {"type": "text_delta", "text": "x"}]));
        assert_eq!((blocks(&events), lost.as_str()), (expected, told));
    }
}

#[test]
fn what_claude_has_no_block_for_is_lost_aloud() {
    let raw = Raw::parse("{\"type\":\n \"server_tool_use\"}").unwrap();
    let own =
        Opaque { owner: Protocol::Messages, role: Role::Assistant, kind: "server_tool_use".into(), raw };
    let foreign = Opaque { owner: Protocol::Gemini, kind: "executableCode".into(), ..own.clone() };
    let BlockStart::ToolCall { id, name, .. } = call("s") else { panic!() };
    let server = BlockStart::ToolCall {
        id,
        item_id: None,
        name,
        namespace: None,
        kind: CallKind::Other("web_search".into()),
        executor: Executor::Server,
        sealed: None,
    };
    let url = Citation::Url { url: "u".into(), title: None, start: None, end: None, raw: None };
    let (events, lost) = write(&[
        Event::Start(Start { ext: Ext::from_iter([("x".to_owned(), 1.into())]), ..Start::default() }),
        begin(0, BlockStart::Image { joins: false, mime: "image/png".into() }),
        more(0, Delta::Media("aGk=".into())),
        stop(0),
        begin(1, BlockStart::Opaque(foreign)),
        stop(1),
        begin(2, server),
        stop(2),
        Event::BlockStart { index: 3, choice: 1, block: text_block() },
        more(3, text("other")),
        stop(3),
        begin(4, BlockStart::Opaque(own)),
        stop(4),
        begin(6, BlockStart::Compaction { id: None }),
        more(6, sealed(SealKind::Encrypted, "gAAA")),
        stop(6),
        begin(5, text_block()),
        more(5, text("a")),
        more(5, Delta::Citation(url)),
        more(5, Delta::Logprobs(Raw::parse("[]").unwrap())),
        stop(5),
        Event::End,
    ]);
    let cited = json!({"type": "web_search_result_location", "url": "u", "title": null, "cited_text": "", "encrypted_index": ""});
    assert_eq!(
        blocks(&events),
        [
            json!([{"type": "server_tool_use"}]),
            json!([{"type": "text", "text": ""}, {"type": "text_delta", "text": "a"},
                {"type": "citations_delta", "citation": cited}]),
        ]
    );
    assert_eq!(
        lost,
        "ext.x=dropped, items.image=dropped, items.executableCode=dropped, items.web_search=dropped, n=dropped, \
         items.compaction=dropped, logprobs=dropped"
    );
}

#[test]
fn every_reason_has_a_name() {
    let refusal = || BlockStart::Refusal { joins: false, message_id: None };
    for (block, finish, reason, details) in [
        (text_block(), Some(Finish::new(FinishReason::Length)), "max_tokens", Value::Null),
        (text_block(), Some(Finish::new(FinishReason::Pause)), "pause_turn", Value::Null),
        (
            text_block(),
            Some(Finish::new(FinishReason::ContextExceeded)),
            "model_context_window_exceeded",
            Value::Null,
        ),
        (text_block(), Some(Finish::new(FinishReason::Other)), "end_turn", Value::Null),
        (text_block(), Some(Finish::new(FinishReason::MalformedCall)), "end_turn", Value::Null),
        (text_block(), None, "end_turn", Value::Null),
        (call("a"), None, "tool_use", Value::Null),
        (refusal(), Some(Finish::new(FinishReason::Stop)), "refusal", Value::Null),
        (
            text_block(),
            Some(Finish { message: Some("no".into()), ..Finish::new(FinishReason::ContentFilter) }),
            "refusal",
            json!({"type": "refusal", "category": null, "explanation": "no"}),
        ),
    ] {
        let lossy = finish.as_ref().and_then(|finish| match finish.reason {
            FinishReason::Other => Some("finish.other=approximated"),
            FinishReason::MalformedCall => Some("finish.malformed_call=approximated"),
            _ => None,
        });
        let finish = finish.map(|finish| Event::Finish { choice: 0, finish });
        let told: Vec<_> = [Event::Start(Start::default()), begin(0, block), more(0, text("x")), stop(0)]
            .into_iter()
            .chain(finish)
            .chain([Event::End])
            .collect();
        let (events, lost) = write(&told);
        assert_eq!(lost, lossy.unwrap_or_default());
        let delta = &events[events.len() - 2]["delta"];
        assert_eq!((&delta["stop_reason"], &delta["stop_details"]), (&json!(reason), &details));
    }
}

#[test]
fn a_stream_ends_once() {
    let failure = Failure::invalid("bad");
    let mut encoder = Encoder::new(answering());
    let mut out = Vec::new();
    encoder.encode(&Event::Start(Start::default()), &mut out);
    encoder.encode(&begin(0, text_block()), &mut out);
    encoder.encode(&more(0, text("a")), &mut out);
    encoder.fail(&failure, "bad", &mut out);
    let until_failure = out.len();
    encoder.encode(&Event::End, &mut out);
    encoder.fail(&failure, "bad", &mut out);
    assert_eq!(out.len(), until_failure);
    let events = events(&out);
    assert_eq!(events.last().unwrap()["error"]["message"], "bad");
    assert_eq!(events.iter().filter(|event| event["type"] == "error").count(), 1);
}

#[test]
fn an_answer_survives_writing_and_reading() {
    let body = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "tool_use",
        "stop_sequence": null, "stop_details": null, "container": {"id": "c"},
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "redacted_thinking", "data": "enc"},
            {"type": "text", "text": "a\nb", "citations": [{"type": "web_search_result_location",
                "url": "u", "title": "t", "cited_text": "a", "encrypted_index": "e"}]},
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1]}},
            {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}},
            {"type": "compaction", "content": "before", "encrypted_content": "e"},
        ],
        "usage": {"input_tokens": 1, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 0, "output_tokens": 9,
            "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3},
            "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0}},
    });
    let mut accumulator = Accumulator::default();
    crate::protocol::messages::response::decode::decode(body.to_string().as_bytes(), &mut |event| {
        accumulator.push(&event);
    })
    .unwrap();
    let response = accumulator.into_response();

    let document = crate::protocol::messages::response::encode::encode(&response, &answering());
    assert_eq!(serde_json::from_slice::<Value>(&document.body).unwrap(), body);
    assert!(document.lost.is_empty(), "{}", document.lost);

    let mut encoder = Encoder::new(answering());
    let mut out = Vec::new();
    replay(&response, &mut |event| encoder.encode(&event, &mut out));
    assert!(encoder.lost().is_empty(), "{}", encoder.lost());
    let mut decoder = Decoder::default();
    let mut again = Accumulator::default();
    for event in events(&out) {
        let data = event.to_string().into_bytes();
        decoder.decode(&sse::Event { name: None, data: data.into() }, &mut |event| again.push(&event));
    }
    assert_eq!(again.into_response(), response);
}
