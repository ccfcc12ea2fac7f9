//! RFC 3339 in UTC, as Claude's lists write time.

use crate::time::calendar::{date, days};

/// Seconds since the Unix epoch; `None` before it, or when `text` is no date and time.
pub(super) fn decode(text: &str) -> Option<u64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let zone = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(zone)?;
    let mut clock = clock.split(['.']).next()?.splitn(3, ':').map(str::parse::<i64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    let in_range = (0..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !in_range {
        return None;
    }
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset(zone)?;
    u64::try_from(seconds).ok()
}

/// `2026-02-17T00:00:00Z`; the last moment that four digits can name, for what is later.
pub(super) fn encode(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(LAST).min(LAST);
    let (year, month, day) = date(seconds / DAY);
    let clock = seconds % DAY;
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

const DAY: i64 = 86_400;

/// 9999-12-31T23:59:59Z
const LAST: i64 = 253_402_300_799;

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.as_bytes().first() {
        None | Some(b'Z' | b'z') => return Some(0),
        Some(b'-') => (-1, zone.get(1..)?),
        Some(_) => (1, zone.get(1..)?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let known = (0..24).contains(&hours) && (0..60).contains(&minutes);
    known.then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2024-03-01T00:00:00Z", 1_709_251_200),
            ("2026-02-17T12:34:56Z", 1_771_331_696),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(decode(text), Some(seconds), "{text}");
            assert_eq!(encode(seconds), text);
        }
        assert_eq!(encode(u64::MAX), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn every_day_survives_the_way_there_and_back() {
        for day in (0..200_000).step_by(7) {
            let seconds = day * 86_400 + day % 86_400;
            assert_eq!(decode(&encode(seconds)), Some(seconds));
        }
    }

    #[test]
    fn offsets_and_fractions_are_understood() {
        assert_eq!(decode("1970-01-01T01:30:00.250+01:30"), Some(0));
        assert_eq!(decode("1969-12-31 23:00:00-01:00"), Some(0));
        for text in [
            "",
            "2026-02-17",
            "2026-13-01T00:00:00Z",
            "x-1-1T0:0:0Z",
            "1960-01-01T00:00:00Z",
            "2026-01-01T00:00:00+1",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
