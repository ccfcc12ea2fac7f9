//! Streams of chunks.
//! <https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events>

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;

#[cfg(test)]
mod tests;
