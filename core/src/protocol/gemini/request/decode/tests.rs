use serde_json::{Value, json};

use super::*;
use crate::ir::{
    Effort, Format, ReasoningMode, ResultContent, Role, SealKind, Source, Text, ToolCall, ToolChoice,
    ToolKind, ToolResult,
};

fn decoded(body: &Value) -> Request {
    decode(body.to_string().as_bytes(), "m", false).unwrap()
}

fn items(contents: Value) -> Vec<Item> {
    decoded(&json!({ "contents": contents })).items
}

fn call(item: &Item) -> &ToolCall {
    match item {
        Item::ToolCall(call) => call,
        other => panic!("no call: {other:?}"),
    }
}

fn result(item: &Item) -> &ToolResult {
    match item {
        Item::ToolResult(result) => result,
        other => panic!("no result: {other:?}"),
    }
}

#[test]
fn both_spellings_of_a_name_are_the_same_field() {
    let camel = json!({
        "systemInstruction": {"role": "user", "parts": [{"text": "be kind"}]},
        "contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "aa"}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "generationConfig": {"topP": 0.5, "maxOutputTokens": "7", "stopSequences": ["x"], "topK": 0},
    });
    let snake = json!({
        "system_instruction": "be kind",
        "contents": [{"role": "user", "parts": [{"inline_data": {"mime_type": "image/png", "data": "aa"}}]}],
        "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
        "generation_config": {"top_p": 0.5, "max_output_tokens": 7, "stop_sequences": ["x"], "top_k": 0},
    });
    assert_eq!(decoded(&camel), decoded(&snake));
    let request = decoded(&camel);
    assert_eq!((request.sampling.top_k, request.sampling.max_output), (Some(0), Some(7)));
    assert_eq!(request.tool_choice, Some(ToolChoice::Named { name: "f".into(), namespace: None }));
    assert_eq!(request.instructions, [Block::text("be kind")]);
}

#[test]
fn results_without_ids_answer_the_calls_in_their_order() {
    let turn = |args: Value| json!({"functionCall": {"name": "f", "args": args}});
    let contents = json!([
        {"role": "user", "parts": [{"text": "go"}]},
        {"role": "model", "parts": [turn(json!({"a": 1})), {"functionCall": {"name": "g"}}, turn(json!({"a": 1}))]},
        {"role": "function", "parts": [
            {"functionResponse": {"name": "f", "response": {"output": "one"}}},
            {"functionResponse": {"name": "f", "response": {"error": "two"}}},
            {"functionResponse": {"name": "g", "response": {"x": 1}}},
            {"functionResponse": {"name": "h", "id": "odd", "response": {}}},
        ]},
    ]);
    let items = items(contents.clone());
    let ids = [call(&items[1]).id.as_str(), call(&items[3]).id.as_str(), call(&items[2]).id.as_str(), "odd"];
    let answered: Vec<_> = items[4..].iter().map(|item| result(item).call_id.as_str()).collect();
    assert_eq!(answered, ids);
    assert_ne!(ids[0], ids[1], "equal calls have different ids");
    assert_eq!(result(&items[4]).content, ResultContent::Text("one".into()));
    assert_eq!(result(&items[5]).is_error, Some(true));
    let mut longer = contents;
    longer.as_array_mut().unwrap().push(json!({"parts": [{"text": "more"}]}));
    assert_eq!(contents::decode(&longer.to_string()).unwrap()[..8], items, "ids stay");
}

#[test]
fn an_id_that_is_used_twice_is_not_the_same_call() {
    let items = items(json!([
        {"role": "model", "parts": [{"functionCall": {"id": "f", "name": "f", "args": {"a":1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "f", "name": "f", "response": {"output": "1"}}}]},
        {"role": "model", "parts": [{"functionCall": {"id": "f", "name": "f", "args": {"a":1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "f", "name": "f", "response": {"output": "2"}}}]},
    ]));
    assert_eq!((call(&items[0]).id.as_str(), result(&items[1]).call_id.as_str()), ("f", "f"));
    assert_ne!(call(&items[2]).id, "f");
    assert_eq!(call(&items[2]).id, result(&items[3]).call_id);
}

#[test]
fn signatures_stay_with_their_parts() {
    let items = items(json!([{"role": "model", "parts": [
        {"text": "hm", "thought": true, "thoughtSignature": "s1"},
        {"text": "a"}, {"text": "b", "thoughtSignature": "s2"}, {"text": ""},
        {"functionCall": {"id": "1", "name": "f", "args": {"n": 1.10}}, "thought_signature": "s3"},
        {"executableCode": {"code": "1"}, "thoughtSignature": "s4"},
    ]}]));
    let sealed = |data: &str| Some(crate::ir::Sealed { kind: SealKind::Thought, data: data.into() });
    let Item::Reasoning(reasoning) = &items[0] else { panic!() };
    assert_eq!((reasoning.text.as_deref(), &reasoning.sealed), (Some("hm"), &sealed("s1")));
    let Item::Message(message) = &items[1] else { panic!() };
    assert_eq!(message.role, Role::Assistant);
    let signed = Block::Text(Text { sealed: sealed("s2"), ..Text::new("b") });
    assert_eq!(message.blocks, [Block::text("a"), signed]);
    assert_eq!(
        (call(&items[2]).arguments.as_str(), &call(&items[2]).sealed),
        (r#"{"n":1.1}"#, &sealed("s3"))
    );
    let Item::Opaque(opaque) = &items[3] else { panic!() };
    assert_eq!(opaque.kind, "executableCode");
    assert_eq!(opaque.raw.value(), json!({"executableCode": {"code": "1"}, "thoughtSignature": "s4"}));
}

#[test]
fn an_answer_that_came_in_pieces_is_one_again() {
    let model = |part: Value| json!({"role": "model", "parts": [part]});
    let thought = |text: &str| json!({"text": text, "thought": true});
    let items = items(json!([
        model(thought("I ")), model(thought("must")), {"role": "model", "parts": [thought(" "), thought("look.")]},
        model(json!({"text": "One"})), model(json!({"text": " "})), model(json!({"text": "moment"})),
        model(json!({"text": "", "thoughtSignature": "s"})),
        model(json!({"functionCall": {"id": "1", "name": "f"}})),
        {"role": "user", "parts": [{"functionResponse": {"id": "1", "name": "f", "response": {}}}]},
        model(thought("Done.")),
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "user", "parts": [{"text": "c"}]},
    ]));
    let thoughts = |at: usize| match &items[at] {
        Item::Reasoning(reasoning) => reasoning.text.as_deref(),
        other => panic!("no reasoning: {other:?}"),
    };
    let blocks = |at: usize| match &items[at] {
        Item::Message(message) => message.blocks.clone(),
        other => panic!("no message: {other:?}"),
    };
    let signature = crate::ir::Sealed { kind: SealKind::Thought, data: "s".into() };
    let signed = Block::Text(Text { sealed: Some(signature), ..Text::default() });
    assert_eq!((thoughts(0), thoughts(4)), (Some("I must look."), Some("Done.")));
    assert_eq!(blocks(1), [Block::text("One moment"), signed]);
    assert_eq!((blocks(5), blocks(6)), (vec![Block::text("a"), Block::text("b")], vec![Block::text("c")]));
}

#[test]
fn media_are_what_their_type_says() {
    let items = items(json!([{"parts": [
        {"inlineData": {"mimeType": "application/pdf", "data": "aa"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "aa"}},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "https://a.example/v"}, "videoMetadata": {"fps": 2}},
        {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x"}},
        {"fileData": {"fileUri": "files/y", "mimeType": "image/png"}},
        {"inlineData": {"mimeType": "image/png", "data": "aa"}, "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}},
    ]}]));
    let Item::Message(message) = &items[0] else { panic!() };
    let [
        Block::File(pdf),
        Block::Audio(_),
        Block::Video(video),
        Block::File(kept),
        Block::Image(seen),
        Block::Image(image),
    ] = message.blocks.as_slice()
    else {
        panic!("{message:?}")
    };
    assert!(matches!(&pdf.source, Source::Base64 { mime, .. } if mime == "application/pdf"));
    assert_eq!(video.metadata.as_ref().unwrap().get(), r#"{"fps":2}"#);
    assert!(matches!(kept.source, Source::FileId { owner: Protocol::Gemini, .. }));
    assert!(matches!(seen.source, Source::FileId { owner: Protocol::Gemini, .. }));
    assert_eq!(image.detail.as_deref(), Some("low"));
}

#[test]
fn thinking_is_asked_for_in_three_ways() {
    for (wire, mode, effort, budget) in [
        (json!({"thinkingBudget": -1}), Some(ReasoningMode::Adaptive), None, None),
        (json!({"thinkingBudget": 0}), Some(ReasoningMode::Off), None, Some(0)),
        (json!({"thinkingBudget": 512}), None, None, Some(512)),
        (json!({"thinkingLevel": "HIGH"}), None, Some(Effort::High), None),
        (json!({"thinking_level": "THINKING_LEVEL_UNSPECIFIED"}), None, None, None),
    ] {
        let request = decoded(&json!({"contents": [], "generationConfig": {"thinkingConfig": wire}}));
        let reasoning = request.reasoning;
        assert_eq!((reasoning.mode, reasoning.effort, reasoning.budget), (mode, effort, budget), "{wire}");
    }
}

#[test]
fn schemas_are_json_schema_from_here_on() {
    let request = decoded(&json!({
        "contents": "hi",
        "tools": [{"functionDeclarations": [
            {"name": "a", "parameters": {"type": "OBJECT", "properties": {"x": {"type": "STRING", "nullable": true}}}},
            {"name": "b", "parametersJsonSchema": {"type": "object", "additionalProperties": false}},
        ], "googleSearch": {}}],
        "generationConfig": {"responseMimeType": "application/json",
            "responseJsonSchema": {"type": "OBJECT", "properties": {"type": {"type": "STRING"}}}},
    }));
    let parameters = |tool: usize| match &request.tools[tool].kind {
        ToolKind::Function { parameters, .. } => parameters.as_ref().unwrap().value(),
        other => panic!("{other:?}"),
    };
    assert_eq!(parameters(0), json!({"type": "object", "properties": {"x": {"type": ["string", "null"]}}}));
    assert_eq!(parameters(1), json!({"type": "object", "additionalProperties": false}));
    assert!(matches!(&request.tools[2].kind, ToolKind::Builtin { kind, raw, .. }
        if kind == "googleSearch" && raw.get() == r#"{"googleSearch":{}}"#));
    let Some(Format::JsonSchema { schema, .. }) = &request.output.format else { panic!() };
    assert_eq!(schema.value(), json!({"type": "object", "properties": {"type": {"type": "string"}}}));
}

#[test]
fn what_is_wrong_is_told_by_its_place() {
    for (body, expected) in [
        (json!({}), "missing `contents`"),
        (
            json!({"contents": [{"parts": [{"text": "a"}, {"functionCall": {"args": {}}}]}]}),
            "contents[0].parts[1].functionCall: missing `name`",
        ),
        (json!({"contents": [{"parts": [{"text": 1}]}]}), "contents[0].parts[0].text: expected a string"),
        (json!({"contents": [1]}), "contents[0]: expected an object at byte 0"),
    ] {
        let error = decode(body.to_string().as_bytes(), "m", false).unwrap_err();
        assert_eq!(error.0, expected);
    }
    assert!(decode(b"{\"contents\":", "m", false).is_err());
}
