//! How much a channel and its keys may be asked.

use std::ops::RangeInclusive;

use super::{Problems, compat};
use crate::config::document::ChannelDocument;
use crate::config::model::ModelTable;
use crate::config::{Endpoint, Limits};
use crate::price::LIST;

const REQUESTS: u32 = 1_000_000;
const TOKENS: u32 = 1_000_000_000;
const CONCURRENCY: u32 = 100_000;

/// Tokens; whoever writes 128 means 128,000.
const WINDOWS: RangeInclusive<u32> = 1_000..=100_000_000;

pub(super) fn check(limits: &Limits, path: &str, problems: &mut Problems) {
    for (name, limit, most) in [
        ("requestsPerMinute", limits.requests_per_minute, REQUESTS),
        ("tokensPerMinute", limits.tokens_per_minute, TOKENS),
        ("concurrency", limits.concurrency, CONCURRENCY),
    ] {
        match limit {
            Some(0) => problems.add(format!("{path}.{name}"), "is 0; pause what shall get no traffic"),
            Some(limit) if limit > most => problems.add(format!("{path}.{name}"), format!("is over {most}")),
            _ => {}
        }
    }
}

/// In millionths.
pub(super) fn cost_multiplier(written: f64, path: &str, problems: &mut Problems) -> u64 {
    const MOST: f64 = 1000.0;
    if !(0.0..=MOST).contains(&written) {
        problems.add(format!("{path}.costMultiplier"), format!("is not between 0 and {MOST}"));
        return LIST;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and between 0 and 10^9"
    )]
    let millionths = (written * 1e6).round() as u64;
    millionths
}

/// The channel's own, and below them those of the presets of its endpoints.
pub(super) fn context_windows(
    written: &ChannelDocument,
    endpoints: &[Endpoint],
    path: &str,
    problems: &mut Problems,
) -> ModelTable<u32> {
    let mut windows = ModelTable::default();
    for (pattern, tokens) in &written.context_windows {
        let path = format!("{path}.contextWindows.{pattern}");
        if !WINDOWS.contains(tokens) {
            let (least, most) = (WINDOWS.start(), WINDOWS.end());
            problems.add(path, format!("is not between {least} and {most} tokens"));
        } else {
            problems.take(path, windows.add(pattern, *tokens));
        }
    }
    for endpoint in endpoints {
        let preset = compat::preset(written, &endpoint.base);
        for (pattern, tokens) in
            preset.iter().flat_map(|preset| &preset.context_windows).flat_map(|known| &known.tokens)
        {
            problems.take(format!("{path}.preset"), windows.add_below(pattern, *tokens));
        }
    }
    windows
}
