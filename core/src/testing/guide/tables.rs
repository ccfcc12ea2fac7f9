//! What each class of error does, and what each verdict says.

use serde::Serialize;
use serde_json::Value;

use crate::schedule::classify::{self, Evidence};
use crate::schedule::explain::Verdict;
use crate::schedule::figures::Waits;
use crate::schedule::{Class, Scope};
use crate::time::Timestamp;

use super::duration;

/// All but success.
const CLASSES: [Class; 13] = [
    Class::Rate,
    Class::Quota,
    Class::Auth,
    Class::ModelUnavailable,
    Class::Overload,
    Class::Transport,
    Class::ServerError,
    Class::BadAnswer,
    Class::RequestFault,
    Class::ContextTooLong,
    Class::ContentPolicy,
    Class::ClientGone,
    Class::Unfit,
];

const VERDICTS: [Verdict; 17] = [
    Verdict::Chosen,
    Verdict::Ready,
    Verdict::NotDrawn,
    Verdict::LowerTier,
    Verdict::OtherPrefix,
    Verdict::OtherModel,
    Verdict::NotAllowed,
    Verdict::Paused,
    Verdict::NoKey,
    Verdict::ContextWindow,
    Verdict::Capability,
    Verdict::Tried,
    Verdict::Limited,
    Verdict::CoolingDown,
    Verdict::Refused,
    Verdict::Open,
    Verdict::UnderTest,
];

/// What shows a class.
enum Sign {
    /// An answer: status, error type or code, text.
    Answer(u16, &'static str, &'static str),
    /// Anything else.
    Else(&'static str),
}

pub(super) fn classes() -> String {
    let row = |class: Class| {
        let (then, rests) = (then(class), rests(class));
        format!("| `{}` | {} | {} | {then} | {rests} |", word(class), sign(class).shown(), reach(class))
    };
    let head = "| class | for example | reaches | the request goes on with | rests |\n|---|---|---|---|---|";
    CLASSES.into_iter().fold(head.to_owned(), |table, class| table + "\n" + &row(class))
}

pub(super) fn verdicts() -> String {
    let head = "| verdict | means |\n|---|---|".to_owned();
    VERDICTS
        .into_iter()
        .fold(head, |table, verdict| table + &format!("\n| `{}` | {} |", word(verdict), meaning(verdict)))
}

const fn sign(class: Class) -> Sign {
    match class {
        Class::Success => Sign::Else("an answer"),
        Class::Rate => Sign::Answer(429, "rate_limit_error", ""),
        Class::Quota => Sign::Answer(429, "insufficient_quota", ""),
        Class::Auth => Sign::Answer(401, "invalid_api_key", ""),
        Class::ModelUnavailable => Sign::Answer(404, "model_not_found", ""),
        Class::Overload => Sign::Answer(529, "overloaded_error", ""),
        Class::Transport => Sign::Else("no connection, a cut one, no answer in time"),
        Class::ServerError => Sign::Answer(500, "", "internal error"),
        Class::BadAnswer => Sign::Else("a web page, an empty stream, broken JSON"),
        Class::RequestFault => Sign::Answer(400, "unsupported_parameter", ""),
        Class::ContextTooLong => Sign::Answer(400, "context_length_exceeded", ""),
        Class::ContentPolicy => Sign::Answer(400, "content_policy_violation", ""),
        Class::ClientGone => Sign::Else("the client left"),
        Class::Unfit => Sign::Else("what a conversion cannot carry, or `onLoss` refuses; nothing was sent"),
    }
}

impl Sign {
    fn shown(&self) -> String {
        match self {
            Self::Answer(status, "", text) => format!("{status}, \"{text}\""),
            Self::Answer(status, code, _) => format!("{status} `{code}`"),
            Self::Else(text) => (*text).to_owned(),
        }
    }
}

/// How far the example reaches.
fn reach(class: Class) -> &'static str {
    let scope = match sign(class) {
        Sign::Answer(status, code, text) => verdict(status, code, text).scope,
        Sign::Else(_) => class.scope(),
    };
    match scope {
        Scope::Request => "this request",
        Scope::Model => "the key's use of the model",
        Scope::Key => "the key",
        Scope::Account => "the account",
        Scope::Channel => "the channel",
    }
}

fn verdict(status: u16, code: &str, message: &str) -> classify::Verdict {
    let evidence = Evidence { status, code: Some(code), message, ..Evidence::default() };
    classify::classify(&evidence, Timestamp::default())
}

const fn then(class: Class) -> &'static str {
    if class.blames_key() {
        "another key, then another channel"
    } else if class.blames_channel() {
        "another channel"
    } else if class.tries_next() {
        "another endpoint or channel"
    } else if matches!(class, Class::ClientGone) {
        "nothing: the upstream is left, too"
    } else {
        "nothing: the client gets the upstream's error"
    }
}

fn rests(class: Class) -> String {
    if class.blames_channel() {
        return "by the breaker".to_owned();
    }
    if !class.blames_key() {
        return "nothing".to_owned();
    }
    let Waits { first, longest, told } = Waits::of(class);
    let told = told.map_or_else(
        || "whatever the upstream says".to_owned(),
        |told| format!("or as the upstream says, at most {}", duration(told)),
    );
    format!("{}, doubling up to {}; {told}", duration(first), duration(longest))
}

const fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Chosen => "it would serve",
        Verdict::Ready => "it could serve; told of keys",
        Verdict::NotDrawn => {
            "it could serve; another of its tier, or one that an earlier rule prefers, was taken"
        }
        Verdict::LowerTier => "it could serve; one of a better tier does",
        Verdict::OtherPrefix => "it has another `routePrefix`, or one where none is asked for",
        Verdict::OtherModel => "its `models` do not allow the model",
        Verdict::NotAllowed => "the client's key does not allow it",
        Verdict::Paused => "it is paused",
        Verdict::NoKey => "it has no key, or none that is not paused",
        Verdict::ContextWindow => "the prompt is too long for the model there",
        Verdict::Capability => "it takes no images, or no tools",
        Verdict::Tried => "it failed this request before",
        Verdict::Limited => "it is at a limit that you set",
        Verdict::CoolingDown => {
            "it rests after a fault of a key, an account or a model, or at a limit of the upstream's"
        }
        Verdict::Refused => {
            "the upstream refuses its key, and a test of it now and then finds out whether it still does"
        }
        Verdict::Open => "its breaker is open",
        Verdict::UnderTest => "it comes back from a fault, and another request tests it",
    }
}

/// As the API spells it.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_of_its_class() {
        for class in CLASSES {
            if let Sign::Answer(status, code, text) = sign(class) {
                assert_eq!(verdict(status, code, text).class, class);
            }
        }
    }

    #[test]
    fn every_word_is_listed_once() {
        for words in [CLASSES.map(word).to_vec(), VERDICTS.map(word).to_vec()] {
            let mut unlike = words.clone();
            unlike.sort();
            unlike.dedup();
            assert_eq!(unlike.len(), words.len());
            assert!(words.iter().all(|word| !word.is_empty()));
        }
    }
}
