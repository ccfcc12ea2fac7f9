//! What a rule of the table says, and when it holds.

use super::Evidence;
use crate::schedule::{Class, Scope};

/// Rules that rest on one source.
pub(super) struct Source {
    /// The vendor's page, or the public report it was seen in: for who reads the table, and for the test that
    /// every rule has one.
    #[cfg(test)]
    pub(super) url: &'static str,
    pub(super) rules: &'static [Rule],
}

#[cfg_attr(not(test), expect(unused_variables, reason = "a Worker's bytes count"))]
pub(super) const fn source(url: &'static str, rules: &'static [Rule]) -> Source {
    Source {
        #[cfg(test)]
        url,
        rules,
    }
}

/// What an error means, when all that the rule names is there. Words and phrases are in lower case.
pub(super) struct Rule {
    /// One of these is the code or the type; none: whatever they are.
    pub(super) words: &'static [&'static str],
    /// Under one of these statuses; none: under all.
    pub(super) statuses: &'static [u16],
    /// All parts of one of these stand in the text; none: whatever it says.
    pub(super) phrases: &'static [&'static [&'static str]],
    pub(super) class: Class,
    pub(super) scope: Scope,
    /// The hour, in UTC, at which a limit of a day refills.
    pub(super) daily_at: Option<u8>,
}

/// By the error's code or type.
pub(super) const fn words(words: &'static [&'static str], class: Class) -> Rule {
    Rule { words, statuses: &[], phrases: &[], class, scope: class.scope(), daily_at: None }
}

/// By what the text says, which may be trusted under these statuses only.
pub(super) const fn text(
    statuses: &'static [u16],
    phrases: &'static [&'static [&'static str]],
    class: Class,
) -> Rule {
    Rule { words: &[], statuses, phrases, class, scope: class.scope(), daily_at: None }
}

impl Rule {
    pub(super) const fn under(self, statuses: &'static [u16]) -> Self {
        Self { statuses, ..self }
    }

    /// Only where the text says one of `phrases`, too.
    pub(super) const fn saying(self, phrases: &'static [&'static [&'static str]]) -> Self {
        Self { phrases, ..self }
    }

    pub(super) const fn reaching(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    pub(super) const fn daily_at(self, hour: u8) -> Self {
        Self { daily_at: Some(hour), ..self }
    }

    pub(super) fn holds(&self, evidence: &Evidence<'_>, text: &str) -> bool {
        let named = |word: Option<&str>| {
            word.is_some_and(|word| self.words.iter().any(|known| known.eq_ignore_ascii_case(word)))
        };
        (self.statuses.is_empty() || self.statuses.contains(&evidence.status))
            && (self.words.is_empty() || named(evidence.code) || named(evidence.kind))
            && (self.phrases.is_empty()
                || self.phrases.iter().any(|parts| parts.iter().all(|part| text.contains(part))))
    }
}
