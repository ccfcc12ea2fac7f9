//! Tools and which of them the model may call.

use serde_json::json;
use serde_json::value::RawValue;

use super::parts::cache;
use crate::config::Protocol;
use crate::ir::{Raw, Tool, ToolChoice, ToolKind};
use crate::protocol::chat::wire::fields::{Fields, Wrong, read};

/// `tools`, the older `functions`, and the search that has a field of its own.
pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Vec<Tool>, Wrong> {
    let mut tools = fields.each("tools", |_, tool| decode_tool(tool))?;
    tools.extend(fields.each("functions", |_, function| decode_function(Fields::of(function)?))?);
    if let Some(raw) = fields.kept("web_search_options") {
        let kind = ToolKind::Builtin { owner: Protocol::Chat, kind: "web_search_options".into(), raw };
        tools.push(Tool::new("web_search", kind));
    }
    Ok(tools)
}

fn decode_tool(raw: &RawValue) -> Result<Tool, Wrong> {
    let mut fields = Fields::of(raw)?;
    let kind = fields.text("type")?.unwrap_or_else(|| "function".into());
    let mut tool = match kind.as_str() {
        "function" => {
            let function = fields.object("function")?.ok_or_else(|| Wrong::missing("function"))?;
            decode_function(function).map_err(|wrong| wrong.at("function"))?
        }
        "custom" => {
            let mut custom = fields.object("custom")?.ok_or_else(|| Wrong::missing("custom"))?;
            let format = custom.raw("format").map(flat_format).transpose()?.flatten();
            let name = custom.need("name").map_err(|wrong| wrong.at("custom"))?;
            let description = custom.text("description")?;
            Tool { description, ..Tool::new(name, ToolKind::Custom { format }) }
        }
        _ => {
            let raw = Raw::parse(raw.get()).map_err(|_| Wrong::new("expected an object"))?;
            let name = fields.text("name")?.unwrap_or_else(|| kind.clone());
            return Ok(Tool::new(name, ToolKind::Builtin { owner: Protocol::Chat, kind, raw }));
        }
    };
    tool.cache = cache(&mut fields)?;
    tool.ext.extend(fields.rest());
    Ok(tool)
}

fn decode_function(mut fields: Fields<'_>) -> Result<Tool, Wrong> {
    let name = fields.need("name")?;
    let kind = ToolKind::Function { parameters: fields.kept("parameters"), strict: fields.take("strict")? };
    Ok(Tool { description: fields.text("description")?, ..Tool::new(name, kind) })
}

/// Chat puts a grammar into an object of its own; Responses does not.
fn flat_format(raw: &RawValue) -> Result<Option<Raw>, Wrong> {
    let mut format = Fields::of(raw)?;
    let Some(mut grammar) = format.object("grammar")? else { return Ok(Raw::parse(raw.get()).ok()) };
    let (syntax, definition) = (grammar.text("syntax")?, grammar.text("definition")?);
    Ok(Some(Raw::from(json!({"type": "grammar", "syntax": syntax, "definition": definition}))))
}

/// `tool_choice`, or the older `function_call`.
pub(super) fn choice(fields: &mut Fields<'_>) -> Result<Option<ToolChoice>, Wrong> {
    if let Some(raw) = fields.raw("tool_choice") {
        return decode_choice(raw).map(Some).map_err(|wrong| wrong.at("tool_choice"));
    }
    let Some(raw) = fields.raw("function_call") else { return Ok(None) };
    if raw.get().starts_with('"') {
        return decode_choice(raw).map(Some).map_err(|wrong| wrong.at("function_call"));
    }
    let name = Fields::of(raw)?.need("name").map_err(|wrong| wrong.at("function_call"))?;
    Ok(Some(ToolChoice::Named { name, namespace: None }))
}

fn decode_choice(raw: &RawValue) -> Result<ToolChoice, Wrong> {
    if raw.get().starts_with('"') {
        return word(&read::<String>(raw)?);
    }
    let mut fields = Fields::of(raw)?;
    let kind = fields.text("type")?.unwrap_or_else(|| "function".into());
    match kind.as_str() {
        "function" | "custom" => Ok(ToolChoice::Named { name: named(&mut fields, &kind)?, namespace: None }),
        "allowed_tools" => {
            let mut allowed = fields.object("allowed_tools")?.unwrap_or(fields);
            let names = allowed.each("tools", |_, tool| {
                let mut tool = Fields::of(tool)?;
                let kind = tool.text("type")?.unwrap_or_else(|| "function".into());
                named(&mut tool, &kind)
            })?;
            Ok(ToolChoice::Allowed { required: allowed.text("mode")?.as_deref() == Some("required"), names })
        }
        other => word(other).or_else(|_| {
            let raw = Raw::parse(raw.get()).map_err(|_| Wrong::new("expected an object"))?;
            Ok(ToolChoice::Builtin { owner: Protocol::Chat, raw })
        }),
    }
}

fn word(choice: &str) -> Result<ToolChoice, Wrong> {
    match choice {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        "required" | "any" => Ok(ToolChoice::Required),
        other => Err(Wrong::new(format!("unknown choice `{other}`"))),
    }
}

/// `{type, <type>: {name}}`, or with the name beside the type, as Responses has it.
fn named(fields: &mut Fields<'_>, kind: &str) -> Result<String, Wrong> {
    match fields.object(kind)? {
        Some(mut inner) => inner.need("name").map_err(|wrong| wrong.at(kind)),
        None => fields.need("name"),
    }
}
