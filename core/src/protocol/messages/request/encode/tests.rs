use serde_json::{Value, json};

use super::*;
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{
    Block, CallKind, Effort, File, Format, Image, Item, Message, Raw, Reasoning, ReasoningMode,
    ResultContent, Role, SealKind, Sealed, Source, Tool, ToolCall, ToolChoice, ToolKind, ToolResult,
};

fn user(text: &str) -> Item {
    Item::Message(Message::new(Role::User, vec![Block::text(text)]))
}

fn said(role: Role, text: &str) -> Item {
    Item::Message(Message::new(role, vec![Block::text(text)]))
}

fn call(id: &str, arguments: &str) -> Item {
    Item::ToolCall(ToolCall::function(id, "f", arguments))
}

fn result(id: &str, text: &str) -> Item {
    Item::ToolResult(ToolResult::function(id, ResultContent::Text(text.into())))
}

fn function(name: &str) -> Tool {
    Tool::new(name, ToolKind::Function { parameters: None, strict: None })
}

fn chat(items: Vec<Item>) -> ir::Request {
    ir::Request { items, ..ir::Request::new(Protocol::Chat, "m") }
}

fn write_to(request: &ir::Request, compat: &Compat) -> (Value, String) {
    let encoded = encode(request, &Target { model: "up", stream: false, compat }).unwrap();
    (serde_json::from_slice(&encoded.body).unwrap(), encoded.lost.to_string())
}

fn write(request: &ir::Request) -> (Value, String) {
    write_to(request, &Compat::default())
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn used(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "f", "input": {}})
}

fn told(id: &str, text: &str) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": text})
}

#[test]
fn turns_alternate_and_results_follow_their_calls() {
    let signed = |text: &str| {
        Item::Reasoning(Reasoning {
            text: Some(text.into()),
            sealed: Some(Sealed { kind: SealKind::Signature, data: "s".into() }),
            ..Reasoning::default()
        })
    };
    let thought = |text: &str| json!({"type": "thinking", "thinking": text, "signature": "s"});
    let foreign = Some(Sealed { kind: SealKind::Thought, data: "s".into() });
    let not_run = json!({"type": "tool_result", "tool_use_id": "b", "content": "This tool call was not run.", "is_error": true});
    for (case, items, expected, lost) in [
        (
            "neighbours merge, system prompts that come first are hoisted",
            vec![said(Role::Developer, "sys"), user("a"), user("b"), said(Role::Assistant, "c"), user("d")],
            json!([
                {"role": "user", "content": [text("a"), text("b")]},
                {"role": "assistant", "content": [text("c")]},
                {"role": "user", "content": [text("d")]},
            ]),
            "",
        ),
        (
            "results of parallel calls share a turn, and come before what stood between",
            vec![user("q"), call("a", ""), call("b", "{}"), user("wait"), result("b", "2"), result("a", "1")],
            json!([
                {"role": "user", "content": [text("q")]},
                {"role": "assistant", "content": [used("a"), used("b")]},
                {"role": "user", "content": [told("a", "1"), told("b", "2"), text("wait")]},
            ]),
            "",
        ),
        (
            "a result that comes late is moved, one before its call too",
            vec![
                user("q"),
                result("a", "1"),
                call("a", ""),
                call("b", ""),
                user("x"),
                said(Role::Assistant, "y"),
                result("b", "2"),
            ],
            json!([
                {"role": "user", "content": [text("q")]},
                {"role": "assistant", "content": [used("a"), used("b")]},
                {"role": "user", "content": [told("a", "1"), told("b", "2"), text("x")]},
                {"role": "assistant", "content": [text("y")]},
            ]),
            "",
        ),
        (
            "a call without a result was not run, a result without a call is text",
            vec![user("q"), call("a", ""), call("b", ""), result("a", "1"), result("z", "3")],
            json!([
                {"role": "user", "content": [text("q")]},
                {"role": "assistant", "content": [used("a"), used("b")]},
                {"role": "user", "content": [told("a", "1"), not_run, text("[result of the tool call z]\n3")]},
            ]),
            "items.tool_call=approximated, items.tool_result=approximated",
        ),
        (
            "ids that come twice are told apart",
            vec![user("q"), call("a", ""), result("a", "1"), call("a", ""), result("a", "2")],
            json!([
                {"role": "user", "content": [text("q")]},
                {"role": "assistant", "content": [used("a")]},
                {"role": "user", "content": [told("a", "1")]},
                {"role": "assistant", "content": [used(&ids::of("a", 1))]},
                {"role": "user", "content": [told(&ids::of("a", 1), "2")]},
            ]),
            "",
        ),
        (
            "thinking comes before the text of its turn; foreign thinking does not get in",
            vec![
                user("q"),
                said(Role::Assistant, "t"),
                signed("x"),
                call("a", ""),
                result("a", "1"),
                Item::Reasoning(Reasoning { text: Some("mine".into()), ..Reasoning::default() }),
                call("b", ""),
                result("b", "2"),
            ],
            json!([
                {"role": "user", "content": [text("q")]},
                {"role": "assistant", "content": [thought("x"), text("t"), used("a")]},
                {"role": "user", "content": [told("a", "1")]},
                {"role": "assistant", "content": [used("b")]},
                {"role": "user", "content": [told("b", "2")]},
            ]),
            "items.reasoning=dropped",
        ),
        (
            "texts without a word are left out, system messages between others are marked",
            vec![user("q"), said(Role::Assistant, " \n"), said(Role::System, "be brief"), user("")],
            json!([{"role": "user", "content": [text("q"), text("<system>\nbe brief\n</system>")]}]),
            "items.system=approximated",
        ),
        (
            "a conversation starts with the user",
            vec![said(Role::Assistant, "hello"), user("hi")],
            json!([
                {"role": "user", "content": [text("[the conversation started earlier]")]},
                {"role": "assistant", "content": [text("hello")]},
                {"role": "user", "content": [text("hi")]},
            ]),
            "items.message=approximated",
        ),
        (
            "what another vendor sealed or refused does not look as if Claude did",
            vec![
                user("q"),
                Item::Reasoning(Reasoning {
                    text: Some("x".into()),
                    sealed: foreign.clone(),
                    ..Reasoning::default()
                }),
                Item::Message(Message::new(
                    Role::Assistant,
                    vec![
                        Block::Refusal("no".into()),
                        Block::Text(ir::Text { sealed: foreign.clone(), ..ir::Text::new("t") }),
                    ],
                )),
                Item::ToolCall(ToolCall { sealed: foreign, ..ToolCall::function("a", "f", "") }),
                result("a", "1"),
            ],
            json!([
                {"role": "user", "content": [text("q")]},
                {"role": "assistant", "content": [text("no"), text("t"), used("a")]},
                {"role": "user", "content": [told("a", "1")]},
            ]),
            "reasoning.sealed=dropped, items.reasoning=dropped, items.refusal=approximated, text.sealed=dropped",
        ),
        (
            "a lone system prompt is what the user says",
            vec![said(Role::System, "a"), said(Role::System, "b")],
            json!([{"role": "user", "content": [text("<system>\nb\n</system>")]}]),
            "items.system=approximated",
        ),
    ] {
        let (body, told) = write(&chat(items));
        assert_eq!((&body["messages"], told.as_str()), (&expected, lost), "{case}");
    }
    let compat = Compat { system_anywhere: Some(true), ..Compat::default() };
    let (body, lost) = write_to(&chat(vec![user("q"), said(Role::System, "s")]), &compat);
    assert_eq!(body["messages"][1], json!({"role": "system", "content": [text("s")]}));
    assert_eq!(lost, "");
}

#[test]
fn ids_and_arguments_become_what_claude_takes() {
    let id = "call/1:ä";
    let long = "x".repeat(65);
    let (body, lost) = write(&chat(vec![
        user("q"),
        call(id, "[1]"),
        call(&long, r#"{"a":  1.10}"#),
        Item::ToolCall(ToolCall { kind: CallKind::Custom, ..ToolCall::function("c", "f", "*** Begin") }),
        result(id, ""),
    ]));
    let turn = &body["messages"][1]["content"];
    assert_eq!(turn[0]["input"], json!({"input": [1]}));
    assert_eq!(turn[2]["input"], json!({"input": "*** Begin"}));
    for position in [0, 1] {
        let id = turn[position]["id"].as_str().unwrap();
        assert!(
            id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            "{id}"
        );
    }
    assert_eq!(
        body["messages"][2]["content"][0],
        json!({"type": "tool_result", "tool_use_id": turn[0]["id"]})
    );
    assert!(lost.starts_with("items.tool_call=approximated"), "{lost}");
}

#[test]
fn media_that_claude_does_not_know_leave_a_note() {
    let image = |source| Block::Image(Image { source, detail: None, cache: None });
    let file = |source, name: Option<&str>| {
        Block::File(File { source, name: name.map(Into::into), context: None, citations: None, cache: None })
    };
    let base64 = |mime: &str| Source::Base64 { mime: mime.into(), data: "aGk=".into() };
    let blocks = vec![
        image(base64("image/jpg")),
        image(base64("image/tiff")),
        image(Source::FileId { id: "file-1".into(), owner: Protocol::Responses }),
        file(base64("text/csv"), Some("a.csv")),
        file(base64("application/zip"), Some("a.zip")),
        file(Source::Url { url: "https://a/b.pdf".into(), mime: None }, None),
    ];
    let (body, lost) = write(&chat(vec![Item::Message(Message::new(Role::User, blocks))]));
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "aGk="}},
            text("[image omitted]"),
            text("[image omitted]"),
            {"type": "document", "title": "a.csv", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
            text("[document omitted: a.zip]"),
            {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}},
        ])
    );
    assert_eq!(lost, "items.image=dropped, items.file=dropped");
}

#[test]
fn thinking_and_the_output_limit_fit_each_other() {
    let effort = |effort| ir::ReasoningConfig { effort: Some(effort), ..Default::default() };
    let budget = |budget| ir::ReasoningConfig { budget: Some(budget), ..Default::default() };
    let fixed = Compat { adaptive_thinking: Some(false), ..Compat::default() };
    let free = Compat::default();
    let enabled = |budget: u64| json!({"type": "enabled", "budget_tokens": budget});
    let adaptive = || json!({"type": "adaptive"});
    let disabled = || json!({"type": "disabled"});
    for (reasoning, max, compat, thinking, level, max_tokens, lost) in [
        (effort(Effort::High), None, &free, adaptive(), json!("high"), 32_000, ""),
        (
            effort(Effort::Minimal),
            None,
            &free,
            adaptive(),
            json!("low"),
            32_000,
            "reasoning.effort=approximated",
        ),
        (effort(Effort::None), None, &free, disabled(), Value::Null, 32_000, ""),
        (
            effort(Effort::Max),
            None,
            &fixed,
            enabled(65_536),
            Value::Null,
            97_536,
            "reasoning.effort=approximated",
        ),
        (
            budget(100),
            Some(4_000),
            &free,
            enabled(1_024),
            Value::Null,
            4_000,
            "reasoning.budget=approximated",
        ),
        (
            budget(9_000),
            Some(4_000),
            &free,
            enabled(2_000),
            Value::Null,
            4_000,
            "reasoning.budget=approximated",
        ),
        (budget(9_000), Some(1_000), &free, disabled(), Value::Null, 1_000, "reasoning.budget=dropped"),
        (Default::default(), Some(5), &free, Value::Null, Value::Null, 5, ""),
    ] {
        let mut request = chat(vec![user("q")]);
        request.reasoning = reasoning;
        request.sampling.max_output = max;
        let (body, told) = write_to(&request, compat);
        let case = format!("{:?}", request.reasoning);
        assert_eq!((&body["thinking"], &body["output_config"]["effort"]), (&thinking, &level), "{case}");
        assert_eq!((&body["max_tokens"], told.as_str()), (&json!(max_tokens), lost), "{case}");
    }
    let mut request = chat(vec![user("q"), call("a", ""), result("a", "1")]);
    request.reasoning = budget(2_000);
    let (body, lost) = write(&request);
    assert_eq!((&body["thinking"], lost.as_str()), (&disabled(), "reasoning.budget=dropped"));
}

#[test]
fn settings_that_do_not_go_with_thinking_are_lost_aloud() {
    let mut request = chat(vec![user("q")]);
    request.reasoning.mode = Some(ReasoningMode::Adaptive);
    request.sampling = ir::Sampling {
        temperature: Some(0.2),
        top_p: Some(0.5),
        top_k: Some(3),
        seed: Some(1),
        n: Some(1),
        frequency_penalty: Some(0.0),
        stop: vec!["\n".into(), "x".into()],
        ..Default::default()
    };
    request.tools = vec![function("f")];
    request.tool_choice = Some(ToolChoice::Required);
    let (body, lost) = write(&request);
    assert_eq!(body["tool_choice"], json!({"type": "auto"}));
    assert_eq!(body["stop_sequences"], json!(["x"]));
    assert_eq!(
        lost,
        "tool_choice=approximated, temperature=dropped, top_p=dropped, top_k=dropped, stop=dropped, seed=dropped"
    );
    request.reasoning = Default::default();
    request.sampling = ir::Sampling { temperature: Some(1.5), top_p: Some(0.0), ..Default::default() };
    let (body, lost) = write(&request);
    assert_eq!((&body["temperature"], &body["top_p"]), (&json!(1.0), &json!(0.0)));
    assert_eq!((&body["tool_choice"], lost.as_str()), (&json!({"type": "any"}), "temperature=approximated"));
}

#[test]
fn tools_and_choices_are_spelled_as_claude_does() {
    let mut request = chat(vec![user("q")]);
    request.parallel_tool_calls = Some(false);
    let custom = Tool::new("c", ToolKind::Custom { format: None });
    let typeless = ToolKind::Function {
        parameters: Some(Raw::parse(r#"{"properties":{"a":{}}}"#).unwrap()),
        strict: Some(false),
    };
    request.tools = vec![function("f"), Tool::new("g", typeless), custom];
    let (body, lost) = write(&request);
    assert_eq!(
        body["tools"],
        json!([
            {"name": "f", "input_schema": {"type": "object", "properties": {}}},
            {"name": "g", "input_schema": {"type": "object", "properties": {"a": {}}}},
        ])
    );
    assert_eq!(body["tool_choice"], json!({"type": "auto", "disable_parallel_tool_use": true}));
    assert_eq!(lost, "tools.custom=dropped");
    for (choice, expected, tools) in [
        (ToolChoice::None, json!({"type": "none"}), 2),
        (
            ToolChoice::Named { name: "g".into(), namespace: None },
            json!({"type": "tool", "name": "g", "disable_parallel_tool_use": true}),
            2,
        ),
        (
            ToolChoice::Allowed { required: true, names: vec!["g".into()] },
            json!({"type": "any", "disable_parallel_tool_use": true}),
            1,
        ),
    ] {
        request.tool_choice = Some(choice);
        let (body, _) = write(&request);
        assert_eq!((&body["tool_choice"], body["tools"].as_array().unwrap().len()), (&expected, tools));
    }
    request.tools.clear();
    let (body, _) = write(&request);
    assert_eq!((&body["tools"], &body["tool_choice"]), (&Value::Null, &Value::Null));
}

#[test]
fn answers_in_a_form_and_cache_keys_find_their_way() {
    let mut request = chat(vec![user("q")]);
    let schema = Raw::parse(r#"{"type":"object","properties":{"type":{"type":"object"}}}"#).unwrap();
    request.output.format =
        Some(Format::JsonSchema { name: Some("n".into()), description: None, schema, strict: None });
    request.identity.prompt_cache_key = Some("k".into());
    request.identity.safety_identifier = Some("who".into());
    request.identity.service_tier = Some("default".into());
    let (body, lost) = write(&request);
    let closed = json!({"type": "object", "additionalProperties": false});
    assert_eq!(
        body["output_config"]["format"]["schema"],
        json!({"type": "object", "properties": {"type": closed}, "additionalProperties": false})
    );
    assert_eq!(body["cache_control"], json!({"type": "ephemeral"}));
    assert_eq!(
        (&body["metadata"], &body["service_tier"]),
        (&json!({"user_id": "who"}), &json!("standard_only"))
    );
    assert_eq!(lost, "prompt_cache_key=emulated");
}

#[test]
fn the_sheet_has_the_last_word() {
    let mut request = chat(vec![user("q")]);
    request.sampling.temperature = Some(0.5);
    request.sampling.max_output = Some(9_000);
    let compat = Compat {
        omit: vec!["temperature".into()],
        max_output: Some(8_000),
        extra_body: [("top_k".to_owned(), json!(1))].into_iter().collect(),
        ..Compat::default()
    };
    let (body, lost) = write_to(&request, &compat);
    assert_eq!(
        (&body["max_tokens"], &body["top_k"], &body["temperature"]),
        (&json!(8_000), &json!(1), &Value::Null)
    );
    assert_eq!(lost, "max_output=approximated, temperature=dropped");
}

#[test]
fn what_another_vendor_keeps_is_refused() {
    let mut request = chat(vec![user("q")]);
    request.state.previous_response_id = Some("resp_1".into());
    let compat = Compat::default();
    let refused = encode(&request, &Target { model: "up", stream: false, compat: &compat }).unwrap_err();
    assert!(refused.to_string().contains("previous_response_id"), "{refused}");
}
