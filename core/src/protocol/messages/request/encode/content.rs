//! Pieces of messages and of tools' results as content blocks.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{self, Block as Piece, Citation, File, Image, Losses, ResultContent, Text, ToolResult};
use crate::protocol::messages::wire::block::{Block, Content, Enabled, Source};
use crate::protocol::messages::wire::{citation, name};

/// `None` for a text without a word, which Claude refuses, and for what only another vendor understands.
/// Media that cannot be shown leave a note, so that the model knows something was there.
pub(super) fn block<'a>(piece: &'a Piece, compat: &Compat, lost: &mut Losses) -> Option<Block<'a>> {
    let shown = match piece {
        Piece::Text(text) => return self::text(text, lost),
        Piece::Refusal(text) => {
            lost.approximated("items.refusal");
            return (!text.trim().is_empty()).then(|| Block::text(text.as_str()));
        }
        Piece::Opaque(opaque) if opaque.owner == Protocol::Messages => {
            Some(Block::Raw(Cow::Borrowed(&opaque.raw)))
        }
        Piece::Opaque(_) => {
            lost.dropped(name::of_block(piece));
            return None;
        }
        Piece::Image(image) => self::image(image, compat, lost),
        Piece::File(file) => document(file, compat),
        Piece::Audio(audio) => match &audio.transcript {
            Some(said) if !said.trim().is_empty() => {
                lost.approximated("items.audio");
                return Some(Block::text(said.as_str()));
            }
            _ => None,
        },
        Piece::Video(_) => None,
    };
    Some(shown.unwrap_or_else(|| {
        lost.dropped(name::of_block(piece));
        Block::text(note(piece))
    }))
}

/// What a tool said. Beside an error Claude takes text alone.
pub(super) fn result<'a>(
    result: &'a ToolResult,
    id: Cow<'a, str>,
    own: bool,
    compat: &Compat,
    lost: &mut Losses,
) -> Block<'a> {
    let mut is_error = result.is_error;
    let content = match &result.content {
        ResultContent::Text(text) => Some(Content::Text(Cow::Borrowed(text.as_str()))),
        ResultContent::Json(json) => Some(Content::Text(Cow::Borrowed(json.get()))),
        ResultContent::Blocks(pieces) => {
            let mut blocks: Vec<_> = pieces.iter().filter_map(|piece| block(piece, compat, lost)).collect();
            if is_error == Some(true) && blocks.iter().any(|block| !matches!(block, Block::Text { .. })) {
                lost.approximated("tool_result.is_error");
                is_error = None;
                blocks.insert(0, Block::text("[the tool failed]"));
            }
            Some(Content::Blocks(blocks))
        }
    };
    let empty = |content: &Content<'_>| match content {
        Content::Text(text) => text.is_empty(),
        Content::Blocks(blocks) => blocks.is_empty(),
    };
    if !own && !result.ext.is_empty() {
        result.ext.keys().for_each(|field| lost.dropped(format!("ext.{field}")));
    }
    Block::ToolResult {
        tool_use_id: id,
        content: content.filter(|content| !empty(content)),
        is_error,
        cache_control: result.cache.map(Into::into),
        ext: own.then_some(&result.ext),
    }
}

/// The text of a result whose call is not there.
pub(super) fn orphan(result: &ToolResult) -> String {
    let text = match &result.content {
        ResultContent::Text(text) => text.clone(),
        ResultContent::Json(json) => json.get().to_owned(),
        ResultContent::Blocks(pieces) => {
            let texts: Vec<_> = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.text.clone(),
                    other => note(other),
                })
                .collect();
            texts.join("\n")
        }
    };
    format!("[result of the tool call {}]\n{text}", result.call_id)
}

fn note(piece: &Piece) -> String {
    let what = match piece {
        Piece::Image(_) => "image",
        Piece::Audio(_) => "audio",
        Piece::Video(_) => "video",
        Piece::File(File { name: Some(title), .. }) => return format!("[document omitted: {title}]"),
        Piece::File(_) => "document",
        Piece::Text(_) | Piece::Refusal(_) | Piece::Opaque(_) => "content",
    };
    format!("[{what} omitted]")
}

/// Citations of web pages need an index that only Claude's own answers have.
fn text<'a>(text: &'a Text, lost: &mut Losses) -> Option<Block<'a>> {
    if text.sealed.is_some() {
        lost.dropped("text.sealed");
    }
    let mut citations = Vec::new();
    for cited in &text.citations {
        match (cited, citation::encode(cited)) {
            (Citation::Opaque { .. } | Citation::Url { raw: Some(_), .. }, Some(raw)) => citations.push(raw),
            _ => lost.dropped("citations"),
        }
    }
    (!text.text.trim().is_empty()).then(|| Block::Text {
        text: Cow::Borrowed(&text.text),
        citations,
        cache_control: text.cache.map(Into::into),
    })
}

/// <https://platform.claude.com/docs/en/build-with-claude/vision>
fn image<'a>(image: &'a Image, compat: &Compat, lost: &mut Losses) -> Option<Block<'a>> {
    if compat.vision == Some(false) {
        return None;
    }
    if image.detail.as_deref().is_some_and(|detail| detail != "auto") {
        lost.dropped("items.image.detail");
    }
    let source = match &image.source {
        ir::Source::Base64 { mime, data } => Source::Base64 { media_type: image_type(mime)?, data },
        ir::Source::Url { url, .. } if is_web(url) => Source::Url { url },
        ir::Source::FileId { id, owner: Protocol::Messages } => Source::File { file_id: id },
        ir::Source::Url { .. } | ir::Source::FileId { .. } | ir::Source::Text(_) => return None,
    };
    Some(Block::Image { source, cache_control: image.cache.map(Into::into) })
}

fn image_type(mime: &str) -> Option<&'static str> {
    let known = ["image/jpeg", "image/png", "image/gif", "image/webp"];
    match mime {
        "image/jpg" => Some("image/jpeg"),
        _ => known.into_iter().find(|known| mime.eq_ignore_ascii_case(known)),
    }
}

/// <https://platform.claude.com/docs/en/build-with-claude/pdf-support>
fn document<'a>(file: &'a File, compat: &Compat) -> Option<Block<'a>> {
    const PDF: &str = "application/pdf";
    if compat.files == Some(false) {
        return None;
    }
    let plain = |data| Source::Text { media_type: "text/plain", data };
    let source = match &file.source {
        ir::Source::Base64 { mime, data } if mime == PDF => Source::Base64 { media_type: PDF, data },
        ir::Source::Base64 { mime, data } if is_text(mime) => {
            plain(Cow::Owned(String::from_utf8(STANDARD.decode(data).ok()?).ok()?))
        }
        ir::Source::Text(text) => plain(Cow::Borrowed(text.as_str())),
        ir::Source::Url { url, mime } if is_web(url) && mime.as_deref().is_none_or(|mime| mime == PDF) => {
            Source::Url { url }
        }
        ir::Source::FileId { id, owner: Protocol::Messages } => Source::File { file_id: id },
        ir::Source::Base64 { .. } | ir::Source::Url { .. } | ir::Source::FileId { .. } => return None,
    };
    Some(Block::Document {
        source,
        title: file.name.as_deref(),
        context: file.context.as_deref(),
        citations: file.citations.map(|enabled| Enabled { enabled }),
        cache_control: file.cache.map(Into::into),
    })
}

fn is_text(mime: &str) -> bool {
    let essence = mime.split(';').next().unwrap_or(mime).trim();
    essence.starts_with("text/")
        || matches!(essence, "application/json" | "application/xml" | "application/yaml")
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
