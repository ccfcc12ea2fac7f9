//! Model lists in the three vendors' shapes.

use serde_json::{Value, json};

use super::chat::CREATED;
use crate::mock::ask::Ask;
use crate::mock::route::Protocol;

const MODELS: &[&str] = &["mock-large", "mock-small"];

pub(super) fn value(ask: &Ask) -> Value {
    if !ask.model.is_empty() {
        return one(ask, &ask.model);
    }
    let all: Vec<_> = MODELS.iter().map(|name| one(ask, name)).collect();
    match (ask.protocol, ask.anthropic) {
        (Protocol::Gemini, _) => json!({ "models": all }),
        (_, true) => json!({
            "data": all,
            "has_more": false,
            "first_id": MODELS.first(),
            "last_id": MODELS.last(),
        }),
        (_, false) => json!({ "object": "list", "data": all }),
    }
}

fn one(ask: &Ask, name: &str) -> Value {
    match (ask.protocol, ask.anthropic) {
        (Protocol::Gemini, _) => json!({
            "name": format!("models/{name}"),
            "version": "001",
            "displayName": name,
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        }),
        (_, true) => json!({
            "type": "model",
            "id": name,
            "display_name": name,
            "created_at": "2025-10-09T08:53:20Z",
        }),
        (_, false) => json!({ "id": name, "object": "model", "created": CREATED, "owned_by": "mock" }),
    }
}
