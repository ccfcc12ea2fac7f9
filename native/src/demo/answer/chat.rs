//! OpenAI Chat Completions: <https://platform.openai.com/docs/api-reference/chat>

use serde_json::{Value, json};

use super::{Ask, SENTENCE, data, id, now, output_tokens, words};

pub(in crate::demo) fn whole(ask: &Ask) -> Value {
    json!({
        "id": id("chatcmpl-"),
        "object": "chat.completion",
        "created": now(),
        "model": ask.model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": SENTENCE, "refusal": null },
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": usage(ask),
    })
}

pub(in crate::demo) fn stream(ask: &Ask) -> Vec<String> {
    let (id, created) = (id("chatcmpl-"), now());
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = json!({
            "id": id,
            "object": "chat.completion.chunk",
            "created": created,
            "model": ask.model,
            "choices": choices,
        });
        if ask.usage_in_stream
            && let Some(fields) = chunk.as_object_mut()
        {
            fields.insert("usage".to_owned(), usage);
        }
        data(&chunk)
    };
    let choice =
        |delta: Value, finish: Value| json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
    let mut events =
        vec![chunk(choice(json!({ "role": "assistant", "content": "" }), Value::Null), Value::Null)];
    events.extend(words().map(|word| chunk(choice(json!({ "content": word }), Value::Null), Value::Null)));
    events.push(chunk(choice(json!({}), json!("stop")), Value::Null));
    if ask.usage_in_stream {
        events.push(chunk(json!([]), usage(ask)));
    }
    events.push("data: [DONE]\n\n".to_owned());
    events
}

fn usage(ask: &Ask) -> Value {
    let (input, output) = (ask.input_tokens(), output_tokens());
    json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output })
}
