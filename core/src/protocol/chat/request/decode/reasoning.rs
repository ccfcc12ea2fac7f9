//! How much to think, in the fields that OpenAI and its imitators have for it.

use serde_json::Value;

use crate::ir::{Effort, ReasoningConfig, ReasoningMode};
use crate::protocol::chat::wire::fields::{Fields, Wrong, read};

pub(super) fn decode(fields: &mut Fields<'_>) -> Result<ReasoningConfig, Wrong> {
    let mut config = ReasoningConfig::default();
    if let Some(raw) = fields.raw("reasoning_effort") {
        config.effort = read(raw).ok().and_then(Effort::parse);
        if config.effort.is_none() {
            fields.put_back("reasoning_effort", raw);
        }
    }
    if let Some(object) = fields.object("reasoning")? {
        openrouter(object, &mut config).map_err(|wrong| wrong.at("reasoning"))?;
    }
    if let Some(object) = fields.object("thinking")? {
        thinking(object, &mut config).map_err(|wrong| wrong.at("thinking"))?;
    }
    config.budget = fields.count("thinking_budget")?.or(config.budget);
    if let Some(enabled) = fields.take("enable_thinking")? {
        switch(&mut config, enabled);
    }
    if let Some(raw) = fields.raw("chat_template_kwargs") {
        let template: Value = read(raw)?;
        let enabled = SWITCHES.iter().find_map(|name| template.get(name)?.as_bool());
        if let Some(enabled) = enabled {
            switch(&mut config, enabled);
        }
        if template.as_object().is_none_or(|known| known.len() > 1 || enabled.is_none()) {
            fields.put_back("chat_template_kwargs", raw);
        }
    }
    Ok(config)
}

/// What chat templates call the switch.
const SWITCHES: [&str; 2] = ["enable_thinking", "thinking"];

/// <https://openrouter.ai/docs/use-cases/reasoning-tokens>
fn openrouter(mut object: Fields<'_>, config: &mut ReasoningConfig) -> Result<(), Wrong> {
    config.effort = object.text("effort")?.as_deref().and_then(Effort::parse).or(config.effort);
    config.budget = object.count("max_tokens")?.or(config.budget);
    config.summary = object.text("summary")?;
    config.show = object.take::<bool>("exclude")?.map(|excluded| !excluded);
    if let Some(enabled) = object.take("enabled")? {
        switch(config, enabled);
    }
    Ok(())
}

/// As DeepSeek, GLM, Kimi and others have it from Claude.
fn thinking(mut object: Fields<'_>, config: &mut ReasoningConfig) -> Result<(), Wrong> {
    config.budget = object.count("budget_tokens")?.or(config.budget);
    match object.text("type")?.as_deref() {
        Some("disabled") => switch(config, false),
        Some("enabled") => switch(config, true),
        Some("adaptive" | "auto") => config.mode = Some(ReasoningMode::Adaptive),
        _ => {}
    }
    Ok(())
}

fn switch(config: &mut ReasoningConfig, enabled: bool) {
    config.mode = Some(match (enabled, config.budget) {
        (false, _) => ReasoningMode::Off,
        (true, Some(_)) => ReasoningMode::Manual,
        (true, None) => ReasoningMode::Adaptive,
    });
}
