use serde_json::{Value, json};

use super::decode::Decoder;
use super::encode::Encoder;
use crate::codec::sse;
use crate::error::{Failure, FailureKind, Origin};
use crate::ir::{
    Accumulator, Block, BlockStart, Delta, Event, FinishReason, Item, Response, SealKind, Usage, replay,
};
use crate::protocol::convert::{Answering, StreamDecoder, StreamEncoder};

fn event(data: &str) -> sse::Event<'_> {
    sse::Event { name: None, data: data.as_bytes().into() }
}

/// What the events tell, one word each: `+text`, `~text:Hi`, `-0`, `finish:Stop`, `end`.
fn trace(chunks: &[Value]) -> Vec<String> {
    let mut told = Vec::new();
    let mut each = |event: Event<'_>| {
        told.push(match event {
            Event::Start(_) => "start".into(),
            Event::BlockStart { index, block, .. } => match block {
                BlockStart::Text { joins, .. } => {
                    format!("+{index}:text{}", if joins { "(joins)" } else { "" })
                }
                BlockStart::Refusal { .. } => format!("+{index}:refusal"),
                BlockStart::Reasoning { .. } => format!("+{index}:reasoning"),
                BlockStart::ToolCall { id, name, .. } => format!("+{index}:{name}({id})"),
                other => format!("+{index}:{other:?}"),
            },
            Event::Delta { index, delta } => match delta {
                Delta::Text(text) | Delta::Reasoning(text) | Delta::Arguments(text) => {
                    format!("{index}:{text}")
                }
                Delta::Sealed(sealed) => format!("{index}:sealed {}", sealed.data),
                other => format!("{index}:{other:?}"),
            },
            Event::BlockStop { index } => format!("-{index}"),
            Event::Usage(usage) => format!("usage:{}/{}", usage.total_input(), usage.total_output()),
            Event::Finish { finish, .. } => format!("{:?}", finish.reason),
            Event::End => "end".into(),
            Event::Error(error) => format!("error:{}", error.message),
        });
    };
    let mut decoder = Decoder::default();
    for chunk in chunks {
        match chunk {
            Value::String(text) => decoder.decode(&event(text), &mut each),
            chunk => decoder.decode(&event(&chunk.to_string()), &mut each),
        }
    }
    decoder.finish(&mut each);
    told
}

fn deltas(deltas: &[Value]) -> Vec<String> {
    let chunk = |delta: &Value| json!({"id": "c", "choices": [{"index": 0, "delta": delta}]});
    let mut chunks: Vec<_> = deltas.iter().map(chunk).collect();
    chunks.push(json!({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}));
    let mut told = trace(&chunks);
    assert_eq!(told.pop().as_deref(), Some("end"));
    told.remove(0);
    told
}

fn call(index: i64, id: &str, name: &str, arguments: &str) -> Value {
    let mut call = json!({"index": index, "function": {}});
    for (place, field, value) in
        [("", "id", id), ("function", "name", name), ("function", "arguments", arguments)]
    {
        if !value.is_empty() {
            let object = if place.is_empty() { &mut call } else { &mut call[place] };
            object[field] = value.into();
        }
    }
    json!({"tool_calls": [call]})
}

#[test]
fn pieces_of_calls_find_their_call() {
    for (what, pieces, expected) in [
        (
            "interleaved",
            vec![
                call(0, "a", "f", "{\"x\""),
                call(1, "b", "f", "{\"y\""),
                call(0, "", "", ":1}"),
                call(1, "", "", ":2}"),
            ],
            vec!["+0:f(a)", "0:{\"x\"", "+1:f(b)", "1:{\"y\"", "0::1}", "1::2}", "-0", "-1"],
        ),
        (
            "all under index 0",
            vec![call(0, "a", "f", "{}"), call(0, "b", "g", "{"), call(0, "b", "", "}")],
            vec!["+0:f(a)", "0:{}", "-0", "+1:g(b)", "1:{", "1:}", "-1"],
        ),
        (
            "a name in pieces",
            vec![call(0, "a", "get_", ""), call(0, "", "weather", ""), call(0, "", "", "{}")],
            vec!["+0:get_weather(a)", "0:{}", "-0"],
        ),
        (
            "name and id in every piece",
            vec![call(0, "a", "f", "{\"x\""), call(0, "a", "f", ":1}")],
            vec!["+0:f(a)", "0:{\"x\"", "0::1}", "-0"],
        ),
        (
            "no arguments",
            vec![call(0, "a", "f", ""), call(1, "b", "g", "")],
            vec!["+0:f(a)", "-0", "+1:g(b)", "-1"],
        ),
        (
            "one id for two calls",
            vec![call(0, "a", "f", "{}"), call(1, "a", "f", "{}")],
            vec!["+0:f(a)", "0:{}", "-0", "+1:f(MINTED0)", "1:{}", "-1"],
        ),
        (
            "no id, or the name in its place",
            vec![call(0, "", "f", "{}"), call(1, "g", "g", "{"), call(1, "g", "g", "}")],
            vec!["+0:f(MINTED0)", "0:{}", "-0", "+1:g(MINTED1)", "1:{", "1:}", "-1"],
        ),
        (
            "an object instead of its text",
            vec![json!({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}]})],
            vec!["+0:f(a)", "0:{\"x\":1}", "-0"],
        ),
        (
            "the older field",
            vec![
                json!({"function_call": {"name": "f", "arguments": ""}}),
                json!({"function_call": {"arguments": "{}"}}),
            ],
            vec!["+0:f(MINTED0)", "0:{}", "-0"],
        ),
        (
            "text within an unfinished call",
            vec![call(0, "a", "f", "{\"x\""), json!({"content": "Hm"}), call(0, "", "", ":1}")],
            vec!["+0:f(a)", "0:{\"x\"", "+1:text", "1:Hm", "0::1}", "-1", "-0"],
        ),
        (
            "another id in every piece",
            vec![call(0, "a", "f", "{\"x\""), call(0, "b", "", ":1"), call(0, "c", "", "}")],
            vec!["+0:f(a)", "0:{\"x\"", "0::1", "0:}", "-0"],
        ),
        (
            "an index that nobody knows",
            vec![call(0, "a", "f", "{\"x\""), call(3, "", "", ":1}")],
            vec!["+0:f(a)", "0:{\"x\"", "0::1}", "-0"],
        ),
        (
            "no index",
            vec![
                json!({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}]}),
                json!({"tool_calls": [{"id": "b", "function": {"name": "f", "arguments": "{"}}]}),
                json!({"tool_calls": [{"id": "a", "function": {"arguments": "}"}}]}),
                json!({"tool_calls": [{"function": {"arguments": "}"}}]}),
            ],
            vec!["+0:f(a)", "0:{", "+1:f(b)", "1:{", "0:}", "1:}", "-0", "-1"],
        ),
        (
            "empty ones beside text",
            vec![
                call(0, "a", "f", "{}"),
                json!({"content": "a", "function_call": {"name": "", "arguments": ""}}),
                json!({"content": "b", "tool_calls": [{"index": 1, "id": "", "function": {"name": "", "arguments": ""}}]}),
            ],
            vec!["+0:f(a)", "0:{}", "-0", "+1:text", "1:a", "1:b", "-1"],
        ),
        (
            "text between calls",
            vec![json!({"content": "a"}), call(0, "a", "f", "{}"), json!({"content": "b", "tool_calls": []})],
            vec!["+0:text", "0:a", "-0", "+1:f(a)", "1:{}", "-1", "+2:text", "2:b", "-2"],
        ),
    ] {
        let mut told = deltas(&pieces);
        assert_eq!(told.pop().as_deref(), Some("ToolCalls"), "{what}");
        for (at, word) in told.iter_mut().enumerate() {
            if let Some((name, id)) = word.clone().split_once("(call_") {
                *word = format!("{name}(MINTED{}", &id[16..]);
                assert!(id.len() > 16, "{what}: {at}");
            }
        }
        assert_eq!(told, expected, "{what}");
    }
}

#[test]
fn text_thinking_and_refusal_are_blocks_of_their_own() {
    for (pieces, expected) in [
        (
            vec![
                json!({"role": "assistant", "content": "", "reasoning_content": null}),
                json!({"reasoning_content": "a", "content": ""}),
                json!({"reasoning": "b"}),
                json!({"content": "<think>", "tool_calls": null}),
                json!({"content": "c", "tool_calls": []}),
            ],
            vec!["+0:reasoning", "0:a", "0:b", "-0", "+1:text", "1:<think>", "1:c", "-1", "Stop"],
        ),
        (
            vec![json!({"content": "<th"}), json!({"content": "ink>a</think>"}), json!({"content": "\nb"})],
            vec!["+0:reasoning", "0:a", "-0", "+1:text", "1:b", "-1", "Stop"],
        ),
        (
            vec![json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "a"}]},
                {"type": "text", "text": "b"}]})],
            vec!["+0:reasoning", "0:a", "-0", "+1:text", "1:b", "-1", "Stop"],
        ),
        (
            vec![json!({"content": "a"}), json!({"refusal": "no"})],
            vec!["+0:text", "0:a", "-0", "+1:refusal", "1:no", "-1", "Refusal"],
        ),
        (
            vec![
                json!({"reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "text": "a", "index": 0}]}),
                json!({"reasoning": "b", "reasoning_details": [{"type": "reasoning.text", "text": "b", "index": 0}]}),
                json!({"reasoning_details": [{"type": "reasoning.text", "signature": "s", "index": 0}]}),
                json!({"content": "c"}),
            ],
            vec![
                "+0:reasoning",
                "0:a",
                "0:b",
                r#"0:sealed [{"type":"reasoning.text","text":"ab","signature":"s","index":0}]"#,
                "-0",
                "+1:text",
                "1:c",
                "-1",
                "Stop",
            ],
        ),
        (
            vec![
                json!({"content": "a"}),
                json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}),
            ],
            vec![
                "+0:text",
                "0:a",
                "-0",
                "+1:reasoning",
                r#"1:sealed [{"type":"reasoning.encrypted","data":"x"}]"#,
                "-1",
                "Stop",
            ],
        ),
    ] {
        assert_eq!(deltas(&pieces), expected);
    }
}

#[test]
fn streams_end_in_every_way() {
    let text = |text: &str| json!({"id": "c", "choices": [{"delta": {"content": text}}]});
    let end = |reason: &str| json!({"id": "c", "choices": [{"delta": {}, "finish_reason": reason}]});
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}});
    let done = json!("[DONE]");
    for (chunks, expected) in [
        (
            vec![text("a"), end("length"), usage.clone(), done.clone()],
            vec!["start", "+0:text", "0:a", "usage:3/2", "-0", "Length", "end"],
        ),
        (vec![text("a"), end("sensitive")], vec!["start", "+0:text", "0:a", "-0", "ContentFilter", "end"]),
        (
            vec![text("a"), end("stop"), text("b")],
            vec!["start", "+0:text", "0:a", "0:b", "-0", "Stop", "end"],
        ),
        (
            vec![text("a"), end("tool_calls"), done.clone()],
            vec!["start", "+0:text", "0:a", "-0", "Stop", "end"],
        ),
        (vec![text("a"), done.clone(), text("b")], vec!["start", "+0:text", "0:a", "-0", "Stop", "end"]),
        (vec![text("a")], vec!["start", "+0:text", "0:a"]),
        (vec![text("<thi")], vec!["start", "+0:text", "0:<thi"]),
        (vec![done.clone()], vec!["start", "Stop", "end"]),
        (
            vec![text("a"), end("network_error"), done.clone()],
            vec!["start", "+0:text", "0:a", "-0", "error:the upstream broke off its answer: network_error"],
        ),
        (
            vec![text("a"), json!({"error": {"message": "busy"}}), done.clone()],
            vec!["start", "+0:text", "0:a", "error:busy"],
        ),
        (vec![json!({"object": "error", "message": "bad", "code": 400})], vec!["error:bad"]),
        (
            vec![json!("no json")],
            vec![
                "error:the upstream sent an event that is no chunk (expected ident at line 1 column 2): no json",
            ],
        ),
        (vec![json!({"type": "ping"}), json!({"error": null, "choices": null})], vec![]),
        (
            vec![
                json!({"id": "c", "choices": [{"message": {"content": "a"}, "finish_reason": "stop", "usage": {"prompt_tokens": 1}}],
            "x_groq": {"usage": {"completion_tokens": 4}}}),
            ],
            vec!["start", "usage:0/4", "usage:1/4", "+0:text", "0:a", "-0", "Stop", "end"],
        ),
    ] {
        assert_eq!(trace(&chunks), expected, "{chunks:?}");
    }
}

fn answering(include_usage: bool) -> Answering {
    Answering { seed: "s".into(), now: 5, model: "asked".into(), include_usage, array: false }
}

fn encoded(response: &Response, include_usage: bool) -> (Vec<String>, String) {
    let mut encoder = Encoder::new(answering(include_usage));
    let mut out = Vec::new();
    replay(response, &mut |event| encoder.encode(&event, &mut out));
    let mut events = Vec::new();
    let mut decoder = sse::Decoder::new(1 << 20);
    let mut each = |event: sse::Event<'_>| events.push(String::from_utf8(event.data.to_vec()).unwrap());
    decoder.push(&out, &mut each).unwrap();
    (events, encoder.lost().to_string())
}

/// The answer that a stream tells.
fn folded(events: &[String]) -> Response {
    let (mut decoder, mut answer) = (Decoder::default(), Accumulator::default());
    for data in events {
        decoder.decode(&event(data), &mut |event| answer.push(&event));
    }
    decoder.finish(&mut |event| answer.push(&event));
    assert!(answer.ended());
    answer.into_response()
}

#[test]
fn an_answer_survives_its_own_stream() {
    let mut answer = Accumulator::default();
    let document = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 7, "model": "m", "system_fingerprint": "fp",
        "service_tier": "flex",
        "choices": [
            {"index": 0, "finish_reason": "tool_calls",
                "logprobs": {"content": [{"token": "Hi", "logprob": -0.1, "bytes": null, "top_logprobs": []}]},
                "message": {"role": "assistant", "content": "Hi \"you\"", "reasoning_content": "Hm.\n",
                    "annotations": [{"type": "url_citation", "url_citation":
                        {"url": "https://a.example", "title": "A", "start_index": 0, "end_index": 2}}],
                    "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}],
                    "tool_calls": [
                        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1.0}"},
                            "extra_content": {"google": {"thought_signature": "sig"}}},
                        {"id": "b", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                        {"id": "c", "type": "custom", "custom": {"name": "patch", "input": "*** Begin\n"}},
                    ]}},
            {"index": 1, "finish_reason": "stop", "message": {"content": null, "refusal": "No."}},
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13,
            "completion_tokens_details": {"reasoning_tokens": 1}},
    });
    Decoder::default().document(document.to_string().as_bytes(), &mut |event| answer.push(&event)).unwrap();
    let mut response = answer.into_response();
    assert_eq!(response.choices.len(), 2);
    assert_eq!(response.choices[0].items.len(), 5);
    assert_eq!(response.choices[1].finish.as_ref().unwrap().reason, FinishReason::Refusal);
    assert!(matches!(&response.choices[0].items[0], Item::Reasoning(reasoning)
        if reasoning.sealed.as_ref().unwrap().kind == SealKind::Details));
    let (events, lost) = encoded(&response, true);
    assert_eq!(lost, "");
    assert_eq!(events.last().unwrap(), "[DONE]");
    // Details are zero where the upstream told none.
    response.usage.as_mut().unwrap().cache_read = Some(0);
    assert_eq!(folded(&events), response);

    let whole = super::super::response::encode::encode(&response, &answering(false));
    assert_eq!(whole.lost.to_string(), "");
    let mut again = Accumulator::default();
    Decoder::default().document(&whole.body, &mut |event| again.push(&event)).unwrap();
    assert_eq!(again.into_response(), response);
}

#[test]
fn citations_count_from_the_start_of_the_content() {
    let cite = |start, end| crate::ir::Citation::Url { url: "u".into(), title: None, start, end, raw: None };
    let cited = |text: &str, citation| {
        Block::Text(crate::ir::Text { citations: vec![citation], ..crate::ir::Text::new(text) })
    };
    let message = |blocks| Item::Message(crate::ir::Message::new(crate::ir::Role::Assistant, blocks));
    let response = Response {
        choices: vec![crate::ir::Choice {
            items: vec![
                message(vec![Block::text("Gr\u{fc}n "), cited("ist", cite(None, None))]),
                message(vec![cited("das Gras.", cite(Some(4), Some(8)))]),
            ],
            finish: Some(crate::ir::Finish::new(FinishReason::Stop)),
        }],
        ..Response::default()
    };
    let indexes = |answer: &Response| {
        let Item::Message(message) = &answer.choices[0].items[0] else { panic!("{answer:?}") };
        let Block::Text(text) = &message.blocks[0] else { panic!("{answer:?}") };
        let cited = text.citations.iter().map(|citation| match citation {
            crate::ir::Citation::Url { start, end, .. } => (start.unwrap(), end.unwrap()),
            other => panic!("{other:?}"),
        });
        cited.collect::<Vec<_>>()
    };
    let expected = [(5, 8), (14, 18)];
    assert_eq!(indexes(&folded(&encoded(&response, false).0)), expected);
    let whole = super::super::response::encode::encode(&response, &answering(false));
    let mut again = Accumulator::default();
    Decoder::default().document(&whole.body, &mut |event| again.push(&event)).unwrap();
    assert_eq!(indexes(&again.into_response()), expected);
}

#[test]
fn usage_is_shown_only_to_who_asked() {
    let response = Response {
        usage: Some(Usage { input: Some(1), output: Some(2), ..Usage::default() }),
        choices: vec![crate::ir::Choice {
            items: vec![Item::Message(crate::ir::Message::new(
                crate::ir::Role::Assistant,
                vec![Block::text("a")],
            ))],
            finish: Some(crate::ir::Finish::new(FinishReason::Stop)),
        }],
        ..Response::default()
    };
    let (hidden, _) = encoded(&response, false);
    assert!(hidden.iter().all(|event| !event.contains("usage")), "{hidden:?}");
    let (unknown, _) = encoded(&Response { usage: None, ..response.clone() }, true);
    assert!(unknown.iter().all(|event| !event.contains("total_tokens")), "{unknown:?}");
    let (shown, _) = encoded(&response, true);
    let last: Value = serde_json::from_str(&shown[shown.len() - 2]).unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["total_tokens"], 3);
    assert_eq!(
        (&last["id"], &last["created"], &last["model"]),
        (&json!("chatcmpl-s"), &json!(5), &json!("asked"))
    );
}

#[test]
fn what_a_chat_client_does_not_learn_is_told() {
    let sealed = |kind| Some(crate::ir::Sealed { kind, data: "x".into() });
    let text = crate::ir::Text { sealed: sealed(SealKind::Thought), ..crate::ir::Text::new("a") };
    let message = crate::ir::Message::new(crate::ir::Role::Assistant, vec![Block::Text(text)]);
    let compaction =
        |summary| crate::ir::Compaction { summary, sealed: sealed(SealKind::Encrypted), id: None };
    let response = Response {
        choices: vec![crate::ir::Choice {
            items: vec![
                Item::Message(message),
                Item::Compaction(compaction(None)),
                Item::Compaction(compaction(Some("Before.".into()))),
            ],
            finish: Some(crate::ir::Finish::new(FinishReason::MalformedCall)),
        }],
        ..Response::default()
    };
    let expected = "text.sealed=dropped, items.compaction=dropped, items.compaction=approximated, \
                    finish.malformed_call=approximated";
    assert_eq!(encoded(&response, false).1, expected);
    let whole = super::super::response::encode::encode(&response, &answering(false));
    assert_eq!(whole.lost.to_string(), expected);
}

#[test]
fn a_stream_that_failed_says_nothing_more() {
    let mut encoder = Encoder::new(answering(false));
    let mut out = Vec::new();
    encoder.encode(&Event::Start(crate::ir::Start::default()), &mut out);
    out.clear();
    encoder.fail(&Failure::new(Origin::Upstream, FailureKind::Upstream, "x"), "gone", &mut out);
    let told = String::from_utf8(out.clone()).unwrap();
    assert!(told.starts_with("data: {\"error\":{\"message\":\"gone\""), "{told}");
    encoder.encode(&Event::End, &mut out);
    encoder.fail(&Failure::new(Origin::Upstream, FailureKind::Upstream, "x"), "gone", &mut out);
    assert_eq!(out, told.into_bytes());
}
