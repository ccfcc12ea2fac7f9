//! The gateway without a platform: protocols, scheduling, the path of a request and the management API.
//!
//! Nothing here opens a socket, reads a file, looks at a clock or draws a random number. A shell
//! (the native server, the Worker) implements the traits of [`platform`] and drives [`gateway`].
//!
//! `codec`, `protocol`, `schedule` and `config` are pure: no async, no platform trait; time and
//! randomness arrive as arguments. Only `gateway` and `admin` await.

pub mod admin;
pub mod allowance;
pub(crate) mod capture;
pub mod codec;
pub mod config;
pub mod database;
pub mod error;
pub mod gateway;
pub mod ir;
pub mod live;
pub mod paste;
pub mod platform;
pub mod price;
pub mod protocol;
pub mod record;
pub mod schedule;
pub(crate) mod sorted;
pub mod time;
pub mod transcode;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
