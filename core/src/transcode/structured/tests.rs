use super::*;
use crate::config::Protocol;
use crate::ir::{
    Accumulator, BlockStart, Choice, Citation, Delta, Event, Finish, FinishReason, Item, Message, Response,
    Role, Text, ToolCall, replay,
};

fn compat(style: StructuredOutput) -> Compat {
    Compat { structured_output: Some(style), ..Compat::default() }
}

fn request(schema: Value) -> Request {
    let mut request = Request::new(Protocol::Chat, "m");
    request.output.format =
        Some(Format::JsonSchema { name: None, description: None, schema: schema.into(), strict: Some(true) });
    request
}

fn raised(emulation: &Emulation, items: Vec<Item>) -> (Vec<String>, FinishReason) {
    let calls = items.iter().any(|item| matches!(item, Item::ToolCall(_)));
    let reason = if calls { FinishReason::ToolCalls } else { FinishReason::Stop };
    let mut response = Response::default();
    response.choices.push(Choice { items, finish: Some(Finish::new(reason)) });
    let (mut raiser, mut accumulator) = (emulation.raiser(), Accumulator::default());
    replay(&response, &mut |event| raiser.push(event, &mut |event| accumulator.push(&event)));
    let choice = accumulator.into_response().choices.remove(0);
    let told = choice.items.iter().map(|item| match item {
        Item::Message(message) => match &message.blocks[..] {
            [Block::Text(Text { text, .. })] => text.clone(),
            other => panic!("{other:?}"),
        },
        Item::ToolCall(call) => format!("{}({})", call.name, call.arguments),
        other => panic!("{other:?}"),
    });
    (told.collect(), choice.finish.unwrap().reason)
}

fn said(text: &str) -> Item {
    Item::Message(Message::new(Role::Assistant, vec![Block::text(text)]))
}

fn call(name: &str, arguments: &str) -> Item {
    Item::ToolCall(ToolCall::function("c", name, arguments))
}

#[test]
fn a_schema_goes_into_words_where_only_objects_can_be_asked_for() {
    let (mut request, mut lost) = (request(json!({"type": "object"})), Losses::default());
    assert_eq!(lower(&mut request, &compat(StructuredOutput::Object), &mut lost), None);
    assert_eq!(request.output.format, Some(Format::JsonObject));
    let [Block::Text(text)] = &request.instructions[..] else { panic!() };
    assert!(text.text.ends_with("JSON Schema:\n{\"type\":\"object\"}"));
    assert_eq!(lost.to_string(), "output.format=emulated");
}

#[test]
fn nothing_is_emulated_where_it_need_not_be() {
    let mut before = request(json!({}));
    before.tools.push(Tool::new("f", ToolKind::Custom { format: None }));
    let mut after = before.clone();
    for compat in [Compat::default(), compat(StructuredOutput::Schema)] {
        assert_eq!(lower(&mut after, &compat, &mut Losses::default()), None);
        assert_eq!(after, before);
    }
    let mut plain = Request::new(Protocol::Chat, "m");
    assert_eq!(lower(&mut plain, &compat(StructuredOutput::Tool), &mut Losses::default()), None);
}

#[test]
fn the_tools_arguments_become_the_answer() {
    let mut request = request(json!({"type": "object"}));
    let emulation = lower(&mut request, &compat(StructuredOutput::Tool), &mut Losses::default()).unwrap();
    assert_eq!(request.tool_choice, Some(ToolChoice::Named { name: "answer".into(), namespace: None }));
    let stop = |told: &[&str]| (told.iter().map(|text| (*text).to_owned()).collect(), FinishReason::Stop);
    let cases = [
        (vec![said("Here:"), call("answer", r#"{"a": 1.0}"#)], stop(&[r#"{"a": 1.0}"#])),
        (vec![call("answer", "")], stop(&["{}"])),
        (vec![call("answer", "{}"), call("answer", "[]"), said("Done.")], stop(&["{}"])),
        (vec![said("It did not obey.")], stop(&["It did not obey."])),
    ];
    for (items, expected) in cases {
        assert_eq!(raised(&emulation, items), expected);
    }
    let (told, reason) = raised(&emulation, vec![said("First"), call("f", "{}")]);
    assert_eq!((told, reason), (vec!["First".to_owned(), "f({})".to_owned()], FinishReason::ToolCalls));
}

#[test]
fn an_answer_that_is_no_object_travels_within_one() {
    let schema = json!({"type": "array", "items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "number"}}});
    let mut request = request(schema);
    request.tools.push(Tool::new("answer", ToolKind::Function { parameters: None, strict: None }));
    let emulation = lower(&mut request, &compat(StructuredOutput::Tool), &mut Losses::default()).unwrap();
    assert_eq!(request.tool_choice, Some(ToolChoice::Required));
    let tool = &request.tools[1];
    let ToolKind::Function { parameters: Some(parameters), .. } = &tool.kind else { panic!() };
    let expected = json!({
        "type": "object", "$defs": {"n": {"type": "number"}}, "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/$defs/n"}}},
    });
    assert_eq!((tool.name.as_str(), parameters.value()), ("answer_", expected));
    for (written, text) in [(r#"{"value": [1, 2.50]}"#, "[1, 2.50]"), ("[1]", "[1]")] {
        assert_eq!(raised(&emulation, vec![call("answer_", written)]).0, [text]);
    }
}

#[test]
fn citations_that_are_kept_back_are_bounded_too() {
    let emulation = Emulation { tool: "answer".into(), wrapped: false };
    let (mut raiser, mut shown) = (emulation.raiser(), 0);
    let mut count = |_: Event<'_>| shown += 1;
    raiser.push(
        Event::BlockStart {
            index: 0,
            choice: 0,
            block: BlockStart::Text { joins: false, message_id: None, phase: None },
        },
        &mut count,
    );
    for _ in 0..4_096 {
        let url = "u".repeat(512);
        let citation = Citation::Url { url, title: None, start: None, end: None, raw: None };
        raiser.push(Event::Delta { index: 0, delta: Delta::Citation(citation) }, &mut count);
    }
    assert!(shown > 0);
}
