//! Bodies of requests and answers, kept for as long as an operator wants to see them.
//!
//! Nothing is captured unless an [`Order`] is in force: for so many requests, and for so long. What is captured has
//! bounds in size and age, holds headers only of those that pass anyway, and no credential. With capture off a request
//! costs one look at a flag ([`Switch::is_on`]).

mod clip;
mod media;
pub(crate) mod order;
mod redaction;
pub(crate) mod reel;
pub(crate) mod store;
pub(crate) mod switch;
#[cfg(test)]
mod tests;
pub(crate) mod view;

pub(crate) use self::order::Order;
pub(crate) use self::switch::Switch;

/// An order is for no more requests, and no longer.
pub(crate) const MOST_REQUESTS: u64 = 500;
pub(crate) const MOST_MINUTES: u64 = 240;
