//! OpenAI Responses, which Codex speaks. <https://developers.openai.com/api/reference/resources/responses>

pub(super) mod answer;
mod content;
pub(super) mod error;
mod item;
pub(super) mod request;
pub(super) mod response;
pub(super) mod stream;
pub(super) mod tap;
mod tool;
mod wire;
mod write;
