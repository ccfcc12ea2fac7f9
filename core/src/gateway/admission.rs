//! Whether a client's key may ask this now.

use crate::allowance::{Admission, Amount, Expected, Refused};
use crate::config::Config;
use crate::config::client_key::ClientKey;
use crate::error::{Failure, FailureKind, Origin};
use crate::ir::Usage;
use crate::platform::Platform;
use crate::protocol::Operation;
use crate::schedule::Needs;
use crate::time::Timestamp;

use super::serve::LIMIT_RETRY;
use super::{Gateway, spending};

/// Tokens of an answer to who does not say how long it may be.
const ANSWER: u32 = 4096;

impl<P: Platform> Gateway<P> {
    /// Lets a request begin.
    ///
    /// # Errors
    /// 403 for a model that the key does not allow, 429 at a limit or when a budget is used up.
    pub(crate) async fn admit(
        &self,
        config: &Config,
        key: &ClientKey,
        model: &str,
        operation: Operation,
        needs: &Needs,
    ) -> Result<Admission, Failure> {
        if !key.models.allows(model) {
            let message = format!("this key may not use the model `{model}`");
            return Err(Failure::new(Origin::Client, FailureKind::Permission, message));
        }
        if !key.budgets.is_empty() && self.allowances().is_stale(&key.id, self.now()) {
            spending::sync(&self.allowances, &self.platform, std::slice::from_ref(&key.id)).await;
        }
        let now = self.now();
        let mut expected = expected(operation, needs);
        if key.counts_money()
            && let Some(Expected { most, .. }) = &mut expected
        {
            let answer = most.tokens.saturating_sub(needs.input.into());
            let usage = Usage { input: Some(needs.input.into()), output: Some(answer), ..Usage::default() };
            most.micros = config.prices.list(&usage, model, now).list_micros;
        }
        let admitted = self.allowances().admit(key, expected, now);
        admitted.map_err(|refused| failure(refused, now))
    }

    /// Asks others who serve `key` too, where little is left of a budget.
    ///
    /// # Errors
    /// 429 where they have claimed it or used it up.
    pub(crate) async fn agree(&self, key: &ClientKey, admission: &Admission) -> Result<(), Failure> {
        if !self.allowances().is_tight(key, admission, self.now()) {
            return Ok(());
        }
        spending::sync(&self.allowances, &self.platform, std::slice::from_ref(&key.id)).await;
        let now = self.now();
        let confirmed = self.allowances().confirm(key, admission, now);
        confirmed.map_err(|refused| failure(refused, now))
    }
}

fn failure(refused: Refused, now: Timestamp) -> Failure {
    let (message, retry_after) = match refused {
        Refused::Limit(until) => (
            "this key is at its limit of requests or tokens".to_owned(),
            Some(until.map_or(LIMIT_RETRY, |until| now.until(until))),
        ),
        Refused::Reserved(period) => (
            format!("requests under way may use up this key's budget ({})", period.as_str()),
            Some(LIMIT_RETRY),
        ),
        Refused::Spent(period, ends) => {
            (format!("this key's budget is used up ({})", period.as_str()), ends.map(|ends| now.until(ends)))
        }
    };
    Failure::new(Origin::Client, FailureKind::RateLimited, message).with_retry_after(retry_after)
}

/// `None` for what no vendor bills.
fn expected(operation: Operation, needs: &Needs) -> Option<Expected> {
    if operation.only_counts() {
        return None;
    }
    let answer = match needs.output {
        0 if operation.converts() => ANSWER,
        said => said,
    };
    let tokens = u64::from(needs.input) + u64::from(answer);
    Some(Expected { prompt: needs.input, most: Amount { tokens, micros: 0 } })
}
