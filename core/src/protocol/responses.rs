//! OpenAI Responses, which Codex speaks. <https://developers.openai.com/api/reference/resources/responses>

pub(super) mod error;
pub(super) mod tap;
