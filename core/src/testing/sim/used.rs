//! What counts against an operator's limits, as the documentation counts.

use std::collections::VecDeque;
use std::time::Duration;

use crate::config::Limits;
use crate::time::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
/// A place may come free so late.
const LATE: Duration = Duration::from_secs(5);

/// What one channel or key was lent lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Used {
    lent: VecDeque<Lent>,
    under_way: u32,
    ended_at: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Lent {
    lease: u64,
    begun: Timestamp,
    /// What is known of it: at least its prompt's until it ends.
    tokens: u64,
}

impl Used {
    pub(super) fn lend(&mut self, lease: u64, prompt: u32, now: Timestamp) {
        while self.lent.front().is_some_and(|oldest| now.since(oldest.begun) > MINUTE + LATE) {
            self.lent.pop_front();
        }
        self.lent.push_back(Lent { lease, begun: now, tokens: prompt.into() });
        self.under_way += 1;
    }

    /// `tokens`: what it used; `None` where that stays unknown.
    pub(super) fn end(&mut self, lease: u64, tokens: Option<u64>, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        self.ended_at = now;
        if let Some((lent, tokens)) = self.lent.iter_mut().rfind(|lent| lent.lease == lease).zip(tokens) {
            lent.tokens = tokens;
        }
    }

    /// One that was lent elsewhere ended.
    pub(super) fn hear(&mut self, now: Timestamp) {
        self.ended_at = now;
    }

    /// Whether one more with such a prompt would be one too many.
    pub(super) fn is_full(&self, limits: &Limits, prompt: u32, now: Timestamp) -> bool {
        let over = |limit: u32| {
            let tokens: u64 = self.since(MINUTE, now).map(|lent| lent.tokens).sum();
            tokens > 0 && tokens + u64::from(prompt.max(1)) > limit.into()
        };
        self.is_crowded(limits)
            || limits.requests_per_minute.is_some_and(|limit| self.requests(MINUTE, now) >= limit)
            || limits.tokens_per_minute.is_some_and(over)
    }

    /// Whether one more may be too many. How many tokens a request is expected to use, nobody outside knows.
    pub(super) fn may_be_full(&self, limits: &Limits, now: Timestamp) -> bool {
        let late = MINUTE + LATE;
        let some = || {
            self.under_way > 0 || now.since(self.ended_at) <= late || self.since(late, now).next().is_some()
        };
        self.is_crowded(limits)
            || limits.requests_per_minute.is_some_and(|limit| self.requests(late, now) >= limit)
            || limits.tokens_per_minute.is_some() && some()
    }

    fn is_crowded(&self, limits: &Limits) -> bool {
        limits.concurrency.is_some_and(|limit| self.under_way >= limit)
    }

    fn requests(&self, span: Duration, now: Timestamp) -> u32 {
        u32::try_from(self.since(span, now).count()).unwrap_or(u32::MAX)
    }

    fn since(&self, span: Duration, now: Timestamp) -> impl Iterator<Item = &Lent> {
        self.lent.iter().rev().take_while(move |lent| now.since(lent.begun) < span)
    }
}
