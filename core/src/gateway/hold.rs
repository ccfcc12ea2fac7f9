//! Holds the beginning of an answer back until it proves to be one.
//!
//! What was not yet passed on can still fail over: an error inside HTTP 200, an empty stream, a web
//! page. Held is as little as possible, bounded in bytes and in time.

use std::pin::pin;
use std::time::Duration;

use crate::config::Timeouts;
use crate::platform::{ByteBody, Clock};
use bytes::Bytes;

use super::passage::Passage;
use super::pull::{Gathered, Pull, pull};
use super::tape::Tape;

/// A stream without content is held this long; then the client must be kept alive instead.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What became of the beginning.
pub(crate) enum Held {
    /// The answer ended while it was held.
    Whole(Bytes),
    /// It is an answer, or has to be taken for one; more is to come.
    Begun(Gathered),
    /// No answer; in words.
    Nothing(&'static str),
    /// The upstream broke off.
    Cut,
    /// The time ran out.
    Late,
}

/// How much is held, and for how long.
pub(crate) struct Bounds {
    bytes: usize,
    patience: Duration,
    /// Whether the end of the patience commits to the answer, or gives it up.
    commits: bool,
    /// Whether content commits, or only the size.
    content: bool,
    /// What an answer that ends without having proved to be one was.
    nothing: &'static str,
}

impl Bounds {
    /// Until content, a terminal event, or as long as one may. `left` is the request's time.
    pub(crate) fn stream(timeouts: &Timeouts, left: Duration) -> Self {
        let limit = timeouts.first_content.min(left);
        Self {
            bytes: 64 * 1024,
            patience: PATIENCE.min(limit),
            commits: PATIENCE < limit,
            content: true,
            nothing: "an empty stream",
        }
    }

    /// Until it is whole; a large one is passed on as it comes.
    pub(crate) fn document(left: Duration) -> Self {
        Self {
            bytes: 256 * 1024,
            patience: left,
            commits: false,
            content: false,
            nothing: "no complete JSON",
        }
    }
}

/// Takes in as much of `body` as the bounds ask for.
pub(crate) async fn hold<B: ByteBody>(
    clock: &impl Clock,
    body: &mut B,
    passage: &mut Passage,
    bounds: &Bounds,
    tape: Option<&Tape>,
) -> Held {
    let mut timer = pin!(clock.sleep(bounds.patience));
    let mut held = Gathered::default();
    loop {
        match pull(body, timer.as_mut()).await {
            Pull::Data(chunk) => {
                if let Some(tape) = tape {
                    tape.heard(&chunk);
                }
                passage.take(chunk, &mut held);
                let proved = bounds.content && (passage.content() || passage.ended());
                if proved || held.len() + passage.partial() > bounds.bytes {
                    return Held::Begun(held);
                }
            }
            Pull::Late if bounds.commits => return Held::Begun(held),
            Pull::Late => return Held::Late,
            Pull::Broken => return Held::Cut,
            Pull::End => {
                passage.finish(&mut held);
                return if passage.ends_cleanly() {
                    Held::Whole(held.into_bytes())
                } else if bounds.content && passage.content() {
                    Held::Cut
                } else {
                    Held::Nothing(bounds.nothing)
                };
            }
        }
    }
}
