//! What happens, told to those who watch while it does: requests under way and finished, channels, configuration.
//!
//! Nobody waits for a watcher. Each has a bounded queue of its own; one that is too slow is told how much it missed, and
//! then how things are. With nobody watching, all of this costs a request one look at a number.

mod filter;
mod hub;
mod message;
mod seat;
mod slot;
mod standing;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use self::filter::Seen;
pub(crate) use self::hub::{Hub, NOBODY, Watcher};
pub use self::message::{Finished, snapshot};
pub(crate) use self::message::{LiveMessage, UnderWay};
pub use self::seat::{Heard, PING, PONG, Seat};
pub use self::standing::Standing;

/// So many may watch at once; each costs memory, and work for everything that happens.
pub const MOST_WATCHERS: usize = 32;

/// How soon a change of channels or configuration is told.
pub const PACE: Duration = Duration::from_secs(1);

/// What a runtime's feed tells of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Extent {
    /// Also those that are under way, as they go on.
    Full,
    /// Those that have finished, about a second later.
    Finished,
}
