//! What the black-box suites stand on: an upstream that misbehaves on command, and a gateway to put before it.
//!
//! Nothing here uses the gateway's own code, so that a mistake in it cannot agree with itself.

pub mod client;
pub mod conversation;
pub mod crowd;
pub mod harness;
pub mod judge;
pub mod load;
pub mod mock;
pub mod sample;
pub mod scene;
pub mod watcher;
pub mod wire;
