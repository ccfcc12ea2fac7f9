//! Sampling, output and identity.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::body::Body;
use crate::config::Protocol;
use crate::config::compat::MaxTokensField;
use crate::ir::{Format, Output, Raw, Request, Sampling};
use crate::protocol::convert::Target;
use crate::protocol::openai;

/// Stop sequences that OpenAI takes.
const MAX_STOP: usize = 4;

pub(super) fn encode(request: &Request, target: &Target<'_>, body: &mut Body<'_>) {
    let own = request.origin == Protocol::Chat;
    sampling(&request.sampling, own, body);
    output(&request.output, own, body);
    identity(request, own, body);
    state(request, body);
    stream(request, target, body);
}

/// What only Chat clients know, unless a field of that name is there by now.
pub(super) fn rest(request: &Request, body: &mut Body<'_>) {
    for (name, value) in request.ext.iter().filter(|(name, _)| *name != "stream_options") {
        if request.origin != Protocol::Chat || body.compat.omits(name) {
            body.lost.dropped(format!("ext.{name}"));
        } else if !body.has(name) {
            body.field(name, value);
        }
    }
}

fn sampling(sampling: &Sampling, own: bool, body: &mut Body<'_>) {
    let Sampling { top_k, min_p, stop, max_output, .. } = sampling;
    body.option("temperature", sampling.temperature.as_ref());
    body.option("top_p", sampling.top_p.as_ref());
    body.option("frequency_penalty", sampling.frequency_penalty.as_ref());
    body.option("presence_penalty", sampling.presence_penalty.as_ref());
    body.option("seed", sampling.seed.as_ref());
    // Alternatives are told only beside the probabilities, which other protocols take for granted.
    let alternatives = sampling.top_logprobs.filter(|count| *count > 0 || sampling.logprobs.is_some());
    body.option("logprobs", sampling.logprobs.or_else(|| alternatives.map(|_| true)).as_ref());
    body.option("top_logprobs", alternatives.as_ref());
    body.option("n", sampling.n.as_ref());
    body.option("logit_bias", sampling.logit_bias.as_ref());
    if own {
        body.option("top_k", top_k.as_ref());
        body.option("min_p", min_p.as_ref());
    } else {
        for (set, feature) in [(top_k.is_some(), "top_k"), (min_p.is_some(), "min_p")] {
            if set {
                body.lost.dropped(feature);
            }
        }
    }
    if stop.len() > MAX_STOP {
        body.lost.approximated("stop");
    }
    if !stop.is_empty() {
        body.field("stop", &stop.iter().take(MAX_STOP).collect::<Vec<_>>());
    }
    if let Some(asked) = *max_output {
        let limit = body.compat.max_output.map_or(asked, |cap| asked.min(cap));
        if limit < asked {
            body.lost.approximated("max_output");
        }
        let name = match body.compat.max_tokens_field {
            Some(MaxTokensField::MaxCompletionTokens) => "max_completion_tokens",
            Some(MaxTokensField::MaxTokens) | None => "max_tokens",
        };
        body.field(name, &limit);
    }
}

fn output(output: &Output, own: bool, body: &mut Body<'_>) {
    if output.modalities.iter().any(|modality| modality != "text") {
        body.field("modalities", &output.modalities);
    }
    body.option("audio", output.audio.as_ref());
    body.option("prediction", output.prediction.as_ref());
    // Many do not know the field, and Codex names the default.
    body.option("verbosity", output.verbosity.as_ref().filter(|asked| own || *asked != "medium"));
    match &output.format {
        None => {}
        Some(Format::Text) if !own => {}
        Some(Format::Text) => body.field("response_format", &json!({"type": "text"})),
        Some(Format::JsonObject) => body.field("response_format", &json!({"type": "json_object"})),
        Some(Format::JsonSchema { name, description, schema, strict }) => {
            let known = body.compat.strict != Some(false);
            if strict.is_some() && !known {
                body.lost.dropped("output.format.strict");
            }
            let schema = JsonSchema {
                name: name.as_deref().unwrap_or("answer"),
                description: description.as_deref(),
                schema,
                strict: strict.filter(|_| known),
            };
            body.field("response_format", &ResponseFormat { kind: "json_schema", json_schema: schema });
        }
        Some(Format::Opaque { owner: Protocol::Chat, raw }) => body.field("response_format", raw),
        Some(Format::Opaque { .. }) => body.lost.dropped("output.format"),
    }
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    json_schema: JsonSchema<'a>,
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    schema: &'a Raw,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

fn identity(request: &Request, own: bool, body: &mut Body<'_>) {
    let identity = &request.identity;
    let tier = identity.service_tier.as_deref();
    body.option(
        "service_tier",
        tier.map(|tier| if matches!(tier, "standard" | "standard_only") { "default" } else { tier }).as_ref(),
    );
    if !identity.metadata.is_empty() {
        body.field("metadata", &identity.metadata);
    }
    key("user", identity.user.as_deref(), own, body);
    key("safety_identifier", identity.safety_identifier.as_deref(), own, body);
    let cached = body.compat.prompt_cache_key.unwrap_or(own);
    if cached {
        key("prompt_cache_key", identity.prompt_cache_key.as_deref(), own, body);
        body.option("prompt_cache_retention", identity.prompt_cache_retention.as_ref());
    } else {
        for (asked, name) in [
            (identity.prompt_cache_key.is_some(), "prompt_cache_key"),
            (identity.prompt_cache_retention.is_some(), "prompt_cache_retention"),
        ] {
            if asked {
                body.lost.dropped(name);
            }
        }
    }
    if identity.safety_settings.is_some() {
        body.lost.dropped("safety_settings");
    }
}

/// Claude's user ids are longer than OpenAI and others take.
fn key(name: &'static str, value: Option<&str>, own: bool, body: &mut Body<'_>) {
    let Some(value) = value else { return };
    let fitting = if own { Cow::Borrowed(value) } else { openai::key::fitting(value) };
    if fitting != value {
        body.lost.emulated(name);
    }
    body.field(name, &fitting);
}

fn state(request: &Request, body: &mut Body<'_>) {
    let state = &request.state;
    for (asked, feature) in [
        (state.context_management.is_some(), "context_management"),
        (state.truncation.as_deref().is_some_and(|truncation| truncation != "disabled"), "truncation"),
        (!state.include.is_empty(), "include"),
    ] {
        if asked {
            body.lost.dropped(feature);
        }
    }
}

/// Usage is always asked for; whether the client sees it is for its encoder.
fn stream(request: &Request, target: &Target<'_>, body: &mut Body<'_>) {
    if !target.stream {
        return;
    }
    body.own("stream", &true);
    let mut options = match request.ext.get("stream_options") {
        Some(Value::Object(options)) if request.origin == Protocol::Chat => options.clone(),
        _ => serde_json::Map::new(),
    };
    if body.compat.stream_usage != Some(false) {
        options.insert("include_usage".into(), true.into());
    }
    if !options.is_empty() {
        body.own("stream_options", &options);
    }
    if body.compat.tool_stream == Some(true) && !request.tools.is_empty() {
        body.own("tool_stream", &true);
    }
}
