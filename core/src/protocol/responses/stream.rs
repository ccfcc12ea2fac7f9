//! Streams of Responses.
//! <https://developers.openai.com/api/reference/resources/responses/streaming-events>

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;
