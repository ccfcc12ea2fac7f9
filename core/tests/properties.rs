//! What holds for all answers and requests, not only for those of the fixtures.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail")]

use causeway_core::config::Protocol;
use causeway_core::ir::{
    Accumulator, Block, BlockStart, Choice, Delta, Event, Finish, FinishReason, Item, Message, Raw,
    Reasoning, Request, Response, ResultContent, Role, SealKind, Sealed, Tool, ToolCall, ToolKind,
    ToolResult, Usage, replay,
};
use causeway_core::testing::golden::PROTOCOLS;
use causeway_core::testing::{codec, wellformed};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn an_answer_is_the_fold_of_its_replay(response in answer()) {
        let mut accumulator = Accumulator::default();
        replay(&response, &mut |event| accumulator.push(&event));
        prop_assert_eq!(accumulator.into_response(), response);
    }

    #[test]
    fn every_answer_makes_a_well_formed_stream(response in answer()) {
        let mut events = Vec::new();
        replay(&response, &mut |event| events.push(event));
        for (name, protocol) in PROTOCOLS {
            let stream = codec::write_stream(protocol, events.iter().cloned());
            let fine = wellformed::check(protocol, &stream);
            prop_assert!(fine.is_ok(), "{name}: {fine:?}\n{}", String::from_utf8_lossy(&stream));
        }
    }

    #[test]
    fn interleaved_blocks_make_a_well_formed_stream(events in interleaved()) {
        for (name, protocol) in PROTOCOLS {
            let stream = codec::write_stream(protocol, events.iter().cloned());
            let fine = wellformed::check(protocol, &stream);
            prop_assert!(fine.is_ok(), "{name}: {fine:?}\n{}", String::from_utf8_lossy(&stream));
            let read = codec::read_stream(protocol, &stream).unwrap();
            prop_assert_eq!(calls(&read), calls(&fold(&events)), "{}", name);
        }
    }

    #[test]
    fn what_a_protocol_can_say_survives_it(protocol in protocol(), common in common_answer()) {
        let response = Response { usage: Some(common.1), ..sealed_for(protocol, common.0) };
        let mut events = Vec::new();
        replay(&response, &mut |event| events.push(event));
        let streamed = codec::read_stream(protocol, &codec::write_stream(protocol, events)).unwrap();
        prop_assert_eq!(gist(&streamed), gist(&response));
        let whole = codec::read_document(protocol, &codec::write_document(protocol, &response).body).unwrap();
        prop_assert_eq!(gist(&whole), gist(&response));
    }

    #[test]
    fn a_request_survives_every_protocol(there in protocol(), back in protocol(), request in request()) {
        let encoded = codec::write_request(there, &request).unwrap();
        let lost: Vec<_> = encoded.lost.iter().map(|loss| loss.feature.as_ref()).filter(|lost| *lost != "stop").collect();
        prop_assert!(lost.is_empty(), "{there:?} lost {lost:?}");
        let read = codec::read_request(there, &encoded.body).unwrap();
        prop_assert_eq!(meaning(&read), meaning(&request), "{:?}: {}", there, String::from_utf8_lossy(&encoded.body));
        let encoded = codec::write_request(back, &read).unwrap();
        let read = codec::read_request(back, &encoded.body).unwrap();
        prop_assert_eq!(meaning(&read), meaning(&request), "{:?}: {}", back, String::from_utf8_lossy(&encoded.body));
    }
}

fn protocol() -> impl Strategy<Value = Protocol> {
    proptest::sample::select(PROTOCOLS.map(|(_, protocol)| protocol).to_vec())
}

/// Text with what is escaped, has many bytes, or looks like syntax.
fn text() -> impl Strategy<Value = String> {
    "[a-z\u{e9}<{][a-z \"\\\\\n\u{e9}\u{2028}\u{1f6a6}<>{}]{0,10}[a-z]"
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,8}"
}

fn json_object() -> impl Strategy<Value = String> {
    proptest::collection::btree_map(word(), text(), 0..3)
        .prop_map(|fields| serde_json::to_string(&fields).unwrap())
}

fn message(text: String) -> Item {
    Item::Message(Message::new(Role::Assistant, vec![Block::text(text)]))
}

/// Any item that an answer can have.
fn item() -> impl Strategy<Value = Item> {
    let sealed = option::of((
        "[A-Za-z0-9]{1,8}",
        proptest::sample::select(vec![SealKind::Signature, SealKind::Encrypted, SealKind::Thought]),
    ));
    prop_oneof![
        text().prop_map(message),
        vec(text(), 1..3).prop_map(|texts| {
            Item::Message(Message::new(Role::Assistant, texts.into_iter().map(Block::text).collect()))
        }),
        text()
            .prop_map(|refusal| Item::Message(Message::new(Role::Assistant, vec![Block::Refusal(refusal)]))),
        (vec(text(), 0..3), option::of(text()), sealed).prop_map(|(summary, text, sealed)| {
            let sealed = sealed.map(|(data, kind)| Sealed { kind, data });
            Item::Reasoning(Reasoning { summary, text, sealed, ..Reasoning::default() })
        }),
        (word(), prop_oneof![json_object(), Just(String::new())])
            .prop_map(|(name, arguments)| Item::ToolCall(ToolCall::function("", name, arguments))),
    ]
}

fn usage() -> impl Strategy<Value = Usage> {
    (0..1000_u64, 0..1000_u64, 0..1000_u64).prop_map(|(input, cache_read, output)| Usage {
        input: Some(input),
        cache_read: Some(cache_read),
        output: Some(output),
        ..Usage::default()
    })
}

fn answer() -> impl Strategy<Value = Response> {
    (vec(item(), 0..6), option::of(usage())).prop_map(|(items, usage)| finished(items, usage))
}

/// Calls get ids that are unique, and the finish fits them.
fn finished(mut items: Vec<Item>, usage: Option<Usage>) -> Response {
    let mut reason = FinishReason::Stop;
    for (number, item) in items.iter_mut().enumerate() {
        if let Item::ToolCall(call) = item {
            call.id = format!("call_{number}");
            reason = FinishReason::ToolCalls;
        }
    }
    Response {
        id: Some("r_1".into()),
        model: Some("m".into()),
        created: Some(1_700_000_000),
        choices: vec![Choice { items, finish: Some(Finish::new(reason)) }],
        usage,
        ..Response::default()
    }
}

/// An answer that all protocols can hold: thinking, then text, then calls.
fn common_answer() -> impl Strategy<Value = (Response, Usage)> {
    let calls = vec((word(), json_object()), 0..3);
    (option::of(text()), option::of(text()), calls, usage()).prop_map(|(thinking, said, calls, usage)| {
        let thinking =
            thinking.map(|text| Item::Reasoning(Reasoning { text: Some(text), ..Reasoning::default() }));
        let calls = calls
            .into_iter()
            .map(|(name, arguments)| Item::ToolCall(ToolCall::function("", name, arguments)));
        let items = thinking.into_iter().chain(said.map(message)).chain(calls).collect();
        (finished(items, None), usage)
    })
}

/// Thinking as `protocol`'s vendor signs it.
fn sealed_for(protocol: Protocol, mut response: Response) -> Response {
    let kind = match protocol {
        Protocol::Messages => SealKind::Signature,
        Protocol::Responses => SealKind::Encrypted,
        _ => return response,
    };
    for item in response.choices.iter_mut().flat_map(|choice| &mut choice.items) {
        if let Item::Reasoning(reasoning) = item {
            reasoning.sealed = Some(Sealed { kind, data: "c2ln".into() });
        }
    }
    response
}

/// Two to four calls, open at the same time, whose arguments come in turns.
fn interleaved() -> impl Strategy<Value = Vec<Event<'static>>> {
    let count = 2..5_u32;
    (count, vec(0..5_u32, 0..20)).prop_map(|(count, turns)| {
        let open = |index| Event::BlockStart {
            index,
            choice: 0,
            block: BlockStart::ToolCall {
                id: format!("call_{index}").into(),
                item_id: None,
                name: "f".into(),
                namespace: None,
                kind: causeway_core::ir::CallKind::Function,
                executor: causeway_core::ir::Executor::Client,
                sealed: None,
            },
        };
        let delta = |index, text: &'static str| Event::Delta { index, delta: Delta::Arguments(text.into()) };
        let start = causeway_core::ir::Start {
            id: Some("r_1".into()),
            model: Some("m".into()),
            ..Default::default()
        };
        let mut events = vec![Event::Start(start)];
        events.extend((0..count).map(open));
        events.extend((0..count).map(|index| delta(index, "{\"a\":[0")));
        events.extend(turns.into_iter().map(|turn| delta(turn % count, ",1")));
        events.extend((0..count).map(|index| delta(index, "]}")));
        events.extend((0..count).rev().map(|index| Event::BlockStop { index }));
        events.push(Event::Finish { choice: 0, finish: Finish::new(FinishReason::ToolCalls) });
        events.push(Event::End);
        events
    })
}

fn fold(events: &[Event<'_>]) -> Response {
    let mut accumulator = Accumulator::default();
    events.iter().for_each(|event| accumulator.push(event));
    accumulator.into_response()
}

/// Name and arguments of each call; a protocol may bring their spelling into a normal form.
fn calls(response: &Response) -> Vec<(String, serde_json::Value)> {
    let mut calls: Vec<_> = response
        .choices
        .iter()
        .flat_map(|choice| &choice.items)
        .filter_map(|item| match item {
            Item::ToolCall(call) => Some((call.name.clone(), arguments(&call.arguments))),
            _ => None,
        })
        .collect();
    calls.sort_by_key(|(name, arguments)| (name.clone(), arguments.to_string()));
    calls
}

/// No arguments are the same as an empty object.
fn arguments(json: &str) -> serde_json::Value {
    if json.is_empty() { serde_json::json!({}) } else { serde_json::from_str(json).unwrap() }
}

/// What an answer says, without what protocols name each in their way.
fn gist(response: &Response) -> (Vec<String>, Option<FinishReason>, [Option<u64>; 3]) {
    let choice = &response.choices[0];
    let items = choice.items.iter().map(|item| match item {
        Item::Message(message) => format!("said {:?}", message.blocks.iter().map(plain).collect::<String>()),
        Item::Reasoning(reasoning) => {
            let text = reasoning.text.clone().unwrap_or_default() + &reasoning.summary.concat();
            format!("thought {text:?}")
        }
        Item::ToolCall(call) => format!("called {} {}", call.name, arguments(&call.arguments)),
        other => format!("{other:?}"),
    });
    let usage = response.usage.unwrap_or_default();
    let counted = [usage.input, usage.cache_read, usage.output];
    (items.collect(), choice.finish.as_ref().map(|finish| finish.reason), counted)
}

fn plain(block: &Block) -> String {
    match block {
        Block::Text(text) => text.text.clone(),
        other => format!("{other:?}"),
    }
}

/// A conversation that every protocol can hold: turns of text and of answered calls.
fn request() -> impl Strategy<Value = Request> {
    let call = vec((word(), json_object(), text()), 1..3);
    let turn = (text(), prop_oneof![text().prop_map(Ok), call.prop_map(Err)]);
    let tools = proptest::collection::btree_map(word(), text(), 0..3);
    let sampling = (option::of(0..=10_u32), 20..4000_u64, vec("[A-Z]{2,5}", 0..3));
    (option::of(text()), vec(turn, 0..3), text(), tools, sampling).prop_map(
        |(system, turns, last, tools, sampling)| {
            let mut request = Request::new(Protocol::Chat, "m");
            request.instructions = system.map(Block::text).into_iter().collect();
            let mut calls = 0;
            for (asked, answer) in turns {
                request.items.push(Item::Message(Message::new(Role::User, vec![Block::text(asked)])));
                match answer {
                    Ok(text) => request.items.push(message(text)),
                    Err(made) => {
                        let ids: Vec<String> =
                            (calls..calls + made.len()).map(|number| format!("call_{number}")).collect();
                        calls += made.len();
                        for (id, (name, arguments, _)) in ids.iter().zip(&made) {
                            request.items.push(Item::ToolCall(ToolCall::function(id, name, arguments)));
                        }
                        for (id, (_, _, result)) in ids.iter().zip(&made) {
                            let result = ResultContent::Text(result.clone());
                            request.items.push(Item::ToolResult(ToolResult::function(id, result)));
                        }
                        request.items.push(message("Done.".into()));
                    }
                }
            }
            request.items.push(Item::Message(Message::new(Role::User, vec![Block::text(last)])));
            request.tools = tools
                .into_iter()
                .map(|(name, description)| {
                    let parameters =
                        Raw::parse(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#).unwrap();
                    let kind = ToolKind::Function { parameters: Some(parameters), strict: None };
                    Tool { description: Some(description), ..Tool::new(name, kind) }
                })
                .collect();
            let (temperature, max_output, stop) = sampling;
            request.sampling.temperature = temperature.map(|tenths| f64::from(tenths) / 10.0);
            request.sampling.max_output = Some(max_output);
            request.sampling.stop = stop;
            request
        },
    )
}

/// What a request asks, without what protocols name each in their way. Calls are numbered in their order.
fn meaning(request: &Request) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut system: Vec<String> = request.instructions.iter().map(plain).collect();
    let mut told = Vec::new();
    for item in &request.items {
        match item {
            Item::Message(message) if matches!(message.role, Role::System | Role::Developer) => {
                system.extend(message.blocks.iter().map(plain));
            }
            Item::Message(message) => {
                told.push(format!(
                    "{:?} {:?}",
                    message.role,
                    message.blocks.iter().map(plain).collect::<String>()
                ));
            }
            Item::ToolCall(call) => {
                ids.push(call.id.clone());
                told.push(format!("call {} {} {}", ids.len(), call.name, arguments(&call.arguments)));
            }
            Item::ToolResult(result) => {
                let call = ids.iter().position(|id| *id == result.call_id).map(|position| position + 1);
                told.push(format!("result {call:?} {:?}", said(&result.content)));
            }
            other => told.push(format!("{other:?}")),
        }
    }
    told.insert(0, format!("system {:?}", system.concat()));
    told.extend(request.tools.iter().map(|tool| format!("tool {} {:?}", tool.name, tool.description)));
    told.push(format!("{:?} {:?}", request.sampling.temperature, request.sampling.max_output));
    told
}

fn said(content: &ResultContent) -> String {
    match content {
        ResultContent::Text(text) => text.clone(),
        ResultContent::Blocks(blocks) => blocks.iter().map(plain).collect(),
        // Gemini's results are objects.
        ResultContent::Json(json) => {
            let value = json.value();
            ["output", "result"]
                .iter()
                .find_map(|name| value[name].as_str())
                .map_or_else(|| value.to_string(), Into::into)
        }
    }
}
