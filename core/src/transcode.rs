//! The stages between the codecs, from IR to IR.

pub mod tools;
pub mod vault;
