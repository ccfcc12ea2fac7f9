//! Blocks to parts. <https://ai.google.dev/api/caching#Part>

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{Block, File, Image, Losses, Message, Opaque, SealKind, Source, Text};
use crate::protocol::gemini::wire::part::{FileData, MediaResolution, Part, Written};

/// The part of one block; none for what is empty or cannot be shown. `origin` is whose request it is.
pub(super) fn encode<'a>(
    block: &'a Block,
    origin: Protocol,
    compat: &'a Compat,
    lost: &mut Losses,
) -> Option<Written<'a>> {
    let part = match block {
        Block::Text(text) => return self::text(text, lost),
        Block::Refusal(refusal) if refusal.is_empty() => return None,
        Block::Refusal(refusal) => {
            lost.approximated("items.refusal");
            Part::text(refusal.as_str())
        }
        Block::Image(image) => {
            cached(image.cache.is_some(), lost);
            let part = source(&image.source, compat.vision, "image", lost);
            Part { media_resolution: resolution(image, origin, &part, lost), ..part }
        }
        Block::File(file) => self::file(file, compat, lost),
        Block::Audio(audio) => match (&audio.source, &audio.transcript) {
            (Source::Base64 { data, .. }, Some(transcript)) if data.is_empty() => {
                lost.approximated("items.audio");
                Part::text(transcript.as_str())
            }
            (from, _) => source(from, compat.audio, "audio", lost),
        },
        Block::Video(video) => {
            let part = source(&video.source, None, "video", lost);
            let metadata = video.metadata.as_ref().filter(|_| part.text.is_none());
            Part { video_metadata: metadata, ..part }
        }
        Block::Opaque(opaque) => return self::opaque(opaque, lost),
    };
    Some(Written::Part(Box::new(part)))
}

fn text<'a>(text: &'a Text, lost: &mut Losses) -> Option<Written<'a>> {
    text_losses(text, lost);
    let signature = match &text.sealed {
        Some(sealed) if sealed.kind == SealKind::Thought => Some(sealed.data.as_str()),
        Some(_) => {
            lost.dropped("text.sealed");
            None
        }
        None => None,
    };
    let empty = text.text.is_empty() && signature.is_none();
    (!empty).then(|| Written::Part(Box::new(Part::text(text.text.as_str()).signed(signature))))
}

pub(super) fn opaque<'a>(opaque: &'a Opaque, lost: &mut Losses) -> Option<Written<'a>> {
    if opaque.owner != Protocol::Gemini {
        lost.dropped(format!("items.{}", opaque.kind));
        return None;
    }
    Some(Written::Raw(&opaque.raw))
}

fn file<'a>(file: &'a File, compat: &Compat, lost: &mut Losses) -> Part<'a> {
    cached(file.cache.is_some(), lost);
    for (set, feature) in [
        (file.name.is_some(), "file.name"),
        (file.context.is_some(), "file.context"),
        (file.citations == Some(true), "file.citations"),
    ] {
        if set {
            lost.dropped(feature);
        }
    }
    source(&file.source, compat.files, "file", lost)
}

/// Content that is shown, or the word that there was some.
fn source<'a>(source: &'a Source, known: Option<bool>, kind: &'static str, lost: &mut Losses) -> Part<'a> {
    let uri = |uri: &'a str, mime: Option<Cow<'a, str>>| Part {
        file_data: Some(FileData { mime_type: mime, file_uri: uri.into() }),
        ..Part::default()
    };
    match source {
        _ if known == Some(false) => {}
        Source::Base64 { mime, data } if !data.is_empty() => {
            return Part::inline(mime.as_str(), data.as_str());
        }
        Source::Text(text) => return Part::inline("text/plain", STANDARD.encode(text)),
        Source::Url { url, mime } => {
            let mime = mime.as_deref().map(Cow::Borrowed);
            return uri(url, mime.or_else(|| guessed(url, kind).map(Cow::Borrowed)));
        }
        Source::FileId { id, owner: Protocol::Gemini } => return uri(id, None),
        Source::Base64 { .. } | Source::FileId { .. } => {}
    }
    lost.dropped(format!("items.{kind}"));
    match source {
        Source::FileId { id, .. } => Part::text(format!("[{kind} {id}: not available here]")),
        _ => Part::text(format!("[{kind}: not available here]")),
    }
}

/// The media type that a URL's last word stands for; Gemini wants to be told one.
fn guessed(url: &str, kind: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    Some(match (extension.as_deref(), kind) {
        (Some("png"), _) => "image/png",
        (Some("jpg" | "jpeg"), _) => "image/jpeg",
        (Some("webp"), _) => "image/webp",
        (Some("gif"), _) => "image/gif",
        (Some("heic"), _) => "image/heic",
        (Some("pdf"), _) => "application/pdf",
        (Some("txt" | "md"), _) => "text/plain",
        (Some("html" | "htm"), _) => "text/html",
        (Some("csv"), _) => "text/csv",
        (Some("mp3"), _) => "audio/mpeg",
        (Some("wav"), _) => "audio/wav",
        (Some("mp4"), _) => "video/mp4",
        (Some("webm"), _) => "video/webm",
        (_, "image") => "image/jpeg",
        (_, "file") => "application/pdf",
        _ => return None,
    })
}

/// How closely an image is looked at. Older models refuse to be told for a single part, so only who knows
/// Gemini may. <https://ai.google.dev/gemini-api/docs/media-resolution>
fn resolution(
    image: &Image,
    origin: Protocol,
    part: &Part<'_>,
    lost: &mut Losses,
) -> Option<MediaResolution> {
    let detail = image.detail.as_deref().filter(|detail| *detail != "auto" && part.text.is_none())?;
    if origin != Protocol::Gemini {
        lost.dropped("items.image.detail");
        return None;
    }
    Some(MediaResolution { level: format!("MEDIA_RESOLUTION_{}", detail.to_ascii_uppercase()) })
}

/// All text of the blocks; whatever else they hold is lost.
pub(super) fn text_of(blocks: &[Block], lost: &mut Losses) -> String {
    let mut texts = Vec::new();
    for block in blocks {
        match block {
            Block::Text(text) => {
                text_losses(text, lost);
                texts.push(text.text.as_str());
            }
            Block::Refusal(refusal) => texts.push(refusal),
            other => lost.dropped(format!("items.{}", kind(other))),
        }
    }
    texts.join("\n")
}

pub(super) fn text_losses(text: &Text, lost: &mut Losses) {
    cached(text.cache.is_some(), lost);
    if !text.citations.is_empty() {
        lost.dropped("citations");
    }
}

pub(super) fn message_losses(message: &Message, origin: Protocol, lost: &mut Losses) {
    if message.name.is_some() {
        lost.dropped("items.name");
    }
    if origin != Protocol::Gemini {
        for field in message.ext.keys() {
            lost.dropped(format!("ext.{field}"));
        }
    }
}

fn cached(cached: bool, lost: &mut Losses) {
    if cached {
        lost.dropped("cache_control");
    }
}

pub(super) fn kind(block: &Block) -> &str {
    match block {
        Block::Text(_) => "text",
        Block::Refusal(_) => "refusal",
        Block::Image(_) => "image",
        Block::File(_) => "file",
        Block::Audio(_) => "audio",
        Block::Video(_) => "video",
        Block::Opaque(opaque) => &opaque.kind,
    }
}
