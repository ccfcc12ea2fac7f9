//! Tokens and money, counted together.

use std::ops::{Add, AddAssign, Div, Sub, SubAssign};

/// Of tokens and of money. Sums do not overflow and differences do not go below nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    pub tokens: u64,
    /// Millionths of a US dollar.
    pub micros: u64,
}
impl Amount {
    /// The larger of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { tokens: self.tokens.max(other.tokens), micros: self.micros.max(other.micros) }
    }

    pub const fn is_within(self, most: Self) -> bool {
        self.tokens <= most.tokens && self.micros <= most.micros
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            micros: self.micros.saturating_add(other.micros),
        }
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            micros: self.micros.saturating_sub(other.micros),
        }
    }
}

impl Div<u64> for Amount {
    type Output = Self;

    fn div(self, by: u64) -> Self {
        let part = |whole: u64| whole.checked_div(by).unwrap_or(whole);
        Self { tokens: part(self.tokens), micros: part(self.micros) }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
