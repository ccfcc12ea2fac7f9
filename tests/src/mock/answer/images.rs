//! OpenAI Images. <https://platform.openai.com/docs/api-reference/images-streaming>

use serde_json::{Value, json};

use super::chat::CREATED;
use super::{Event, INPUT_TOKENS, OUTPUT_TOKENS};
use crate::mock::ask::Ask;
use crate::mock::route::Operation;

/// A PNG of one transparent pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

pub(super) fn value(ask: &Ask) -> Value {
    let count = ask.number("/n").unwrap_or(1).clamp(1, 10);
    let image = if ask.text("/response_format") == Some("url") {
        json!({ "url": "https://images.example/pixel.png" })
    } else {
        json!({ "b64_json": PIXEL })
    };
    let data: Vec<_> = (0..count).map(|_| image.clone()).collect();
    json!({
        "created": CREATED,
        "background": "opaque",
        "data": data,
        "output_format": "png",
        "quality": "low",
        "size": "1024x1024",
        "usage": usage(),
    })
}

pub(super) fn events(ask: &Ask) -> Vec<Event> {
    let (partial, completed) = match ask.operation {
        Operation::ImageEdit => ("image_edit.partial_image", "image_edit.completed"),
        _ => ("image_generation.partial_image", "image_generation.completed"),
    };
    let image = |kind: &str| {
        json!({
            "type": kind,
            "b64_json": PIXEL,
            "created_at": CREATED,
            "size": "1024x1024",
            "quality": "low",
            "background": "opaque",
            "output_format": "png",
        })
    };
    let mut events = Vec::new();
    for index in 0..ask.number("/partial_images").unwrap_or(1) {
        let mut data = image(partial);
        if let Some(data) = data.as_object_mut() {
            data.insert("partial_image_index".to_owned(), json!(index));
        }
        events.push(Event::named(partial, data));
    }
    let mut data = image(completed);
    if let Some(data) = data.as_object_mut() {
        data.insert("usage".to_owned(), usage());
    }
    events.push(Event::named(completed, data));
    events
}

fn usage() -> Value {
    json!({
        "input_tokens": INPUT_TOKENS,
        "input_tokens_details": { "image_tokens": 0, "text_tokens": INPUT_TOKENS },
        "output_tokens": OUTPUT_TOKENS,
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
    })
}
