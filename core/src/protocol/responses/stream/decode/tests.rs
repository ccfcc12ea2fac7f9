use serde_json::{Value, json};

use super::*;
use crate::ir::{
    Accumulator, Block, CallKind, Delta, FinishReason, Item, Message, Raw, Reasoning, Response, SealKind,
    Sealed, Text, ToolCall,
};

/// What a stream of `events` tells, and whether it came to its end. Checks the rules of events.
fn fold(events: &[Value]) -> Accumulator {
    let mut decoder = Decoder::default();
    let mut accumulator = Accumulator::default();
    let (mut started, mut open, mut next, mut over) = (false, Vec::new(), 0, false);
    for event in events {
        let data = event.to_string();
        let event = sse::Event { name: None, data: data.as_bytes().into() };
        decoder.decode(&event, &mut |event| {
            assert!(!over, "nothing follows the end: {event:?}");
            match &event {
                Event::Start(_) => assert!(!std::mem::replace(&mut started, true)),
                Event::BlockStart { index, .. } => {
                    assert_eq!(*index, next);
                    next += 1;
                    open.push(*index);
                }
                Event::Delta { index, .. } => assert!(open.contains(index), "{event:?}"),
                Event::BlockStop { index } => {
                    open.remove(open.iter().position(|known| known == index).unwrap());
                }
                Event::Finish { .. } => assert!(open.is_empty()),
                Event::End | Event::Error(_) => over = true,
                Event::Usage(_) => {}
            }
            accumulator.push(&event);
        });
    }
    accumulator
}

fn answer(events: &[Value]) -> Response {
    let accumulator = fold(events);
    assert!(accumulator.ended(), "{:?}", accumulator.error());
    accumulator.into_response()
}

/// An event about an item.
fn on(kind: &str, output_index: u64, rest: Value) -> Value {
    let mut event = json!({"type": format!("response.{kind}"), "output_index": output_index});
    event.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    event
}

fn end(output: Value) -> Value {
    json!({"type": "response.completed", "response": {"id": "r", "status": "completed", "output": output}})
}

fn items() -> [Value; 4] {
    [
        json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA", "summary": [
            {"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}]}),
        json!({"type": "message", "id": "msg_1", "role": "assistant", "phase": "final_answer", "content": [
            {"type": "output_text", "text": "Hé \"you\"", "logprobs": [{"token": "H"}], "annotations": [
                {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 2}]}]}),
        json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "namespace": "ns",
            "arguments": "{\"a\": 1}"}),
        json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "g", "input": "x\ny"}),
    ]
}

fn expected() -> Vec<Item> {
    let sealed = Some(Sealed { kind: SealKind::Encrypted, data: "gAAA".into() });
    let summary = vec!["One.".into(), "Two.".into()];
    let text = Text {
        text: "Hé \"you\"".into(),
        citations: vec![crate::ir::Citation::Url {
            url: "u".into(),
            title: Some("t".into()),
            start: Some(0),
            end: Some(2),
            raw: None,
        }],
        logprobs: Some(Raw::parse(r#"[{"token":"H"}]"#).unwrap()),
        ..Text::default()
    };
    vec![
        Item::Reasoning(Reasoning { id: Some("rs_1".into()), summary, sealed, ..Reasoning::default() }),
        Item::Message(Message {
            id: Some("msg_1".into()),
            phase: Some("final_answer".into()),
            ..Message::new(Role::Assistant, vec![Block::Text(text)])
        }),
        Item::ToolCall(ToolCall {
            item_id: Some("fc_1".into()),
            namespace: Some("ns".into()),
            ..ToolCall::function("c1", "f", "{\"a\": 1}")
        }),
        Item::ToolCall(ToolCall {
            item_id: Some("ctc_1".into()),
            kind: CallKind::Custom,
            ..ToolCall::function("c2", "g", "x\ny")
        }),
    ]
}

/// The same answer, streamed in full, with the two calls interleaved.
fn streamed() -> Vec<Value> {
    let [reasoning, message, call, custom] = items();
    vec![
        json!({"type": "response.created", "response": {"id": "r", "model": "m", "created_at": 5.0, "output": []}}),
        json!({"type": "response.in_progress", "response": {"id": "r"}}),
        on("output_item.added", 0, json!({"item": {"type": "reasoning", "id": "rs_1", "summary": []}})),
        on("reasoning_summary_part.added", 0, json!({"item_id": "rs_1", "summary_index": 0, "part": {}})),
        on("reasoning_summary_text.delta", 0, json!({"item_id": "rs_1", "summary_index": 0, "delta": "One"})),
        on("reasoning_summary_text.delta", 0, json!({"item_id": "rs_1", "summary_index": 0, "delta": "."})),
        on("reasoning_summary_text.done", 0, json!({"item_id": "rs_1", "summary_index": 0, "text": "One."})),
        on(
            "reasoning_summary_text.delta",
            0,
            json!({"item_id": "rs_1", "summary_index": 1, "delta": "Two."}),
        ),
        on("output_item.done", 0, json!({"item": reasoning})),
        on(
            "output_item.added",
            1,
            json!({"item": {"type": "message", "id": "msg_1", "phase": "final_answer",
            "role": "assistant", "content": []}}),
        ),
        on(
            "content_part.added",
            1,
            json!({"item_id": "msg_1", "content_index": 0,
            "part": {"type": "output_text", "text": "", "annotations": []}}),
        ),
        on(
            "output_text.delta",
            1,
            json!({"item_id": "msg_1", "content_index": 0, "delta": "Hé ", "logprobs": []}),
        ),
        on(
            "output_text.delta",
            1,
            json!({"item_id": "msg_1", "content_index": 0, "delta": "\"you\"",
            "logprobs": [{"token": "H"}]}),
        ),
        on(
            "output_text.annotation.added",
            1,
            json!({"item_id": "msg_1", "content_index": 0, "annotation_index": 0,
            "annotation": message["content"][0]["annotations"][0]}),
        ),
        on("output_text.done", 1, json!({"item_id": "msg_1", "content_index": 0, "text": "Hé \"you\""})),
        on(
            "content_part.done",
            1,
            json!({"item_id": "msg_1", "content_index": 0, "part": message["content"][0]}),
        ),
        on("output_item.done", 1, json!({"item": message})),
        on(
            "output_item.added",
            2,
            json!({"item": {"type": "function_call", "id": "fc_1", "call_id": "c1",
            "name": "f", "namespace": "ns", "arguments": ""}}),
        ),
        on(
            "output_item.added",
            3,
            json!({"item": {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2",
            "name": "g", "input": ""}}),
        ),
        on("function_call_arguments.delta", 2, json!({"item_id": "fc_1", "delta": "{\"a\""})),
        on("custom_tool_call_input.delta", 3, json!({"item_id": "ctc_1", "delta": "x\n"})),
        on("function_call_arguments.delta", 2, json!({"item_id": "fc_1", "delta": ": 1}"})),
        on("custom_tool_call_input.delta", 3, json!({"item_id": "ctc_1", "delta": "y"})),
        on("function_call_arguments.done", 2, json!({"item_id": "fc_1", "arguments": "{\"a\": 1}"})),
        on("output_item.done", 3, json!({"item": custom})),
        on("output_item.done", 2, json!({"item": call})),
        end(json!(items())),
    ]
}

#[test]
fn an_answer_is_the_same_however_much_of_it_is_streamed() {
    let all = streamed();
    let only = |keep: &dyn Fn(&str) -> bool| -> Vec<Value> {
        all.iter().filter(|event| keep(event["type"].as_str().unwrap())).cloned().collect()
    };
    let last = |kind: &str| kind == "response.completed";
    for events in [
        all.clone(),
        only(&|kind| !kind.ends_with(".added") || kind.ends_with("item.added")),
        only(&|kind| kind.ends_with(".done") || kind.ends_with("item.added") || last(kind)),
        only(&|kind| kind.ends_with("item.done") || last(kind)),
        only(&|kind| !kind.ends_with("item.done") || last(kind)),
        only(&|kind| !kind.ends_with(".delta")),
        only(&last),
    ] {
        let response = answer(&events);
        let [choice] = response.choices.as_slice() else { panic!("one choice") };
        let mut items = choice.items.clone();
        items.sort_by_key(|item| expected().iter().position(|other| other == item));
        assert_eq!(items, expected(), "{events:#?}");
        assert_eq!(choice.finish.as_ref().unwrap().reason, FinishReason::ToolCalls);
    }
}

#[test]
fn ids_that_change_on_the_way_do_no_harm() {
    let mut events = streamed();
    for (number, event) in events.iter_mut().enumerate() {
        for path in ["/item_id", "/item/id"] {
            if let Some(id) = event.pointer_mut(path) {
                *id = json!(format!("changed_{number}"));
            }
        }
    }
    let last = events.len() - 1;
    for (number, item) in events[last]["response"]["output"].as_array_mut().unwrap().iter_mut().enumerate() {
        item["id"] = json!(format!("again_{number}"));
    }
    let items = answer(&events).choices.remove(0).items;
    assert_eq!(items.len(), 4);
    let Item::ToolCall(call) = &items[2] else { panic!("a call") };
    assert_eq!(call.arguments, "{\"a\": 1}");
}

#[test]
fn an_upstream_without_indexes_and_ids_is_understood() {
    let text = |delta: &str| json!({"type": "response.output_text.delta", "delta": delta});
    let message = |text: &str| json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]});
    let done = |item: Value| json!({"type": "response.output_item.done", "item": item});
    let events = [
        json!({"type": "response.reasoning_text.delta", "delta": "Hm."}),
        text("a"),
        text("b"),
        done(message("ab")),
        text("c"),
        done(message("cd")),
        end(json!([])),
    ];
    let items = answer(&events).choices.remove(0).items;
    let said = |text: &str| Item::Message(Message::new(Role::Assistant, vec![Block::text(text)]));
    let thought = Reasoning { text: Some("Hm.".into()), ..Reasoning::default() };
    assert_eq!(items, [Item::Reasoning(thought), said("ab"), said("cd")]);
}

/// `fold` checks that they are kept.
#[test]
fn whatever_is_missing_the_rules_of_events_are_kept() {
    let all = streamed();
    for at in 0..all.len() {
        let mut events = all.clone();
        events.remove(at);
        fold(&events);
        for path in ["", "/item", "/part", "/response"] {
            let keys = all[at].pointer(path).and_then(Value::as_object).map(|object| object.keys().cloned());
            for key in keys.into_iter().flatten() {
                for value in [Value::Null, json!(""), json!([{}]), json!(1_000_000)] {
                    let mut events = all.clone();
                    events[at].pointer_mut(path).unwrap()[&key] = value;
                    fold(&events);
                }
            }
        }
    }
}

#[test]
fn an_answer_tells_why_it_ended() {
    let terminal = |kind: &str, response: Value| json!({"type": kind, "response": response});
    let refusal = json!([{"type": "message", "id": "m", "role": "assistant",
        "content": [{"type": "refusal", "refusal": "No."}]}]);
    for (event, expected) in [
        (end(json!([])), FinishReason::Stop),
        (end(refusal), FinishReason::Refusal),
        (
            end(json!([{"type": "local_shell_call", "id": "l", "call_id": "c", "action": {"type": "exec"}}])),
            FinishReason::ToolCalls,
        ),
        (end(json!([{"type": "computer_call", "id": "l", "call_id": "c"}])), FinishReason::ToolCalls),
        (end(json!([{"type": "web_search_call", "id": "l"}])), FinishReason::Stop),
        (
            terminal("response.incomplete", json!({"incomplete_details": {"reason": "max_output_tokens"}})),
            FinishReason::Length,
        ),
        (
            terminal("response.incomplete", json!({"incomplete_details": {"reason": "content_filter"}})),
            FinishReason::ContentFilter,
        ),
        (terminal("response.completed", json!({"status": "incomplete"})), FinishReason::Length),
        (json!({"type": "response.completed"}), FinishReason::Stop),
    ] {
        let response = answer(std::slice::from_ref(&event));
        assert_eq!(response.choices[0].finish.as_ref().unwrap().reason, expected, "{event}");
    }
}

#[test]
fn errors_are_understood_in_every_shape() {
    for (event, message) in [
        (json!({"type": "error", "code": "x", "message": "flat"}), "flat"),
        (json!({"type": "error", "error": {"code": "x", "message": "nested"}}), "nested"),
        (json!({"type": "error", "error": "text"}), "text"),
        (json!({"error": {"message": "bare"}}), "bare"),
        (
            json!({"type": "response.failed", "response": {"status": "failed", "error": {"code": "x",
                "message": "failed"}}}),
            "failed",
        ),
        (
            json!({"type": "response.cancelled", "response": {"status": "cancelled"}}),
            "The upstream cancelled its answer.",
        ),
    ] {
        let accumulator = fold(&[event, end(json!([]))]);
        assert_eq!(accumulator.error().unwrap().message, message);
        assert!(!accumulator.ended());
    }
}

#[test]
fn pictures_and_server_tools_keep_their_place() {
    let search = json!({"type": "web_search_call", "id": "ws", "status": "completed"});
    let events = [
        on("output_item.added", 0, json!({"item": {"type": "web_search_call", "id": "ws"}})),
        json!({"type": "response.web_search_call.searching", "output_index": 0}),
        on("output_item.done", 0, json!({"item": search})),
        on(
            "output_item.done",
            1,
            json!({"item": {"type": "image_generation_call", "id": "ig", "result": "aW1n",
            "output_format": "webp"}}),
        ),
        on(
            "output_item.done",
            2,
            json!({"item": {"type": "compaction", "id": "cmp", "encrypted_content": "e"}}),
        ),
        json!({"type": "response.completed", "response": {"usage": {"input_tokens": 3, "output_tokens": 2,
            "output_tokens_details": {"reasoning_tokens": 1}}, "tool_usage": {"web_search": {"num_requests": 1}}}}),
    ];
    let response = answer(&events);
    let items = &response.choices[0].items;
    let Item::Opaque(opaque) = &items[0] else { panic!("opaque") };
    assert_eq!((opaque.kind.as_str(), opaque.raw.value()), ("web_search_call", search));
    let Item::Message(message) = &items[1] else { panic!("a picture") };
    let Block::Image(image) = &message.blocks[0] else { panic!("a picture") };
    assert_eq!(image.source, crate::ir::Source::Base64 { mime: "image/webp".into(), data: "aW1n".into() });
    assert!(matches!(&items[2], Item::Compaction(compaction) if compaction.sealed.is_some()));
    let usage = response.usage.unwrap();
    assert_eq!((usage.output, usage.reasoning, usage.web_searches), (Some(1), Some(1), Some(1)));
}

#[test]
fn text_is_borrowed_from_its_event() {
    let data = br#"{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"plain"}"#;
    let mut borrowed = false;
    Decoder::default().decode(&sse::Event { name: None, data: data.as_slice().into() }, &mut |event| {
        if let Event::Delta { delta: Delta::Text(text), .. } = event {
            borrowed = matches!(text, Cow::Borrowed("plain"));
        }
    });
    assert!(borrowed);
}
