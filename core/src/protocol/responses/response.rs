//! Answers of Responses that are not streamed.
//! <https://developers.openai.com/api/reference/resources/responses/object>

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;
#[cfg(test)]
mod tests;
