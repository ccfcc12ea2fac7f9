//! When an upstream wants to be asked again, as the headers of its answer say.

use std::time::Duration;

use super::{LONGEST, moment};
use crate::time::Timestamp;

/// A limit's reset header and the one that tells how much is left.
struct Limit {
    reset: &'static str,
    remaining: &'static str,
}

const fn limit(reset: &'static str, remaining: &'static str) -> Limit {
    Limit { reset, remaining }
}

/// <https://platform.claude.com/docs/en/api/rate-limits#response-headers>,
/// <https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers>,
/// <https://openrouter.ai/docs/api-reference/limits>,
/// <https://inference-docs.cerebras.ai/support/rate-limits>.
const LIMITS: [Limit; 10] = [
    limit("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
    limit("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
    limit("anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"),
    limit("anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"),
    limit("anthropic-ratelimit-unified-reset", "anthropic-ratelimit-unified-remaining"),
    limit("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
    limit("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    limit("x-ratelimit-reset-requests-day", "x-ratelimit-remaining-requests-day"),
    limit("x-ratelimit-reset-tokens-minute", "x-ratelimit-remaining-tokens-minute"),
    limit("x-ratelimit-reset", "x-ratelimit-remaining"),
];

/// How long an upstream asks to wait, from an answer whose class is one that waits.
///
/// `headers` gives a header's value by its name in lower case. `Retry-After` goes before the resets of
/// limits; of those the used-up ones count, the last to end, or else the first to end of which nobody says how
/// much is left.
pub fn retry_after<'a>(headers: impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> Option<Duration> {
    let named = headers("retry-after-ms").and_then(|value| moment::decimal(value.trim(), 1.0));
    let named = named.or_else(|| headers("retry-after").and_then(|value| seconds_or_date(value.trim(), now)));
    let wait = named.or_else(|| {
        let headers = &headers;
        let resets = |used_up: bool| {
            LIMITS.iter().filter_map(move |limit| {
                let wait = moment::reset(headers(limit.reset)?.trim(), now)?;
                let left = headers(limit.remaining);
                (if used_up { left.is_some_and(is_none_left) } else { left.is_none() }).then_some(wait)
            })
        };
        resets(true).max().or_else(|| resets(false).min())
    })?;
    Some(wait.min(LONGEST))
}

/// How long until a limit refills that an answer has used up, though it was served: the last to end, where
/// there are several.
///
/// `headers` are names in lower case and raw values; one pass, so that the many answers without limits cost
/// next to nothing.
pub fn used_up<'a>(
    headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    now: Timestamp,
) -> Option<Duration> {
    let mut found: [(bool, Option<Duration>); LIMITS.len()] = [(false, None); LIMITS.len()];
    for (name, value) in headers {
        if !(name.starts_with("x-ratelimit-re") || name.starts_with("anthropic-ratelimit-")) {
            continue;
        }
        let Ok(value) = std::str::from_utf8(value) else { continue };
        for (limit, (used_up, wait)) in LIMITS.iter().zip(&mut found) {
            if name == limit.remaining {
                *used_up = is_none_left(value);
            } else if name == limit.reset {
                *wait = moment::reset(value.trim(), now);
            }
        }
    }
    let waits = found.into_iter().filter_map(|(used_up, wait)| wait.filter(|_| used_up));
    waits.max().filter(|wait| !wait.is_zero()).map(|wait| wait.min(LONGEST))
}

fn is_none_left(remaining: &str) -> bool {
    remaining.trim() == "0"
}

fn seconds_or_date(value: &str, now: Timestamp) -> Option<Duration> {
    moment::decimal(value, 1000.0).or_else(|| moment::http_date(value).map(|at| now.until(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2015-10-21T07:28:00Z.
    const NOW: Timestamp = Timestamp::from_millis(1_445_412_480_000);

    fn wait(headers: &[(&str, &'static str)]) -> Option<u64> {
        let find = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        retry_after(find, NOW).map(|wait| u64::try_from(wait.as_millis()).unwrap())
    }

    #[test]
    fn retry_after_is_read_in_every_spelling() {
        for (name, value, millis) in [
            ("retry-after", "7", Some(7_000)),
            ("retry-after", " 1.5 ", Some(1_500)),
            ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT", Some(30_000)),
            ("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT", Some(0)),
            ("retry-after-ms", "250", Some(250)),
            ("x-ratelimit-reset-requests", "6m0s", Some(360_000)),
            ("x-ratelimit-reset-requests", "120ms", Some(120)),
            ("x-ratelimit-reset-tokens", "1h2m3.5s", Some(3_723_500)),
            ("x-ratelimit-reset", "1445412490", Some(10_000)),
            ("x-ratelimit-reset", "1445412490000", Some(10_000)),
            ("x-ratelimit-reset", "20", Some(20_000)),
            ("anthropic-ratelimit-tokens-reset", "2015-10-21T07:29:00Z", Some(60_000)),
            ("anthropic-ratelimit-tokens-reset", "2015-10-21T09:29:00.25+02:00", Some(60_000)),
            ("anthropic-ratelimit-unified-reset", "1445412540", Some(60_000)),
        ] {
            assert_eq!(wait(&[(name, value)]), millis, "{name}: {value}");
        }
    }

    #[test]
    fn nonsense_is_no_wait() {
        for value in [
            "",
            "-5",
            "soon",
            "NaN",
            "inf",
            "1e999",
            "1e3",
            "+7",
            "99999999999999999999999999",
            "Wed, 99 Oct 2015 07:28:00 GMT",
            "Wed, 21 Foo 2015 07:28:00 GMT",
            "2015-10-21",
            "5x",
            "é",
            "2015-10-21T07:28:00+é",
            "1m-",
        ] {
            assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
            assert_eq!(
                wait(&[("x-ratelimit-reset-tokens", value)]).filter(|wait| *wait < u64::MAX / 2),
                None,
                "{value}"
            );
        }
    }

    #[test]
    fn the_used_up_limit_decides() {
        let requests = [("x-ratelimit-reset-requests", "1s"), ("x-ratelimit-remaining-requests", "99")];
        let tokens = [("x-ratelimit-reset-tokens", "30s"), ("x-ratelimit-remaining-tokens", "0")];
        assert_eq!(wait(&[requests, tokens].concat()), Some(30_000));
        assert_eq!(wait(&[requests[0], tokens[0]]), Some(1_000));
        assert_eq!(wait(&requests), None, "there are requests left");
        assert_eq!(wait(&[&[("retry-after", "3")], &tokens[..]].concat()), Some(3_000));
    }

    #[test]
    fn a_served_answer_tells_of_the_limit_it_used_up() {
        for (headers, millis) in [
            (vec![("content-type", "application/json")], None),
            (vec![("x-ratelimit-remaining-requests", "1"), ("x-ratelimit-reset-requests", "6s")], None),
            (vec![("x-ratelimit-remaining-requests", "0")], None),
            (vec![("x-ratelimit-reset-requests", "6s")], None),
            (vec![("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "0s")], None),
            (
                vec![("x-ratelimit-remaining-requests", " 0 "), ("x-ratelimit-reset-requests", "6s")],
                Some(6_000),
            ),
            (vec![("x-ratelimit-reset", "1445412490000"), ("x-ratelimit-remaining", "0")], Some(10_000)),
            (
                vec![
                    ("anthropic-ratelimit-requests-remaining", "0"),
                    ("anthropic-ratelimit-requests-reset", "2015-10-21T07:28:05Z"),
                    ("anthropic-ratelimit-input-tokens-remaining", "0"),
                    ("anthropic-ratelimit-input-tokens-reset", "2015-10-21T07:29:00Z"),
                    ("anthropic-ratelimit-output-tokens-remaining", "8000"),
                    ("anthropic-ratelimit-output-tokens-reset", "2015-10-21T08:28:00Z"),
                ],
                Some(60_000),
            ),
            (
                vec![("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "999999d")],
                Some(LONGEST.as_millis()),
            ),
        ] {
            let raw = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
            assert_eq!(used_up(raw, NOW).map(|wait| wait.as_millis()), millis, "{headers:?}");
        }
    }
}
