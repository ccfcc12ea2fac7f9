//! Base URLs of upstreams.

/// Where an upstream's paths start.
#[derive(Clone, Debug)]
pub struct BaseUrl {}
