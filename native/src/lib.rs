//! The native shell: sockets, files, clock and terminal around the platform-agnostic core.

pub mod app;
pub mod background;
pub mod check;
pub mod clock;
pub mod cors;
pub mod database;
pub mod demo;
pub mod descriptors;
pub mod entropy;
pub mod env;
pub mod health;
pub mod http_client;
pub mod import;
pub mod keys;
mod live;
pub mod logging;
pub mod recorder;
pub mod rotate;
pub mod serve;
pub mod server;
pub mod signals;
mod spending;
pub mod store;
pub mod telemetry;
mod verdicts;
pub mod watch;
pub mod web;
