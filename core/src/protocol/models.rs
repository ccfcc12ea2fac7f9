//! Lists of models: an upstream's, read in any of three shapes, and ours, written in each.

#[cfg(test)]
mod tests;
mod time;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::codec::json;
use crate::config::Protocol;

/// A model, as far as a list tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// What a request names it by, without Gemini's `models/`.
    pub id: String,
    /// For people.
    pub display_name: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: Option<u64>,
    pub owned_by: Option<String>,
    /// The longest input, in tokens.
    pub input_limit: Option<u64>,
    /// The longest output, in tokens.
    pub output_limit: Option<u64>,
}

/// One page of an upstream's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub models: Vec<Model>,
    /// The query parameter and value that ask for the next page.
    pub next: Option<(&'static str, String)>,
}

/// Reads an upstream's list by its shape, since vendors answer for one protocol with the list of another:
/// OpenAI's and Claude's `data`, Gemini's `models`, or a bare array. `None` when it is none of these.
pub fn decode(body: &[u8]) -> Option<Page> {
    let list: Value = json::read(body).ok()?;
    let items =
        ["data", "models"].iter().find_map(|name| list.get(name)?.as_array()).or_else(|| list.as_array())?;
    let text =
        |name| list.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let more = list.get("has_more").and_then(Value::as_bool).unwrap_or(false);
    let next = match text("nextPageToken") {
        Some(token) => Some(("pageToken", token)),
        None => text("last_id").filter(|_| more).map(|id| ("after_id", id)),
    };
    Some(Page { models: items.iter().filter_map(decode_model).collect(), next })
}

fn decode_model(item: &Value) -> Option<Model> {
    let text = |names: &[&str]| names.iter().find_map(|name| item.get(name)?.as_str()).map(str::to_owned);
    let count = |names: &[&str]| names.iter().find_map(|name| item.get(name)?.as_u64());
    let id = match item {
        Value::String(id) => id.clone(),
        _ => text(&["id", "name", "slug"])?,
    };
    let id = id.strip_prefix("models/").map(str::to_owned).unwrap_or(id);
    (!id.is_empty()).then(|| Model {
        id,
        display_name: text(&["display_name", "displayName"]),
        created: count(&["created"]).or_else(|| time::decode(item.get("created_at")?.as_str()?)),
        owned_by: text(&["owned_by"]),
        input_limit: count(&["max_input_tokens", "inputTokenLimit", "context_length", "context_window"]),
        output_limit: count(&["max_tokens", "outputTokenLimit", "max_output_tokens"]),
    })
}

/// A whole list as clients of `protocol` read it.
pub fn encode_list(protocol: Protocol, models: &[Model]) -> Bytes {
    let items: Vec<_> = models.iter().map(|model| item(protocol, model)).collect();
    let list = match protocol {
        Protocol::Messages => json!({
            "data": items,
            "has_more": false,
            "first_id": models.first().map(|model| &model.id),
            "last_id": models.last().map(|model| &model.id),
        }),
        Protocol::Gemini => json!({ "models": items }),
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => {
            json!({"object": "list", "data": items})
        }
    };
    Bytes::from(list.to_string())
}

/// One model as clients of `protocol` read it.
pub fn encode_one(protocol: Protocol, model: &Model) -> Bytes {
    Bytes::from(item(protocol, model).to_string())
}

/// <https://platform.claude.com/docs/en/api/models>, <https://ai.google.dev/api/models>,
/// <https://developers.openai.com/api/reference/resources/models>
fn item(protocol: Protocol, model: &Model) -> Value {
    let name = model.display_name.as_deref().unwrap_or(&model.id);
    match protocol {
        Protocol::Messages => json!({
            "type": "model",
            "id": model.id,
            "display_name": name,
            "created_at": time::encode(model.created.unwrap_or(0)),
            "lifecycle": "active",
            "max_input_tokens": model.input_limit,
            "max_tokens": model.output_limit,
        }),
        Protocol::Gemini => {
            let mut fields = Map::new();
            fields.insert("name".to_owned(), json!(format!("models/{}", model.id)));
            fields.insert("displayName".to_owned(), json!(name));
            let limits = [("inputTokenLimit", model.input_limit), ("outputTokenLimit", model.output_limit)];
            for (limit, tokens) in limits {
                if let Some(tokens) = tokens {
                    fields.insert(limit.to_owned(), json!(tokens));
                }
            }
            let methods = ["generateContent", "streamGenerateContent", "countTokens"];
            fields.insert("supportedGenerationMethods".to_owned(), json!(methods));
            Value::Object(fields)
        }
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => json!({
            "id": model.id,
            "object": "model",
            "created": model.created.unwrap_or(0),
            "owned_by": model.owned_by.as_deref().unwrap_or("causeway"),
        }),
    }
}
