//! Streamed answers. <https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent>

mod candidate;
pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;
mod grounding;
mod partial;
pub(in crate::protocol::gemini) mod parts;

#[cfg(test)]
mod tests;
