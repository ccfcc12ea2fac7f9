//! Fakes for tests of the core and of the shells: the whole core under virtual time, without a socket.

pub mod clock;
pub mod codec;
pub mod database;
pub mod events;
pub mod fields;
pub mod golden;
pub mod guide;
pub mod http;
pub mod invariants;
#[cfg(not(target_family = "wasm"))]
pub mod platform;
pub mod run;
pub mod sim;
pub mod store;
pub mod wellformed;
