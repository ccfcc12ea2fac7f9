//! The figures of waiting and trying again, by the names that their page has for them (`testing/guide`).

use super::coordinator::{self, queue};
use super::serve::{misses, rounds};
use super::{hold, relay};
use crate::schedule::figures::Figure;

pub(crate) fn figures() -> Vec<(&'static str, Figure)> {
    use Figure::{Count, Time};
    vec![
        ("queue.most", Count(queue::MAX_WAITING as u64)),
        ("queue.looks", Time(coordinator::LOOKS_EVERY)),
        ("limited.retry", Time(misses::LIMIT_RETRY)),
        ("rounds.most", Count(rounds::MAX_ROUNDS.into())),
        ("rounds.first_pause", Time(rounds::pause(0))),
        ("rounds.last_pause", Time(rounds::pause(rounds::MAX_ROUNDS.saturating_sub(1)))),
        ("hold.patience", Time(hold::PATIENCE)),
        ("relay.keep_alive", Time(relay::KEEP_ALIVE)),
    ]
}
