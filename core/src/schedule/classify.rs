//! What an upstream's answer means.
//!
//! One table of rules, of which the first that holds decides: exceptions that a code alone gets wrong, codes
//! of the protocols, codes of single vendors, then texts for people; what none knows, the status decides.
//! Each rule names the page or the report it rests on.

mod capacity;
mod codes;
mod exceptions;
mod headers;
mod moment;
mod rule;
mod texts;
mod told;

use std::time::Duration;

use self::rule::{Rule, Source};
use super::{Class, Scope};
use crate::time::Timestamp;

pub use self::headers::{retry_after, used_up};

/// Plain facts of an upstream's answer; protocol modules extract them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// 200 or 0 for an error inside an answer that began well.
    pub status: u16,
    /// The error's `type`, or the name Google gives its status.
    pub kind: Option<&'a str>,
    /// The error's `code` or reason, numbers as text.
    pub code: Option<&'a str>,
    /// The limit that is used up, by the vendor's name of it: Google's `quotaId`.
    pub limit: Option<&'a str>,
    /// When it is over, as a field of the body spells it: seconds, a span, or a point in time.
    pub reset: Option<&'a str>,
    /// The text for people.
    pub message: &'a str,
}

/// What an error answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Never [`Class::Success`].
    pub class: Class,
    pub scope: Scope,
    /// How long the body asks to wait. What the headers ask, [`retry_after`] tells; it goes first.
    pub retry_after: Option<Duration>,
}

/// The longest wait an upstream is believed; a month's limit is the longest there is.
const LONGEST: Duration = Duration::from_secs(32 * 24 * 60 * 60);

/// In the order in which they are asked.
const TABLE: &[&[Source]] = &[
    exceptions::EXCEPTIONS,
    codes::PROTOCOL,
    codes::VENDOR,
    texts::REQUEST,
    capacity::CAPACITY,
    texts::REFUSAL,
];

/// What an error answer that came at `now` means.
pub fn classify(evidence: &Evidence<'_>, now: Timestamp) -> Verdict {
    let text = text_of(evidence);
    let rule = find(evidence, &text);
    let (class, scope) = rule.map_or_else(|| by_status(evidence.status), |rule| (rule.class, rule.scope));
    let daily = rule
        .and_then(|rule| rule.daily_at)
        .map(|hour| moment::until_time_of_day(u64::from(hour) * 3600, now));
    let retry_after =
        if class.tries_next() { daily.or_else(|| told::wait(evidence, &text, now)) } else { None };
    Verdict { class, scope, retry_after }
}

/// The class alone, for those who have no use for the time.
pub(super) fn class_of(evidence: &Evidence<'_>) -> Class {
    find(evidence, &text_of(evidence)).map_or_else(|| by_status(evidence.status).0, |rule| rule.class)
}

/// All that is said in words, in lower case.
fn text_of(evidence: &Evidence<'_>) -> String {
    let mut text = evidence.message.to_ascii_lowercase();
    if let Some(limit) = evidence.limit {
        text.push(' ');
        text.push_str(&limit.to_ascii_lowercase());
    }
    text
}

fn find(evidence: &Evidence<'_>, text: &str) -> Option<&'static Rule> {
    let mut rules = TABLE.iter().copied().flatten().flat_map(|source| source.rules);
    rules.find(|rule| rule.holds(evidence, text))
}

const fn by_status(status: u16) -> (Class, Scope) {
    let class = match status {
        401 | 403 | 407 => Class::Auth,
        402 => return (Class::Quota, Scope::Account),
        404 | 410 => Class::ModelUnavailable,
        408 => Class::Transport,
        429 => Class::Rate,
        451 => Class::ContentPolicy,
        400..=499 => Class::RequestFault,
        529 => Class::Overload,
        300..=399 => Class::BadAnswer,
        _ => Class::ServerError,
    };
    (class, class.scope())
}

#[cfg(test)]
mod tests;
