//! The stages between the codecs, from IR to IR.

pub mod compact;
pub mod structured;
pub mod tools;
pub mod vault;
