//! OpenAI Chat Completions, and what its many imitators make of it.
//! <https://developers.openai.com/api/reference/resources/chat>

mod answer;
mod call;
pub(super) mod finish;
pub(super) mod request;
pub(super) mod response;
pub(super) mod stream;
pub(super) mod tap;
mod wire;
