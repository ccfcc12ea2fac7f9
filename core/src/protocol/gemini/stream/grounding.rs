//! Sources of an answer: Gemini tells them beside the text, the other protocols within.
//! <https://ai.google.dev/gemini-api/docs/google-search>

use serde_json::{Value, json};

use crate::codec::json;
use crate::ir::{Citation, Raw};

/// What is cited in `text`. Google counts bytes, everyone else characters.
pub(super) fn decode(grounding: Option<&str>, citations: Option<&str>, text: &str) -> Vec<Citation> {
    let parse = |json: Option<&str>| json.and_then(|json| json::from_str::<Value>(json).ok());
    let mut decoded = Vec::new();
    if let Some(grounding) = parse(grounding) {
        grounded(&grounding, text, &mut decoded);
    }
    if let Some(metadata) = parse(citations) {
        for citation in list(&metadata, "citationSources").iter().chain(list(&metadata, "citations")) {
            let span = (offset(citation, "startIndex", text), offset(citation, "endIndex", text));
            decoded.extend(url(citation, span));
        }
    }
    decoded
}

/// A page is cited where a passage rests on it, or else as a whole.
fn grounded(grounding: &Value, text: &str, decoded: &mut Vec<Citation>) {
    let pages: Vec<&Value> = list(grounding, "groundingChunks")
        .iter()
        .filter_map(|chunk| ["web", "retrievedContext", "maps"].iter().find_map(|kind| chunk.get(*kind)))
        .collect();
    let mut cited = vec![false; pages.len()];
    for support in list(grounding, "groundingSupports") {
        let segment = support.get("segment").unwrap_or(&Value::Null);
        let start = offset(segment, "startIndex", text).or(Some(0));
        let end = offset(segment, "endIndex", text);
        for position in list(support, "groundingChunkIndices") {
            let position = position.as_u64().and_then(|position| usize::try_from(position).ok());
            let Some((page, cited)) =
                position.and_then(|position| Some((pages.get(position)?, cited.get_mut(position)?)))
            else {
                continue;
            };
            *cited = true;
            decoded.extend(url(page, (start, end)));
        }
    }
    let rest = pages.iter().zip(cited).filter(|(_, cited)| !cited);
    decoded.extend(rest.filter_map(|(page, _)| url(page, (None, None))));
}

fn url(page: &Value, (start, end): (Option<u64>, Option<u64>)) -> Option<Citation> {
    let url = page.get("uri")?.as_str()?.to_owned();
    let title = page.get("title").and_then(Value::as_str).map(str::to_owned);
    Some(Citation::Url { url, title, start, end, raw: None })
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Characters before a byte; unknown where the text ends before.
fn offset(at: &Value, name: &str, text: &str) -> Option<u64> {
    let byte = usize::try_from(at.get(name)?.as_u64()?).ok()?;
    Some(text.get(..byte)?.chars().count() as u64)
}

/// A page, and the passage that rests on it.
#[derive(Debug)]
pub(super) struct Cited {
    page: Value,
    segment: Option<Value>,
}

impl Cited {
    /// `text` is what the citation's offsets count in, and `base` where that starts in the answer, in bytes.
    pub(super) fn of(citation: &Citation, base: usize, text: &str) -> Option<Self> {
        let Citation::Url { url, title, start, end, .. } = citation else { return None };
        let segment = end.map(|end| {
            let (start, end) = (byte(text, start.unwrap_or(0)), byte(text, end));
            let passage = text.get(start..end).unwrap_or_default();
            json!({"startIndex": base + start, "endIndex": base + end, "text": passage})
        });
        let page = match title {
            Some(title) => json!({"web": {"uri": url, "title": title}}),
            None => json!({"web": {"uri": url}}),
        };
        Some(Self { page, segment })
    }
}

/// What an answer cites, as `groundingMetadata`.
pub(super) fn encode(cited: &[Cited]) -> Option<Raw> {
    let (mut chunks, mut supports) = (Vec::new(), Vec::new());
    for Cited { page, segment } in cited {
        let position = chunks.iter().position(|known| *known == page).unwrap_or_else(|| {
            chunks.push(page);
            chunks.len() - 1
        });
        if let Some(segment) = segment {
            supports.push(json!({"segment": segment, "groundingChunkIndices": [position]}));
        }
    }
    (!chunks.is_empty()).then(|| Raw::from(json!({"groundingChunks": chunks, "groundingSupports": supports})))
}

fn byte(text: &str, characters: u64) -> usize {
    let characters = usize::try_from(characters).unwrap_or(usize::MAX);
    text.char_indices().nth(characters).map_or(text.len(), |(byte, _)| byte)
}
