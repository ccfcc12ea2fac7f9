//! When an upstream wants to be asked again.

use std::time::Duration;

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
/// <https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers>.
const LIMITS: &[Limit] = &[
    limit("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
    limit("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
    limit("anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"),
    limit("anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"),
    limit("anthropic-ratelimit-unified-reset", "anthropic-ratelimit-unified-remaining"),
    limit("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
    limit("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    limit("x-ratelimit-reset", "x-ratelimit-remaining"),
];

/// How long an upstream asks to wait, from an answer whose class is one that waits.
///
/// `headers` gives a header's value by its name in lower case. `Retry-After` goes before the resets of
/// limits; of those the used-up ones count, the last to end, or else the first to end of all.
pub fn retry_after<'a>(headers: impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> Option<Duration> {
    if let Some(wait) = headers("retry-after-ms").and_then(|value| decimal(value.trim(), 1.0)) {
        return Some(wait);
    }
    if let Some(wait) = headers("retry-after").and_then(|value| seconds_or_date(value.trim(), now)) {
        return Some(wait);
    }
    let resets = || {
        LIMITS.iter().filter_map(|limit| {
            let wait = reset(headers(limit.reset)?.trim(), now)?;
            Some((wait, headers(limit.remaining).is_some_and(|left| left.trim() == "0")))
        })
    };
    let used_up = resets().filter(|(_, used_up)| *used_up).map(|(wait, _)| wait).max();
    used_up.or_else(|| resets().map(|(wait, _)| wait).min())
}

fn seconds_or_date(value: &str, now: Timestamp) -> Option<Duration> {
    decimal(value, 1000.0).or_else(|| http_date(value).map(|at| now.until(at)))
}

/// Seconds, a point in time (Unix seconds or milliseconds, RFC 3339) or a span such as `1m2.5s`.
fn reset(value: &str, now: Timestamp) -> Option<Duration> {
    if let Some(wait) = decimal(value, 1000.0) {
        return Some(match wait.as_secs() {
            secs if secs >= 100_000_000_000 => now.until(Timestamp::from_millis(secs)),
            secs if secs >= 100_000_000 => now.until(Timestamp::from_millis(secs.saturating_mul(1000))),
            _ => wait,
        });
    }
    span(value).or_else(|| rfc3339(value).map(|at| now.until(at)))
}

/// A plain number of units of `millis` milliseconds.
fn decimal(value: &str, millis: f64) -> Option<Duration> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    Duration::try_from_secs_f64(value.parse::<f64>().ok()? * millis / 1000.0).ok()
}

/// `6m0s`, `120ms`, `1h2m3.5s`.
fn span(mut rest: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| c.is_ascii_alphabetic())?);
        let (unit, tail) = tail.split_at(tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len()));
        let millis = match unit {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return None,
        };
        total = total.checked_add(decimal(number, millis)?)?;
        rest = tail;
    }
    (total > Duration::ZERO).then_some(total)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>. The two
/// obsolete forms are not read.
fn http_date(value: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = value.split_once(", ")?.1.split(' ');
    let day = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().zip(1..).find(|(month, _)| **month == name)?.1;
    let year = words.next()?.parse().ok()?;
    let time = time_of_day(words.next()?)?;
    (words.next() == Some("GMT")).then_some(())?;
    at(year, month, day, time)
}

/// `2024-01-02T03:04:05.678Z`, or with an offset: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>.
fn rfc3339(value: &str) -> Option<Timestamp> {
    let (date, time) = value.split_once(['T', 't'])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, zone) = time.split_at(time.find(['Z', 'z', '+', '-'])?);
    let local = at(year, month, day, time_of_day(time.split('.').next()?)?)?;
    if zone.eq_ignore_ascii_case("z") {
        return Some(local);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let offset = (hours.parse::<u64>().ok()? * 60 + minutes.parse::<u64>().ok()?) * 60_000;
    let millis = if zone.starts_with('+') {
        local.as_millis().checked_sub(offset)?
    } else {
        local.as_millis().checked_add(offset)?
    };
    Some(Timestamp::from_millis(millis))
}

/// `08:49:37` in seconds.
fn time_of_day(value: &str) -> Option<u64> {
    let mut parts = value.splitn(3, ':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    (hours < 24 && minutes < 60 && seconds <= 60).then_some((hours * 60 + minutes) * 60 + seconds)
}

/// A point in time of the proleptic Gregorian calendar, in the years an upstream can mean.
fn at(year: u32, month: u32, day: u32, seconds: u64) -> Option<Timestamp> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years are counted from March, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = u64::from(year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1);
    let days = days.checked_sub(719_468)?;
    Some(Timestamp::from_millis((days * 86_400 + seconds) * 1000))
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
        assert_eq!(wait(&[&[("retry-after", "3")], &tokens[..]].concat()), Some(3_000));
    }

    #[test]
    fn dates_agree_with_the_calendar() {
        for (date, secs) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2024-03-01T00:00:00Z", 1_709_251_200),
            ("2026-12-31T23:59:59Z", 1_798_761_599),
        ] {
            assert_eq!(rfc3339(date).map(Timestamp::as_secs), Some(secs), "{date}");
        }
    }
}
