//! Token probabilities, as Gemini and as OpenAI write them.
//! <https://ai.google.dev/api/generate-content#LogprobsResult>

use serde_json::{Value, json};

use crate::codec::json;
use crate::ir::Raw;

/// `logprobsResult` as OpenAI's array of tokens.
pub(super) fn decode(result: &str) -> Option<Raw> {
    let result: Value = json::from_str(result).ok()?;
    let tops = result.get("topCandidates").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let chosen = result.get("chosenCandidates")?.as_array()?;
    let tokens = chosen.iter().enumerate().map(|(position, chosen)| {
        let top = tops.get(position).and_then(|top| top.get("candidates")).and_then(Value::as_array);
        let top: Vec<Value> = top.into_iter().flatten().map(token).collect();
        let (token, logprob, bytes) = fields(chosen);
        json!({"token": token, "logprob": logprob, "bytes": bytes, "top_logprobs": top})
    });
    Some(Raw::from(tokens.collect::<Value>()))
}

fn token(candidate: &Value) -> Value {
    let (token, logprob, bytes) = fields(candidate);
    json!({"token": token, "logprob": logprob, "bytes": bytes})
}

fn fields(candidate: &Value) -> (&str, Option<&Value>, &[u8]) {
    let token = candidate.get("token").and_then(Value::as_str).unwrap_or_default();
    (token, candidate.get("logProbability"), token.as_bytes())
}

/// OpenAI's array as `logprobsResult`.
pub(super) fn encode(tokens: &Raw) -> Option<Raw> {
    let Value::Array(tokens) = tokens.value() else { return None };
    let candidate =
        |token: &Value| json!({"token": token.get("token"), "logProbability": token.get("logprob")});
    let top = |token: &Value| {
        let top = token.get("top_logprobs").and_then(Value::as_array);
        json!({"candidates": top.into_iter().flatten().map(candidate).collect::<Value>()})
    };
    Some(Raw::from(json!({
        "chosenCandidates": tokens.iter().map(candidate).collect::<Value>(),
        "topCandidates": tokens.iter().map(top).collect::<Value>(),
    })))
}
