//! Requests of Claude Messages to the model between the protocols and back.

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;
