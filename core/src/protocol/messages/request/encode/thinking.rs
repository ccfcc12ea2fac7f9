//! How much the model shall think, and how long its answer may be: the two bound each other.
//!
//! A client's output limit holds: a budget that does not fit is lowered to half of it, and where that is
//! less than the least budget, thinking is off. A limit that no client gave makes room for the budget.
//! <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>

use serde::Serialize;

use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{self, Effort, Losses, ReasoningConfig, ReasoningMode};

/// Output tokens asked for where neither request nor sheet say a limit.
const DEFAULT_OUTPUT: u64 = 32_000;

const LEAST_BUDGET: u64 = 1_024;

const EFFORTS: [Effort; 5] = [Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max];

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) max_tokens: u64,
    pub(super) thinking: Option<Thinking>,
    pub(super) effort: Option<Effort>,
    /// Whether the model is asked to think; some settings do not go with it.
    pub(super) on: bool,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Thinking {
    Enabled {
        budget_tokens: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
    Adaptive {
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
    Disabled,
}

impl Plan {
    /// `forbidden`: the conversation allows no thinking with a fixed budget now.
    pub(super) fn of(request: &ir::Request, compat: &Compat, forbidden: bool, lost: &mut Losses) -> Self {
        let asked = &request.reasoning;
        let own = request.origin == Protocol::Messages;
        let mut limit = limit(request, compat, lost);
        let adaptive = compat.adaptive_thinking != Some(false);
        let mut thinking = if asked.is_off() {
            Some(Thinking::Disabled)
        } else if is_manual(asked) || !adaptive && wanted(asked, own) {
            Some(manual(request, compat, &mut limit, lost))
        } else if adaptive && wanted(asked, own) {
            Some(Thinking::Adaptive { display: display(asked) })
        } else {
            None
        };
        if forbidden && matches!(thinking, Some(Thinking::Enabled { .. })) {
            lost.dropped("reasoning.budget");
            thinking = Some(Thinking::Disabled);
        }
        if asked.summary.as_deref().is_some_and(|summary| matches!(summary, "concise" | "detailed")) {
            lost.approximated("reasoning.summary");
        }
        let by_effort = own || !is_manual(asked);
        let effort = asked.effort.filter(|effort| *effort != Effort::None && adaptive && by_effort);
        Self {
            max_tokens: limit,
            on: matches!(thinking, Some(Thinking::Enabled { .. } | Thinking::Adaptive { .. })),
            thinking,
            effort: effort.and_then(|effort| nearest(effort, compat, lost)),
        }
    }
}

fn limit(request: &ir::Request, compat: &Compat, lost: &mut Losses) -> u64 {
    let cap = compat.max_output.unwrap_or(u64::MAX);
    match request.sampling.max_output {
        Some(asked) if asked > cap => {
            lost.approximated("max_output");
            cap
        }
        Some(asked) => asked,
        None => compat.max_output.unwrap_or(DEFAULT_OUTPUT),
    }
}

fn is_manual(asked: &ReasoningConfig) -> bool {
    asked.budget.is_some() && matches!(asked.mode, None | Some(ReasoningMode::Manual))
}

/// Claude's own effort is about the whole answer and switches nothing on; elsewhere it is about thinking.
fn wanted(asked: &ReasoningConfig, own: bool) -> bool {
    let shown = asked.summary.is_some() || asked.show == Some(true);
    asked.mode.is_some() || !own && (asked.effort.is_some() || shown)
}

fn manual(request: &ir::Request, compat: &Compat, limit: &mut u64, lost: &mut Losses) -> Thinking {
    let asked = &request.reasoning;
    if asked.budget.is_none() {
        lost.approximated("reasoning.effort");
    }
    let mut budget = asked.implied_budget().unwrap_or(Effort::Medium.budget());
    if budget < LEAST_BUDGET {
        lost.approximated("reasoning.budget");
        budget = LEAST_BUDGET;
    }
    if request.sampling.max_output.is_none() && budget >= *limit {
        *limit = budget.saturating_add(DEFAULT_OUTPUT).min(compat.max_output.unwrap_or(u64::MAX));
    }
    if budget >= *limit {
        if *limit <= LEAST_BUDGET {
            lost.dropped("reasoning.budget");
            return Thinking::Disabled;
        }
        lost.approximated("reasoning.budget");
        budget = (*limit / 2).max(LEAST_BUDGET);
    }
    Thinking::Enabled { budget_tokens: budget, display: display(asked) }
}

/// Said only where it was asked for: the default is the model's.
fn display(asked: &ReasoningConfig) -> Option<&'static str> {
    match asked.show {
        Some(false) => Some("omitted"),
        Some(true) => Some("summarized"),
        None => asked.summary.as_ref().map(|_| "summarized"),
    }
}

fn nearest(effort: Effort, compat: &Compat, lost: &mut Losses) -> Option<Effort> {
    let known: Vec<_> = match &compat.efforts {
        Some(efforts) => efforts.iter().filter_map(|effort| Effort::parse(effort)).collect(),
        None => EFFORTS.to_vec(),
    };
    let nearest = known.into_iter().min_by_key(|known| (*known as i32 - effort as i32).abs());
    match nearest {
        Some(nearest) if nearest == effort => {}
        Some(_) => lost.approximated("reasoning.effort"),
        None => lost.dropped("reasoning.effort"),
    }
    nearest
}
