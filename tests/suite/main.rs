//! The black-box suites, in one program: each is a module, and its name the filter that runs it alone.

mod bad_input;
mod capture;
mod client_keys;
mod config;
mod contract;
mod conversion;
mod faults;
mod limits;
mod live;
mod management;
mod mock;
mod models;
mod passthrough;
mod records;
mod reload;
mod routing;
mod sealed;
mod secrets;
mod tools;
mod upstreams;
