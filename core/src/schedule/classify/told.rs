//! When an upstream wants to be asked again, as the body of its error says.

use std::time::Duration;

use super::{Evidence, LONGEST, moment};
use crate::time::Timestamp;

/// How long a body asks to wait: by a field of its own, or else in its text, which is in lower case. What
/// lies in the past, and a local time of nobody knows where, say nothing.
pub(super) fn wait(evidence: &Evidence<'_>, text: &str, now: Timestamp) -> Option<Duration> {
    let field = || moment::reset(evidence.reset?.trim(), now);
    let found = field()
        .or_else(|| after_stamp(text, now))
        .or_else(|| find_after(SPANS, text, spelled_span))
        .or_else(|| chinese_span(text))
        .or_else(|| find_after(MOMENTS, text, |rest| spelled_moment(rest, in_beijing(evidence, text), now)));
    found.filter(|wait| !wait.is_zero()).map(|wait| wait.min(LONGEST))
}

/// In front of a span: <https://platform.openai.com/docs/guides/rate-limits>,
/// <https://github.com/openai/codex/issues/3257>, <https://platform.moonshot.ai/docs/api/chat>,
/// <https://github.com/google-gemini/gemini-cli/issues/29425>.
const SPANS: &[&str] = &[
    "try again in ",
    "try again after ",
    "retry in ",
    "retry after ",
    "retry_after: ",
    "reset after ",
    "reset in ",
    "resets in ",
    "please wait ",
    "wait for ",
];

/// In front of a point in time: <https://docs.z.ai/api-reference/api-code>,
/// <https://platform.claude.com/docs/en/api/errors>,
/// <https://github.com/router-for-me/CLIProxyAPI/pull/5978>.
const MOMENTS: &[&str] = &[
    "reset at ",
    "resets at ",
    "resets ",
    "reset on ",
    "try again at ",
    "try again after ",
    "retry after ",
    "regain access on ",
    "限额将在 ",
    "限额将在",
    "将在 ",
    "将于 ",
];

/// What the first marker that has it is followed by.
fn find_after(markers: &[&str], text: &str, read: impl Fn(&str) -> Option<Duration>) -> Option<Duration> {
    let follows =
        |marker: &&str| text.match_indices(*marker).find_map(|(at, _)| read(text.get(at + marker.len()..)?));
    markers.iter().find_map(follows)
}

/// `usage limit reached|1754582400`: <https://github.com/anthropics/claude-code/issues/2087>.
fn after_stamp(text: &str, now: Timestamp) -> Option<Duration> {
    let (digits, _) = moment::number(text.split_once("limit reached|")?.1)?;
    matches!(digits.len(), 10 | 13).then(|| moment::reset(digits, now))?
}

/// `1m26.4s`, `4 days 20 hours`, or seconds without a unit where nothing else can follow: `30.`
fn spelled_span(rest: &str) -> Option<Duration> {
    if let Some((wait, _)) = moment::span(rest) {
        return Some(wait);
    }
    let (number, tail) = moment::number(rest)?;
    let ends = tail.is_empty() || tail.starts_with(['.', ',', ';', ')', '"', '\'']);
    ends.then(|| moment::decimal(number, 1000.0))?
}

/// `30 秒后`, `1 小时 20 分钟后`: read backwards from the word for "after".
fn chinese_span(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 6] = [
        ("毫秒", 1.0),
        ("秒", 1_000.0),
        ("分钟", 60_000.0),
        ("分", 60_000.0),
        ("小时", 3_600_000.0),
        ("天", 86_400_000.0),
    ];
    text.match_indices('后').find_map(|(at, _)| {
        let mut rest = text.get(..at)?;
        let mut total = Duration::ZERO;
        while let Some((before, millis)) =
            UNITS.iter().find_map(|(unit, millis)| Some((rest.trim_end().strip_suffix(unit)?, *millis)))
        {
            let before = before.trim_end();
            let start = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            total = total.checked_add(moment::decimal(before.get(start.len()..)?, millis)?)?;
            rest = start;
        }
        (total > Duration::ZERO).then_some(total)
    })
}

/// Whether times without a zone are those of Beijing. Zhipu's and Z.ai's are, in both languages
/// (<https://github.com/hugalafutro/model-hotel/pull/955>).
fn in_beijing(evidence: &Evidence<'_>, text: &str) -> bool {
    const ZHIPU: [&str; 8] = ["1308", "1310", "1316", "1317", "1318", "1319", "1320", "1321"];
    let zhipu = evidence.code.is_some_and(|code| ZHIPU.contains(&code));
    zhipu || text.contains("限额")
}

/// `2025-10-09 17:00:00`, `2025-10-09 23:59:59 +0800`, `2026-01-01 at 00:00 utc`, RFC 3339, `3:00 am (utc)`.
fn spelled_moment(rest: &str, in_beijing: bool, now: Timestamp) -> Option<Duration> {
    if let Some(wait) = time_in_utc(rest, now) {
        return Some(wait);
    }
    let word = rest.split([' ', ',', '(', ')', '。', '，']).next()?.trim_end_matches('.');
    if let Some(at) = moment::rfc3339(word) {
        return Some(now.until(at));
    }
    let (year, month, day) = moment::date(word)?;
    let rest = rest.get(word.len()..)?.trim_start();
    let rest = rest.strip_prefix("at ").unwrap_or(rest);
    let (clock, zone) =
        rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(rest.len()));
    let local = moment::at(year, month, day, time_of_day(clock)?)?;
    let east = match zone_of(zone) {
        Zone::Known(minutes) => minutes,
        Zone::Untold if in_beijing => 8 * 60,
        Zone::Untold | Zone::Unknown => return None,
    };
    Some(now.until(moment::shifted(local, east)?))
}

/// `3pm (utc)`, `3:00 am utc`, `10:00 utc`: the next time it is so late.
fn time_in_utc(rest: &str, now: Timestamp) -> Option<Duration> {
    let (clock, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != ':')?);
    let rest = rest.trim_start();
    let half = rest.get(..2).filter(|half| matches!(*half, "am" | "pm"));
    let zone = half.map_or(rest, |half| rest.trim_start_matches(half));
    if !matches!(zone_of(zone), Zone::Known(0)) {
        return None;
    }
    let seconds = match half {
        None => time_of_day(clock)?,
        Some(half) => {
            let (hour, minute) = clock.split_once(':').unwrap_or((clock, "0"));
            let (hour, minute) = (hour.parse::<u64>().ok()?, minute.parse::<u64>().ok()?);
            let afternoon = if half == "pm" { 12 } else { 0 };
            ((1..=12).contains(&hour) && minute < 60)
                .then_some((hour % 12 + afternoon) * 3600 + minute * 60)?
        }
    };
    Some(moment::until_time_of_day(seconds, now))
}

/// `17:00:00` or `17:00`, in seconds.
fn time_of_day(clock: &str) -> Option<u64> {
    moment::time_of_day(clock).or_else(|| moment::time_of_day(&format!("{clock}:00")))
}

enum Zone {
    /// So many minutes east of UTC.
    Known(i64),
    Untold,
    Unknown,
}

/// The zone that follows a time.
fn zone_of(rest: &str) -> Zone {
    let rest = rest.trim_start();
    if let Some(offset) = rest.starts_with(['+', '-']).then(|| {
        let end =
            rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '-' | ':')).unwrap_or(rest.len());
        moment::offset(rest.get(..end)?)
    }) {
        return offset.map_or(Zone::Unknown, Zone::Known);
    }
    let named = rest.trim_start_matches('(');
    if let Some(after) = named.strip_prefix("utc").or_else(|| named.strip_prefix("gmt")) {
        return if after.starts_with(['+', '-']) { Zone::Unknown } else { Zone::Known(0) };
    }
    if rest.starts_with('(') { Zone::Unknown } else { Zone::Untold }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-10-09T08:30:00Z.
    const NOW: Timestamp = Timestamp::from_millis(1_759_998_600_000);

    fn seconds(evidence: &Evidence<'_>) -> Option<f64> {
        wait(evidence, &evidence.message.to_ascii_lowercase(), NOW).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn a_text_tells_when() {
        for (message, told) in [
            ("Rate limit reached on requests per min. Please try again in 20s.", Some(20.0)),
            ("Please try again in 1m26.4s. Visit the rate limits page.", Some(86.4)),
            ("Please try again in 350ms.", Some(0.35)),
            ("please try again after 1 seconds", Some(1.0)),
            ("Too busy, retry after 30", Some(30.0)),
            ("Too busy, retry after 30.", Some(30.0)),
            ("You've hit your usage limit. Try again in 4 days 20 hours 9 minutes.", Some(418_140.0)),
            ("Your quota will reset after 161h39m41s.", Some(581_981.0)),
            ("Individual quota reached. Resets in 9h22m20s.", Some(33_740.0)),
            ("Claude AI usage limit reached|1760002200", Some(3_600.0)),
            ("请在 30 秒后重试", Some(30.0)),
            ("请1小时20分钟后再试", Some(4_800.0)),
            ("请在 1.5 秒后重试", Some(1.5)),
            ("您的限额将在 2025-10-09 17:00:00 重置。", Some(1_800.0)),
            ("It will reset at 2025-10-09 23:59:59 +0800 CST. We recommend upgrading.", Some(26_999.0)),
            ("5-hour usage limit reached, resets at 2025-10-09T15:00:00Z (2056)", Some(23_400.0)),
            ("You will regain access on 2025-10-10 at 00:00 UTC.", Some(55_800.0)),
            ("limit reached, resets at 3:00 AM (UTC)", Some(66_600.0)),
            ("limit reached, resets 3pm (UTC)", Some(23_400.0)),
            ("limit reached, resets at 3:30 PM UTC", Some(25_200.0)),
            ("limit reached, resets 12pm (UTC)", Some(12_600.0)),
            ("Free quota used. Resets at 10:00 UTC.", Some(5_400.0)),
            ("Free quota used. Resets at 12am (UTC)", Some(55_800.0)),
            ("Please try again in 9999999d", Some(LONGEST.as_secs_f64())),
            ("resets 9:10pm (Europe/Kiev)", None),
            ("Your limit will reset at 1pm (Etc/GMT+5).", None),
            ("Access resets at 10:57 PM GMT-3.", None),
            ("limit reached, resets at 3:60 AM (UTC)", None),
            ("limit reached, resets at 13:00 PM (UTC)", None),
            ("limit reached, resets at 0:00 AM (UTC)", None),
            ("Your limit will reset at 2025-10-09 17:00:00", None),
            ("Your limit will reset at 2025-10-09 17:00:00 (Asia/Dubai)", None),
            ("Please try again in a few minutes", None),
            ("Please try again in 5 requests", None),
            ("Please try again at 7:58 PM.", None),
            ("reset at 2024-01-01T00:00:00Z", None),
            ("usage limit reached|12", None),
            ("usage limit reached|", None),
            ("将在 é 后", None),
            ("秒后重试", None),
            ("请稍后再试", None),
            ("retry after 2025-10-09T08:31:00Z", Some(60.0)),
        ] {
            assert_eq!(seconds(&Evidence { message, ..Evidence::default() }), told, "{message}");
        }
    }

    #[test]
    fn zhipu_means_beijing_in_english_too() {
        let message = "Usage limit reached for 5 hour. Your limit will reset at 2025-10-09 17:00:00";
        let evidence = Evidence { code: Some("1308"), message, ..Evidence::default() };
        assert_eq!(seconds(&evidence), Some(1_800.0));
    }

    #[test]
    fn a_field_goes_before_the_text() {
        for (reset, told) in [
            ("34s", Some(34.0)),
            ("34.074824224s", Some(34.074_824_224)),
            ("581981.300432511s", Some(581_981.300_432_511)),
            ("13872", Some(13_872.0)),
            ("1760002200", Some(3_600.0)),
            ("2025-10-09T08:31:00Z", Some(60.0)),
            ("soon", Some(7.0)),
        ] {
            let evidence = Evidence { reset: Some(reset), message: "retry in 7s", ..Evidence::default() };
            assert_eq!(seconds(&evidence), told, "{reset}");
        }
    }
}
