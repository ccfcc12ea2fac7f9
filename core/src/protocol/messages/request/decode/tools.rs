//! Reads tools and which of them shall be called.

use serde_json::value::RawValue;

use super::content::cache;
use crate::config::Protocol;
use crate::ir::{self, Tool, ToolChoice, ToolKind};
use crate::protocol::convert::Invalid;
use crate::protocol::messages::wire::object::{At, Object, keep};

/// A tool of the client, or, with a type of its own, one that Claude's vendor defines.
/// <https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview>
pub(super) fn tool(raw: &RawValue, at: &At<'_>) -> Result<Tool, Invalid> {
    let mut fields = Object::read(raw, at)?;
    match fields.text("type", at)? {
        Some(kind) if kind != "custom" => {
            let name = fields.text("name", at)?.unwrap_or_else(|| kind.clone());
            Ok(Tool::new(name, ToolKind::Builtin { owner: Protocol::Messages, kind, raw: keep(raw) }))
        }
        _ => {
            let kind = ToolKind::Function {
                parameters: fields.raw("input_schema"),
                strict: fields.flag("strict", at)?,
            };
            let mut tool = Tool::new(fields.required_text("name", at)?, kind);
            tool.description = fields.text("description", at)?;
            tool.cache = cache(&mut fields, at)?;
            tool.defer_loading = fields.flag("defer_loading", at)?;
            tool.ext = fields.rest();
            Ok(tool)
        }
    }
}

/// <https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools#forcing-tool-use>
pub(super) fn choice(raw: &RawValue, at: &At<'_>, request: &mut ir::Request) -> Result<(), Invalid> {
    let mut fields = Object::read(raw, at)?;
    request.parallel_tool_calls = fields.flag("disable_parallel_tool_use", at)?.map(|disabled| !disabled);
    let choice = match fields.required_text("type", at)?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Named { name: fields.required_text("name", at)?, namespace: None },
        _ => ToolChoice::Builtin { owner: Protocol::Messages, raw: keep(raw) },
    };
    request.tool_choice = Some(choice);
    Ok(())
}
