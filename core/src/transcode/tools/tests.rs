use serde_json::{Value, json};

use super::*;
use crate::ir::{
    Accumulator, BlockStart, CallKind, Delta, Event, Executor, Item, Namespace, Response, ResultContent,
    ToolCall, ToolResult, replay,
};

fn builtin(owner: Protocol, raw: Value) -> Tool {
    let kind = raw["type"].as_str().unwrap_or_default().to_owned();
    let name = raw["name"].as_str().unwrap_or(&kind).to_owned();
    Tool::new(name, ToolKind::Builtin { owner, kind, raw: raw.into() })
}

fn function(name: &str) -> Tool {
    Tool::new(name, ToolKind::Function { parameters: None, strict: None })
}

fn within(namespace: &str, tool: Tool) -> Tool {
    let description = Some(format!("All about {namespace}."));
    Tool { namespace: Some(Namespace { name: namespace.into(), description }), ..tool }
}

/// What Codex declares, in all its kinds.
fn codex() -> Vec<Tool> {
    let grammar = json!({"type": "grammar", "syntax": "lark", "definition": "start: begin_patch"});
    let patch = Tool::new("apply_patch", ToolKind::Custom { format: Some(grammar.into()) });
    vec![
        function("shell"),
        Tool { description: Some("Edits files.".into()), ..patch },
        within("agents", function("spawn")),
        within("agents", function("wait")),
        builtin(Protocol::Responses, json!({"type": "local_shell"})),
        builtin(Protocol::Responses, json!({"type": "shell"})),
        builtin(Protocol::Responses, json!({"type": "tool_search", "execution": "client"})),
        builtin(Protocol::Responses, json!({"type": "apply_patch"})),
        builtin(Protocol::Responses, json!({"type": "web_search", "external_web_access": false})),
        Tool { defer_loading: Some(true), ..within("mail", function("send")) },
    ]
}

fn call(kind: CallKind, name: &str, namespace: Option<&str>, arguments: &str) -> ToolCall {
    ToolCall { kind, namespace: namespace.map(Into::into), ..ToolCall::function("call_1", name, arguments) }
}

fn request(tools: Vec<Tool>, items: Vec<Item>) -> Request {
    Request { tools, items, ..Request::new(Protocol::Responses, "m") }
}

fn names(request: &Request) -> Vec<&str> {
    request.tools.iter().map(|tool| tool.name.as_str()).collect()
}

fn raised(bridge: &ToolBridge, calls: Vec<ToolCall>) -> Vec<Item> {
    let mut response = Response::default();
    response
        .choices
        .push(crate::ir::Choice { items: calls.into_iter().map(Item::ToolCall).collect(), finish: None });
    let mut raiser = bridge.raiser();
    let mut accumulator = Accumulator::default();
    replay(&response, &mut |event| raiser.push(event, &mut |event| accumulator.push(&event)));
    accumulator.into_response().choices.remove(0).items
}

const FUNCTIONS_ONLY: [Protocol; 3] = [Protocol::Messages, Protocol::Chat, Protocol::Gemini];

#[test]
fn codex_tools_become_functions() {
    for upstream in FUNCTIONS_ONLY {
        let mut request = request(codex(), vec![]);
        let mut lost = Losses::default();
        lower(&mut request, upstream, &Compat::default(), &mut lost);
        let names = names(&request);
        assert_eq!(names[..5], ["shell", "apply_patch", "agents__spawn", "agents__wait", "local_shell"]);
        assert!(names[5].starts_with("shell_") && names[7].starts_with("apply_patch_"), "{names:?}");
        assert_eq!((names[6], names.len()), ("tool_search", 8));
        assert!(request.tools.iter().all(|tool| matches!(tool.kind, ToolKind::Function { .. })));
        let about = |at: usize| request.tools[at].description.clone().unwrap_or_default();
        assert!(
            about(1).starts_with("Edits files.") && about(1).contains("lark grammar:\nstart: begin_patch")
        );
        assert_eq!((about(2).as_str(), about(3).as_str()), ("All about agents.", ""));
        let lost = lost.to_string();
        assert!(
            lost.contains("tools.web_search=dropped") && lost.contains("tools.custom=emulated"),
            "{lost}"
        );
    }
}

#[test]
fn an_upstream_that_knows_them_gets_them_as_they_are() {
    let (mut lowered, mut lost) = (request(codex(), vec![]), Losses::default());
    let bridge = lower(&mut lowered, Protocol::Responses, &Compat::default(), &mut lost);
    assert!(bridge.is_empty() && lost.is_empty(), "{lost}");
    assert_eq!(lowered.tools, codex());

    let custom = codex().swap_remove(1);
    let compat = Compat { codex_tools: Some(true), ..Compat::default() };
    let mut lowered = request(vec![custom.clone()], vec![]);
    assert!(lower(&mut lowered, Protocol::Chat, &compat, &mut lost).is_empty());
    assert_eq!(lowered.tools, [custom]);

    let compat = Compat { codex_tools: Some(false), ..Compat::default() };
    let search = builtin(Protocol::Responses, json!({"type": "web_search"}));
    let mut lowered = request(vec![search.clone(), codex().swap_remove(1)], vec![]);
    assert!(!lower(&mut lowered, Protocol::Responses, &compat, &mut lost).is_empty());
    assert_eq!(lowered.tools[0], search);
    assert!(matches!(lowered.tools[1].kind, ToolKind::Function { .. }));
}

#[test]
fn every_call_comes_back_as_it_was_and_goes_out_as_the_model_wrote_it() {
    let patch = "*** Begin Patch\n+say(\"hä\\n\")\u{0}\n*** End Patch";
    let cases = [
        (call(CallKind::Custom, "apply_patch", None, patch), json!({"input": patch})),
        (call(CallKind::Function, "spawn", Some("agents"), r#"{"n": 1.0}"#), json!({"n": 1.0})),
        (
            call(
                CallKind::LocalShell,
                "local_shell",
                None,
                r#"{"type":"exec","command":["ls"],"env":{},"timeout_ms":5,"working_directory":"/w"}"#,
            ),
            json!({"command": ["ls"], "workdir": "/w", "timeout_ms": 5}),
        ),
        (
            call(CallKind::Other("shell".into()), "shell", None, r#"{"commands":["ls"]}"#),
            json!({"commands": ["ls"]}),
        ),
        (call(CallKind::ToolSearch, "tool_search", None, r#"{"query":"mail"}"#), json!({"query": "mail"})),
        (
            call(CallKind::ApplyPatch, "apply_patch", None, r#"{"type":"delete_file","path":"a"}"#),
            json!({"operation": {"type": "delete_file", "path": "a"}}),
        ),
        (call(CallKind::Function, "shell", None, "{ }"), json!({})),
    ];
    for upstream in FUNCTIONS_ONLY {
        for (original, arguments) in &cases {
            let mut result = ToolResult::function("call_1", ResultContent::Text("ok".into()));
            (result.kind, result.name) = (original.kind.clone(), Some(original.name.clone()));
            let items = vec![Item::ToolCall(original.clone()), Item::ToolResult(result)];
            let mut request = request(codex(), items);
            let bridge = lower(&mut request, upstream, &Compat::default(), &mut Losses::default());
            let [Item::ToolCall(lowered), Item::ToolResult(result)] = &request.items[..] else { panic!() };
            assert_eq!((&lowered.kind, &result.kind), (&CallKind::Function, &CallKind::Function));
            assert_eq!(serde_json::from_str::<Value>(&lowered.arguments).unwrap(), *arguments);
            assert_eq!(result.name.as_ref(), Some(&lowered.name));
            assert!(request.tools.iter().any(|tool| tool.name == lowered.name), "{}", lowered.name);
            assert_eq!(raised(&bridge, vec![lowered.clone()]), [Item::ToolCall(original.clone())]);
        }
    }
}

#[test]
fn a_model_that_spells_a_command_its_own_way_is_understood() {
    let mut request = request(codex(), vec![]);
    let bridge = lower(&mut request, Protocol::Chat, &Compat::default(), &mut Losses::default());
    let cases = [
        (
            "local_shell",
            r#"{"command":"ls -l","timeout":7}"#,
            r#"{"type":"exec","command":["bash","-lc","ls -l"],"env":{},"timeout_ms":7}"#,
        ),
        ("local_shell", "no json", "no json"),
        (
            request.tools[7].name.as_str(),
            r#"{"type":"delete_file","path":"a"}"#,
            r#"{"type":"delete_file","path":"a"}"#,
        ),
        (request.tools[5].name.as_str(), r#"{"command":"ls"}"#, r#"{"commands":["ls"]}"#),
        ("apply_patch", "*** Begin Patch", "*** Begin Patch"),
    ];
    for (name, written, expected) in cases {
        let items = raised(&bridge, vec![ToolCall::function("c", name, written)]);
        let [Item::ToolCall(call)] = &items[..] else { panic!() };
        assert_eq!(call.arguments, expected, "{name}");
    }
}

#[test]
fn what_a_search_found_can_be_called() {
    let search = call(CallKind::ToolSearch, "tool_search", None, r#"{"query":"mail"}"#);
    let found = json!([{"type": "namespace", "name": "mail", "description": "Mail.", "tools": [
        {"type": "function", "name": "send", "parameters": {"type": "object"}, "defer_loading": true},
        {"type": "custom", "name": "draft"},
    ]}]);
    let mut result = ToolResult::function("call_1", ResultContent::Json(found.into()));
    result.kind = CallKind::ToolSearch;
    let items = vec![Item::ToolCall(search), Item::ToolResult(result)];
    let mut request = request(codex(), items);
    let bridge = lower(&mut request, Protocol::Messages, &Compat::default(), &mut Losses::default());
    assert_eq!(names(&request)[8..], ["mail__send", "mail__draft"]);
    assert!(request.tools.iter().all(|tool| tool.defer_loading.is_none()));
    let [Item::ToolCall(_), Item::ToolResult(result)] = &request.items[..] else { panic!() };
    assert_eq!(result.content, ResultContent::Text("Found: mail__send, mail__draft".into()));
    let items = raised(&bridge, vec![ToolCall::function("call_1", "mail__draft", r#"{"input":"Hi"}"#)]);
    assert_eq!(items, [Item::ToolCall(call(CallKind::Custom, "draft", Some("mail"), "Hi"))]);
}

#[test]
fn vendors_tools_become_the_upstreams_own() {
    let responses = |raw| builtin(Protocol::Responses, raw);
    let messages = |raw| builtin(Protocol::Messages, raw);
    let gemini = |kind: &str| {
        let raw = json!({kind: {}});
        Tool::new(kind, ToolKind::Builtin { owner: Protocol::Gemini, kind: kind.into(), raw: raw.into() })
    };
    let filtered = json!({"type": "web_search", "filters": {"allowed_domains": ["a.example"]}});
    let claude =
        json!({"allowed_domains": ["a.example"], "type": "web_search_20250305", "name": "web_search"});
    let options = json!({"user_location": {"type": "approximate", "approximate": {"country": "FR"}}});
    let kind =
        ToolKind::Builtin { owner: Protocol::Chat, kind: "web_search_options".into(), raw: options.into() };
    let (located, place) = (Tool::new("web_search", kind), json!({"country": "FR", "type": "approximate"}));
    let cases = [
        (responses(filtered.clone()), Protocol::Messages, Some(claude)),
        (responses(filtered), Protocol::Gemini, Some(json!({"googleSearch": {}}))),
        (located, Protocol::Responses, Some(json!({"type": "web_search", "user_location": place}))),
        (gemini("googleSearch"), Protocol::Responses, Some(json!({"type": "web_search"}))),
        (gemini("urlContext"), Protocol::Responses, None),
        (gemini("urlContext"), Protocol::Gemini, Some(json!({"urlContext": {}}))),
        (
            messages(json!({"type": "code_execution_20260521", "name": "code_execution"})),
            Protocol::Gemini,
            Some(json!({"codeExecution": {}})),
        ),
        (responses(json!({"type": "web_search"})), Protocol::Chat, None),
        (responses(json!({"type": "image_generation"})), Protocol::Messages, None),
        (
            responses(json!({"type": "shell", "environment": {"type": "container_auto"}})),
            Protocol::Messages,
            None,
        ),
    ];
    for (tool, upstream, expected) in cases {
        let (mut lowered, mut lost) = (request(vec![tool.clone()], vec![]), Losses::default());
        lower(&mut lowered, upstream, &Compat::default(), &mut lost);
        let declared = lowered.tools.first().map(|tool| match &tool.kind {
            ToolKind::Builtin { owner, raw, .. } if *owner == upstream => raw.value(),
            other => panic!("{other:?}"),
        });
        assert_eq!(declared, expected, "{tool:?}");
    }
    let search = responses(json!({"type": "web_search"}));
    let mut beside = request(vec![search, function("f")], vec![]);
    let mut lost = Losses::default();
    lower(&mut beside, Protocol::Gemini, &Compat::default(), &mut lost);
    assert_eq!((names(&beside), lost.to_string().as_str()), (vec!["f"], "tools.web_search=dropped"));
}

#[test]
fn claudes_client_tools_keep_their_names() {
    let tools = [
        ("bash_20250124", "bash"),
        ("text_editor_20250728", "str_replace_based_edit_tool"),
        ("memory_20250818", "memory"),
    ];
    let tools: Vec<Tool> =
        tools.map(|(kind, name)| builtin(Protocol::Messages, json!({"type": kind, "name": name}))).into();
    let mut lowered = request(tools.clone(), vec![]);
    let bridge = lower(&mut lowered, Protocol::Chat, &Compat::default(), &mut Losses::default());
    assert_eq!(names(&lowered), ["bash", "str_replace_based_edit_tool", "memory"]);
    assert!(lowered.tools.iter().all(|tool| matches!(tool.kind, ToolKind::Function { .. })));
    assert!(bridge.is_empty());
    let mut same = request(tools.clone(), vec![]);
    lower(&mut same, Protocol::Messages, &Compat::default(), &mut Losses::default());
    assert_eq!(same.tools, tools);
}

#[test]
fn a_choice_follows_the_tool_it_names() {
    let named = |name: &str, namespace: Option<&str>| ToolChoice::Named {
        name: name.into(),
        namespace: namespace.map(Into::into),
    };
    let hosted = |raw: Value| ToolChoice::Builtin { owner: Protocol::Responses, raw: raw.into() };
    let cases = [
        (named("spawn", Some("agents")), named("agents__spawn", None)),
        (named("apply_patch", None), named("apply_patch", None)),
        (named("shell", None), named("shell", None)),
        (hosted(json!({"type": "local_shell"})), named("local_shell", None)),
        (hosted(json!({"type": "web_search"})), ToolChoice::Auto),
        (
            ToolChoice::Allowed { required: true, names: vec!["spawn".into(), "other".into()] },
            ToolChoice::Allowed { required: true, names: vec!["agents__spawn".into(), "other".into()] },
        ),
    ];
    for (choice, expected) in cases {
        let mut request = request(codex(), vec![]);
        request.tool_choice = Some(choice);
        lower(&mut request, Protocol::Messages, &Compat::default(), &mut Losses::default());
        assert_eq!(request.tool_choice, Some(expected));
    }
}

#[test]
fn a_call_of_the_vendor_is_left_alone() {
    let server =
        ToolCall { executor: Executor::Server, ..call(CallKind::Other("mcp".into()), "x.y", None, "{}") };
    let mut request = request(vec![], vec![Item::ToolCall(server.clone())]);
    assert!(lower(&mut request, Protocol::Chat, &Compat::default(), &mut Losses::default()).is_empty());
    assert_eq!(request.items, [Item::ToolCall(server)]);
}

#[test]
fn interleaved_calls_do_not_mix_and_large_ones_are_not_kept() {
    let mut request = request(codex(), vec![]);
    let bridge = lower(&mut request, Protocol::Chat, &Compat::default(), &mut Losses::default());
    let start = |index, name: &'static str| Event::BlockStart {
        index,
        choice: 0,
        block: BlockStart::ToolCall {
            id: name.into(),
            item_id: None,
            name: name.into(),
            namespace: None,
            kind: CallKind::Function,
            executor: Executor::Client,
            sealed: None,
        },
    };
    let arguments = |index, text: String| Event::Delta { index, delta: Delta::Arguments(text.into()) };
    let (mut raiser, mut told) = (bridge.raiser(), BTreeMap::<u32, String>::new());
    let mut push = |event| {
        raiser.push(event, &mut |event| {
            if let Event::Delta { index, delta: Delta::Arguments(text) } = event {
                told.entry(index).or_default().push_str(&text);
            }
        });
    };
    push(start(0, "apply_patch"));
    push(start(1, "shell"));
    push(start(2, "apply_patch"));
    push(start(3, "local_shell"));
    for (first, second) in
        [(r#"{"inp"#, r#"{"#), (r#"ut":"a\u00"#, r#""input":"b"#), (r#"e9""#, r#"\n""#), ("}", "}")]
    {
        push(arguments(0, first.into()));
        push(arguments(1, first.into()));
        push(arguments(2, second.into()));
    }
    for _ in 0..20 {
        push(arguments(3, "x".repeat(MAX_KEPT / 10)));
    }
    (0..4).for_each(|index| push(Event::BlockStop { index }));
    assert_eq!((told[&0].as_str(), told[&2].as_str()), ("aé", "b\n"));
    assert_eq!((told[&1].as_str(), told[&3].len()), (r#"{"input":"a\u00e9"}"#, MAX_KEPT / 10 * 20));
}
