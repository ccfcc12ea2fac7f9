use serde_json::{Value, json};

use super::{decode, encode};
use crate::config::Protocol;
use crate::config::compat::{Compat, ReasoningReplay, ReasoningStyle};
use crate::ir::{
    Block, CacheControl, Effort, File, Format, Image, Item, Message, Namespace, Raw, Reasoning,
    ReasoningConfig, ReasoningMode, Request, ResultContent, Role, SealKind, Sealed, Source, Text, Tool,
    ToolCall, ToolChoice, ToolKind, ToolResult, Video,
};
use crate::protocol::convert::Target;

fn decoded(body: &Value) -> Request {
    decode::decode(body.to_string().as_bytes(), "asked", false).unwrap()
}

/// The body for an upstream with this sheet, and the losses.
fn encoded(request: &Request, compat: &Compat) -> (Value, String) {
    let encoded = encode::encode(request, &Target { model: "m", stream: request.stream, compat }).unwrap();
    (serde_json::from_slice(&encoded.body).unwrap(), encoded.lost.to_string())
}

#[test]
fn a_request_of_its_own_protocol_comes_back() {
    let body = json!({
        "model": "asked",
        "messages": [
            {"role": "developer", "content": "Be brief.", "name": "ops"},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n", "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "d2F2", "format": "wav"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"}},
                {"type": "made_up", "x": 1},
            ]},
            {"role": "assistant", "content": "", "reasoning_content": "Look.", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"a\": 1.0}"},
                    "extra_content": {"google": {"thought_signature": "c2ln"}}, "made_up": 1},
                {"id": "c2", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
            {"role": "tool", "tool_call_id": "c2", "content": "done", "made_up": 2},
            {"role": "assistant", "content": "A cat.", "refusal": "no more", "prefix": true},
            {"role": "user", "content": "Thanks"},
        ],
        "tools": [
            {"type": "function", "function": {"name": "look", "description": "Looks.", "strict": false,
                "parameters": {"type": "object", "properties": {"title": {"type": "string"}}}}},
            {"type": "custom", "custom": {"name": "patch",
                "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}}}},
        ],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required",
            "tools": [{"type": "function", "function": {"name": "look"}}]}},
        "parallel_tool_calls": false,
        "temperature": 0.0, "top_p": 0.5, "top_k": 4, "min_p": 0.1, "frequency_penalty": 0.0,
        "presence_penalty": 1.0, "seed": -7, "stop": ["a"], "logprobs": true, "top_logprobs": 2, "n": 2,
        "logit_bias": {"50256": -100}, "max_tokens": 9,
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": true}},
        "reasoning_effort": "low", "verbosity": "low", "prediction": {"type": "content", "content": "x"},
        "modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"},
        "service_tier": "flex", "user": "u", "safety_identifier": "s", "metadata": {"a": "b"},
        "prompt_cache_key": "k", "prompt_cache_retention": "24h", "store": true, "made_up": {"x": [1]},
        "web_search_options": {"search_context_size": "low"},
    });
    let compat = Compat { developer_role: Some(true), ..Compat::default() };
    let (mut again, lost) = encoded(&decoded(&body), &compat);
    assert_eq!(lost, "");
    again["model"] = "asked".into();
    assert_eq!(again, body);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (body, expected) in [
        (
            json!({"messages": [{"role": "user", "content": "x"}, {"content": "x"}]}),
            "messages[1]: missing `role`",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"x": 1}]}]}),
            "messages[0].content[0]: missing `type`",
        ),
        (json!({"messages": [{"role": "tool", "content": "x"}]}), "messages[0]: missing `tool_call_id`"),
        (
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {}}]}]}),
            "messages[0].tool_calls[0].function: missing `name`",
        ),
        (json!({"temperature": "hot"}), "temperature: invalid type: string \"hot\", expected f64"),
        (json!({"tool_choice": "some"}), "tool_choice: unknown choice `some`"),
        (
            json!([]),
            "the body is no JSON object: invalid type: sequence, expected an object at line 1 column 0",
        ),
    ] {
        let error = decode::decode(body.to_string().as_bytes(), "m", false).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn results_follow_their_calls() {
    let call = |id: &str| {
        json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": id, "type": "function", "function": {"name": "f", "arguments": ""}}]})
    };
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": id});
    let user = |text: &str| json!({"role": "user", "content": text});
    let messages = [
        result("early"),
        call("a"),
        user("meanwhile"),
        result("a"),
        result("nobody"),
        call("b"),
        user("on"),
        call("early"),
        call("a"),
        result("a"),
    ];
    let (body, lost) = encoded(&decoded(&json!({"messages": messages})), &Compat::default());
    let told: Vec<_> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            format!(
                "{} {} {}{id}",
                message["role"].as_str().unwrap(),
                message["content"].as_str().unwrap(),
                message["tool_calls"][0]["id"].as_str().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "assistant  a",
            "tool a a",
            "user meanwhile ",
            "user Result of tool call nobody:\nnobody ",
            "assistant  b",
            "tool No result: the call was interrupted. b",
            "user on ",
            "assistant  early",
            "tool early early",
            "tool a a",
        ]
    );
    assert_eq!(lost, "items.tool_result=approximated");
}

fn said(role: Role, text: &str) -> Item {
    Item::Message(Message::new(role, vec![Block::text(text)]))
}

fn thought(text: &str) -> Item {
    Item::Reasoning(Reasoning { text: Some(text.into()), ..Reasoning::default() })
}

fn called(id: &str) -> Item {
    Item::ToolCall(ToolCall::function(id, "f", r#"{"x":1}"#))
}

fn foreign(items: Vec<Item>) -> Request {
    Request { items, ..Request::new(Protocol::Messages, "asked") }
}

fn image() -> Block {
    let source = Source::Base64 { mime: "image/png".into(), data: "aW1n".into() };
    Block::Image(Image { source, detail: None, cache: None })
}

#[test]
fn a_step_of_the_assistant_is_one_message() {
    let mut request = foreign(vec![
        said(Role::User, "go"),
        thought("first"),
        said(Role::Assistant, "I look."),
        called("a"),
        thought("second"),
        called("b"),
        Item::ToolResult(ToolResult::function("b", ResultContent::Text("B".into()))),
        Item::ToolResult(ToolResult {
            is_error: Some(true),
            ..ToolResult::function("a", ResultContent::Blocks(vec![Block::text("A"), image()]))
        }),
        said(Role::System, "Careful."),
        Item::Reasoning(Reasoning {
            sealed: Some(Sealed { kind: SealKind::Encrypted, data: "x".into() }),
            ..Reasoning::default()
        }),
        called("c"),
        Item::ToolResult(ToolResult::function("c", ResultContent::Json(Raw::parse(r#"{"ok": 1}"#).unwrap()))),
        thought("dangling"),
    ]);
    request.instructions = vec![Block::text("One."), Block::text("Two.")];
    let call =
        |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}});
    let (body, lost) = encoded(&request, &Compat::default());
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "One.\n\nTwo."},
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "I look.", "reasoning_content": "first\n\nsecond",
                "tool_calls": [call("a"), call("b")]},
            {"role": "tool", "content": "Error: A", "tool_call_id": "a"},
            {"role": "tool", "content": "B", "tool_call_id": "b"},
            {"role": "user", "content": [
                {"type": "text", "text": "Returned by tool call a:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n"}},
            ]},
            {"role": "system", "content": "Careful."},
            {"role": "assistant", "content": "", "reasoning_content": "(thinking not shown)", "tool_calls": [call("c")]},
            {"role": "tool", "content": "{\"ok\": 1}", "tool_call_id": "c"},
        ])
    );
    assert_eq!(
        lost,
        "tool_result.images=approximated, tool_result.is_error=approximated, reasoning.sealed=dropped, \
         items.reasoning=approximated, items.reasoning=dropped"
    );
    let strict = Compat {
        system_anywhere: Some(false),
        tool_result_images: Some(true),
        reasoning_replay: Some(ReasoningReplay::None),
        ..Compat::default()
    };
    let (body, lost) = encoded(&request, &strict);
    assert!(lost.contains("items.reasoning=dropped"), "{lost}");
    assert_eq!(body["messages"][3]["content"][2]["type"], "image_url");
    assert_eq!(body["messages"][5], json!({"role": "user", "content": "<system>\nCareful.\n</system>"}));
    assert_eq!(body["messages"].as_array().unwrap().len(), 8);
}

#[test]
fn what_an_upstream_cannot_see_is_named() {
    let file = |source| Block::File(File { source, name: None, context: None, citations: None, cache: None });
    let marked = Text { cache: Some(CacheControl::default()), ..Text::new("marked") };
    let blocks = vec![
        Block::Text(marked),
        Block::Image(Image {
            source: Source::Base64 { mime: "image/png".into(), data: "aW1n".into() },
            detail: Some("ultra_high".into()),
            cache: None,
        }),
        file(Source::Text("A document.".into())),
        file(Source::Base64 { mime: "text/csv".into(), data: "YSxi".into() }),
        file(Source::Base64 { mime: "application/pdf".into(), data: "cGRm".into() }),
        file(Source::FileId { id: "f".into(), owner: Protocol::Messages }),
        Block::Video(Video {
            source: Source::Url { url: "https://v.example".into(), mime: None },
            metadata: None,
        }),
    ];
    let request = foreign(vec![Item::Message(Message::new(Role::User, blocks))]);
    let (body, lost) = encoded(&request, &Compat { cache_control: Some(true), ..Compat::default() });
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            {"type": "text", "text": "marked", "cache_control": {"type": "ephemeral"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n", "detail": "auto"}},
            {"type": "text", "text": "A document."},
            {"type": "text", "text": "a,b"},
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,cGRm"}},
            {"type": "text", "text": "[file omitted]"},
            {"type": "text", "text": "[video omitted]"},
        ])
    );
    assert_eq!(lost, "items.image.detail=approximated, items.file=dropped, items.video=dropped");
    let blind = Compat { vision: Some(false), files: Some(false), ..Compat::default() };
    let (body, lost) = encoded(&request, &blind);
    let text = body["messages"][0]["content"].as_str().unwrap();
    assert!(text.contains("[image omitted]") && text.contains("a,b"), "{text}");
    assert_eq!(lost, "cache_control=dropped, items.image=dropped, items.file=dropped, items.video=dropped");
}

#[test]
fn thinking_is_asked_for_as_the_upstream_knows_it() {
    let effort = |effort| ReasoningConfig { effort: Some(effort), ..ReasoningConfig::default() };
    let budget = ReasoningConfig { budget: Some(5_000), ..ReasoningConfig::default() };
    let off = ReasoningConfig { mode: Some(ReasoningMode::Off), ..ReasoningConfig::default() };
    let adaptive = ReasoningConfig { mode: Some(ReasoningMode::Adaptive), ..ReasoningConfig::default() };
    use ReasoningStyle as Style;
    for (style, efforts, config, expected, lost) in [
        (Style::Effort, vec![], effort(Effort::High), json!({"reasoning_effort": "high"}), ""),
        (
            Style::Effort,
            vec![],
            effort(Effort::Max),
            json!({"reasoning_effort": "xhigh"}),
            "reasoning.effort=approximated",
        ),
        (
            Style::Effort,
            vec!["low", "high"],
            effort(Effort::Medium),
            json!({"reasoning_effort": "high"}),
            "reasoning.effort=approximated",
        ),
        (
            Style::Effort,
            vec!["none", "high"],
            effort(Effort::Minimal),
            json!({"reasoning_effort": "high"}),
            "reasoning.effort=approximated",
        ),
        (
            Style::Effort,
            vec![],
            budget.clone(),
            json!({"reasoning_effort": "medium"}),
            "reasoning.budget=approximated",
        ),
        (Style::Effort, vec![], off.clone(), json!({"reasoning_effort": "none"}), ""),
        (Style::Effort, vec![], adaptive.clone(), json!({}), ""),
        (Style::Object, vec![], budget.clone(), json!({"reasoning": {"max_tokens": 5000}}), ""),
        (Style::Object, vec![], off.clone(), json!({"reasoning": {"enabled": false}}), ""),
        (
            Style::Thinking,
            vec![],
            effort(Effort::Low),
            json!({"thinking": {"type": "enabled"}}),
            "reasoning.effort=approximated",
        ),
        (
            Style::Thinking,
            vec!["low"],
            effort(Effort::Low),
            json!({"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
            "",
        ),
        (Style::Thinking, vec![], off.clone(), json!({"thinking": {"type": "disabled"}}), ""),
        (
            Style::EnableThinking,
            vec![],
            budget.clone(),
            json!({"enable_thinking": true, "thinking_budget": 5000}),
            "",
        ),
        (
            Style::ChatTemplate,
            vec![],
            off.clone(),
            json!({"chat_template_kwargs": {"enable_thinking": false}}),
            "",
        ),
        (Style::None, vec![], adaptive.clone(), json!({}), "reasoning=dropped"),
        (Style::None, vec![], ReasoningConfig::default(), json!({}), ""),
    ] {
        let mut request = foreign(Vec::new());
        request.reasoning = config;
        let efforts =
            (!efforts.is_empty()).then(|| efforts.iter().map(|effort| (*effort).to_owned()).collect());
        let compat = Compat { reasoning_style: Some(style), efforts, ..Compat::default() };
        let (mut body, told) = encoded(&request, &compat);
        let fields = body.as_object_mut().unwrap();
        fields.remove("model");
        fields.remove("messages");
        assert_eq!((body, told.as_str()), (expected, lost), "{style:?}");
    }
}

#[test]
fn the_sheet_decides_over_the_request() {
    let mut request = foreign(vec![said(Role::User, "x")]);
    let function = |parameters: Option<&str>| ToolKind::Function {
        parameters: parameters.map(|parameters| Raw::parse(parameters).unwrap()),
        strict: Some(true),
    };
    let mut grouped = Tool::new("read", function(Some(r#"{"properties":{"title":{}}}"#)));
    grouped.namespace = Some(Namespace { name: "fs".into(), description: None });
    let builtin =
        ToolKind::Builtin { owner: Protocol::Messages, kind: "bash".into(), raw: Raw::parse("{}").unwrap() };
    request.tools = vec![Tool::new("now", function(None)), grouped, Tool::new("bash", builtin)];
    request.tool_choice =
        Some(ToolChoice::Allowed { required: true, names: vec!["now".into(), "bash".into()] });
    request.parallel_tool_calls = Some(false);
    request.sampling.temperature = Some(0.0);
    request.sampling.top_k = Some(1);
    request.sampling.stop = ["a", "b", "c", "d", "e"].map(String::from).to_vec();
    request.sampling.max_output = Some(64_000);
    request.sampling.seed = Some(1);
    request.identity.service_tier = Some("standard_only".into());
    request.identity.prompt_cache_key = Some("k".into());
    request.identity.user = Some("u".repeat(65));
    request.output.verbosity = Some("medium".into());
    request.ext.insert("speed".into(), "fast".into());
    request.output.format = Some(Format::JsonSchema {
        name: None,
        description: None,
        schema: Raw::parse("{}").unwrap(),
        strict: Some(true),
    });
    request.stream = true;
    let compat = Compat {
        max_output: Some(8_000),
        strict: Some(false),
        parallel_tool_calls: Some(false),
        tool_stream: Some(true),
        omit: vec!["seed".into()],
        extra_body: serde_json::Map::from_iter([("temperature".to_owned(), json!(1))]),
        ..Compat::default()
    };
    let (mut body, lost) = encoded(&request, &compat);
    assert_eq!(body["user"].as_str().unwrap().len(), 64);
    body.as_object_mut().unwrap().remove("user");
    assert_eq!(
        body,
        json!({
            "model": "m",
            "messages": [{"role": "user", "content": "x"}],
            "tools": [{"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}],
            "tool_choice": "required",
            "max_tokens": 8000,
            "stop": ["a", "b", "c", "d"],
            "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {}}},
            "service_tier": "default",
            "stream": true,
            "stream_options": {"include_usage": true},
            "tool_stream": true,
            "temperature": 1,
        })
    );
    assert_eq!(
        lost,
        "tools.strict=dropped, tools.bash=dropped, tool_choice.allowed=emulated, parallel_tool_calls=dropped, \
         seed=dropped, top_k=dropped, stop=approximated, max_output=approximated, output.format.strict=dropped, \
         user=emulated, prompt_cache_key=dropped, ext.speed=dropped"
    );
    request.tool_choice = Some(ToolChoice::Named { name: "read".into(), namespace: Some("fs".into()) });
    let (body, _) = encoded(&request, &Compat::default());
    assert_eq!(body["tools"][1]["function"]["name"], "fs__read");
    assert_eq!(
        body["tools"][1]["function"]["parameters"],
        json!({"properties": {"title": {}}, "type": "object"})
    );
    assert_eq!(body["tool_choice"]["function"]["name"], "fs__read");
}

#[test]
fn what_the_upstream_would_have_to_know_is_refused() {
    let mut request = Request::new(Protocol::Responses, "m");
    request.state.previous_response_id = Some("resp_1".into());
    let compat = Compat::default();
    let error = encode::encode(&request, &Target { model: "m", stream: false, compat: &compat }).unwrap_err();
    assert!(error.to_string().contains("`previous_response_id`"), "{error}");
}

#[test]
fn imitators_and_older_clients_are_understood() {
    let request = decoded(&json!({
        "messages": [
            {"role": "user", "content": [
                "bare",
                {"text": "no type"},
                {"type": "image_url", "image_url": "https://a.example/i.png"},
                {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                {"type": "file", "file": {"file_id": "file-1"}},
            ]},
            {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": {"x": 1}}},
            {"role": "function", "name": "f", "content": {"ok": true}},
            {"role": "assistant", "content": [{"type": "text", "text": ""}], "reasoning": {"odd": 1},
                "reasoning_details": [{"type": "reasoning.text", "text": "why"}], "audio": {"id": "audio_1"}},
        ],
        "functions": [{"name": "f"}], "function_call": {"name": "f"},
        "stop": "end", "max_tokens": 5, "max_completion_tokens": 7.0, "top_k": -1,
        "thinking": {"type": "enabled", "budget_tokens": 9}, "chat_template_kwargs": {"enable_thinking": true, "x": 1},
        "reasoning_effort": "ultra", "stream_options": {"include_usage": true, "include_obfuscation": false},
        "response_format": {"type": "regex", "regex": "a"},
    }));
    let Item::Message(user) = &request.items[0] else { panic!("{:?}", request.items) };
    assert_eq!(user.blocks[..2], [Block::text("bare"), Block::text("no type")]);
    let url = Source::Url { url: "https://a.example/i.png".into(), mime: None };
    assert_eq!(user.blocks[2], Block::Image(Image { source: url, detail: None, cache: None }));
    assert!(matches!(&user.blocks[3], Block::Text(Text { cache: Some(cache), .. }) if cache.ttl.is_some()));
    assert_eq!(request.items[1], Item::ToolCall(ToolCall::function("call_1", "f", r#"{"x":1}"#)));
    let json = ResultContent::Json(Raw::parse(r#"{"ok":true}"#).unwrap());
    let result = ToolResult { name: Some("f".into()), ..ToolResult::function("call_1", json) };
    assert_eq!(request.items[2], Item::ToolResult(result));
    assert!(
        matches!(&request.items[3], Item::Reasoning(Reasoning { text: Some(text), sealed: Some(_), .. }) if text == "why")
    );
    assert!(
        matches!(&request.items[4], Item::Message(message) if matches!(message.blocks[..], [Block::Audio(_)]))
    );
    assert_eq!(request.tool_choice, Some(ToolChoice::Named { name: "f".into(), namespace: None }));
    assert_eq!((&request.sampling.stop[..], request.sampling.max_output), (&["end".to_owned()][..], Some(7)));
    assert_eq!(request.sampling.top_k, None);
    assert_eq!((request.reasoning.mode, request.reasoning.budget), (Some(ReasoningMode::Manual), Some(9)));
    assert!(request.include_usage);
    assert!(matches!(request.output.format, Some(Format::Opaque { owner: Protocol::Chat, .. })));
    assert!(request.reasoning.effort.is_none());
    let left: Vec<_> = request.ext.keys().map(String::as_str).collect();
    assert_eq!(left, ["reasoning_effort", "chat_template_kwargs", "stream_options"]);

    let compat = Compat { reasoning_replay: Some(ReasoningReplay::ReasoningDetails), ..Compat::default() };
    let (body, lost) = encoded(&request, &compat);
    assert_eq!(
        body["messages"][3],
        json!({"role": "assistant", "content": "", "reasoning": "why", "audio": {"id": "audio_1"},
            "reasoning_details": [{"type": "reasoning.text", "text": "why"}]})
    );
    assert_eq!(body["messages"][2]["tool_call_id"], "call_1");
    assert_eq!(body["reasoning_effort"], "minimal");
    assert_eq!(lost, "cache_control=dropped, reasoning.budget=approximated");
}

#[test]
fn a_call_has_its_thinking_where_the_upstream_insists() {
    let turns = || {
        vec![
            said(Role::User, "go"),
            called("a"),
            Item::ToolResult(ToolResult::function("a", ResultContent::Text("A".into()))),
            thought(" said\n"),
            called("b"),
            Item::ToolResult(ToolResult::function("b", ResultContent::Text("B".into()))),
            said(Role::Assistant, "Done."),
            Item::Message(Message::new(Role::User, Vec::new())),
            said(Role::User, "on"),
        ]
    };
    let insisting = Compat { reasoning_replay: Some(ReasoningReplay::ReasoningContent), ..Compat::default() };
    let off = ReasoningConfig { mode: Some(ReasoningMode::Off), ..ReasoningConfig::default() };
    for (compat, reasoning, first) in [
        (&insisting, ReasoningConfig::default(), json!("(thinking not shown)")),
        (&insisting, off, json!(null)),
        (&Compat::default(), ReasoningConfig::default(), json!(null)),
    ] {
        let (body, lost) = encoded(&Request { reasoning, ..foreign(turns()) }, compat);
        let messages = body["messages"].as_array().unwrap();
        assert_eq!((messages.len(), lost.as_str()), (7, ""));
        assert_eq!(messages[1]["reasoning_content"], first);
        assert_eq!(messages[3]["reasoning_content"], " said\n");
        assert_eq!(messages[5].get("reasoning_content"), None);
    }
}

#[test]
fn alternatives_come_with_probabilities() {
    for (logprobs, top_logprobs, expected) in [
        (None, Some(3), json!([true, 3])),
        (None, Some(0), json!([null, null])),
        (Some(true), Some(0), json!([true, 0])),
        (Some(false), None, json!([false, null])),
    ] {
        let mut request = foreign(vec![said(Role::User, "x")]);
        request.sampling.logprobs = logprobs;
        request.sampling.top_logprobs = top_logprobs;
        let (body, lost) = encoded(&request, &Compat::default());
        assert_eq!((json!([body["logprobs"], body["top_logprobs"]]), lost.as_str()), (expected, ""));
    }
}

#[test]
fn a_budget_is_not_adaptive() {
    let qwen = decoded(&json!({"messages": [], "enable_thinking": true, "thinking_budget": 2048}));
    assert_eq!((qwen.reasoning.mode, qwen.reasoning.budget), (Some(ReasoningMode::Manual), Some(2048)));
}
