//! Answers that are not streamed. <https://developers.openai.com/api/reference/resources/chat>

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;
