//! Tools and which of them the model may call.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::body::Body;
use crate::codec::json::{fields, key_is};
use crate::config::Protocol;
use crate::ir::{CacheControl, Ext, Raw, Request, Tool, ToolChoice, ToolKind};
use crate::protocol::chat::answer::tool_name;

/// Whether tools that take free text go as they are: they are unknown to most imitators.
pub(super) fn knows_custom(origin: Protocol, body: &Body<'_>) -> bool {
    body.compat.codex_tools.unwrap_or(origin == Protocol::Chat)
}

pub(super) fn encode(request: &Request, body: &mut Body<'_>) {
    if body.compat.tools == Some(false) {
        if !request.tools.is_empty() {
            body.lost.dropped("tools");
        }
        return;
    }
    let own = request.origin == Protocol::Chat;
    let allowed = match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) if !own => Some(names),
        _ => None,
    };
    let mut tools = Vec::new();
    for tool in &request.tools {
        if let ToolKind::Builtin { owner: Protocol::Chat, kind, raw } = &tool.kind
            && kind == "web_search_options"
        {
            body.field("web_search_options", raw);
        } else if allowed.is_none_or(|names| names.contains(&tool.name)) {
            tools.extend(declare(tool, request.origin, body));
        }
    }
    if tools.is_empty() {
        if matches!(&request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named { .. })) {
            body.lost.dropped("tool_choice");
        }
        return;
    }
    body.field("tools", &tools);
    choose(request, body);
    if let Some(parallel) = request.parallel_tool_calls {
        if body.compat.parallel_tool_calls != Some(false) {
            body.field("parallel_tool_calls", &parallel);
        } else if !parallel {
            body.lost.dropped("parallel_tool_calls");
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Declared<'a> {
    Function {
        #[serde(rename = "type")]
        kind: &'static str,
        function: Function<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Value>,
        #[serde(flatten)]
        ext: Option<&'a Ext>,
    },
    Custom {
        #[serde(rename = "type")]
        kind: &'static str,
        custom: Custom<'a>,
    },
    Builtin(&'a Raw),
}

#[derive(Serialize)]
struct Function<'a> {
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Cow<'a, Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
struct Custom<'a> {
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Value>,
}

fn declare<'a>(tool: &'a Tool, origin: Protocol, body: &mut Body<'_>) -> Option<Declared<'a>> {
    if tool.defer_loading == Some(true) {
        body.lost.dropped("tools.defer_loading");
    }
    let name = tool_name(&tool.name, tool.namespace.as_ref().map(|namespace| namespace.name.as_str()));
    let description = tool.description.as_deref();
    match &tool.kind {
        ToolKind::Function { parameters, strict } => {
            let known = body.compat.strict != Some(false);
            if !known && *strict == Some(true) {
                body.lost.dropped("tools.strict");
            }
            let function = Function {
                name,
                description,
                parameters: object_schema(parameters.as_ref()),
                strict: strict.filter(|_| known),
            };
            let cache_control = tool.cache.and_then(|cache| cache_control(cache, body));
            let ext = (origin == Protocol::Chat).then_some(&tool.ext);
            if origin != Protocol::Chat {
                tool.ext.keys().for_each(|field| body.lost.dropped(format!("ext.{field}")));
            }
            Some(Declared::Function { kind: "function", function, cache_control, ext })
        }
        ToolKind::Custom { format } if knows_custom(origin, body) => {
            let format = format.as_ref().map(nested_format);
            Some(Declared::Custom { kind: "custom", custom: Custom { name, description, format } })
        }
        ToolKind::Custom { .. } => {
            body.lost.dropped("tools.custom");
            None
        }
        ToolKind::Builtin { owner: Protocol::Chat, raw, .. } => Some(Declared::Builtin(raw)),
        ToolKind::Builtin { kind, .. } => {
            body.lost.dropped(format!("tools.{kind}"));
            None
        }
    }
}

/// `None`, and a loss, where the upstream does not know the mark.
fn cache_control(cache: CacheControl, body: &mut Body<'_>) -> Option<Value> {
    let known = body.compat.cache_control == Some(true);
    if !known {
        body.lost.dropped("cache_control");
    }
    known.then(|| super::parts::mark(cache))
}

/// A function without arguments still needs the schema of an object.
fn object_schema(parameters: Option<&Raw>) -> Cow<'_, Raw> {
    let Some(parameters) = parameters.filter(|parameters| parameters.get().starts_with('{')) else {
        return Cow::Owned(Raw::from(json!({"type": "object", "properties": {}})));
    };
    let has = |name| {
        fields(parameters.get().as_bytes())
            .map_while(Result::ok)
            .any(|field| key_is(field.key, name) && field.value != b"null")
    };
    if has("type") && (has("properties") || has("$ref") || has("anyOf")) {
        return Cow::Borrowed(parameters);
    }
    let mut schema = parameters.value();
    if let Value::Object(fields) = &mut schema {
        if !has("type") {
            fields.insert("type".into(), "object".into());
        }
        if !has("properties") && fields.get("type").is_some_and(|kind| kind == "object") {
            fields.insert("properties".into(), json!({}));
        }
    }
    Cow::Owned(Raw::from(schema))
}

/// Chat puts a grammar into an object of its own.
fn nested_format(format: &Raw) -> Value {
    let format = format.value();
    match (format.get("syntax"), format.get("definition")) {
        (Some(syntax), Some(definition)) => {
            json!({"type": "grammar", "grammar": {"syntax": syntax, "definition": definition}})
        }
        _ => format,
    }
}

fn choose(request: &Request, body: &mut Body<'_>) {
    let Some(choice) = &request.tool_choice else { return };
    let forcing =
        !matches!(choice, ToolChoice::Auto | ToolChoice::None | ToolChoice::Allowed { required: false, .. });
    if forcing && body.compat.forced_tools == Some(false) {
        body.lost.approximated("tool_choice");
        return body.field("tool_choice", &"auto");
    }
    let named = |name: &str| {
        let custom = request
            .tools
            .iter()
            .any(|tool| tool.name == name && matches!(tool.kind, ToolKind::Custom { .. }));
        if custom {
            json!({"type": "custom", "custom": {"name": name}})
        } else {
            json!({"type": "function", "function": {"name": name}})
        }
    };
    let wire = match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named { name, namespace } => named(&tool_name(name, namespace.as_deref())),
        ToolChoice::Allowed { required, names } if request.origin == Protocol::Chat => {
            let tools: Vec<_> = names.iter().map(|name| named(name)).collect();
            let mode = if *required { "required" } else { "auto" };
            json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}})
        }
        ToolChoice::Allowed { required, .. } => {
            body.lost.emulated("tool_choice.allowed");
            json!(if *required { "required" } else { "auto" })
        }
        ToolChoice::Builtin { owner: Protocol::Chat, raw } => return body.field("tool_choice", raw),
        ToolChoice::Builtin { .. } => return body.lost.dropped("tool_choice"),
    };
    body.field("tool_choice", &wire);
}
