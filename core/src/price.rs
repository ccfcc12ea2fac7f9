//! What requests cost: the list prices of models, and what a channel takes of them.
//!
//! Money is counted in whole millionths of a US dollar, rounded once a request.

mod built_in;
mod peak;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::Channel;
use crate::config::model::ModelTable;
use crate::ir::Usage;
use crate::sorted;
use crate::time::Timestamp;

use self::peak::Peak;

pub use self::built_in::built_in;

/// A channel's multiplier of 1.
pub const LIST: u64 = 1_000_000;

const MILLION: u128 = 1_000_000;

/// List prices of one model in US dollars per million tokens. What is left out costs as much as `input`, of an answer
/// as much as `output`; left out themselves, those make the usage unpriced.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Price {
    /// The upstream's name, or a pattern.
    #[schema(required = true)]
    pub model: String,
    /// For prompts of more tokens; another entry of the same model is for shorter ones.
    #[serde(skip_serializing_if = "is_zero")]
    pub over: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<f64>,
    /// Read from a prompt cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// Written to a prompt cache, kept for minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// Written to a prompt cache, kept for an hour.
    #[serde(rename = "cacheWrite1h", skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_audio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_audio: Option<f64>,
    /// For a thousand searches that the vendor runs; left out, they are unpriced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_search: Option<f64>,
    /// Hours in UTC, Monday to Friday, at which all of these are higher: `1-4,6-10` is from 01:00 to 04:00 and from 06:00
    /// to 10:00.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_hours: Option<String>,
    /// What they are multiplied by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_factor: Option<f64>,
    /// The page that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The day on which it said so: `2026-10-24`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

/// Prices by the upstream's name of a model.
#[derive(Clone, Debug, Default)]
pub struct Book(ModelTable<Vec<Tier>>);

/// The rates of prompts above a length, longer ones first where there are several.
#[derive(Clone, Copy, Debug)]
struct Tier {
    over: u64,
    rates: Rates,
    peak: Option<Peak>,
}

/// Millionths of a dollar for a million tokens, or for a thousand searches.
#[derive(Clone, Copy, Debug, Default)]
struct Rates {
    input: Option<u64>,
    cached_input: Option<u64>,
    cache_write: Option<u64>,
    cache_write_1h: Option<u64>,
    input_audio: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    output_audio: Option<u64>,
    web_search: Option<u64>,
}

/// What a request cost, in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// With the channel's multiplier.
    pub micros: u64,
    pub list_micros: u64,
    /// Some of its usage has no price, and is not in the sums.
    pub unpriced: bool,
}

impl Cost {
    /// Itself, unless nothing of it has a price.
    pub fn priced(self) -> Option<Self> {
        (!self.unpriced || self.list_micros > 0).then_some(self)
    }
}

impl Book {
    /// `problem` hears of every price that is wrong: its position, the field, and what is wrong with it.
    pub fn new(prices: &[Price], mut problem: impl FnMut(usize, &'static str, String)) -> Self {
        let mut models: BTreeMap<&str, (usize, Vec<Tier>)> = BTreeMap::new();
        for (index, price) in prices.iter().enumerate() {
            let (_, tiers) = models.entry(&price.model).or_insert((index, Vec::new()));
            match Tier::of(price) {
                Err((field, what)) => problem(index, field, what),
                Ok(tier) if tiers.iter().any(|other| other.over == tier.over) => {
                    problem(index, "model", "has such a price before".to_owned());
                }
                Ok(tier) => tiers.push(tier),
            }
        }
        let mut table = ModelTable::default();
        for (model, (index, mut tiers)) in models {
            sorted::sort_by_key(&mut tiers, |tier| Reverse(tier.over));
            if let Err(what) = table.add(model, tiers) {
                problem(index, "model", what);
            }
        }
        Self(table)
    }

    /// What `usage` of `model`, by its name at the upstream of `channel`, costs there for a request of that time.
    pub fn cost(&self, usage: &Usage, channel: &Channel, model: &str, at: Timestamp) -> Cost {
        self.charged(usage, channel.cost_multiplier, model, at)
    }

    /// What it costs on a channel that takes list prices.
    pub fn list(&self, usage: &Usage, model: &str, at: Timestamp) -> Cost {
        self.charged(usage, LIST, model, at)
    }

    fn charged(&self, usage: &Usage, multiplier: u64, model: &str, at: Timestamp) -> Cost {
        let prompt = usage.total_input();
        let tier = self.tiers(model).and_then(|tiers| tiers.iter().find(|tier| tier.over < prompt.max(1)));
        let mut sum = Sum::default();
        tier.map(|tier| tier.rates).unwrap_or_default().charge(usage, &mut sum);
        if let Some(peak) = tier.and_then(|tier| tier.peak) {
            sum.amount = peak.applied(sum.amount, at);
        }
        let rounded = |amount: u128| u64::try_from((amount + MILLION / 2) / MILLION).unwrap_or(u64::MAX);
        Cost {
            micros: rounded(sum.amount.saturating_mul(multiplier.into()) / u128::from(LIST)),
            list_micros: rounded(sum.amount),
            unpriced: sum.unpriced,
        }
    }

    /// The operator's own prices first. Resellers put vendors in front of names: `vendor/model`.
    fn tiers(&self, model: &str) -> Option<&[Tier]> {
        let known = |model: &str| self.0.get(model).or_else(|| built_in::book().0.get(model));
        let bare = || known(model.rsplit_once('/')?.1);
        known(model).or_else(bare).map(Vec::as_slice)
    }
}

impl Tier {
    fn of(price: &Price) -> Result<Self, (&'static str, String)> {
        Ok(Self { over: price.over.into(), rates: Rates::of(price)?, peak: Peak::of(price)? })
    }
}

impl Rates {
    fn of(price: &Price) -> Result<Self, (&'static str, String)> {
        Ok(Self {
            input: micros("input", price.input)?,
            cached_input: micros("cachedInput", price.cached_input)?,
            cache_write: micros("cacheWrite", price.cache_write)?,
            cache_write_1h: micros("cacheWrite1h", price.cache_write_1h)?,
            input_audio: micros("inputAudio", price.input_audio)?,
            output: micros("output", price.output)?,
            reasoning: micros("reasoning", price.reasoning)?,
            output_audio: micros("outputAudio", price.output_audio)?,
            web_search: micros("webSearch", price.web_search)?,
        })
    }

    fn charge(&self, usage: &Usage, sum: &mut Sum) {
        let count = |tokens: Option<u64>| tokens.unwrap_or_default();
        let input_audio = count(usage.input_audio).min(count(usage.input));
        let output_audio = count(usage.output_audio).min(count(usage.output));
        let hour = count(usage.cache_write_1h).min(count(usage.cache_write));
        sum.add(count(usage.input) - input_audio, self.input);
        sum.add(input_audio, self.input_audio.or(self.input));
        sum.add(count(usage.cache_read), self.cached_input.or(self.input));
        sum.add(count(usage.cache_write) - hour, self.cache_write.or(self.input));
        sum.add(hour, self.cache_write_1h.or(self.input));
        sum.add(count(usage.output) - output_audio, self.output);
        sum.add(output_audio, self.output_audio.or(self.output));
        sum.add(count(usage.reasoning), self.reasoning.or(self.output));
        sum.add(count(usage.web_searches).saturating_mul(1000), self.web_search);
    }
}

/// In millionths of a millionth of a dollar.
#[derive(Default)]
struct Sum {
    amount: u128,
    unpriced: bool,
}

impl Sum {
    fn add(&mut self, count: u64, rate: Option<u64>) {
        match rate {
            Some(rate) => self.amount += u128::from(count) * u128::from(rate),
            None => self.unpriced |= count > 0,
        }
    }
}

/// Dollars, or a factor, as whole millionths.
fn micros(field: &'static str, number: Option<f64>) -> Result<Option<u64>, (&'static str, String)> {
    const MOST: f64 = 100_000.0;
    let Some(number) = number else { return Ok(None) };
    if !(0.0..=MOST).contains(&number) {
        return Err((field, format!("is not between 0 and {MOST}")));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and between 0 and 10^11"
    )]
    let micros = (number * 1e6).round() as u64;
    Ok(Some(micros))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
