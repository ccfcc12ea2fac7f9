//! Images, documents, audio and video within parts.

use crate::config::Protocol;
use crate::ir::{Audio, Block, File, Image, Source, Video};
use crate::protocol::convert::Invalid;
use crate::protocol::gemini::wire::object::Object;

/// Where the vendor keeps the files of its Files API. <https://ai.google.dev/gemini-api/docs/files>
const FILES: &str = "generativelanguage.googleapis.com/";

/// The content of a part that has `inlineData` or `fileData`.
pub(super) fn decode(part: &mut Object<'_>) -> Result<Option<Block>, Invalid> {
    let Some((source, name, mime)) = source(part)? else { return Ok(None) };
    // Of any content: an address alone may turn out to be an image's.
    let detail = detail(part.clone())?;
    Ok(Some(match mime.split_once('/').map_or(mime.as_str(), |(kind, _)| kind) {
        "image" => {
            part.take("mediaResolution");
            Block::Image(Image { source, detail, cache: None })
        }
        "audio" => Block::Audio(Audio { source, transcript: None, id: None }),
        "video" => Block::Video(Video { source, metadata: part.raw("videoMetadata")? }),
        _ => Block::File(File { source, name, context: None, citations: None, cache: None }),
    }))
}

/// The content, what it is called, and its media type as far as it is told.
fn source(part: &mut Object<'_>) -> Result<Option<(Source, Option<String>, String)>, Invalid> {
    if let Some(mut data) = part.object("inlineData")? {
        let mime = data.text("mimeType")?.unwrap_or_else(|| "application/octet-stream".into());
        let content = data.text("data")?.unwrap_or_default();
        let source = Source::Base64 { mime: mime.clone(), data: content };
        return Ok(Some((source, data.text("displayName")?, mime)));
    }
    let Some(mut data) = part.object("fileData")? else { return Ok(None) };
    let Some(uri) = data.text("fileUri")? else { return Err(data.invalid("missing `fileUri`")) };
    let mime = data.text("mimeType")?;
    let source = if uri.contains(FILES) || !uri.contains("://") {
        Source::FileId { id: uri, owner: Protocol::Gemini }
    } else {
        Source::Url { url: uri, mime: mime.clone() }
    };
    Ok(Some((source, data.text("displayName")?, mime.unwrap_or_default())))
}

/// `MEDIA_RESOLUTION_HIGH` is `high`.
fn detail(mut part: Object<'_>) -> Result<Option<String>, Invalid> {
    let Some(mut resolution) = part.object("mediaResolution")? else { return Ok(None) };
    let level = resolution.text("level")?;
    Ok(level.and_then(|level| level.strip_prefix("MEDIA_RESOLUTION_").map(str::to_ascii_lowercase)))
}
