//! How much to think, as the upstream wants it said.

use serde_json::{Map, Value, json};

use super::body::Body;
use crate::config::compat::ReasoningStyle;
use crate::ir::{Effort, ReasoningConfig};

pub(super) fn encode(config: &ReasoningConfig, body: &mut Body<'_>) {
    let style = body.compat.reasoning_style.unwrap_or(ReasoningStyle::Effort);
    if style != ReasoningStyle::Object && matches!(config.summary.as_deref(), Some("concise" | "detailed")) {
        body.lost.approximated("reasoning.summary");
    }
    if config.mode.is_none() && config.effort.is_none() && config.budget.is_none() {
        return;
    }
    if config.show == Some(false) && style != ReasoningStyle::Object {
        body.lost.dropped("reasoning.show");
    }
    let on = !config.is_off();
    match style {
        ReasoningStyle::Effort => effort(config, body),
        ReasoningStyle::Object => object(config, body),
        ReasoningStyle::Thinking => {
            body.field("thinking", &json!({"type": if on { "enabled" } else { "disabled" }}));
            depth(config, body);
        }
        ReasoningStyle::EnableThinking => {
            body.field("enable_thinking", &on);
            if on && let Some(budget) = config.implied_budget() {
                if config.budget.is_none() {
                    body.lost.approximated("reasoning.effort");
                }
                body.field("thinking_budget", &budget);
            }
        }
        ReasoningStyle::ChatTemplate => {
            body.field("chat_template_kwargs", &json!({"enable_thinking": on}));
            depth(config, body);
        }
        ReasoningStyle::None => body.lost.dropped("reasoning"),
    }
}

/// <https://developers.openai.com/api/docs/guides/reasoning>
fn effort(config: &ReasoningConfig, body: &mut Body<'_>) {
    let Some(asked) = config.implied_effort() else { return };
    if config.budget.is_some() && !config.is_off() {
        body.lost.approximated("reasoning.budget");
    }
    let effort = nearest(asked, body);
    body.field("reasoning_effort", &effort.as_str());
}

/// How much, for an upstream that is switched on and off: only if its sheet names the efforts it knows.
fn depth(config: &ReasoningConfig, body: &mut Body<'_>) {
    if config.is_off() {
        return;
    }
    if body.compat.efforts.is_some() {
        effort(config, body);
        return;
    }
    for (asked, feature) in
        [(config.effort.is_some(), "reasoning.effort"), (config.budget.is_some(), "reasoning.budget")]
    {
        if asked {
            body.lost.approximated(feature);
        }
    }
}

/// <https://openrouter.ai/docs/use-cases/reasoning-tokens>
fn object(config: &ReasoningConfig, body: &mut Body<'_>) {
    let mut object = Map::new();
    if config.is_off() {
        object.insert("enabled".into(), false.into());
    } else if let Some(budget) = config.budget {
        object.insert("max_tokens".into(), budget.into());
        if config.effort.is_some() {
            body.lost.approximated("reasoning.effort");
        }
    } else if let Some(asked) = config.effort {
        object.insert("effort".into(), nearest(asked, body).as_str().into());
    } else {
        object.insert("enabled".into(), true.into());
    }
    if let Some(summary) = &config.summary {
        object.insert("summary".into(), summary.as_str().into());
    }
    if let Some(show) = config.show {
        object.insert("exclude".into(), (!show).into());
    }
    body.field("reasoning", &Value::Object(object));
}

/// The known effort that lies nearest; of two, the higher.
fn nearest(asked: Effort, body: &mut Body<'_>) -> Effort {
    let named = body.compat.efforts.iter().flatten().filter_map(|name| Effort::parse(name));
    let mut known: Vec<_> = named.collect();
    if known.is_empty() {
        known.extend(Effort::ALL.into_iter().filter(|effort| *effort <= Effort::XHigh));
    }
    // Thinking that was asked for is not switched off for being near to nothing.
    if asked != Effort::None && known.iter().any(|effort| *effort != Effort::None) {
        known.retain(|effort| *effort != Effort::None);
    }
    let nearest = known
        .into_iter()
        .min_by_key(|effort| ((*effort as u8).abs_diff(asked as u8), std::cmp::Reverse(*effort)))
        .unwrap_or(asked);
    if nearest != asked {
        body.lost.approximated("reasoning.effort");
    }
    nearest
}
