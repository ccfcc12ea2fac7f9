//! What the protocols have in common.

pub mod usage;
