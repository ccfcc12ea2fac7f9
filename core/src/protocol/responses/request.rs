//! Requests of Responses. <https://developers.openai.com/api/reference/resources/responses/methods/create>

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;
#[cfg(test)]
mod tests;
