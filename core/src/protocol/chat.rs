//! OpenAI Chat Completions, and what its many imitators make of it.
//! <https://developers.openai.com/api/reference/resources/chat>

pub(super) mod request;
pub(super) mod tap;
mod wire;
