//! How an answer shall be made. <https://ai.google.dev/api/generate-content#generationconfig>

use serde_json::Value;

use super::document::Document;
use crate::config::Protocol;
use crate::config::compat::{Compat, SchemaStyle, StructuredOutput};
use crate::ir::{Effort, Format, Losses, Raw, ReasoningMode, Request};
use crate::protocol::gemini::schema;
use crate::protocol::gemini::wire::part::{Part, Written};

/// Stop sequences at most.
const MAX_STOP: usize = 5;

const EFFORTS: [Effort; 4] = [Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];

/// Fills in `generationConfig`. Returns what has to be said to the model in words instead.
pub(super) fn encode<'a>(
    request: &'a Request,
    compat: &Compat,
    rest: &mut Document,
    lost: &mut Losses,
) -> Option<Written<'a>> {
    let config = rest.within("generationConfig");
    sampling(request, compat, config, lost);
    let output = &request.output;
    if !output.modalities.is_empty() && output.modalities.as_slice() != ["text"] {
        let modalities: Vec<_> = output.modalities.iter().map(|name| name.to_ascii_uppercase()).collect();
        config.set("responseModalities", "output.modalities", modalities, lost);
    }
    for (set, feature) in [
        (output.verbosity.is_some(), "output.verbosity"),
        (output.prediction.is_some(), "output.prediction"),
        (output.audio.is_some(), "output.audio"),
    ] {
        if set {
            lost.dropped(feature);
        }
    }
    let wish = format(request, compat, config, lost);
    thinking(request, compat, config, lost);
    wish
}

fn sampling(request: &Request, compat: &Compat, config: &mut Document, lost: &mut Losses) {
    let sampling = &request.sampling;
    for (field, feature, value) in [
        ("temperature", "temperature", sampling.temperature),
        ("topP", "top_p", sampling.top_p),
        ("presencePenalty", "presence_penalty", sampling.presence_penalty),
        ("frequencyPenalty", "frequency_penalty", sampling.frequency_penalty),
    ] {
        if let Some(value) = value {
            config.set(field, feature, value, lost);
        }
    }
    for (field, feature, value) in [("topK", "top_k", sampling.top_k), ("candidateCount", "n", sampling.n)] {
        if let Some(value) = value {
            config.set(field, feature, value, lost);
        }
    }
    if let Some(limit) = sampling.max_output {
        let allowed = compat.max_output.map_or(limit, |cap| cap.min(limit));
        if allowed < limit {
            lost.approximated("max_output");
        }
        config.set("maxOutputTokens", "max_output", allowed, lost);
    }
    logprobs(request, config, lost);
    if let Some(seed) = sampling.seed {
        // 32 bits.
        let short = i32::try_from(seed).ok();
        if short.is_none() {
            lost.approximated("seed");
        }
        config.set("seed", "seed", short.unwrap_or(seed as i32), lost);
    }
    if !sampling.stop.is_empty() {
        let stop = sampling.stop.get(..MAX_STOP).unwrap_or(&sampling.stop);
        if stop.len() < sampling.stop.len() {
            lost.approximated("stop");
        }
        config.set("stopSequences", "stop", stop, lost);
    }
    if sampling.min_p.is_some() {
        lost.dropped("min_p");
    }
    if sampling.logit_bias.is_some() {
        lost.dropped("logit_bias");
    }
}

/// How many alternatives is asked only where probabilities are, and not with 0.
fn logprobs(request: &Request, config: &mut Document, lost: &mut Losses) {
    let own = request.origin == Protocol::Gemini;
    let count = request.sampling.top_logprobs.filter(|count| own || *count > 0);
    let wanted = request.sampling.logprobs.or_else(|| (!own && count.is_some()).then_some(true));
    if let Some(wanted) = wanted {
        config.set("responseLogprobs", "logprobs", wanted, lost);
    }
    if let Some(count) = count {
        config.set("logprobs", "top_logprobs", count, lost);
    }
}

/// <https://ai.google.dev/gemini-api/docs/structured-output>
fn format<'a>(
    request: &'a Request,
    compat: &Compat,
    config: &mut Document,
    lost: &mut Losses,
) -> Option<Written<'a>> {
    let json = |config: &mut Document, lost: &mut Losses| {
        config.set("responseMimeType", "output.format", "application/json", lost);
    };
    match request.output.format.as_ref()? {
        Format::Text if request.origin == Protocol::Gemini => {
            config.set("responseMimeType", "output.format", "text/plain", lost);
        }
        Format::Text => {}
        Format::JsonObject => json(config, lost),
        Format::JsonSchema { schema, description, .. } => {
            json(config, lost);
            if compat.structured_output.is_some_and(|style| style != StructuredOutput::Schema) {
                lost.emulated("output.format");
                return Some(wish(schema));
            }
            if description.is_some() {
                lost.dropped("output.format.description");
            }
            if compat.schema == Some(SchemaStyle::Openapi) {
                if let Some(schema) = schema::to_openapi(&schema.value(), lost) {
                    config.set("responseSchema", "output.format", schema, lost);
                }
            } else {
                config.set("responseJsonSchema", "output.format", schema, lost);
            }
        }
        Format::Opaque { owner: Protocol::Gemini, raw } => {
            if let Value::Object(fields) = raw.value() {
                fields.iter().for_each(|(field, value)| config.set_at(field, value));
            }
        }
        Format::Opaque { .. } => lost.dropped("output.format"),
    }
    None
}

fn wish<'a>(schema: &Raw) -> Written<'a> {
    let text = format!("Answer with one JSON object that is valid by this JSON Schema:\n{}", schema.get());
    Written::Part(Box::new(Part::text(text)))
}

/// <https://ai.google.dev/gemini-api/docs/thinking>
fn thinking(request: &Request, compat: &Compat, config: &mut Document, lost: &mut Losses) {
    let reasoning = &request.reasoning;
    let own = request.origin == Protocol::Gemini;
    let levels = compat.adaptive_thinking != Some(false);
    let asked = reasoning.mode.is_some() || reasoning.effort.is_some() || reasoning.budget.is_some();
    let off = reasoning.is_off();
    if !matches!(reasoning.summary.as_deref(), None | Some("auto")) {
        lost.approximated("reasoning.summary");
    }
    let config = config.within("thinkingConfig");
    let budget = match (reasoning.mode, reasoning.implied_budget()) {
        _ if off => Some(0),
        (Some(ReasoningMode::Adaptive), _) if reasoning.effort.is_none() => Some(-1),
        (_, budget) => budget.and_then(|tokens| i64::try_from(tokens).ok()),
    };
    if own {
        // As the client wrote it: a budget, a level, or both.
        if let Some(budget) = budget.filter(|_| reasoning.effort.is_none() || reasoning.budget.is_some()) {
            config.set("thinkingBudget", "reasoning.budget", budget, lost);
        }
        if let Some(effort) = reasoning.effort {
            config.set("thinkingLevel", "reasoning.effort", level(effort), lost);
        }
    } else if let (false, Some(budget)) = (levels, budget) {
        if reasoning.budget.is_none() && reasoning.effort.is_some() && !off {
            lost.approximated("reasoning.effort");
        }
        config.set("thinkingBudget", "reasoning.budget", budget, lost);
    } else if let Some(effort) = reasoning.implied_effort() {
        let nearest = nearest(effort, compat);
        if off {
            if nearest != Effort::None {
                lost.approximated("reasoning");
            }
        } else if reasoning.effort.is_none() {
            lost.approximated("reasoning.budget");
        } else if nearest != effort {
            lost.approximated("reasoning.effort");
        }
        if nearest == Effort::None {
            config.set("thinkingBudget", "reasoning", 0, lost);
        } else {
            config.set("thinkingLevel", "reasoning.effort", level(nearest), lost);
        }
    }
    if own {
        if let Some(show) = reasoning.show {
            config.set("includeThoughts", "reasoning.show", show, lost);
        }
    } else if !off && (asked || reasoning.show == Some(true) || reasoning.summary.is_some()) {
        config.set("includeThoughts", "reasoning.show", reasoning.show != Some(false), lost);
    }
}

fn level(effort: Effort) -> String {
    effort.as_str().to_ascii_uppercase()
}

/// The effort itself where the upstream knows it, else the nearest, a lower one first.
fn nearest(effort: Effort, compat: &Compat) -> Effort {
    let known: Vec<Effort> = match &compat.efforts {
        Some(efforts) => efforts.iter().filter_map(|name| Effort::parse(name)).collect(),
        None => EFFORTS.to_vec(),
    };
    let below = known.iter().copied().filter(|known| *known <= effort).max();
    below.or_else(|| known.iter().copied().min()).unwrap_or(effort)
}
