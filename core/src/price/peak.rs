//! The hours at which a vendor takes more.

use super::{MILLION, Price, micros};
use crate::time::Timestamp;

const HOUR: u64 = 3_600_000;
/// The epoch began on a Thursday.
const MONDAY_OFFSET: u64 = 3;

/// Hours in UTC, Monday to Friday, and what all rates are multiplied by then. Nobody's holidays are known here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peak {
    /// The lowest bit is the hour after midnight.
    hours: u32,
    /// In millionths.
    factor: u64,
}

impl Peak {
    pub(super) fn of(price: &Price) -> Result<Option<Self>, (&'static str, String)> {
        match (&price.peak_hours, micros("peakFactor", price.peak_factor)?) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(("peakFactor", "is missing beside peakHours".to_owned())),
            (None, Some(_)) => Err(("peakHours", "is missing beside peakFactor".to_owned())),
            (Some(text), Some(factor)) => {
                let wrong = "is not a list of hours from 0 to 24 such as `1-4,6-10`";
                let hours = hours(text).ok_or_else(|| ("peakHours", wrong.to_owned()))?;
                Ok(Some(Self { hours, factor }))
            }
        }
    }

    /// `amount` as it is at a time.
    pub(super) fn applied(self, amount: u128, at: Timestamp) -> u128 {
        let (weekday, hour) = ((at.day() + MONDAY_OFFSET) % 7, at.as_millis() / HOUR % 24);
        let is_peak = weekday < 5 && self.hours >> hour & 1 == 1;
        if is_peak { amount.saturating_mul(self.factor.into()) / MILLION } else { amount }
    }
}

/// A bit for each hour of `1-4,6-10`, whose ends are not in it.
fn hours(text: &str) -> Option<u32> {
    text.split(',').try_fold(0, |hours, range| {
        let (from, to) = range.trim().split_once('-')?;
        let (from, to): (u32, u32) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        (from < to && to <= 24).then(|| hours | ((1 << to) - (1 << from)))
    })
}
