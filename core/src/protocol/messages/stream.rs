//! Streams of Claude Messages to events and back.

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;
#[cfg(test)]
mod tests;
