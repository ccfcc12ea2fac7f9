//! Gemini: <https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse>

use serde_json::{Value, json};

use super::{Ask, SENTENCE, data, id, output_tokens, words};

pub(in crate::demo) fn whole(ask: &Ask) -> Value {
    response(ask, &id("demo-"), SENTENCE, true)
}

pub(in crate::demo) fn stream(ask: &Ask) -> Vec<String> {
    let id = id("demo-");
    let last = words().count().saturating_sub(1);
    words().enumerate().map(|(number, word)| data(&response(ask, &id, word, number == last))).collect()
}

fn response(ask: &Ask, id: &str, text: &str, ended: bool) -> Value {
    let (input, output) = (ask.input_tokens(), output_tokens());
    let content = json!({ "role": "model", "parts": [{ "text": text }] });
    let (candidate, usage) = if ended {
        (
            json!({ "content": content, "finishReason": "STOP", "index": 0 }),
            json!({
                "promptTokenCount": input,
                "candidatesTokenCount": output,
                "totalTokenCount": input + output,
            }),
        )
    } else {
        (
            json!({ "content": content, "index": 0 }),
            json!({ "promptTokenCount": input, "totalTokenCount": input }),
        )
    };
    json!({ "candidates": [candidate], "usageMetadata": usage, "modelVersion": ask.model, "responseId": id })
}
