//! What a lane does for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::behaviour::Behaviour;

/// Periods one after the other; the first begins with the first request that meets it.
///
/// A reply's headers may tell when the period ends: `{seconds}` stands for what is left of it, `{date}`, `{unix}` and
/// `{rfc3339}` for its end. All are rounded up, so that nobody who obeys comes too early.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timetable {
    periods: Vec<Period>,
    /// Begins again when it is over.
    #[serde(default)]
    repeat: bool,
    #[serde(skip)]
    began_us: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Period {
    for_ms: u64,
    behaviour: Behaviour,
}

/// What a request meets.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) behaviour: Behaviour,
    /// When that changes, in microseconds since the Unix epoch.
    pub(super) until_us: Option<u64>,
}

impl Timetable {
    /// For so long that, and afterwards what the lane does without.
    pub fn once(time: Duration, behaviour: impl Into<Behaviour>) -> Self {
        Self { periods: vec![Period::new(time, behaviour.into())], ..Self::default() }
    }

    /// These, for so long each, over and over.
    pub fn repeat(periods: impl IntoIterator<Item = (Duration, Behaviour)>) -> Self {
        let periods = periods.into_iter().map(|(time, behaviour)| Period::new(time, behaviour)).collect();
        Self { periods, repeat: true, began_us: None }
    }

    /// `None` when it is over.
    pub(super) fn due(&mut self, now_us: u64) -> Option<Due> {
        let began = *self.began_us.get_or_insert(now_us);
        let round: u64 = self.periods.iter().map(Period::micros).sum();
        let passed = now_us.saturating_sub(began);
        let mut end = if self.repeat { began + passed.checked_div(round)? * round } else { began };
        for period in &self.periods {
            end += period.micros();
            if now_us < end {
                return Some(Due { behaviour: period.behaviour.telling(now_us, end), until_us: Some(end) });
            }
        }
        None
    }
}

impl Period {
    fn new(time: Duration, behaviour: Behaviour) -> Self {
        Self { for_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX), behaviour }
    }

    const fn micros(&self) -> u64 {
        self.for_ms.saturating_mul(1000)
    }
}

impl Behaviour {
    /// The same with the end of its period in its headers.
    fn telling(&self, now_us: u64, end_us: u64) -> Self {
        let mut told = self.clone();
        let end = end_us.div_ceil(1_000_000);
        for value in told.reply.headers.values_mut().filter(|value| value.contains('{')) {
            *value = value
                .replace("{seconds}", &end_us.saturating_sub(now_us).div_ceil(1_000_000).to_string())
                .replace("{unix}", &end.to_string())
                .replace("{date}", &http_date(end))
                .replace("{rfc3339}", &rfc3339(end));
        }
        told
    }
}

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>
fn http_date(unix: u64) -> String {
    let Civil { year, month, day, time } = Civil::of(unix);
    let pick = |names: &[&'static str], index: u64| {
        usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
    };
    let (weekday, month) = (pick(&DAYS, unix / 86_400 % 7), pick(&MONTHS, month - 1));
    format!("{weekday}, {day:02} {month} {year} {time} GMT")
}

/// <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>
fn rfc3339(unix: u64) -> String {
    let Civil { year, month, day, time } = Civil::of(unix);
    format!("{year}-{month:02}-{day:02}T{time}Z")
}

/// A point in time as calendars and clocks show it.
struct Civil {
    year: u64,
    month: u64,
    day: u64,
    time: String,
}

impl Civil {
    fn of(unix: u64) -> Self {
        let (mut days, seconds) = (unix / 86_400, unix % 86_400);
        let mut year = 1970;
        let leap =
            |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        while days >= 365 + u64::from(leap(year)) {
            days -= 365 + u64::from(leap(year));
            year += 1;
        }
        let mut month = 1;
        for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            if days < length {
                break;
            }
            days -= length;
            month += 1;
        }
        let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        Self { year, month, day: days + 1, time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_spelled_as_the_standards_want() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(951_825_600), "Tue, 29 Feb 2000 12:00:00 GMT");
        assert_eq!(rfc3339(1_798_761_599), "2026-12-31T23:59:59Z");
        assert_eq!(rfc3339(1_709_251_200), "2024-03-01T00:00:00Z");
    }

    #[test]
    fn periods_follow_each_other_from_the_first_request_on() {
        let codes = |table: &mut Timetable, at: &[u64]| -> Vec<Option<u64>> {
            at.iter().map(|at| Some(table.due(*at)?.until_us? / 1000)).collect()
        };
        let second = Duration::from_secs(1);
        let mut once = Timetable::once(second, Behaviour::status(503));
        assert_eq!(codes(&mut once, &[5_000, 1_004_999, 1_005_000]), [Some(1_005), Some(1_005), None]);
        let mut over_and_over =
            Timetable::repeat([(second, Behaviour::status(503)), (second * 2, Behaviour::ok())]);
        assert_eq!(
            codes(&mut over_and_over, &[0, 1_500_000, 3_000_000, 7_500_000]),
            [Some(1_000), Some(3_000), Some(4_000), Some(9_000)]
        );
    }

    #[test]
    fn a_period_without_length_is_over_at_once() {
        assert!(Timetable::repeat([(Duration::ZERO, Behaviour::ok())]).due(1).is_none());
        assert!(Timetable::repeat([]).due(1).is_none());
    }

    #[test]
    fn headers_tell_when_the_period_ends() {
        let told = |value: &str| {
            let behaviour = Behaviour::status(429).header("retry-after", value);
            let due = Timetable::once(Duration::from_millis(1_200), behaviour).due(784_111_775_000_000);
            due.unwrap().behaviour.reply.headers.remove("retry-after").unwrap()
        };
        assert_eq!(told("{seconds}"), "2");
        assert_eq!(told("{unix}"), "784111777");
        assert_eq!(told("{date}"), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
