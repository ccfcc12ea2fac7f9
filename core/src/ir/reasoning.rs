//! How much a model shall think, in the spellings of all vendors.

/// What a request says of reasoning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReasoningConfig {
    pub mode: Option<ReasoningMode>,
    pub effort: Option<Effort>,
    /// Tokens; a budget without a mode implies [`ReasoningMode::Manual`].
    pub budget: Option<u64>,
    /// Responses' `summary`: `auto`, `concise`, `detailed`.
    pub summary: Option<String>,
    /// Whether thinking is shown: Gemini's `includeThoughts`, Claude's `display`.
    pub show: Option<bool>,
    /// Whether sealed reasoning is wanted: Responses' `include`.
    pub include_sealed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReasoningMode {
    Off,
    /// Always thinks, within a budget.
    Manual,
    /// The model decides.
    Adaptive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

impl Effort {
    pub const ALL: [Self; 7] =
        [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::XHigh, Self::Max];

    /// As OpenAI and Claude spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// Any spelling, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| text.eq_ignore_ascii_case(effort.as_str()))
    }

    /// A thinking budget of about this effort, in tokens.
    pub const fn budget(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal => 1_024,
            Self::Low => 4_096,
            Self::Medium => 8_192,
            Self::High => 16_384,
            Self::XHigh => 32_768,
            Self::Max => 65_536,
        }
    }

    /// The least effort whose budget holds `tokens`.
    pub fn of_budget(tokens: u64) -> Self {
        Self::ALL.into_iter().find(|effort| effort.budget() >= tokens).unwrap_or(Self::Max)
    }
}

impl ReasoningConfig {
    /// Whether thinking was switched off, in whichever spelling.
    pub fn is_off(&self) -> bool {
        self.mode == Some(ReasoningMode::Off)
            || self.effort == Some(Effort::None)
            || self.mode.is_none() && self.budget == Some(0)
    }

    /// The effort asked for, given or implied by a budget.
    pub fn implied_effort(&self) -> Option<Effort> {
        if self.is_off() {
            return Some(Effort::None);
        }
        self.effort.or_else(|| self.budget.map(Effort::of_budget))
    }

    /// The budget asked for, given or implied by an effort.
    pub fn implied_budget(&self) -> Option<u64> {
        self.budget.or_else(|| self.effort.map(Effort::budget))
    }
}
