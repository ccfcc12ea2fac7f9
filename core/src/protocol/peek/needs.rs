//! What a request asks of the model that answers it: found without a tree, by a look at bytes.

#[cfg(test)]
mod tests;

use std::ops::Range;

use memchr::memmem;

use crate::codec::json::{self, Field};
use crate::config::Protocol;

/// What a request asks of a model. The default asks for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Tokens of the prompt: an estimate, rather too low than too high. Images and files count nothing.
    pub input: u32,
    /// The most tokens of output it asks for; 0 where it does not say.
    pub output: u32,
    /// Whether it shows images.
    pub vision: bool,
    /// Whether it offers tools.
    pub tools: bool,
}

/// Where a body says what is asked for; empty where it does not. Names with escapes are not found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    conversation: Range<usize>,
    tools: Range<usize>,
    /// A number, for Gemini the object that holds it.
    output: Range<usize>,
}

impl Places {
    /// Looks at one field of the body's top level.
    pub(super) fn note(&mut self, protocol: Protocol, field: &Field<'_>) {
        let place = match (protocol, field.key) {
            (Protocol::Messages | Protocol::Chat, b"messages")
            | (Protocol::Responses, b"input")
            | (Protocol::Gemini, b"contents") => &mut self.conversation,
            (_, b"tools") | (Protocol::Chat, b"functions") => &mut self.tools,
            (Protocol::Messages, b"max_tokens")
            | (Protocol::Chat, b"max_completion_tokens")
            | (Protocol::Responses, b"max_output_tokens")
            | (Protocol::Gemini, b"generationConfig" | b"generation_config") => &mut self.output,
            (Protocol::Chat, b"max_tokens") if self.output.is_empty() => &mut self.output,
            _ => return,
        };
        *place = field.span.clone();
    }

    pub(super) fn facts(&self, protocol: Protocol, body: &[u8]) -> Facts {
        let at = |place: &Range<usize>| body.get(place.clone()).unwrap_or_default();
        let output = at(&self.output);
        Facts {
            input: estimate(body),
            output: number(if protocol == Protocol::Gemini { max_output(output) } else { output }),
            vision: shows_images(protocol, at(&self.conversation)),
            tools: json::elements(at(&self.tools)).next().is_some_and(|tool| tool.is_ok()),
        }
    }
}

/// Gemini reads both spellings: <https://protobuf.dev/programming-guides/json/>
fn max_output(config: &[u8]) -> &[u8] {
    let named = |field: &Field<'_>| matches!(field.key, b"maxOutputTokens" | b"max_output_tokens");
    json::fields(config).map_while(Result::ok).find(named).map_or(&[], |field| field.value)
}

/// 0 for what is no number; one in quotes counts, as Gemini takes it.
fn number(value: &[u8]) -> u32 {
    let text = std::str::from_utf8(value).unwrap_or_default().trim_matches('"');
    json::number(text).map_or(0, |number| number as u32)
}

/// Whether the conversation holds an image: a part whose type says so.
///
/// - <https://platform.claude.com/docs/en/build-with-claude/vision>
/// - <https://developers.openai.com/api/docs/guides/images-vision>
/// - <https://ai.google.dev/gemini-api/docs/image-understanding>
fn shows_images(protocol: Protocol, conversation: &[u8]) -> bool {
    let holds = |names: &[&[u8]], value: &[u8], end: fn(&[u8]) -> bool| {
        memmem::find_iter(conversation, value).any(|at| {
            let (before, from) = conversation.split_at_checked(at).unwrap_or_default();
            names.iter().any(|name| is_value_of(name, before)) && from.get(value.len()..).is_some_and(end)
        })
    };
    let typed = |kind: &[u8]| holds(&[b"\"type\""], kind, |_| true);
    match protocol {
        Protocol::Messages => typed(b"\"image\""),
        Protocol::Chat => typed(b"\"image_url\""),
        Protocol::Responses => typed(b"\"input_image\"") || typed(b"\"computer_screenshot\""),
        Protocol::Gemini => holds(&[b"\"mimeType\"", b"\"mime_type\""], b"\"image", |rest| {
            rest.starts_with(b"/") || rest.starts_with(b"\\/")
        }),
        Protocol::Images | Protocol::Embeddings => false,
    }
}

/// Whether what follows `before` is the value of the field `name`, given with its quotes.
fn is_value_of(name: &[u8], before: &[u8]) -> bool {
    before.trim_ascii_end().strip_suffix(b":").is_some_and(|before| before.trim_ascii_end().ends_with(name))
}

/// Bytes of ASCII a token: English prose has about four and a half, source code and JSON fewer.
const ASCII: usize = 5;
/// Bytes of other characters a token, as UTF-8: two Chinese characters, three Cyrillic ones.
const WIDE: usize = 6;
/// What an escaped character counts as, out of the six bytes of `\u4f60`.
const ESCAPED: usize = 3;

/// About how many tokens the text in `body` has.
fn estimate(body: &[u8]) -> u32 {
    let wide = body.iter().filter(|byte| !byte.is_ascii()).count();
    let escaped = memmem::find_iter(body, b"\\u").count();
    let ascii = body.len().saturating_sub(wide + escaped * 6 + encoded(body));
    let tokens = ascii / ASCII + (wide + escaped * ESCAPED) / WIDE;
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

/// How much of `body` is base64: images, files, sealed reasoning. Looks at samples, so it is off by up to one
/// stride a run, in either direction.
fn encoded(body: &[u8]) -> usize {
    const STRIDE: usize = 512;
    /// Text hardly has so long a run of letters, digits and the like.
    const SAMPLE: usize = 48;
    let is_encoded =
        |piece: &&[u8]| piece.get(..SAMPLE).is_some_and(|sample| sample.iter().all(|byte| is_base64(*byte)));
    body.chunks(STRIDE).filter(is_encoded).map(<[u8]>::len).sum()
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}
