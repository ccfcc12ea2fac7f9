use serde_json::{Value, json};

use super::*;
use crate::config::compat::Compat;
use crate::ir::{
    CacheControl, CacheTtl, Citation, Effort, File, Format, Image, Opaque, Raw, Reasoning, ReasoningMode,
    ResultContent, SealKind, Sealed, Source, Text, Tool, ToolCall, ToolChoice, ToolKind, ToolResult,
};
use crate::protocol::convert::Target;
use crate::protocol::messages::request::encode::encode;

fn read(body: &Value) -> ir::Request {
    decode(body.to_string().as_bytes(), "m", true).unwrap()
}

fn items(messages: Value) -> Vec<Item> {
    read(&json!({"max_tokens": 1, "messages": messages})).items
}

#[test]
fn a_turn_is_taken_apart_in_its_order() {
    let body = r#"{"max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "", "signature": "sig"},
            {"type": "redacted_thinking", "data": "enc"},
            {"type": "text", "text": "a"}, {"type": "text", "text": "b"},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"x":  1.10}, "caller": {"type": "direct"}},
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "is_error": false, "cache_control": {"type": "ephemeral", "ttl": "1h"},
             "content": [{"type": "text", "text": "r"}, {"type": "tool_reference", "tool_name": "g"}]},
            {"type": "text", "text": "more"}
        ]},
        {"role": "system", "content": "note", "clear_at": "never"}
    ]}"#;
    let request = decode(body.as_bytes(), "m", true).unwrap();
    let sealed = |kind, data: &str| Some(Sealed { kind, data: data.into() });
    let opaque = |kind: &str, role, raw: &str| Opaque {
        owner: Protocol::Messages,
        role,
        kind: kind.into(),
        raw: Raw::parse(raw).unwrap(),
    };
    let mut call = ToolCall::function("t1", "f", r#"{"x":  1.10}"#);
    call.ext.insert("caller".into(), json!({"type": "direct"}));
    let content = vec![
        Block::text("r"),
        Block::Opaque(opaque(
            "tool_reference",
            Role::User,
            r#"{"type": "tool_reference", "tool_name": "g"}"#,
        )),
    ];
    let result = ToolResult {
        is_error: Some(false),
        cache: Some(CacheControl { ttl: Some(CacheTtl::OneHour) }),
        ..ToolResult::function("t1", ResultContent::Blocks(content))
    };
    let mut note = Message::new(Role::System, vec![Block::text("note")]);
    note.ext.insert("clear_at".into(), "never".into());
    let expected = [
        Item::Message(Message::new(Role::User, vec![Block::text("hi")])),
        Item::Reasoning(Reasoning {
            text: Some(String::new()),
            sealed: sealed(SealKind::Signature, "sig"),
            ..Reasoning::default()
        }),
        Item::Reasoning(Reasoning {
            sealed: sealed(SealKind::Redacted, "enc"),
            redacted: true,
            ..Reasoning::default()
        }),
        Item::Message(Message::new(Role::Assistant, vec![Block::text("a"), Block::text("b")])),
        Item::ToolCall(call),
        Item::Opaque(opaque(
            "server_tool_use",
            Role::Assistant,
            r#"{"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}"#,
        )),
        Item::ToolResult(result),
        Item::Message(Message::new(Role::User, vec![Block::text("more")])),
        Item::Message(note),
    ];
    assert_eq!(request.items, expected);
    assert!(request.stream);
}

#[test]
fn media_and_citations_are_typed_where_another_vendor_could_use_them() {
    let blocks = |content: Value| match items(json!([{"role": "user", "content": content}])).remove(0) {
        Item::Message(message) => message.blocks,
        other => panic!("{other:?}"),
    };
    let base64 = |mime: &str| Source::Base64 { mime: mime.into(), data: "aGk=".into() };
    let file = |source, name: Option<&str>, context: Option<&str>, citations| {
        Block::File(File {
            source,
            name: name.map(Into::into),
            context: context.map(Into::into),
            citations,
            cache: None,
        })
    };
    let image = |source| Block::Image(Image { source, detail: None, cache: None });
    let web = Raw::from(
        json!({"type": "web_search_result_location", "url": "u", "title": null, "encrypted_index": "e"}),
    );
    for (block, expected) in [
        (
            json!({"type": "image", "source": {"type": "url", "url": "data:image/png;base64,aGk="}}),
            vec![image(base64("image/png"))],
        ),
        (
            json!({"type": "image", "source": {"type": "file", "file_id": "f"}}),
            vec![image(Source::FileId { id: "f".into(), owner: Protocol::Messages })],
        ),
        (
            json!({"type": "document", "title": "t", "context": "c", "citations": {"enabled": true},
                "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="}}),
            vec![file(base64("application/pdf"), Some("t"), Some("c"), Some(true))],
        ),
        (
            json!({"type": "document", "source": {"type": "content", "content": [
                {"type": "text", "text": "a"}, {"type": "text", "text": "b"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}]}}),
            vec![file(Source::Text("a\nb".into()), None, None, None), image(base64("image/png"))],
        ),
        (
            json!({"type": "search_result", "source": "https://a", "title": "t",
                "content": [{"type": "text", "text": "found"}]}),
            vec![file(Source::Text("found".into()), Some("t"), Some("https://a"), None)],
        ),
        (
            json!({"type": "text", "text": "x", "citations": [
                web.value(),
                {"type": "page_location", "document_index": 0}]}),
            vec![Block::Text(Text {
                text: "x".into(),
                citations: vec![
                    Citation::Url {
                        url: "u".into(),
                        title: None,
                        start: None,
                        end: None,
                        raw: Some(web.clone()),
                    },
                    Citation::Opaque {
                        owner: Protocol::Messages,
                        raw: Raw::parse(r#"{"type":"page_location","document_index":0}"#).unwrap(),
                    },
                ],
                ..Text::default()
            })],
        ),
    ] {
        assert_eq!(blocks(json!([block])), expected, "{block}");
    }
}

#[test]
fn settings_are_typed_and_the_rest_is_kept() {
    let request = read(&json!({
        "model": "x", "stream": false, "max_tokens": 0, "temperature": 0, "top_k": 5, "stop_sequences": ["s"],
        "system": [{"type": "text", "text": "sys", "cache_control": {"type": "ephemeral"}}],
        "messages": [],
        "thinking": {"type": "adaptive", "display": "omitted"},
        "output_config": {"effort": "max", "format": {"type": "json_schema", "schema": {"type": "object"}}, "task_budget": 1},
        "tools": [
            {"name": "f", "input_schema": {"type": "object"}, "strict": true, "defer_loading": true, "eager_input_streaming": true},
            {"type": "bash_20250124", "name": "bash"},
        ],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
        "metadata": {"user_id": "u"}, "service_tier": "auto", "speed": "fast",
        "context_management": {"edits": []}, "cache_control": {"type": "ephemeral"},
    }));
    assert_eq!(
        (
            request.model.as_str(),
            request.sampling.max_output,
            request.sampling.temperature,
            request.sampling.top_k
        ),
        ("m", Some(0), Some(0.0), Some(5))
    );
    assert_eq!(
        request.instructions,
        [Block::Text(Text { cache: Some(CacheControl::default()), ..Text::new("sys") })]
    );
    let reasoning = &request.reasoning;
    assert_eq!(
        (reasoning.mode, reasoning.effort, reasoning.show),
        (Some(ReasoningMode::Adaptive), Some(Effort::Max), Some(false))
    );
    assert!(matches!(&request.output.format, Some(Format::JsonSchema { .. })));
    let parameters = Some(Raw::parse(r#"{"type":"object"}"#).unwrap());
    let mut function = Tool::new("f", ToolKind::Function { parameters, strict: Some(true) });
    function.defer_loading = Some(true);
    function.ext.insert("eager_input_streaming".into(), true.into());
    let bash = ToolKind::Builtin {
        owner: Protocol::Messages,
        kind: "bash_20250124".into(),
        raw: Raw::parse(r#"{"type":"bash_20250124","name":"bash"}"#).unwrap(),
    };
    assert_eq!(request.tools, [function, Tool::new("bash", bash)]);
    assert_eq!(request.tool_choice, Some(ToolChoice::Named { name: "f".into(), namespace: None }));
    assert_eq!(request.parallel_tool_calls, Some(false));
    assert_eq!(request.identity.user.as_deref(), Some("u"));
    assert!(request.state.context_management.is_some());
    assert_eq!(request.ext.keys().collect::<Vec<_>>(), ["output_config", "speed", "cache_control"]);
}

#[test]
fn what_claude_sent_goes_back_to_claude_as_it_was() {
    let body = json!({
        "model": "up", "max_tokens": 64000,
        "system": [{"type": "text", "text": "sys", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "", "signature": "sig"},
                {"type": "text", "text": "calling"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}},
                {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "r", "is_error": false,
                    "cache_control": {"type": "ephemeral"}},
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
                    {"type": "tool_reference", "tool_name": "g"}]},
                {"type": "text", "text": "and?"},
            ]},
            {"role": "assistant", "content": [
                {"type": "compaction", "content": "before", "encrypted_content": "e", "signature": "s"}]},
        ],
        "tools": [{"name": "f", "description": "d", "input_schema": {"$schema": "x", "type": "object"}, "strict": false,
            "defer_loading": true, "allowed_callers": ["direct"]}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "thinking": {"type": "enabled", "budget_tokens": 2000, "display": "updates"},
        "output_config": {"effort": "high", "task_budget": {"type": "tokens"},
            "format": {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"type": "object"}}}}},
        "metadata": {"user_id": "u"}, "service_tier": "standard_only",
        "context_management": {"edits": []}, "speed": "fast", "stream": true, "top_p": 0.95,
        "stop_sequences": ["x"],
    });
    let compat = Compat::default();
    let encoded = encode(&read(&body), &Target { model: "up", stream: true, compat: &compat }).unwrap();
    let written: Value = serde_json::from_slice(&encoded.body).unwrap();
    assert_eq!(written, body);
    assert!(encoded.lost.is_empty(), "{}", encoded.lost);
    assert_eq!(encoded.headers.len(), 1, "compaction is a beta");
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (body, expected) in [
        (
            json!({"messages": [{"role": "user", "content": [{"text": "x"}]}]}),
            "messages[0].content[0]: missing `type`",
        ),
        (json!({"messages": [{"role": "bot", "content": ""}]}), "messages[0].role: unknown role `bot`"),
        (json!({"messages": {}}), "`messages` must be an array"),
        (json!({"max_tokens": "many", "messages": []}), "`max_tokens` must be a number"),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64"}}]}]}),
            "messages[0].content[0].source: missing `media_type`",
        ),
        (json!({"tools": [7], "messages": []}), "tools[0]: expected an object"),
    ] {
        let error = decode(body.to_string().as_bytes(), "m", false).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    assert!(decode(b"{", "m", false).is_err());
    let open = r#"[{"type":"document","source":{"type":"content","content":"#;
    let deep = format!("{}{}{}", open.repeat(9_999), r#""""#, "}}]".repeat(9_999));
    let body = format!(r#"{{"messages":[{{"role":"user","content":{deep}}}]}}"#);
    let error = decode(body.as_bytes(), "m", false).unwrap_err();
    assert!(error.to_string().ends_with("content is nested too deep"), "{error}");
}

#[test]
fn a_line_for_anthropics_accounting_reaches_nobody_else() {
    let note = "x-anthropic-billing-header: cc_version=2.1; cch=0f3a2;";
    let system = json!([{"type": "text", "text": note}, {"type": "text", "text": "You are Claude Code."}]);
    let request = read(&json!({"max_tokens": 1, "system": system, "messages": []}));
    assert_eq!(request.instructions, [Block::text("You are Claude Code.")]);
    assert!(read(&json!({"max_tokens": 1, "system": note, "messages": []})).instructions.is_empty());
}
