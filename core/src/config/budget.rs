//! How much a client key may use in which time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Timestamp;
use crate::time::calendar::{date, days};

const DAY_MS: u64 = 86_400_000;

/// The most that a client key may use in each period of one kind. At least one of the two is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Budget {
    pub period: Period,
    /// Input, cached or not, and output together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// In millionths of a US dollar, at effective prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
}

/// In UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Day,
    /// From Monday on.
    Week,
    /// Of the calendar.
    Month,
    /// The key's whole life.
    Total,
}

impl Period {
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Total];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The first day of the period that `now` is in, counted from the epoch.
    pub fn first_day(self, now: Timestamp) -> u64 {
        let today = now.day();
        match self {
            Self::Day => today,
            // The epoch was a Thursday.
            Self::Week => today.saturating_sub((today + 3) % 7),
            Self::Month => {
                let (_, _, day) = date(i64::try_from(today).unwrap_or(i64::MAX / 2));
                today.saturating_sub(u64::try_from(day - 1).unwrap_or(0))
            }
            Self::Total => 0,
        }
    }

    /// When the next one begins; `None`: never.
    pub fn ends(self, now: Timestamp) -> Option<Timestamp> {
        let first = self.first_day(now);
        let next = match self {
            Self::Day => first + 1,
            Self::Week => (first + 7) - (first + 3) % 7,
            Self::Month => {
                let (year, month, _) = date(i64::try_from(first).ok()?);
                u64::try_from(days(year + month / 12, month % 12 + 1, 1)).ok()?
            }
            Self::Total => return None,
        };
        Some(Timestamp::from_millis(next.saturating_mul(DAY_MS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i64, month: i64, of_month: i64) -> u64 {
        u64::try_from(days(year, month, of_month)).unwrap()
    }

    #[test]
    fn periods_begin_and_end_with_the_calendar_in_utc() {
        // 2024-02-29 was a Thursday.
        let noon = Timestamp::from_millis(day(2024, 2, 29) * DAY_MS + DAY_MS / 2);
        for (period, first, next) in [
            (Period::Day, day(2024, 2, 29), Some(day(2024, 3, 1))),
            (Period::Week, day(2024, 2, 26), Some(day(2024, 3, 4))),
            (Period::Month, day(2024, 2, 1), Some(day(2024, 3, 1))),
            (Period::Total, 0, None),
        ] {
            assert_eq!(period.first_day(noon), first, "{period:?}");
            assert_eq!(period.ends(noon).map(|end| end.as_millis() / DAY_MS), next, "{period:?}");
        }
        let silvester = Timestamp::from_millis(day(2026, 12, 31) * DAY_MS + DAY_MS - 1);
        assert_eq!(Period::Month.ends(silvester), Period::Day.ends(silvester));
    }

    #[test]
    fn every_moment_lies_in_its_periods() {
        for day in (0..40_000).step_by(3) {
            let now = Timestamp::from_millis(day * DAY_MS + day);
            for period in Period::ALL {
                let end = period.ends(now);
                assert!(period.first_day(now) <= day && end.is_none_or(|end| end > now), "{period:?} {day}");
                let next = end.map(|end| period.first_day(end));
                assert_eq!(next, end.map(|end| end.as_millis() / DAY_MS), "{period:?} {day}");
            }
        }
    }
}
