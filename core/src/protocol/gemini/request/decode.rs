//! Requests as Gemini clients write them. <https://ai.google.dev/api/generate-content#request-body>

mod config;
mod contents;
mod media;
mod results;
mod tools;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{Block, Item, Request};
use crate::protocol::convert::Invalid;
use crate::protocol::gemini::wire::object::Object;

pub(in crate::protocol) fn decode(body: &[u8], model: &str, stream: bool) -> Result<Request, Invalid> {
    let body = json::check_utf8(body).map_err(|error| Invalid(error.to_string()))?;
    let mut body = Object::read(body, "")?;
    let mut request = Request::new(Protocol::Gemini, model);
    request.stream = stream;
    // The path names the model.
    body.take("model");
    if let Some(instruction) = body.take("systemInstruction") {
        request.instructions = instructions(instruction)?;
    }
    let Some(contents) = body.take("contents") else {
        return Err(Invalid("missing `contents`".into()));
    };
    request.items = contents::decode(contents)?;
    request.tools = tools::decode(body.objects("tools")?)?;
    if let Some(config) = body.object("toolConfig")? {
        tools::choice(config, &mut request)?;
    }
    if let Some(config) = body.object("generationConfig")? {
        config::decode(config, &mut request)?;
    }
    request.identity.safety_settings = body.raw("safetySettings")?;
    request.identity.metadata =
        body.parse::<BTreeMap<String, String>>("labels", "an object of strings")?.unwrap_or_default();
    request.identity.service_tier = body.text("serviceTier")?;
    request.state.cached_content = body.text("cachedContent")?;
    request.state.store = body.parse("store", "a boolean")?;
    body.rest_at("", &mut request.ext);
    Ok(request)
}

/// A text, or a content whose role means nothing.
fn instructions(json: &str) -> Result<Vec<Block>, Invalid> {
    let items = contents::decode_at(json, "systemInstruction")?;
    let blocks = items.into_iter().filter_map(|item| match item {
        Item::Message(message) => Some(message.blocks),
        _ => None,
    });
    Ok(blocks.flatten().collect())
}
