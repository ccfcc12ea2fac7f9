//! Tools and tool choices of the wire to those of the model.
//! <https://developers.openai.com/api/docs/guides/tools>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire;
use crate::config::Protocol;
use crate::ir::{Ext, Namespace, Raw, Tool, ToolChoice, ToolKind};
use crate::protocol::convert::Invalid;

#[derive(Deserialize)]
struct WireTool<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "wire::cow")]
    kind: Option<Cow<'a, str>>,
    name: Option<String>,
    description: Option<String>,
    parameters: Option<Raw>,
    strict: Option<bool>,
    format: Option<Raw>,
    defer_loading: Option<bool>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(flatten)]
    ext: Ext,
}

/// The tools of a list, those of namespaces among them.
pub(super) fn tools(list: &RawValue) -> Result<Vec<Tool>, Invalid> {
    let mut found = Vec::new();
    let list: Vec<&RawValue> = wire::read(list)?;
    for (position, raw) in list.into_iter().enumerate() {
        add(raw, None, &mut found).map_err(wire::at(|| format!("[{position}]")))?;
    }
    Ok(found)
}

fn add(raw: &RawValue, namespace: Option<&Namespace>, found: &mut Vec<Tool>) -> Result<(), Invalid> {
    // Some clients name a hosted tool by its type alone.
    if let Some(kind) = wire::string(raw) {
        let declaration = Raw::from(serde_json::json!({ "type": kind }));
        found.push(builtin(&kind, declaration, namespace));
        return Ok(());
    }
    let tool: WireTool<'_> = wire::read(raw)?;
    let missing = |field: &str| Invalid(format!(": missing `{field}`"));
    let kind = match tool.kind.as_deref().ok_or_else(|| missing("type"))? {
        "function" => ToolKind::Function { parameters: tool.parameters, strict: tool.strict },
        "custom" => ToolKind::Custom { format: tool.format },
        "namespace" => {
            let name = tool.name.ok_or_else(|| missing("name"))?;
            let namespace = Namespace { name, description: tool.description };
            let nested = tool.tools.map(wire::elements).unwrap_or_default();
            for (position, raw) in nested.into_iter().enumerate() {
                add(raw, Some(&namespace), found).map_err(wire::at(|| format!(".tools[{position}]")))?;
            }
            return Ok(());
        }
        kind => {
            let defer_loading = tool.defer_loading;
            found.push(Tool { defer_loading, ..builtin(kind, wire::owned(raw), namespace) });
            return Ok(());
        }
    };
    found.push(Tool {
        name: tool.name.ok_or_else(|| missing("name"))?,
        namespace: namespace.cloned(),
        description: tool.description,
        kind,
        cache: None,
        defer_loading: tool.defer_loading,
        ext: tool.ext,
    });
    Ok(())
}

fn builtin(kind: &str, raw: Raw, namespace: Option<&Namespace>) -> Tool {
    let owner = Protocol::Responses;
    let tool = Tool::new(kind, ToolKind::Builtin { owner, kind: kind.to_owned(), raw });
    Tool { namespace: namespace.cloned(), ..tool }
}

#[derive(Deserialize)]
struct WireChoice<'a> {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    namespace: Option<String>,
    mode: Option<String>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
}

/// `tool_choice`: a word, or the tool to be called.
pub(super) fn choice(raw: &RawValue) -> Result<ToolChoice, Invalid> {
    if let Some(word) = wire::string(raw) {
        return match word.as_ref() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" | "any" => Ok(ToolChoice::Required),
            other => Err(Invalid(format!(": `{other}` is no tool choice"))),
        };
    }
    let choice: WireChoice<'_> = wire::read(raw)?;
    Ok(match (choice.kind.as_str(), choice.name) {
        ("function" | "custom", Some(name)) => ToolChoice::Named { name, namespace: choice.namespace },
        ("function" | "custom", None) => return Err(Invalid(": missing `name`".into())),
        ("allowed_tools", _) => ToolChoice::Allowed {
            required: choice.mode.as_deref() == Some("required"),
            names: choice
                .tools
                .map(wire::elements)
                .unwrap_or_default()
                .into_iter()
                .filter_map(name)
                .collect(),
        },
        _ => ToolChoice::Builtin { owner: Protocol::Responses, raw: wire::owned(raw) },
    })
}

/// How an allowed tool is called; a hosted tool by its type.
fn name(allowed: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Allowed {
        r#type: Option<String>,
        name: Option<String>,
    }
    let Allowed { r#type, name } = wire::read(allowed).ok()?;
    match r#type.as_deref() {
        Some("function" | "custom") | None => name,
        _ => r#type,
    }
}
