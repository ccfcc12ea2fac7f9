use serde_json::{Value, json};

use super::{decode, encode};
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::*;
use crate::protocol::convert::Target;

fn written(request: &Request, compat: &Compat) -> (Value, String) {
    let target = Target { model: "up", stream: true, compat };
    let encoded = encode::encode(request, &target).unwrap();
    (serde_json::from_slice(&encoded.body).unwrap(), encoded.lost.to_string())
}

fn read(body: &Value) -> Request {
    decode::decode(body.to_string().as_bytes(), "up", true).unwrap()
}

fn of_chat(items: Vec<Item>) -> Request {
    Request { items, ..Request::new(Protocol::Chat, "m") }
}

/// A body with everything a native upstream needs.
fn full() -> Value {
    json!({
        "model": "up", "stream": true, "instructions": "Be brief.",
        "input": [
            {"type": "message", "id": "msg_1", "role": "developer",
             "content": [{"type": "input_text", "text": "Rules."}]},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "Look", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
                {"type": "input_image", "image_url": "data:image/png;base64,aW1n", "detail": "low"},
                {"type": "input_image", "file_id": "file_1", "detail": "auto"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"},
                {"type": "input_audio", "input_audio": {"data": "d2F2", "format": "wav"}},
                {"type": "input_hologram", "of": 1},
            ]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}],
             "encrypted_content": "gAAA"},
            {"type": "message", "id": "msg_2", "status": "completed", "role": "assistant", "phase": "commentary",
             "content": [
                {"type": "output_text", "annotations": [
                    {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 4},
                    {"type": "file_citation", "file_id": "f", "filename": "n", "index": 0},
                ], "text": "Fine"},
                {"type": "refusal", "refusal": "No."},
            ]},
            {"type": "function_call", "id": "fc_1", "status": "completed", "call_id": "c1", "namespace": "geo",
             "name": "weather", "arguments": "{\"city\": \"Paris\"}"},
            {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "apply_patch", "input": "*** \"x\""},
            {"type": "function_call_output", "id": "fco_1", "call_id": "c1", "output": "sunny"},
            {"type": "custom_tool_call_output", "call_id": "c2", "output": [
                {"type": "input_text", "text": "ok"}, {"type": "input_image", "image_url": "https://a.example/i.png",
                "detail": "auto"}]},
            {"type": "local_shell_call", "id": "lsh_1", "status": "completed", "call_id": "c3",
             "action": {"type": "exec", "command": ["ls"], "env": {}}},
            {"type": "local_shell_call_output", "id": "c3", "output": "a"},
            {"type": "tool_search_call", "id": "ts_1", "status": "completed", "call_id": "c4", "execution": "client",
             "arguments": {"query": "mail"}},
            {"type": "tool_search_output", "status": "completed", "call_id": "c4", "execution": "client",
             "tools": [{"type": "function", "name": "mail"}]},
            {"type": "apply_patch_call", "id": "apc_1", "status": "completed", "call_id": "c5",
             "operation": {"type": "delete_file", "path": "a"}},
            {"type": "apply_patch_call_output", "status": "failed", "call_id": "c5", "output": "no such file"},
            {"type": "shell_call", "id": "sh_1", "status": "completed", "call_id": "c6", "action": {"commands": ["ls"]},
             "environment": {"type": "local"}},
            {"type": "shell_call_output", "call_id": "c6",
             "output": [{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
            {"type": "item_reference", "id": "msg_0"},
            {"type": "of_tomorrow", "x": [1, 2.50]},
            {"type": "compaction", "id": "cmp_1", "encrypted_content": "gBBB"},
        ],
        "tools": [
            {"type": "function", "name": "plain", "description": "d", "parameters": {"type": "object", "properties": {}},
             "strict": true, "output_schema": {"type": "string"}},
            {"type": "namespace", "name": "geo", "description": "Places", "tools": [
                {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}},
                {"type": "custom", "name": "draw", "format": {"type": "text"}},
            ]},
            {"type": "custom", "name": "apply_patch", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
            {"type": "web_search", "external_web_access": false},
        ],
        "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [
            {"type": "function", "name": "plain"}, {"type": "custom", "name": "apply_patch"}, {"type": "web_search"}]},
        "parallel_tool_calls": false, "temperature": 0.0, "top_p": 0.5, "top_logprobs": 2, "max_output_tokens": 99,
        "reasoning": {"context": "all_turns", "effort": "high", "summary": "auto"},
        "include": ["reasoning.encrypted_content", "message.output_text.logprobs", "web_search_call.action.sources"],
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true},
                 "verbosity": "low"},
        "store": false, "previous_response_id": "resp_0", "conversation": {"id": "conv"}, "background": false,
        "truncation": "auto", "context_management": [{"type": "compaction"}], "prompt": {"id": "p"},
        "service_tier": "flex", "metadata": {"a": "b"}, "user": "u", "safety_identifier": "s",
        "prompt_cache_key": "k", "prompt_cache_retention": "24h",
        "client_metadata": {"z": 1}, "max_tool_calls": 3, "stream_options": {"include_obfuscation": false},
    })
}

#[test]
fn a_native_request_survives_as_it_is() {
    let (body, lost) = written(&read(&full()), &Compat::default());
    assert_eq!(lost, "");
    let expected = full();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    assert_eq!(body.as_object().unwrap().len(), expected.as_object().unwrap().len());
}

#[test]
fn a_foreign_request_is_made_fit_and_every_loss_is_told() {
    let mut failed = ToolResult::function("c1", ResultContent::Blocks(vec![Block::text("boom")]));
    failed.is_error = Some(true);
    let mut request = of_chat(vec![
        Item::Message(Message {
            name: Some("bob".into()),
            ..Message::new(Role::User, vec![Block::text("hi")])
        }),
        Item::Reasoning(Reasoning { text: Some("hm".into()), ..Reasoning::default() }),
        Item::Message(Message::new(Role::Assistant, vec![Block::text("yo")])),
        Item::ToolCall(ToolCall::function("c1", "f", "")),
        Item::ToolResult(failed),
        Item::ToolCall(ToolCall::function("c2", "f", "{}")),
        Item::ToolResult(ToolResult::function("c9", ResultContent::Text("late".into()))),
    ]);
    request.tools = vec![Tool::new("f", ToolKind::Function { parameters: None, strict: None })];
    request.tool_choice = Some(ToolChoice::Named { name: "f".into(), namespace: None });
    request.sampling = Sampling {
        temperature: Some(0.0),
        top_k: Some(3),
        stop: vec!["x".into()],
        max_output: Some(5),
        ..Sampling::default()
    };
    request.reasoning.budget = Some(10_000);
    request.identity.user = Some("x".repeat(150));
    request.ext.insert("provider".into(), json!({}));
    let (body, lost) = written(&request, &Compat::default());
    assert_eq!(
        body["input"],
        json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "message", "id": "msg_2", "status": "completed", "role": "assistant",
             "content": [{"type": "output_text", "annotations": [], "text": "yo"}]},
            {"type": "function_call", "status": "completed", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "Error: boom"},
            {"type": "function_call", "status": "completed", "call_id": "c2", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c2", "output": "The call was not run."},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "Result of the tool call c9:"}, {"type": "input_text", "text": "late"}]},
        ])
    );
    assert_eq!(
        body["tools"],
        json!([{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": false}])
    );
    assert_eq!(body["tool_choice"], json!({"type": "function", "name": "f"}));
    assert_eq!(body["reasoning"], json!({"effort": "high", "summary": "auto"}));
    assert_eq!(body["include"], json!(["reasoning.encrypted_content"]));
    assert_eq!((&body["store"], &body["temperature"]), (&json!(false), &json!(0.0)));
    assert_eq!((&body["max_output_tokens"], body["user"].as_str().unwrap().len()), (&json!(16), 64));
    assert_eq!(
        lost,
        "items.name=dropped, items.reasoning=dropped, tool_result.is_error=approximated, items.tool_result=approximated, \
         max_output=approximated, top_k=dropped, stop=dropped, reasoning.budget=approximated, user=emulated, \
         ext.provider=dropped"
    );
}

#[test]
fn encrypted_reasoning_goes_back_where_it_led_somewhere() {
    let sealed = |kind| Some(Sealed { kind, data: "gAAA".into() });
    let thought = |kind| {
        let summary = vec!["Hm.".into()];
        Item::Reasoning(Reasoning { summary, sealed: sealed(kind), ..Reasoning::default() })
    };
    let request = of_chat(vec![
        thought(SealKind::Encrypted),
        thought(SealKind::Signature),
        Item::Message(Message::new(Role::Assistant, vec![Block::text("yo")])),
        thought(SealKind::Encrypted),
        Item::Message(Message::new(Role::User, vec![Block::text("stop")])),
        Item::Compaction(Compaction { id: None, sealed: None, summary: Some("Before.".into()) }),
    ]);
    let (body, lost) = written(&request, &Compat::default());
    let kinds: Vec<_> = body["input"].as_array().unwrap().iter().map(|item| item["type"].clone()).collect();
    assert_eq!(kinds, ["reasoning", "message", "message", "message"]);
    assert_eq!(
        body["input"][0],
        json!({"type": "reasoning", "id": "rs_0", "encrypted_content": "gAAA",
               "summary": [{"type": "summary_text", "text": "Hm."}]})
    );
    assert_eq!(lost, "items.reasoning=dropped, items.compaction=approximated");
}

#[test]
fn thinking_in_the_clear_goes_back_to_whom_it_came_from() {
    let thought = |id: Option<&str>| {
        let text = Some("Hm.".into());
        Item::Reasoning(Reasoning { id: id.map(String::from), text, ..Reasoning::default() })
    };
    let call = || Item::ToolCall(ToolCall::function("c1", "f", "{}"));
    let result = Item::ToolResult(ToolResult::function("c1", ResultContent::Text("x".into())));
    let (body, lost) = written(&of_chat(vec![thought(Some("rs_7")), call(), result]), &Compat::default());
    assert_eq!(
        body["input"][0],
        json!({"type": "reasoning", "id": "rs_7", "summary": [],
               "content": [{"type": "reasoning_text", "text": "Hm."}]})
    );
    assert_eq!((body["input"][1]["type"].as_str(), lost.as_str()), (Some("function_call"), ""));
    let (_, lost) = written(&of_chat(vec![thought(None), call()]), &Compat::default());
    assert_eq!(lost, "items.reasoning=dropped, items.tool_result=approximated");
}

#[test]
fn what_an_upstream_would_have_to_hold_is_refused() {
    let mut request = of_chat(Vec::new());
    request.state.cached_content = Some("c".into());
    let target = Target { model: "up", stream: true, compat: &Compat::default() };
    assert_eq!(
        encode::encode(&request, &target).unwrap_err().to_string(),
        "cached content cannot be used on a Responses upstream"
    );
}

#[test]
fn the_sheet_decides_what_an_upstream_gets() {
    let mut request = of_chat(vec![
        Item::Message(Message::new(Role::Developer, vec![Block::text("Rules.")])),
        Item::Message(Message::new(
            Role::User,
            vec![Block::Image(Image {
                source: Source::Url { url: "https://a.example".into(), mime: None },
                detail: None,
                cache: None,
            })],
        )),
    ]);
    request.sampling.temperature = Some(1.0);
    request.reasoning.effort = Some(Effort::Minimal);
    request.tools = vec![Tool::new("f", ToolKind::Function { parameters: None, strict: Some(true) })];
    request.tool_choice = Some(ToolChoice::Required);
    let compat: Compat = serde_json::from_value(json!({
        "developerRole": false, "vision": false, "omit": ["temperature"], "efforts": ["low", "high"],
        "strict": false, "forcedTools": false, "extraBody": {"store": true},
    }))
    .unwrap();
    let (body, lost) = written(&request, &compat);
    assert_eq!(body["input"][0]["role"], "system");
    assert_eq!(body["input"][1]["content"], json!([{"type": "input_text", "text": "[image omitted]"}]));
    assert_eq!(body["reasoning"]["effort"], "low");
    assert_eq!((&body["tool_choice"], &body["store"]), (&json!("auto"), &json!(true)));
    assert!(body.get("temperature").is_none() && body["tools"][0].get("strict").is_none());
    assert_eq!(
        lost,
        "items.image=dropped, tools.strict=dropped, tool_choice=approximated, reasoning.effort=approximated, \
         temperature=dropped"
    );
}

#[test]
fn lenient_spellings_are_understood() {
    let request = read(&json!({
        "input": [
            {"role": "user", "content": "hi"},
            {"type": "reasoning", "id": "rs", "summary": [], "content": null, "encrypted_content": "e"},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": {"a": 1}},
            {"type": "function_call_output", "call_id": "c", "output": {"b": 2}},
            {"type": "compaction_trigger"},
            {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "t"}]},
        ],
        "instructions": null, "previous_response_id": null, "tools": ["web_search"], "tool_choice": null,
    }));
    let Item::ToolCall(call) = &request.items[2] else { panic!("a call") };
    assert_eq!(call.arguments, r#"{"a":1}"#);
    let Item::ToolResult(result) = &request.items[3] else { panic!("a result") };
    assert_eq!(result.content, ResultContent::Json(Raw::parse(r#"{"b":2}"#).unwrap()));
    assert_eq!((request.items.len(), request.state.compact), (4, true));
    assert_eq!(request.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["web_search", "t"]);
    assert_eq!(request.state.previous_response_id, None);
    let text = read(&json!({"input": "hi"}));
    assert_eq!(text.items, [Item::Message(Message::new(Role::User, vec![Block::text("hi")]))]);
}

#[test]
fn what_cannot_be_read_is_named_by_its_place() {
    for (body, expected) in [
        (
            json!({"input": [{"type": "message", "role": "user", "content": [{"text": "a"}]}]}),
            "input[0].content[0]: missing `type`",
        ),
        (json!({"input": [{"type": "function_call_output", "output": ""}]}), "input[0]: missing `call_id`"),
        (json!({"input": [{"role": "king", "content": ""}]}), "input[0].role: `king` is no role"),
        (json!({"input": 7}), "input: expected a string or a list of items"),
        (
            json!({"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}]}),
            "tools[0].tools[0]: missing `name`",
        ),
        (json!({"tool_choice": "maybe"}), "tool_choice: `maybe` is no tool choice"),
        (json!({"temperature": "hot"}), "request: invalid type: string \"hot\", expected f64"),
    ] {
        let error = decode::decode(body.to_string().as_bytes(), "m", false).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    assert!(decode::decode(b"{", "m", false).is_err());
}
