//! What tests of the core and of the shells put in a platform's place.

pub mod store;
