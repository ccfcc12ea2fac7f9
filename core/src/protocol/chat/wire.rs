//! Pieces of the wire that requests and answers share.

pub(super) mod annotation;
pub(super) mod chunk;
pub(super) mod data_url;
pub(super) mod detail;
pub(super) mod fields;
pub(super) mod text;
