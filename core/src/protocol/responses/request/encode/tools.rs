//! Tools and the choice between them.
//! <https://developers.openai.com/api/docs/guides/function-calling>

use std::borrow::Cow;

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::Encoding;
use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{Ext, Namespace, Raw, Request, Tool, ToolChoice, ToolKind};

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum WireTool<'a> {
    Defined(Box<Defined<'a>>),
    Namespace { r#type: &'static str, name: &'a str, description: &'a str, tools: Vec<Self> },
    Raw(&'a Raw),
}

#[derive(Default, Serialize)]
pub(super) struct Defined<'a> {
    r#type: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Cow<'a, Raw>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<Option<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    defer_loading: Option<bool>,
    #[serde(flatten)]
    ext: Option<&'a Ext>,
}

impl<'a> Encoding<'a> {
    /// The tools in their order; those of a namespace gather where its first one stands.
    pub(super) fn tools(&mut self, request: &'a Request) -> Vec<WireTool<'a>> {
        if self.compat.tools == Some(false) {
            if !request.tools.is_empty() {
                self.lost.dropped("tools");
            }
            return Vec::new();
        }
        let searchable = request.tools.iter().any(is_search);
        let mut written: Vec<WireTool<'a>> = Vec::new();
        for tool in &request.tools {
            let Some(wire) = self.tool(tool, searchable) else { continue };
            let Some(Namespace { name, description }) = &tool.namespace else {
                written.push(wire);
                continue;
            };
            let home = written.iter_mut().find_map(|tool| match tool {
                WireTool::Namespace { name: known, tools, .. } if known == name => Some(tools),
                _ => None,
            });
            match home {
                Some(tools) => tools.push(wire),
                None => written.push(WireTool::Namespace {
                    r#type: "namespace",
                    name,
                    description: description.as_deref().unwrap_or_default(),
                    tools: vec![wire],
                }),
            }
        }
        written
    }

    fn tool(&mut self, tool: &'a Tool, searchable: bool) -> Option<WireTool<'a>> {
        if tool.cache.is_some() {
            self.lost.dropped("cache_control");
        }
        let defer_loading = tool.defer_loading.filter(|_| self.of_responses || searchable);
        if tool.defer_loading == Some(true) && defer_loading.is_none() {
            self.lost.dropped("tools.defer_loading");
        }
        let defined = Defined {
            name: &tool.name,
            description: tool.description.as_deref(),
            defer_loading,
            ..Defined::default()
        };
        let defined = match &tool.kind {
            ToolKind::Builtin { owner: Protocol::Responses, raw, .. } => return Some(WireTool::Raw(raw)),
            ToolKind::Builtin { kind, .. } => {
                self.lost.dropped(format!("tools.{kind}"));
                return None;
            }
            ToolKind::Function { parameters, strict } => Defined {
                r#type: "function",
                parameters: Some(parameters_of(parameters.as_ref())),
                strict: self.tool_strict(*strict, tool.namespace.is_some()),
                ..defined
            },
            ToolKind::Custom { format } => Defined { r#type: "custom", format: format.as_ref(), ..defined },
        };
        Some(WireTool::Defined(Box::new(Defined { ext: self.ext(&tool.ext), ..defined })))
    }

    /// Responses takes a tool for strict unless told otherwise, and then rewrites its schema.
    pub(super) fn strict(&mut self, strict: Option<bool>, feature: &'static str) -> Option<bool> {
        if self.compat.strict == Some(false) {
            if strict == Some(true) {
                self.lost.dropped(feature);
            }
            return None;
        }
        strict.or(if self.of_responses { None } else { Some(false) })
    }

    /// Outside of a namespace the field must be there.
    fn tool_strict(&mut self, strict: Option<bool>, optional: bool) -> Option<Option<bool>> {
        let strict = self.strict(strict, "tools.strict");
        let optional = optional || self.compat.strict == Some(false);
        (strict.is_some() || !optional).then_some(strict)
    }

    pub(super) fn tool_choice(&mut self, request: &'a Request) -> Option<Value> {
        let choice = request.tool_choice.as_ref()?;
        if self.compat.forced_tools == Some(false) && !matches!(choice, ToolChoice::Auto | ToolChoice::None) {
            self.lost.approximated("tool_choice");
            return Some(json!("auto"));
        }
        Some(match choice {
            ToolChoice::Auto => json!("auto"),
            ToolChoice::None => json!("none"),
            ToolChoice::Required => json!("required"),
            ToolChoice::Named { name, namespace } => {
                let mut choice = named(request, name, namespace.as_deref());
                if let (Value::Object(choice), Some(namespace)) = (&mut choice, namespace) {
                    choice.insert("namespace".into(), json!(namespace));
                }
                choice
            }
            ToolChoice::Allowed { required, names } => json!({
                "type": "allowed_tools",
                "mode": if *required { "required" } else { "auto" },
                "tools": names.iter().map(|name| named(request, name, None)).collect::<Vec<_>>(),
            }),
            ToolChoice::Builtin { owner: Protocol::Responses, raw } => raw.value(),
            ToolChoice::Builtin { .. } => {
                self.lost.dropped("tool_choice");
                return None;
            }
        })
    }
}

/// How a tool is referred to, by what it was declared as.
fn named(request: &Request, name: &str, namespace: Option<&str>) -> Value {
    let declared = request.tools.iter().find(|tool| {
        let its_namespace = tool.namespace.as_ref().map(|namespace| namespace.name.as_str());
        tool.name == name && (namespace.is_none() || its_namespace == namespace)
    });
    match declared.map(|tool| &tool.kind) {
        Some(ToolKind::Custom { .. }) => json!({"type": "custom", "name": name}),
        Some(ToolKind::Builtin { kind, raw, .. }) => match raw.value().get("server_label") {
            Some(label) if kind == "mcp" => json!({"type": kind, "server_label": label}),
            _ => json!({"type": kind}),
        },
        Some(ToolKind::Function { .. }) | None => json!({"type": "function", "name": name}),
    }
}

fn is_search(tool: &Tool) -> bool {
    let ToolKind::Builtin { owner: Protocol::Responses, kind, .. } = &tool.kind else { return false };
    kind == "tool_search"
}

/// A schema that names no properties is refused, so an object's are spelled out.
fn parameters_of(parameters: Option<&Raw>) -> Cow<'_, Raw> {
    #[derive(serde::Deserialize)]
    struct Shape {
        r#type: Option<IgnoredAny>,
        properties: Option<IgnoredAny>,
    }
    let Some(raw) = parameters else {
        return Cow::Owned(Raw::from(json!({"type": "object", "properties": {}})));
    };
    let shape = json::from_str::<Shape>(raw.get());
    if shape.is_ok_and(|shape| shape.r#type.is_some() && shape.properties.is_some()) {
        return Cow::Borrowed(raw);
    }
    let Value::Object(mut schema) = raw.value() else { return Cow::Borrowed(raw) };
    if !["anyOf", "oneOf", "allOf", "$ref"].iter().any(|key| schema.contains_key(*key)) {
        schema.entry("type").or_insert_with(|| json!("object"));
        if schema.get("type").is_some_and(|kind| kind == "object") {
            schema.entry("properties").or_insert_with(|| json!({}));
        }
    }
    Cow::Owned(Raw::from(Value::Object(schema)))
}
