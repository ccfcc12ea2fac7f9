//! OpenAI Embeddings. <https://platform.openai.com/docs/api-reference/embeddings>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::INPUT_TOKENS;
use crate::mock::ask::Ask;

pub(super) fn value(ask: &Ask) -> Value {
    let vector = vector(ask.number("/dimensions"));
    let base64 = ask.text("/encoding_format") == Some("base64");
    let data: Vec<_> = (0..inputs(ask.body.get("input")))
        .map(|index| {
            let embedding = if base64 { json!(encode(&vector)) } else { json!(vector) };
            json!({ "object": "embedding", "index": index, "embedding": embedding })
        })
        .collect();
    json!({
        "object": "list",
        "data": data,
        "model": ask.model,
        "usage": { "prompt_tokens": INPUT_TOKENS, "total_tokens": INPUT_TOKENS },
    })
}

/// Eight numbers, or as many as asked.
pub(super) fn vector(dimensions: Option<u64>) -> Vec<f32> {
    let dimensions = u16::try_from(dimensions.unwrap_or(8)).unwrap_or(8);
    (0..dimensions).map(|index| f32::from(index) / 16.0 - 0.25).collect()
}

/// A list of token numbers is one input; any other list is one input an item.
fn inputs(input: Option<&Value>) -> usize {
    match input {
        Some(Value::Array(items)) if !items.iter().all(Value::is_number) => items.len(),
        _ => 1,
    }
}

/// Little-endian 32-bit floats, as OpenAI packs them.
fn encode(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}
