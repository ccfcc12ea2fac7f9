//! How the answer shall come about: sampling, thinking, its form, and whose request it is.

use serde_json::{Map, Value, json};

use super::body::Body;
use super::schema;
use super::thinking::Plan;
use crate::config::Protocol;
use crate::ir::{self, Format, Item, ResultContent, Sampling};

pub(super) fn encode(request: &ir::Request, plan: &Plan, body: &mut Body<'_>) {
    sampling(&request.sampling, plan.on, body);
    if let Some(thinking) = &plan.thinking {
        body.set("thinking", thinking);
    }
    output(request, plan, body);
    identity(request, body);
    state(request, body);
    if !request.ext.contains_key("cache_control") {
        cache(request, body);
    }
    for (field, value) in &request.ext {
        if request.origin == Protocol::Messages {
            if field != "output_config" {
                body.set(field, value);
            }
        } else {
            body.lost.dropped(format!("ext.{field}"));
        }
    }
}

/// Thinking takes no other temperature than 1, no `top_k`, and a `top_p` of 0.95 at least.
/// <https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility>
fn sampling(sampling: &Sampling, thinks: bool, body: &mut Body<'_>) {
    match sampling.temperature {
        Some(temperature) if thinks && temperature != 1.0 => body.lost.dropped("temperature"),
        Some(temperature) if temperature > 1.0 => {
            body.lost.approximated("temperature");
            body.set("temperature", &1.0);
        }
        Some(temperature) => body.set("temperature", &temperature),
        None => {}
    }
    match sampling.top_p {
        Some(top_p) if thinks && !(0.95..=1.0).contains(&top_p) => body.lost.dropped("top_p"),
        Some(top_p) => body.set("top_p", &top_p),
        None => {}
    }
    match sampling.top_k {
        Some(_) if thinks => body.lost.dropped("top_k"),
        Some(top_k) => body.set("top_k", &top_k),
        None => {}
    }
    let stop: Vec<_> = sampling.stop.iter().filter(|stop| !stop.trim().is_empty()).collect();
    if stop.len() < sampling.stop.len() {
        body.lost.dropped("stop");
    }
    if !stop.is_empty() {
        body.set("stop_sequences", &stop);
    }
    let unknown = [
        ("n", sampling.n.is_some_and(|n| n > 1)),
        ("seed", sampling.seed.is_some()),
        ("min_p", sampling.min_p.is_some_and(|min_p| min_p != 0.0)),
        ("frequency_penalty", sampling.frequency_penalty.is_some_and(|penalty| penalty != 0.0)),
        ("presence_penalty", sampling.presence_penalty.is_some_and(|penalty| penalty != 0.0)),
        ("logprobs", sampling.logprobs == Some(true)),
        ("top_logprobs", sampling.top_logprobs.is_some_and(|count| count > 0)),
        ("logit_bias", sampling.logit_bias.is_some()),
    ];
    unknown.into_iter().filter(|(_, asked)| *asked).for_each(|(name, _)| body.lost.dropped(name));
}

/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>
fn output(request: &ir::Request, plan: &Plan, body: &mut Body<'_>) {
    let own = request.origin == Protocol::Messages;
    let mut config = match request.ext.get("output_config") {
        Some(Value::Object(config)) if own => config.clone(),
        _ => Map::new(),
    };
    if let Some(effort) = plan.effort {
        config.insert("effort".into(), effort.as_str().into());
    }
    match &request.output.format {
        None | Some(Format::Text | Format::JsonObject) => {}
        Some(Format::JsonSchema { description, schema, .. }) => {
            if description.is_some() {
                body.lost.dropped("output.format.description");
            }
            let schema = if own { schema.value() } else { schema::of_output(schema, &mut body.lost).value() };
            config.insert("format".into(), json!({"type": "json_schema", "schema": schema}));
        }
        Some(Format::Opaque { owner: Protocol::Messages, raw }) => {
            config.insert("format".into(), raw.value());
        }
        Some(Format::Opaque { .. }) => body.lost.dropped("output.format"),
    }
    if !config.is_empty() {
        body.set("output_config", &config);
    }
    let output = &request.output;
    let unknown = [
        ("output.verbosity", output.verbosity.is_some()),
        ("output.prediction", output.prediction.is_some()),
        ("output.audio", output.audio.is_some()),
        ("output.modalities", output.modalities.iter().any(|modality| modality != "text")),
    ];
    unknown.into_iter().filter(|(_, asked)| *asked).for_each(|(name, _)| body.lost.dropped(name));
}

/// <https://platform.claude.com/docs/en/api/service-tiers>
fn identity(request: &ir::Request, body: &mut Body<'_>) {
    let identity = &request.identity;
    if let Some(user) = identity.user.as_ref().or(identity.safety_identifier.as_ref()) {
        body.set("metadata", &json!({"user_id": user}));
    }
    match identity.service_tier.as_deref() {
        Some(tier @ ("auto" | "standard_only")) => body.set("service_tier", &tier),
        Some("default") => body.set("service_tier", &"standard_only"),
        Some("priority") => {
            body.lost.approximated("service_tier");
            body.set("service_tier", &"auto");
        }
        Some(_) => body.lost.dropped("service_tier"),
        None => {}
    }
    let unknown = [
        ("safety_identifier", identity.user.is_some() && identity.safety_identifier.is_some()),
        ("metadata", !identity.metadata.is_empty()),
        ("safety_settings", identity.safety_settings.is_some()),
    ];
    unknown.into_iter().filter(|(_, asked)| *asked).for_each(|(name, _)| body.lost.dropped(name));
}

fn state(request: &ir::Request, body: &mut Body<'_>) {
    let state = &request.state;
    for (name, value) in [("context_management", &state.context_management), ("container", &state.container)]
    {
        match value {
            Some(value) if request.origin == Protocol::Messages => body.set(name, value),
            Some(_) => body.lost.dropped(name),
            None => {}
        }
    }
    if state.truncation.as_deref().is_some_and(|truncation| truncation != "disabled") {
        body.lost.dropped("truncation");
    }
    if !state.include.is_empty() {
        body.lost.dropped("include");
    }
    if state.compact {
        body.lost.dropped("compact");
    }
}

/// Clients of vendors that cache by themselves mark nothing; with a key they tell that they count on it.
/// <https://platform.claude.com/docs/en/build-with-claude/prompt-caching#automatic-caching>
fn cache(request: &ir::Request, body: &mut Body<'_>) {
    let identity = &request.identity;
    if identity.prompt_cache_key.is_none() || marks_cache(request) {
        let unknown = [
            ("prompt_cache_key", identity.prompt_cache_key.is_some()),
            ("prompt_cache_retention", identity.prompt_cache_retention.is_some()),
        ];
        return unknown.into_iter().filter(|(_, asked)| *asked).for_each(|(name, _)| body.lost.dropped(name));
    }
    body.lost.emulated("prompt_cache_key");
    let mut control = json!({"type": "ephemeral"});
    match identity.prompt_cache_retention.as_deref() {
        None | Some("in_memory" | "in-memory") => {}
        Some(_) => {
            body.lost.approximated("prompt_cache_retention");
            control = json!({"type": "ephemeral", "ttl": "1h"});
        }
    }
    body.set("cache_control", &control);
}

/// Whether anything says by itself where to cache.
fn marks_cache(request: &ir::Request) -> bool {
    request.tools.iter().any(|tool| tool.cache.is_some())
        || request.instructions.iter().any(is_marked)
        || request.items.iter().any(|item| match item {
            Item::Message(message) => message.blocks.iter().any(is_marked),
            Item::ToolCall(call) => call.cache.is_some(),
            Item::ToolResult(result) => {
                let within =
                    matches!(&result.content, ResultContent::Blocks(blocks) if blocks.iter().any(is_marked));
                result.cache.is_some() || within
            }
            Item::Reasoning(_) | Item::Compaction(_) | Item::Opaque(_) => false,
        })
}

fn is_marked(block: &ir::Block) -> bool {
    match block {
        ir::Block::Text(text) => text.cache.is_some(),
        ir::Block::Image(image) => image.cache.is_some(),
        ir::Block::File(file) => file.cache.is_some(),
        ir::Block::Refusal(_) | ir::Block::Audio(_) | ir::Block::Video(_) | ir::Block::Opaque(_) => false,
    }
}
