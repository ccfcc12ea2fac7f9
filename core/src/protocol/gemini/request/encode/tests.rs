use serde_json::{Value, json};

use super::*;
use crate::config::compat::{Compat, SchemaStyle};
use crate::ir::{
    Block, Effort, File, Format, Image, Item, Message, Raw, Reasoning, ReasoningConfig, ResultContent, Role,
    SealKind, Sealed, Source, Tool, ToolCall, ToolChoice, ToolKind, ToolResult,
};

fn encoded(request: &Request, compat: &Compat) -> (Value, String) {
    let target = Target { model: "gemini", stream: false, compat };
    let encoded = encode(request, &target).unwrap();
    (serde_json::from_slice(&encoded.body).unwrap(), encoded.lost.to_string())
}

fn of_items(items: Vec<Item>) -> Request {
    Request { items, ..Request::new(Protocol::Chat, "m") }
}

fn said(role: Role, text: &str) -> Item {
    Item::Message(Message::new(role, vec![Block::text(text)]))
}

fn call(id: &str, name: &str) -> Item {
    Item::ToolCall(ToolCall::function(id, name, "{}"))
}

fn result(id: &str, text: &str) -> Item {
    Item::ToolResult(ToolResult::function(id, ResultContent::Text(text.into())))
}

fn response(id: &str, name: &str, response: Value) -> Value {
    json!({"functionResponse": {"id": id, "name": name, "response": response}})
}

#[test]
fn results_follow_their_calls_in_the_calls_order() {
    let request = of_items(vec![
        said(Role::User, "go"),
        call("1", "f"),
        call("2", "g"),
        said(Role::User, "wait"),
        result("2", "two"),
        result("1", r#"{"n": 1.10}"#),
        result("9", "lost"),
        call("3", "f"),
    ]);
    let (body, lost) = encoded(&request, &Compat::default());
    let called = |id: &str, name: &str| json!({"functionCall": {"id": id, "name": name, "args": {}}});
    assert_eq!(
        body["contents"],
        json!([
            {"role": "user", "parts": [{"text": "go"}]},
            {"role": "model", "parts": [called("1", "f"), called("2", "g")]},
            {"role": "user", "parts": [
                response("1", "f", json!({"n": 1.10})),
                response("2", "g", json!({"output": "two"})),
                {"text": "wait"},
                {"text": "Result of the tool call 9:\nlost"},
            ]},
            {"role": "model", "parts": [called("3", "f")]},
            {"role": "user", "parts": [response("3", "f", json!({"error": "The call was not answered."}))]},
        ])
    );
    assert_eq!(lost, "items.tool_result=approximated, items.tool_call=approximated");
}

#[test]
fn arguments_keep_their_spelling() {
    for (arguments, expected) in [
        (r#"{"a": 1.10, "b":12345678901234567890123}"#, r#""args":{"a": 1.10, "b":12345678901234567890123}"#),
        ("", r#""args":{}"#),
        ("[1]", r#""args":{"input":"[1]"}"#),
        ("{cut", r#""args":{"input":"{cut"}"#),
    ] {
        let request = of_items(vec![Item::ToolCall(ToolCall::function("1", "f", arguments))]);
        let compat = Compat::default();
        let target = Target { model: "gemini", stream: false, compat: &compat };
        let body = String::from_utf8(encode(&request, &target).unwrap().body).unwrap();
        assert!(body.contains(expected), "{body}");
    }
}

#[test]
fn the_first_call_of_each_step_is_signed() {
    let sealed = |kind, data: &str| Some(Sealed { kind, data: data.into() });
    let mut signed = ToolCall::function("1", "f", "{}");
    signed.sealed = sealed(SealKind::Thought, "own");
    let thought =
        |kind, data| Item::Reasoning(Reasoning { sealed: sealed(kind, data), ..Reasoning::default() });
    let request = of_items(vec![
        Item::ToolCall(signed),
        call("2", "f"),
        result("1", ""),
        result("2", ""),
        thought(SealKind::Thought, "of text"),
        said(Role::Assistant, "so"),
        thought(SealKind::Thought, "inherited"),
        call("3", "f"),
        result("3", ""),
        thought(SealKind::Encrypted, "foreign"),
        Item::Reasoning(Reasoning { text: Some(String::new()), ..Reasoning::default() }),
        Item::Reasoning(Reasoning { summary: vec!["hm".into()], ..Reasoning::default() }),
        call("4", "f"),
        result("4", ""),
    ]);
    let compat = Compat { thought_signature: Some("stand-in".into()), ..Compat::default() };
    let (body, lost) = encoded(&request, &compat);
    let signature =
        |content: usize, part: usize| body["contents"][content]["parts"][part]["thoughtSignature"].clone();
    assert_eq!(signature(0, 0), "own");
    assert_eq!(signature(0, 1), Value::Null);
    assert_eq!(signature(2, 0), "of text");
    assert_eq!(signature(2, 1), "inherited");
    assert_eq!(signature(4, 0), "stand-in");
    assert_eq!(lost, "reasoning.sealed=dropped, items.reasoning=dropped");
}

#[test]
fn system_messages_are_instructions_only_where_they_lead() {
    let mut request = of_items(vec![
        said(Role::Developer, "first"),
        said(Role::User, "hi"),
        said(Role::System, "later"),
        said(Role::Assistant, ""),
    ]);
    request.instructions = vec![Block::text("top")];
    let (body, lost) = encoded(&request, &Compat::default());
    assert_eq!(body["systemInstruction"], json!({"parts": [{"text": "top"}, {"text": "first"}]}));
    assert_eq!(
        body["contents"],
        json!([{"role": "user", "parts": [{"text": "hi"}, {"text": "<system>\nlater\n</system>"}]}])
    );
    assert_eq!(lost, "items.system=approximated");
}

#[test]
fn media_are_shown_or_said_to_be_missing() {
    let image = |source| Block::Image(Image { source, detail: None, cache: None });
    let blocks = vec![
        image(Source::Base64 { mime: "image/png".into(), data: "aa".into() }),
        image(Source::Url { url: "https://a.example/cat.png?x".into(), mime: None }),
        image(Source::FileId { id: "file-1".into(), owner: Protocol::Responses }),
        Block::File(File {
            source: Source::Text("hi".into()),
            name: None,
            context: None,
            citations: None,
            cache: None,
        }),
    ];
    let request = of_items(vec![Item::Message(Message::new(Role::User, blocks.clone()))]);
    let (body, lost) = encoded(&request, &Compat::default());
    assert_eq!(
        body["contents"][0]["parts"],
        json!([
            {"inlineData": {"mimeType": "image/png", "data": "aa"}},
            {"fileData": {"mimeType": "image/png", "fileUri": "https://a.example/cat.png?x"}},
            {"text": "[image file-1: not available here]"},
            {"inlineData": {"mimeType": "text/plain", "data": "aGk="}},
        ])
    );
    assert_eq!(lost, "items.image=dropped");
    let result =
        ToolResult::function("1", ResultContent::Blocks(vec![Block::text("see"), blocks[0].clone()]));
    let request = of_items(vec![call("1", "f"), Item::ToolResult(result)]);
    let (body, _) = encoded(&request, &Compat::default());
    assert_eq!(
        body["contents"][1]["parts"][0]["functionResponse"],
        json!({"id": "1", "name": "f", "response": {"output": "see"},
            "parts": [{"inlineData": {"mimeType": "image/png", "data": "aa"}}]})
    );
    let compat = Compat { tool_result_images: Some(false), ..Compat::default() };
    let (body, lost) = encoded(&request, &compat);
    assert_eq!(
        body["contents"][1]["parts"],
        json!([
            response("1", "f", json!({"output": "see"})),
            {"text": "Shown by the tool call 1:"},
            {"inlineData": {"mimeType": "image/png", "data": "aa"}},
        ])
    );
    assert_eq!(lost, "tool_result.images=approximated");
}

#[test]
fn reasoning_is_asked_for_as_the_upstream_knows_it() {
    let budget = Compat { adaptive_thinking: Some(false), ..Compat::default() };
    let few = Compat { efforts: Some(vec!["low".into(), "high".into()]), ..Compat::default() };
    let all = Compat::default();
    let effort = |effort| ReasoningConfig { effort: Some(effort), ..ReasoningConfig::default() };
    let tokens = |budget| ReasoningConfig { budget: Some(budget), ..ReasoningConfig::default() };
    let shown = |mut config: Value| {
        config["includeThoughts"] = true.into();
        config
    };
    for (reasoning, compat, expected, lost) in [
        (ReasoningConfig::default(), &all, Value::Null, ""),
        (effort(Effort::Low), &all, shown(json!({"thinkingLevel": "LOW"})), ""),
        (effort(Effort::Max), &all, shown(json!({"thinkingLevel": "HIGH"})), "reasoning.effort=approximated"),
        (
            effort(Effort::Medium),
            &few,
            shown(json!({"thinkingLevel": "LOW"})),
            "reasoning.effort=approximated",
        ),
        (effort(Effort::None), &all, json!({"thinkingLevel": "MINIMAL"}), "reasoning=approximated"),
        (effort(Effort::None), &budget, json!({"thinkingBudget": 0}), ""),
        (tokens(2000), &budget, shown(json!({"thinkingBudget": 2000})), ""),
        (tokens(2000), &all, shown(json!({"thinkingLevel": "LOW"})), "reasoning.budget=approximated"),
        (
            ReasoningConfig { summary: Some("auto".into()), ..ReasoningConfig::default() },
            &all,
            json!({"includeThoughts": true}),
            "",
        ),
    ] {
        let request = Request { reasoning, ..of_items(vec![said(Role::User, "hi")]) };
        let (body, told) = encoded(&request, compat);
        assert_eq!(body["generationConfig"]["thinkingConfig"], expected, "{:?}", request.reasoning);
        assert_eq!(told, lost);
    }
}

#[test]
fn tools_and_schemas_are_sent_in_the_upstreams_style() {
    let schema =
        Raw::parse(r#"{"type":"object","properties":{"n":{"type":"integer","exclusiveMinimum":0}}}"#)
            .unwrap();
    let function =
        |name: &str| Tool::new(name, ToolKind::Function { parameters: Some(schema.clone()), strict: None });
    let mut request = of_items(vec![said(Role::User, "hi")]);
    request.tools = vec![function("f"), function("a b")];
    request.tool_choice = Some(ToolChoice::Required);
    request.output.format = Some(Format::JsonSchema {
        name: Some("x".into()),
        description: None,
        schema: schema.clone(),
        strict: Some(true),
    });
    let (body, lost) = encoded(&request, &Compat::default());
    assert_eq!(
        body["tools"],
        json!([{"functionDeclarations": [{"name": "f", "parametersJsonSchema": schema.value()}]}])
    );
    assert_eq!(body["toolConfig"], json!({"functionCallingConfig": {"mode": "ANY"}}));
    assert_eq!(
        body["generationConfig"],
        json!({"responseMimeType": "application/json", "responseJsonSchema": schema.value()})
    );
    assert_eq!(lost, "tools.name=dropped");
    let compat = Compat {
        schema: Some(SchemaStyle::Openapi),
        forced_tools: Some(false),
        omit: vec!["responseMimeType".into()],
        extra_body: serde_json::from_value(json!({"generationConfig": {"topK": 3}})).unwrap(),
        ..Compat::default()
    };
    let (body, lost) = encoded(&request, &compat);
    let openapi = json!({"type": "OBJECT", "properties": {"n": {"type": "INTEGER", "minimum": 1}}});
    assert_eq!(body["tools"][0]["functionDeclarations"][0]["parameters"], openapi);
    assert_eq!(body["generationConfig"], json!({"responseSchema": openapi, "topK": 3}));
    assert_eq!(lost, "output.format=dropped, tools.name=dropped, tool_choice=approximated");
}

#[test]
fn a_request_of_its_own_protocol_comes_back_as_it_was() {
    let wire = json!({
        "systemInstruction": {"parts": [{"text": "sys"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "hi"}, {"inlineData": {"mimeType": "image/png", "data": "aa"}}]},
            {"role": "model", "parts": [
                {"text": "so", "thoughtSignature": "s1"},
                {"executableCode": {"code": "1"}},
                {"functionCall": {"id": "1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "s2"},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "1", "name": "f", "response": {"output": "x"}, "willContinue": false}},
            ]},
        ],
        "safetySettings": [{"category": "C", "threshold": "OFF"}],
        "cachedContent": "cachedContents/1",
        "serviceTier": "flex",
        "store": true,
        "newField": {"a": [1]},
        "tools": [
            {"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"},
                "behavior": "BLOCKING"}]},
            {"googleSearch": {}},
        ],
        "generationConfig": {
            "temperature": 0.0, "topK": 0, "candidateCount": 2, "seed": -1, "stopSequences": ["a"],
            "responseModalities": ["TEXT", "IMAGE"], "speechConfig": {"languageCode": "de"}, "dotted.field": 1,
            "thinkingConfig": {"includeThoughts": false, "thinkingBudget": 0},
        },
        "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED", "allowedFunctionNames": ["f"]},
            "retrievalConfig": {"languageCode": "de"}},
    });
    let request =
        crate::protocol::gemini::request::decode::decode(wire.to_string().as_bytes(), "m", true).unwrap();
    let (body, lost) = encoded(&request, &Compat::default());
    assert_eq!(body, wire);
    assert_eq!(lost, "");
}

#[test]
fn state_that_nobody_keeps_is_refused() {
    let mut request = of_items(vec![said(Role::User, "hi")]);
    let compat = Compat::default();
    let target = Target { model: "gemini", stream: false, compat: &compat };
    request.state.container = Some(Raw::parse("\"c\"").unwrap());
    assert!(encode(&request, &target).unwrap_err().0.contains("container"));
    request.state.previous_response_id = Some("resp_1".into());
    assert!(encode(&request, &target).unwrap_err().0.contains("previous_response_id"));
}

#[test]
fn alternatives_are_asked_for_only_with_probabilities() {
    for (origin, wanted, count, expected) in [
        (Protocol::Chat, None, Some(3), json!({"responseLogprobs": true, "logprobs": 3})),
        (Protocol::Chat, Some(true), Some(0), json!({"responseLogprobs": true})),
        (Protocol::Responses, None, Some(0), Value::Null),
        (Protocol::Gemini, None, Some(3), json!({"logprobs": 3})),
    ] {
        let mut request = Request { origin, ..of_items(vec![said(Role::User, "hi")]) };
        (request.sampling.logprobs, request.sampling.top_logprobs) = (wanted, count);
        let (body, lost) = encoded(&request, &Compat::default());
        assert_eq!((&body["generationConfig"], lost.as_str()), (&expected, ""), "{origin:?}");
    }
}

#[test]
fn whatever_cannot_be_said_is_told() {
    let mut request = of_items(vec![said(Role::User, "hi")]);
    request.sampling = crate::ir::Sampling {
        min_p: Some(0.1),
        logit_bias: Some(Raw::parse("{}").unwrap()),
        stop: vec!["x".into(); 6],
        seed: Some(1 << 40),
        max_output: Some(100),
        top_k: Some(0),
        ..crate::ir::Sampling::default()
    };
    request.identity.user = Some("u".into());
    request.identity.service_tier = Some("default".into());
    request.identity.metadata.insert("a".into(), "b".into());
    request.identity.safety_settings = Some(Raw::parse("[]").unwrap());
    request.output.verbosity = Some("low".into());
    request.parallel_tool_calls = Some(false);
    request.ext.insert("provider".into(), json!({}));
    let compat = Compat { max_output: Some(50), ..Compat::default() };
    let (body, lost) = encoded(&request, &compat);
    assert_eq!(
        body["generationConfig"],
        json!({"topK": 0, "maxOutputTokens": 50, "seed": 0, "stopSequences": ["x", "x", "x", "x", "x"]})
    );
    assert_eq!(body["serviceTier"], "standard");
    assert_eq!(
        lost,
        "max_output=approximated, seed=approximated, stop=approximated, min_p=dropped, logit_bias=dropped, \
         output.verbosity=dropped, parallel_tool_calls=dropped, safety_settings=dropped, metadata=dropped, \
         user=dropped, ext.provider=dropped"
    );
}
