//! Tools and how they may be called. <https://ai.google.dev/api/caching#Tool>

use crate::config::Protocol;
use crate::ir::{Raw, Request, Tool, ToolChoice, ToolKind};
use crate::protocol::convert::Invalid;
use crate::protocol::gemini::schema;
use crate::protocol::gemini::wire::object::Object;
use crate::protocol::gemini::wire::part::object_of;

/// One entry may hold functions and Google's own tools together.
pub(super) fn decode(entries: Vec<Object<'_>>) -> Result<Vec<Tool>, Invalid> {
    let mut tools = Vec::new();
    for mut entry in entries {
        for declaration in entry.objects("functionDeclarations")? {
            tools.push(function(declaration)?);
        }
        let kinds: Vec<String> = entry.names().map(str::to_owned).collect();
        for kind in kinds {
            let Some(raw) = entry.raw(&kind)? else { continue };
            let raw = object_of(&kind, raw.value());
            tools.push(Tool::new(kind.clone(), ToolKind::Builtin { owner: Protocol::Gemini, kind, raw }));
        }
    }
    Ok(tools)
}

fn function(mut declaration: Object<'_>) -> Result<Tool, Invalid> {
    let Some(name) = declaration.text("name")? else {
        return Err(declaration.invalid("missing `name`"));
    };
    let description = declaration.text("description")?;
    let openapi = declaration.raw("parameters")?;
    let parameters = match declaration.raw("parametersJsonSchema")? {
        Some(schema) => Some(json_schema(schema)),
        None => openapi.map(|schema| Raw::from(schema::to_json_schema(&schema.value()))),
    };
    let mut tool = Tool { description, ..Tool::new(name, ToolKind::Function { parameters, strict: None }) };
    declaration.rest(&mut tool.ext);
    Ok(tool)
}

/// A JSON Schema as it is, unless its types are in Google's upper case.
pub(super) fn json_schema(schema: Raw) -> Raw {
    let mut value = schema.value();
    if schema::lower_types(&mut value) { Raw::from(value) } else { schema }
}

/// <https://ai.google.dev/api/caching#ToolConfig>
pub(super) fn choice(mut config: Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    if let Some(mut calling) = config.object("functionCallingConfig")? {
        let mode = calling.text("mode")?.map(|mode| mode.to_ascii_uppercase());
        let names: Vec<String> =
            calling.parse("allowedFunctionNames", "an array of strings")?.unwrap_or_default();
        request.tool_choice = match (mode.as_deref(), names.as_slice()) {
            (Some("NONE"), _) => Some(ToolChoice::None),
            (Some("ANY"), []) => Some(ToolChoice::Required),
            (Some("ANY"), [name]) => Some(ToolChoice::Named { name: name.clone(), namespace: None }),
            (Some("ANY"), _) => Some(ToolChoice::Allowed { required: true, names }),
            (Some("AUTO" | "VALIDATED"), []) => Some(ToolChoice::Auto),
            (_, []) => None,
            (_, _) => Some(ToolChoice::Allowed { required: false, names }),
        };
        if mode.as_deref() == Some("VALIDATED") && request.tool_choice == Some(ToolChoice::Auto) {
            request.ext.insert("toolConfig.functionCallingConfig.mode".into(), "VALIDATED".into());
        }
        calling.rest_at("toolConfig.functionCallingConfig.", &mut request.ext);
    }
    config.rest_at("toolConfig.", &mut request.ext);
    Ok(())
}
