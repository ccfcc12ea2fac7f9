//! Reads a request. <https://platform.claude.com/docs/en/api/messages/create>

mod content;
mod settings;
#[cfg(test)]
mod tests;
mod tools;

use serde_json::value::RawValue;

use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{self, Block, Item, Message, Role};
use crate::protocol::convert::Invalid;
use crate::protocol::messages::wire::object::{At, Object};

/// # Errors
/// When `body` is no Messages request.
pub(in crate::protocol) fn decode(body: &[u8], model: &str, stream: bool) -> Result<ir::Request, Invalid> {
    let mut fields: Object<'_> =
        json::read(body).map_err(|error| Invalid(format!("the request is no JSON object: {error}")))?;
    let at = At::ROOT;
    let mut request = ir::Request { stream, ..ir::Request::new(Protocol::Messages, model) };
    for routed in ["model", "stream"] {
        fields.take(routed);
    }
    if let Some(system) = fields.take("system") {
        request.instructions = content::blocks(system, &at.field("system"))?;
        request.instructions.retain(|block| !is_billing_note(block));
    }
    for (number, message) in fields.array("messages", &at)?.into_iter().enumerate() {
        turn(message, &at.field("messages").index(number), &mut request.items)?;
    }
    for (number, tool) in fields.array("tools", &at)?.into_iter().enumerate() {
        request.tools.push(tools::tool(tool, &at.field("tools").index(number))?);
    }
    if let Some(choice) = fields.take("tool_choice") {
        tools::choice(choice, &at.field("tool_choice"), &mut request)?;
    }
    settings::decode(&mut fields, &at, &mut request)?;
    request.ext.extend(fields.rest());
    Ok(request)
}

/// Claude Code begins its system prompt with a line for Anthropic's accounting. It differs from request to
/// request, so that no other vendor's prompt cache would ever be met.
fn is_billing_note(block: &Block) -> bool {
    matches!(block, Block::Text(text) if text.text.starts_with("x-anthropic-billing-header"))
}

/// One message of the conversation: as many items as it takes.
fn turn(message: &RawValue, at: &At<'_>, items: &mut Vec<Item>) -> Result<(), Invalid> {
    let mut fields = Object::read(message, at)?;
    let role = match fields.required_text("role", at)?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        other => return Err(at.field("role").invalid(format_args!("unknown role `{other}`"))),
    };
    let from = items.len();
    if let Some(value) = fields.take("content") {
        content::turn(value, role, &at.field("content"), items)?;
    }
    if !fields.is_empty()
        && let Some(Item::Message(Message { ext, .. })) =
            items.iter_mut().skip(from).find(|item| matches!(item, Item::Message(_)))
    {
        *ext = fields.rest();
    }
    Ok(())
}
