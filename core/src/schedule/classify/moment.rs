//! How vendors spell times: spans, and points in time.

use std::time::Duration;

use crate::codec::json;
use crate::time::Timestamp;

/// Seconds, a point in time (Unix seconds or milliseconds, RFC 3339) or a span such as `1m2.5s`.
pub(super) fn reset(value: &str, now: Timestamp) -> Option<Duration> {
    if let Some(wait) = decimal(value, 1000.0) {
        return Some(match wait.as_secs() {
            secs if secs >= 100_000_000_000 => now.until(Timestamp::from_millis(secs)),
            secs if secs >= 100_000_000 => now.until(Timestamp::from_millis(secs.saturating_mul(1000))),
            _ => wait,
        });
    }
    let whole = span(value).filter(|(_, rest)| rest.is_empty()).map(|(wait, _)| wait);
    whole.or_else(|| rfc3339(value).map(|at| now.until(at)))
}

/// A plain number of units of `millis` milliseconds.
pub(super) fn decimal(value: &str, millis: f64) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    // JSON wants digits on both sides of the point, and no zero before others.
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let number = json::number(&format!("{whole}.{fraction}0"))?;
    Duration::try_from_secs_f64(number * millis / 1000.0).ok()
}

/// The span that `text` begins with, and what follows it: `6m0s`, `350ms`, `4 days 20 hours`.
pub(super) fn span(text: &str) -> Option<(Duration, &str)> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    loop {
        let next = rest.trim_start_matches([' ', ',']);
        let next = next.strip_prefix("and ").unwrap_or(next);
        let Some((part, tail)) = measured(next) else { break };
        total = total.checked_add(part)?;
        rest = tail;
    }
    (total > Duration::ZERO).then_some((total, rest))
}

/// `12.5 seconds` and what follows.
fn measured(text: &str) -> Option<(Duration, &str)> {
    let (number, tail) = number(text)?;
    let tail = tail.trim_start_matches(' ');
    let (unit, rest) = tail.split_at(tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len()));
    let millis = match unit {
        "ms" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000.0,
        "d" | "day" | "days" => 86_400_000.0,
        _ => return None,
    };
    Some((decimal(number, millis)?, rest))
}

/// The digits that `text` begins with, a fraction included, and what follows them.
pub(super) fn number(text: &str) -> Option<(&str, &str)> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    let fraction = text.get(whole..)?.strip_prefix('.').map_or(0, digits);
    let end = if fraction > 0 { whole + 1 + fraction } else { whole };
    (whole > 0).then(|| text.split_at(end))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>. The two
/// obsolete forms are not read.
pub(super) fn http_date(value: &str) -> Option<Timestamp> {
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
pub(super) fn rfc3339(value: &str) -> Option<Timestamp> {
    let (day, time) = value.split_once(['T', 't'])?;
    let (year, month, day) = date(day)?;
    let (time, zone) = time.split_at(time.find(['Z', 'z', '+', '-'])?);
    let local = at(year, month, day, time_of_day(time.split('.').next()?)?)?;
    if zone.eq_ignore_ascii_case("z") {
        return Some(local);
    }
    shifted(local, offset(zone)?)
}

/// `2024-01-02`.
pub(super) fn date(value: &str) -> Option<(u32, u32, u32)> {
    let mut parts = value.splitn(3, '-').map(|part| part.parse::<u32>().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// `08:49:37` in seconds.
pub(super) fn time_of_day(value: &str) -> Option<u64> {
    let mut parts = value.splitn(3, ':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    (hours < 24 && minutes < 60 && seconds <= 60).then_some((hours * 60 + minutes) * 60 + seconds)
}

/// `+08:00` or `-0530`, in minutes east of UTC.
pub(super) fn offset(zone: &str) -> Option<i64> {
    let digits = zone.get(1..)?;
    let (hours, minutes) = digits.split_once(':').or_else(|| digits.split_at_checked(2))?;
    let minutes = i64::from(hours.parse::<u8>().ok()?) * 60 + i64::from(minutes.parse::<u8>().ok()?);
    match zone.as_bytes().first()? {
        b'+' => Some(minutes),
        b'-' => Some(-minutes),
        _ => None,
    }
}

/// A local time as the point in time that it is, so many minutes east of UTC.
pub(super) fn shifted(local: Timestamp, minutes_east: i64) -> Option<Timestamp> {
    local.as_millis().checked_add_signed(-minutes_east * 60_000).map(Timestamp::from_millis)
}

/// A point in time of the proleptic Gregorian calendar, in the years an upstream can mean.
pub(super) fn at(year: u32, month: u32, day: u32, seconds: u64) -> Option<Timestamp> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years are counted from March, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = u64::from(year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1);
    let days = days.checked_sub(719_468)?;
    Some(Timestamp::from_millis((days * 86_400 + seconds) * 1000))
}

/// How long until the clock in UTC next shows so many seconds past midnight.
pub(super) fn until_time_of_day(seconds: u64, now: Timestamp) -> Duration {
    const DAY: u64 = 86_400_000;
    let into = now.as_millis() % DAY;
    let wanted = seconds.saturating_mul(1000) % DAY;
    Duration::from_millis(if wanted > into { wanted - into } else { DAY - into + wanted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_the_calendar() {
        for (date, secs) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2023-02-28T23:59:60Z", 1_677_628_800),
            ("2024-03-01T00:00:00Z", 1_709_251_200),
            ("2024-08-01T00:00:00Z", 1_722_470_400),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("2400-02-29T00:00:00Z", 13_574_563_200),
            ("2026-12-31T23:59:59Z", 1_798_761_599),
            ("2024-02-29T18:00:00-06:00", 1_709_251_200),
        ] {
            assert_eq!(rfc3339(date).map(Timestamp::as_secs), Some(secs), "{date}");
        }
    }

    #[test]
    fn what_no_calendar_and_no_clock_shows_is_no_time() {
        for time in [
            "1969-12-31T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-00T00:00:00Z",
            "2024-01-32T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:61Z",
            "2024-01-01T00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00*01:00",
            "1970-01-01T00:00:00+00:01",
        ] {
            assert_eq!(rfc3339(time), None, "{time}");
        }
    }

    #[test]
    fn a_span_ends_where_its_units_end() {
        for (text, millis, rest) in [
            ("350ms", 350, ""),
            ("1m26.4s. visit", 86_400, ". visit"),
            ("4 days 20 hours 9 minutes.", 418_140_000, "."),
            ("1 hour and 5 minutes, or upgrade", 3_900_000, ", or upgrade"),
            ("6 seconds", 6_000, ""),
        ] {
            assert_eq!(span(text), Some((Duration::from_millis(millis), rest)), "{text}");
        }
        for text in ["", "0s", "soon", "5 requests", "99999999999999999999999d", "é"] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn the_next_time_of_day_is_ahead() {
        let noon = Timestamp::from_millis(43_200_000);
        assert_eq!(until_time_of_day(46_800, noon), Duration::from_secs(3_600));
        assert_eq!(until_time_of_day(43_200, noon), Duration::from_secs(86_400));
        assert_eq!(until_time_of_day(0, noon), Duration::from_secs(43_200));
    }
}
