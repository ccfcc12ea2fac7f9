//! Reads content: a text, or a list of blocks.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{
    Block, CacheControl, CacheTtl, Compaction, File, Image, Item, Message, Opaque, Reasoning, ResultContent,
    Role, SealKind, Sealed, Source, Text, ToolCall, ToolResult,
};
use crate::protocol::convert::Invalid;
use crate::protocol::messages::wire::citation;
use crate::protocol::messages::wire::object::{At, Object, keep};
use crate::protocol::messages::wire::seal;

/// Values that content may stand in; a document in a tool's result stands in eight.
const MAX_DEPTH: usize = 16;

/// Content of a turn, taken apart: texts and media that follow each other stay one message.
pub(super) fn turn(
    content: &RawValue,
    role: Role,
    at: &At<'_>,
    items: &mut Vec<Item>,
) -> Result<(), Invalid> {
    let mut blocks = Vec::new();
    for (number, raw) in elements(content, at)?.into_iter().enumerate() {
        match raw {
            Element::Text(text) => blocks.push(Block::text(text)),
            Element::Block(raw) => match piece(raw, role, &at.index(number))? {
                Piece::Blocks(more) => blocks.extend(more),
                Piece::Item(item) => {
                    flush(&mut blocks, role, items);
                    items.push(*item);
                }
            },
        }
    }
    flush(&mut blocks, role, items);
    Ok(())
}

/// Content that cannot hold steps of the conversation: a system prompt, a tool's result, a document.
pub(super) fn blocks(content: &RawValue, at: &At<'_>) -> Result<Vec<Block>, Invalid> {
    let mut blocks = Vec::new();
    for (number, raw) in elements(content, at)?.into_iter().enumerate() {
        match raw {
            Element::Text(text) => blocks.push(Block::text(text)),
            Element::Block(raw) => match piece(raw, Role::User, &at.index(number))? {
                Piece::Blocks(more) => blocks.extend(more),
                Piece::Item(_) => blocks.push(Block::Opaque(opaque(raw, Role::User))),
            },
        }
    }
    Ok(blocks)
}

fn flush(blocks: &mut Vec<Block>, role: Role, items: &mut Vec<Item>) {
    if !blocks.is_empty() {
        items.push(Item::Message(Message::new(role, std::mem::take(blocks))));
    }
}

enum Element<'a> {
    Text(String),
    Block(&'a RawValue),
}

fn elements<'a>(content: &'a RawValue, at: &At<'_>) -> Result<Vec<Element<'a>>, Invalid> {
    if at.depth() > MAX_DEPTH {
        return Err(at.invalid("content is nested too deep"));
    }
    let json = content.get();
    if json.starts_with('"') {
        return json::from_str(json).map(|text| vec![Element::Text(text)]).map_err(|error| at.invalid(error));
    }
    let blocks: Vec<&RawValue> =
        json::from_str(json).map_err(|_| at.invalid("expected a string or an array of blocks"))?;
    blocks
        .into_iter()
        .map(|raw| {
            if raw.get().starts_with('"') {
                json::from_str(raw.get()).map(Element::Text).map_err(|error| at.invalid(error))
            } else {
                Ok(Element::Block(raw))
            }
        })
        .collect()
}

enum Piece {
    Blocks(Vec<Block>),
    Item(Box<Item>),
}

impl From<Item> for Piece {
    fn from(item: Item) -> Self {
        Self::Item(Box::new(item))
    }
}

fn piece(raw: &RawValue, role: Role, at: &At<'_>) -> Result<Piece, Invalid> {
    let mut fields = Object::read(raw, at)?;
    let kind = fields.required_text("type", at)?;
    let piece = match kind.as_str() {
        "text" => Piece::Blocks(vec![Block::Text(text(&mut fields, at)?)]),
        "image" => Piece::Blocks(vec![image(&mut fields, at)?]),
        "document" => Piece::Blocks(document(&mut fields, at)?),
        "search_result" => Piece::Blocks(search_result(&mut fields, at)?),
        "thinking" => Item::Reasoning(thinking(&mut fields, at)?).into(),
        "redacted_thinking" => Item::Reasoning(Reasoning {
            sealed: Some(Sealed { kind: SealKind::Redacted, data: fields.required_text("data", at)? }),
            redacted: true,
            ..Reasoning::default()
        })
        .into(),
        "tool_use" => Item::ToolCall(tool_use(fields, at)?).into(),
        "tool_result" => Item::ToolResult(tool_result(fields, at)?).into(),
        "compaction" => Item::Compaction(compaction(fields, at)?).into(),
        _ if role == Role::Assistant => Item::Opaque(opaque(raw, role)).into(),
        _ => Piece::Blocks(vec![Block::Opaque(opaque(raw, role))]),
    };
    Ok(piece)
}

fn text(fields: &mut Object<'_>, at: &At<'_>) -> Result<Text, Invalid> {
    let citations = fields.array("citations", at)?.into_iter().map(citation::decode).collect();
    Ok(Text {
        text: fields.required_text("text", at)?,
        citations,
        cache: cache(fields, at)?,
        ..Text::default()
    })
}

fn image(fields: &mut Object<'_>, at: &At<'_>) -> Result<Block, Invalid> {
    let (source, _) = source(fields, None, at)?;
    Ok(Block::Image(Image { source, detail: None, cache: cache(fields, at)? }))
}

/// A document; images that its content holds follow it.
fn document(fields: &mut Object<'_>, at: &At<'_>) -> Result<Vec<Block>, Invalid> {
    let (source, images) = source(fields, Some("application/pdf"), at)?;
    let file = File {
        source,
        name: fields.text("title", at)?,
        context: fields.text("context", at)?,
        citations: citable(fields, at)?,
        cache: cache(fields, at)?,
    };
    Ok(std::iter::once(Block::File(file)).chain(images).collect())
}

/// A search result is a text document whose source is its context.
fn search_result(fields: &mut Object<'_>, at: &At<'_>) -> Result<Vec<Block>, Invalid> {
    let content = match fields.take("content") {
        Some(content) => blocks(content, &at.field("content"))?,
        None => Vec::new(),
    };
    let (text, rest) = split(content);
    let file = File {
        source: Source::Text(text),
        name: fields.text("title", at)?,
        context: fields.text("source", at)?,
        citations: citable(fields, at)?,
        cache: cache(fields, at)?,
    };
    Ok(std::iter::once(Block::File(file)).chain(rest).collect())
}

fn citable(fields: &mut Object<'_>, at: &At<'_>) -> Result<Option<bool>, Invalid> {
    match fields.object("citations", at)? {
        Some(mut citations) => citations.flag("enabled", &at.field("citations")),
        None => Ok(None),
    }
}

/// Where the content is; a document made of blocks may hold some that are no text.
fn source(fields: &mut Object<'_>, mime: Option<&str>, at: &At<'_>) -> Result<(Source, Vec<Block>), Invalid> {
    let raw = fields.take("source").ok_or_else(|| at.invalid("missing `source`"))?;
    let at = at.field("source");
    let mut source = Object::read(raw, &at)?;
    let simple = match source.required_text("type", &at)?.as_str() {
        "base64" => Source::Base64 {
            mime: source.required_text("media_type", &at)?,
            data: source.required_text("data", &at)?,
        },
        "url" => url(source.required_text("url", &at)?, mime),
        "file" => Source::FileId { id: source.required_text("file_id", &at)?, owner: Protocol::Messages },
        "text" => Source::Text(source.required_text("data", &at)?),
        "content" => {
            let content = source.take("content").ok_or_else(|| at.invalid("missing `content`"))?;
            let (text, rest) = split(blocks(content, &at.field("content"))?);
            return Ok((Source::Text(text), rest));
        }
        other => return Err(at.invalid(format_args!("unknown type `{other}`"))),
    };
    Ok((simple, Vec::new()))
}

fn url(url: String, mime: Option<&str>) -> Source {
    let data = url.strip_prefix("data:").and_then(|data| data.split_once(";base64,"));
    match data {
        Some((mime, data)) => Source::Base64 { mime: mime.into(), data: data.into() },
        None => Source::Url { url, mime: mime.map(Into::into) },
    }
}

/// All text of `blocks`, and what is none.
fn split(blocks: Vec<Block>) -> (String, Vec<Block>) {
    let mut texts = Vec::new();
    let mut rest = Vec::new();
    for block in blocks {
        match block {
            Block::Text(text) => texts.push(text.text),
            other => rest.push(other),
        }
    }
    (texts.join("\n"), rest)
}

/// Thinking without text but with a signature is whole: its text was left out.
fn thinking(fields: &mut Object<'_>, at: &At<'_>) -> Result<Reasoning, Invalid> {
    let signature = fields.text("signature", at)?.filter(|signature| !signature.is_empty());
    Ok(Reasoning {
        text: Some(fields.text("thinking", at)?.unwrap_or_default()),
        sealed: signature.map(|data| Sealed { kind: SealKind::Signature, data }),
        ..Reasoning::default()
    })
}

fn tool_use(mut fields: Object<'_>, at: &At<'_>) -> Result<ToolCall, Invalid> {
    let id = fields.required_text("id", at)?;
    let name = fields.required_text("name", at)?;
    let input = fields.take("input").map_or("", RawValue::get);
    let cache = cache(&mut fields, at)?;
    Ok(ToolCall { cache, ext: fields.rest(), ..ToolCall::function(id, name, input) })
}

fn tool_result(mut fields: Object<'_>, at: &At<'_>) -> Result<ToolResult, Invalid> {
    let id = fields.required_text("tool_use_id", at)?;
    let content = match fields.take("content") {
        None => ResultContent::Text(String::new()),
        Some(content) => match content.get().as_bytes().first() {
            Some(b'"') => {
                ResultContent::Text(json::from_str(content.get()).map_err(|error| at.invalid(error))?)
            }
            Some(b'[') => ResultContent::Blocks(blocks(content, &at.field("content"))?),
            _ => ResultContent::Json(keep(content)),
        },
    };
    let is_error = fields.flag("is_error", at)?;
    let cache = cache(&mut fields, at)?;
    Ok(ToolResult { is_error, cache, ext: fields.rest(), ..ToolResult::function(id, content) })
}

fn compaction(mut fields: Object<'_>, at: &At<'_>) -> Result<Compaction, Invalid> {
    let summary = fields.text("content", at)?;
    fields.take("cache_control");
    Ok(Compaction { id: None, sealed: seal::of_compaction(fields.rest()), summary })
}

fn opaque(raw: &RawValue, role: Role) -> Opaque {
    let kind = Object::read(raw, &At::ROOT)
        .and_then(|mut fields| fields.text("type", &At::ROOT))
        .ok()
        .flatten()
        .unwrap_or_default();
    Opaque { owner: Protocol::Messages, role, kind, raw: keep(raw) }
}

/// <https://platform.claude.com/docs/en/build-with-claude/prompt-caching>
pub(super) fn cache(fields: &mut Object<'_>, at: &At<'_>) -> Result<Option<CacheControl>, Invalid> {
    let Some(mut control) = fields.object("cache_control", at)? else { return Ok(None) };
    let ttl = match control.read_as::<Cow<'_, str>>("ttl", "a string", at)?.as_deref() {
        Some("1h") => Some(CacheTtl::OneHour),
        Some("5m") => Some(CacheTtl::FiveMinutes),
        _ => None,
    };
    Ok(Some(CacheControl { ttl }))
}
