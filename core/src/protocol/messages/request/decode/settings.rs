//! Reads how the answer shall come about: sampling, thinking, its form, and whose request it is.

use serde_json::Value;

use crate::config::Protocol;
use crate::ir::{self, Effort, Format, ReasoningConfig, ReasoningMode};
use crate::protocol::convert::Invalid;
use crate::protocol::messages::wire::object::{At, Object, keep};
use crate::sorted;

pub(super) fn decode(fields: &mut Object<'_>, at: &At<'_>, request: &mut ir::Request) -> Result<(), Invalid> {
    let sampling = &mut request.sampling;
    sampling.max_output = fields.count("max_tokens", at)?;
    sampling.temperature = fields.float("temperature", at)?;
    sampling.top_p = fields.float("top_p", at)?;
    sampling.top_k = fields.count("top_k", at)?;
    sampling.stop = fields.read_as("stop_sequences", "an array of strings", at)?.unwrap_or_default();
    thinking(fields, at, request)?;
    output(fields, at, request)?;
    if let Some(mut metadata) = fields.object("metadata", at)? {
        request.identity.user = metadata.text("user_id", &at.field("metadata"))?;
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let metadata = metadata.rest().into_iter().map(|(key, value)| (key, text(value)));
        request.identity.metadata = sorted::map(metadata);
    }
    request.identity.service_tier = fields.text("service_tier", at)?;
    request.state.context_management = fields.raw("context_management");
    request.state.container = fields.raw("container");
    Ok(())
}

/// What only Claude can say of thinking stays in `ext` as it is.
/// <https://platform.claude.com/docs/en/build-with-claude/thinking>
fn thinking(fields: &mut Object<'_>, at: &At<'_>, request: &mut ir::Request) -> Result<(), Invalid> {
    let Some(raw) = fields.take("thinking") else { return Ok(()) };
    let at = at.field("thinking");
    let mut thinking = Object::read(raw, &at)?;
    let mode = match thinking.required_text("type", &at)?.as_str() {
        "enabled" => Some(ReasoningMode::Manual),
        "disabled" => Some(ReasoningMode::Off),
        "adaptive" => Some(ReasoningMode::Adaptive),
        _ => None,
    };
    let budget = thinking.count("budget_tokens", &at)?;
    let display = thinking.text("display", &at)?;
    let own = mode.is_none() || display.as_deref() == Some("updates") || !thinking.is_empty();
    request.reasoning = ReasoningConfig {
        mode: mode.or(Some(ReasoningMode::Adaptive)),
        budget,
        show: display.map(|display| display != "omitted"),
        ..ReasoningConfig::default()
    };
    if own {
        request.ext.insert("thinking".into(), keep(raw).value());
    }
    Ok(())
}

/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>
fn output(fields: &mut Object<'_>, at: &At<'_>, request: &mut ir::Request) -> Result<(), Invalid> {
    let early = fields.take("output_format");
    let config = fields.object("output_config", at)?;
    let mut format = early;
    if let Some(mut config) = config {
        let at = at.field("output_config");
        let effort = config.text("effort", &at)?;
        request.reasoning.effort = effort.as_deref().and_then(Effort::parse);
        format = config.take("format").or(early);
        let mut own = config.rest();
        if let Some(effort) = effort.filter(|_| request.reasoning.effort.is_none()) {
            own.insert("effort".into(), effort.into());
        }
        if !own.is_empty() {
            request.ext.insert("output_config".into(), Value::Object(own));
        }
    }
    let Some(raw) = format else { return Ok(()) };
    let at = at.field("output_config");
    let at = at.field("format");
    let mut fields = Object::read(raw, &at)?;
    let schema = fields.raw("schema");
    request.output.format = Some(match (fields.required_text("type", &at)?.as_str(), schema) {
        ("json_schema", Some(schema)) => {
            Format::JsonSchema { name: None, description: None, schema, strict: None }
        }
        ("json_schema", None) => return Err(at.invalid("missing `schema`")),
        _ => Format::Opaque { owner: Protocol::Messages, raw: keep(raw) },
    });
    Ok(())
}
