//! A client's request to the model between the protocols.

mod messages;
mod parts;
mod reasoning;
mod tools;

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::wire::fields::{Fields, Wrong, read};
use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{Format, Identity, Output, Request, Sampling};
use crate::protocol::convert::Invalid;
use crate::sorted;

/// Reads a body. Model and stream flag are what the gateway made of them.
///
/// # Errors
/// When the body is no Chat request; the sentence names the place.
pub(in crate::protocol) fn decode(body: &[u8], model: &str, stream: bool) -> Result<Request, Invalid> {
    let mut fields = Fields::of_body(body)?;
    let mut request = Request::new(Protocol::Chat, model);
    request.stream = stream;
    fields.raw("model");
    fields.raw("stream");
    request.items = messages::decode(&mut fields)?;
    request.tools = tools::decode(&mut fields)?;
    request.tool_choice = tools::choice(&mut fields)?;
    request.parallel_tool_calls = fields.take("parallel_tool_calls")?;
    request.sampling = sampling(&mut fields)?;
    request.reasoning = reasoning::decode(&mut fields)?;
    request.output = output(&mut fields)?;
    request.identity = identity(&mut fields)?;
    let mut stream_options = fields.object("stream_options")?;
    if let Some(options) = &mut stream_options {
        request.include_usage = options.take("include_usage")?.unwrap_or(false);
    }
    request.ext = fields.rest();
    if let Some(rest) = stream_options.map(Fields::rest).filter(|rest| !rest.is_empty()) {
        request.ext.insert("stream_options".into(), Value::Object(rest));
    }
    Ok(request)
}

fn sampling(fields: &mut Fields<'_>) -> Result<Sampling, Wrong> {
    let max_tokens = fields.count("max_tokens")?;
    Ok(Sampling {
        temperature: fields.take("temperature")?,
        top_p: fields.take("top_p")?,
        top_k: fields.count("top_k")?,
        min_p: fields.take("min_p")?,
        frequency_penalty: fields.take("frequency_penalty")?,
        presence_penalty: fields.take("presence_penalty")?,
        seed: fields.take("seed")?,
        stop: stop(fields)?,
        logprobs: fields.take("logprobs")?,
        top_logprobs: fields.count("top_logprobs")?,
        n: fields.count("n")?,
        logit_bias: fields.kept("logit_bias"),
        max_output: fields.count("max_completion_tokens")?.or(max_tokens),
    })
}

/// One sequence or a list of them.
fn stop(fields: &mut Fields<'_>) -> Result<Vec<String>, Wrong> {
    let Some(stop) = fields.raw("stop") else { return Ok(Vec::new()) };
    let sequences = if stop.get().starts_with('"') { read(stop).map(|one| vec![one]) } else { read(stop) };
    sequences.map_err(|wrong| wrong.at("stop"))
}

fn output(fields: &mut Fields<'_>) -> Result<Output, Wrong> {
    let modalities: Vec<String> = fields.take("modalities")?.unwrap_or_default();
    Ok(Output {
        modalities: modalities.iter().map(|modality| modality.to_ascii_lowercase()).collect(),
        format: format(fields).map_err(|wrong| wrong.at("response_format"))?,
        verbosity: fields.text("verbosity")?,
        prediction: fields.kept("prediction"),
        audio: fields.kept("audio"),
    })
}

/// <https://developers.openai.com/api/docs/guides/structured-outputs>
fn format(fields: &mut Fields<'_>) -> Result<Option<Format>, Wrong> {
    let Some(raw) = fields.kept("response_format") else { return Ok(None) };
    let mut format: Fields<'_> = json::from_str(raw.get()).map_err(|_| Wrong::new("expected an object"))?;
    let kind = format.text("type")?;
    let mut inner = format.object("json_schema")?;
    let schema = inner.as_mut().and_then(|inner| inner.kept("schema"));
    Ok(Some(match (kind.as_deref(), inner, schema) {
        (Some("text"), ..) => Format::Text,
        (Some("json_object"), ..) => Format::JsonObject,
        (Some("json_schema"), Some(mut inner), Some(schema)) => Format::JsonSchema {
            name: inner.text("name")?,
            description: inner.text("description")?,
            schema,
            strict: inner.take("strict")?,
        },
        _ => Format::Opaque { owner: Protocol::Chat, raw },
    }))
}

fn identity(fields: &mut Fields<'_>) -> Result<Identity, Wrong> {
    let metadata: BTreeMap<String, Value> = fields.take("metadata")?.unwrap_or_default();
    let spelled = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(Identity {
        service_tier: fields.text("service_tier")?,
        metadata: sorted::map(metadata.into_iter().map(|(name, value)| (name, spelled(value)))),
        user: fields.text("user")?,
        safety_identifier: fields.text("safety_identifier")?,
        prompt_cache_key: fields.text("prompt_cache_key")?,
        prompt_cache_retention: fields.text("prompt_cache_retention")?,
        safety_settings: None,
    })
}
