//! Holds the beginning of an answer back until it proves to be one.
//!
//! What was not yet passed on can still fail over: an error inside HTTP 200, an empty stream, a web
//! page. Held is as little as possible, bounded in bytes and in time.

use std::pin::pin;
use std::time::Duration;

use crate::config::Timeouts;
use crate::platform::{ByteBody, Clock};
use crate::time::Timestamp;
use bytes::Bytes;

use super::observer::Observer;
use super::pull::{Gathered, Pull, pull};

/// A stream's beginning is held up to this size.
const MAX_HELD_STREAM: usize = 64 * 1024;
/// A document up to this size is passed on in one piece, a larger one as it comes.
const MAX_HELD_DOCUMENT: usize = 256 * 1024;
/// A stream without content is held this long; then the client must be kept alive instead.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of the beginning.
pub(crate) enum Held {
    /// The answer ended while it was held.
    Whole(Bytes),
    /// It is an answer, or has to be taken for one; more is to come.
    Begun(Bytes),
    /// No answer; in words.
    Nothing(&'static str),
    /// The upstream broke off.
    Cut,
    /// The request's time ran out.
    Late,
}

/// Holds a stream until content, a terminal event, or as long as one may.
pub(crate) async fn stream<B: ByteBody>(
    clock: &impl Clock,
    body: &mut B,
    observer: &mut Observer,
    deadline: Timestamp,
    timeouts: &Timeouts,
) -> Held {
    let patience = PATIENCE.min(timeouts.first_content).min(clock.now().until(deadline));
    let mut timer = pin!(clock.sleep(patience));
    let mut held = Gathered::default();
    loop {
        match pull(body, timer.as_mut()).await {
            Pull::Data(chunk) => {
                observer.observe(&chunk);
                held.push(chunk);
                if observer.content() || observer.ended() || held.len() > MAX_HELD_STREAM {
                    return Held::Begun(held.into_bytes());
                }
            }
            Pull::Late if clock.now() >= deadline => return Held::Late,
            Pull::Late if timeouts.first_content <= PATIENCE => return Held::Late,
            Pull::Late => return Held::Begun(held.into_bytes()),
            Pull::Broken => return Held::Cut,
            Pull::End => {
                observer.finish();
                let answered = observer.content() || observer.ends_cleanly();
                return if answered {
                    Held::Whole(held.into_bytes())
                } else {
                    Held::Nothing("an empty stream")
                };
            }
        }
    }
}

/// Holds a document until it is whole or too large to hold.
pub(crate) async fn document<B: ByteBody>(
    clock: &impl Clock,
    body: &mut B,
    observer: &mut Observer,
    deadline: Timestamp,
) -> Held {
    let mut timer = pin!(clock.sleep(clock.now().until(deadline)));
    let mut held = Gathered::default();
    loop {
        match pull(body, timer.as_mut()).await {
            Pull::Data(chunk) => {
                observer.observe(&chunk);
                held.push(chunk);
                if held.len() > MAX_HELD_DOCUMENT {
                    return Held::Begun(held.into_bytes());
                }
            }
            Pull::Late => return Held::Late,
            Pull::Broken => return Held::Cut,
            Pull::End => {
                observer.finish();
                let whole = observer.ends_cleanly();
                return if whole {
                    Held::Whole(held.into_bytes())
                } else {
                    Held::Nothing("no complete JSON")
                };
            }
        }
    }
}
