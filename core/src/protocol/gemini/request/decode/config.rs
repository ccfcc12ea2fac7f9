//! How an answer shall be made. <https://ai.google.dev/api/generate-content#generationconfig>

use super::tools::json_schema;
use crate::config::Protocol;
use crate::ir::{Effort, Ext, Format, Raw, ReasoningConfig, ReasoningMode, Request};
use crate::protocol::convert::Invalid;
use crate::protocol::gemini::schema;
use crate::protocol::gemini::wire::object::Object;

pub(super) fn decode(mut config: Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    let sampling = &mut request.sampling;
    sampling.temperature = config.float("temperature")?;
    sampling.top_p = config.float("topP")?;
    sampling.top_k = config.count("topK")?;
    sampling.n = config.count("candidateCount")?;
    sampling.max_output = config.count("maxOutputTokens")?;
    sampling.stop = config.parse("stopSequences", "an array of strings")?.unwrap_or_default();
    sampling.presence_penalty = config.float("presencePenalty")?;
    sampling.frequency_penalty = config.float("frequencyPenalty")?;
    sampling.seed = config.integer("seed")?;
    sampling.logprobs = config.parse("responseLogprobs", "a boolean")?;
    sampling.top_logprobs = config.count("logprobs")?;
    let modalities: Vec<String> =
        config.parse("responseModalities", "an array of strings")?.unwrap_or_default();
    request.output.modalities = modalities.iter().map(|modality| modality.to_ascii_lowercase()).collect();
    request.output.format = format(&mut config)?;
    if let Some(thinking) = config.object("thinkingConfig")? {
        request.reasoning = reasoning(thinking, &mut request.ext)?;
    }
    config.rest_at("generationConfig.", &mut request.ext);
    Ok(())
}

fn format(config: &mut Object<'_>) -> Result<Option<Format>, Invalid> {
    let mime = config.text("responseMimeType")?;
    let openapi = config.raw("responseSchema")?;
    let schema = match config.raw("responseJsonSchema")? {
        Some(schema) => Some(json_schema(schema)),
        None => openapi.as_ref().map(|schema| Raw::from(schema::to_json_schema(&schema.value()))),
    };
    Ok(match (mime.as_deref(), schema) {
        (Some("application/json") | None, Some(schema)) => {
            Some(Format::JsonSchema { name: None, description: None, schema, strict: None })
        }
        (Some("application/json"), None) => Some(Format::JsonObject),
        (Some("text/plain"), _) => Some(Format::Text),
        (Some(mime), schema) => {
            let mut raw = Ext::new();
            raw.insert("responseMimeType".into(), mime.into());
            if let Some(schema) = openapi.or(schema) {
                raw.insert("responseSchema".into(), schema.value());
            }
            let raw = serde_json::Value::Object(raw).into();
            Some(Format::Opaque { owner: Protocol::Gemini, raw })
        }
        (None, None) => None,
    })
}

/// A budget of -1 leaves it to the model, and one of 0 is no thinking.
/// <https://ai.google.dev/gemini-api/docs/thinking>
fn reasoning(mut thinking: Object<'_>, ext: &mut Ext) -> Result<ReasoningConfig, Invalid> {
    let budget = thinking.integer("thinkingBudget")?;
    let level = thinking.text("thinkingLevel")?;
    let config = ReasoningConfig {
        mode: match budget {
            Some(0) => Some(ReasoningMode::Off),
            Some(..0) => Some(ReasoningMode::Adaptive),
            _ => None,
        },
        effort: level.as_deref().and_then(Effort::parse),
        budget: budget.and_then(|tokens| u64::try_from(tokens).ok()),
        show: thinking.parse("includeThoughts", "a boolean")?,
        ..ReasoningConfig::default()
    };
    thinking.rest_at("generationConfig.thinkingConfig.", ext);
    Ok(config)
}
