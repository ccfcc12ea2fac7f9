//! OpenAI Chat Completions. <https://developers.openai.com/api/reference/resources/chat>

pub(super) mod tap;
