//! The native shell: sockets, files, clock and terminal around the platform-agnostic core.

pub mod http_client;
pub mod server;
