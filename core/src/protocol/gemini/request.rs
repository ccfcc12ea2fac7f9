//! Requests: reading and writing them, and bodies that repeat the model their path names.

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;

use std::ops::Range;

use bytes::Bytes;

use crate::codec::{json, splice};
use crate::protocol::Operation;

/// The body with `model` wherever it repeats the path's; untouched when it does not, or cannot be read.
///
/// The upstream refuses a body that names another model than the path.
/// <https://ai.google.dev/api/embeddings>
pub(in crate::protocol) fn with_model(operation: Operation, body: &Bytes, model: &str) -> Bytes {
    let spans = match operation {
        Operation::GeminiEmbed => model_of(body, 0).into_iter().collect(),
        Operation::GeminiBatchEmbed => batch(body),
        Operation::GeminiCountTokens => value_of(body, "generateContentRequest")
            .and_then(|(request, at)| model_of(request, at))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    };
    if spans.is_empty() {
        return body.clone();
    }
    let model = model.strip_prefix("models/").unwrap_or(model);
    let name = serde_json::Value::from(format!("models/{model}")).to_string();
    let edits: Vec<_> = spans.into_iter().map(|span| (span, name.as_bytes())).collect();
    Bytes::from(splice(body, &edits))
}

fn batch(body: &[u8]) -> Vec<Range<usize>> {
    let Some((requests, start)) = value_of(body, "requests") else { return Vec::new() };
    json::elements(requests)
        .map_while(Result::ok)
        .filter_map(|request| model_of(request.value, start + request.span.start))
        .collect()
}

/// Where the object's `model` stands, in a document in which the object starts at `start`.
fn model_of(object: &[u8], start: usize) -> Option<Range<usize>> {
    let (value, at) = value_of(object, "model")?;
    Some(start + at..start + at + value.len())
}

fn value_of<'a>(object: &'a [u8], name: &str) -> Option<(&'a [u8], usize)> {
    let field = json::fields(object).map_while(Result::ok).find(|field| json::key_is(field.key, name))?;
    Some((field.value, field.span.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_model_follows_the_path() {
        for (operation, body, expected) in [
            (
                Operation::GeminiBatchEmbed,
                r#"{"requests":[{"model":"models/a","content":{"model":"x"}}, {"content":{}},{"model" : "models/a"}]}"#,
                r#"{"requests":[{"model":"models/b","content":{"model":"x"}}, {"content":{}},{"model" : "models/b"}]}"#,
            ),
            (
                Operation::GeminiEmbed,
                r#"{"model":"models/a","content":{}}"#,
                r#"{"model":"models/b","content":{}}"#,
            ),
            (
                Operation::GeminiCountTokens,
                r#"{ "generateContentRequest": {"contents":[],"model":"models/a"}}"#,
                r#"{ "generateContentRequest": {"contents":[],"model":"models/b"}}"#,
            ),
            (Operation::GeminiGenerate, r#"{"model":"models/a"}"#, r#"{"model":"models/a"}"#),
            (Operation::GeminiEmbed, r#"{"content":{}}"#, r#"{"content":{}}"#),
            (Operation::GeminiEmbed, "{broken", "{broken"),
        ] {
            for model in ["b", "models/b"] {
                assert_eq!(with_model(operation, &Bytes::from(body), model), expected);
            }
        }
    }
}
