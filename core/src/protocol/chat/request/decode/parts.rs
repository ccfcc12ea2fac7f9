//! Content parts to blocks.

use serde_json::value::RawValue;

use crate::config::Protocol;
use crate::ir::{Audio, Block, CacheControl, CacheTtl, File, Image, Opaque, Raw, Role, Source, Text, Video};
use crate::protocol::chat::wire::data_url;
use crate::protocol::chat::wire::fields::{Fields, Wrong, read};

/// Content is a string or a list of parts.
pub(super) fn blocks(content: &RawValue, role: Role) -> Result<Vec<Block>, Wrong> {
    if content.get().starts_with('"') {
        return Ok(vec![Block::Text(Text::new(read::<String>(content)?))]);
    }
    let parts: Vec<&RawValue> = read(content)?;
    let blocks = parts
        .into_iter()
        .enumerate()
        .map(|(position, part)| block(part, role).map_err(|wrong| wrong.nth(position)));
    blocks.collect()
}

/// The mark that caching shall reach up to here, as OpenRouter and Qwen take it over from Claude, or as
/// OpenAI writes it. <https://developers.openai.com/api/docs/guides/prompt-caching>
pub(super) fn cache(fields: &mut Fields<'_>) -> Result<Option<CacheControl>, Wrong> {
    if let Some(mut control) = fields.object("cache_control")? {
        let ttl = match control.text("ttl")?.as_deref() {
            Some("5m") => Some(CacheTtl::FiveMinutes),
            Some("1h") => Some(CacheTtl::OneHour),
            _ => None,
        };
        return Ok(Some(CacheControl { ttl }));
    }
    Ok(fields.raw("prompt_cache_breakpoint").map(|_| CacheControl::default()))
}

fn block(part: &RawValue, role: Role) -> Result<Block, Wrong> {
    if part.get().starts_with('"') {
        return Ok(Block::text(read::<String>(part)?));
    }
    let mut fields = Fields::of(part)?;
    let cache = cache(&mut fields)?;
    let kind = match fields.text("type")? {
        Some(kind) => kind,
        None => ["text", "image_url"]
            .into_iter()
            .find(|field| fields.has(field))
            .ok_or_else(|| Wrong::missing("type"))?
            .to_owned(),
    };
    Ok(match kind.as_str() {
        "text" | "input_text" | "output_text" => {
            Block::Text(Text { text: fields.need("text")?, cache, ..Text::default() })
        }
        "refusal" => Block::Refusal(fields.need("refusal")?),
        "image_url" => {
            let detail = fields.text("detail")?;
            let (url, inner) = url(&mut fields, "image_url")?;
            Block::Image(Image { source: data_url::source(&url), detail: inner.or(detail), cache })
        }
        "input_audio" => audio(&mut fields)?,
        "audio_url" => {
            let (url, _) = url(&mut fields, "audio_url")?;
            Block::Audio(Audio { source: data_url::source(&url), transcript: None, id: None })
        }
        "video_url" => {
            let (url, _) = url(&mut fields, "video_url")?;
            Block::Video(Video { source: data_url::source(&url), metadata: None })
        }
        "file" => file(&mut fields, cache)?,
        _ => {
            let raw = Raw::parse(part.get()).map_err(|_| Wrong::new("expected an object"))?;
            Block::Opaque(Opaque { owner: Protocol::Chat, role, kind, raw })
        }
    })
}

/// `{url, detail}`, or the bare URL.
fn url(fields: &mut Fields<'_>, name: &str) -> Result<(String, Option<String>), Wrong> {
    let raw = fields.raw(name).ok_or_else(|| Wrong::missing(name))?;
    if raw.get().starts_with('"') {
        return Ok((read(raw)?, None));
    }
    let mut inner = Fields::of(raw).map_err(|wrong| wrong.at(name))?;
    let url = inner.need("url").map_err(|wrong| wrong.at(name))?;
    Ok((url, inner.text("detail")?))
}

fn audio(fields: &mut Fields<'_>) -> Result<Block, Wrong> {
    let mut inner = fields.object("input_audio")?.ok_or_else(|| Wrong::missing("input_audio"))?;
    let data = inner.need("data").map_err(|wrong| wrong.at("input_audio"))?;
    let mime = match inner.text("format")?.as_deref() {
        Some("mp3") => "audio/mpeg".to_owned(),
        Some(format) => format!("audio/{format}"),
        None => "audio/wav".to_owned(),
    };
    let source = if data.starts_with("http://") || data.starts_with("https://") {
        Source::Url { url: data, mime: Some(mime) }
    } else {
        let data = data_url::split(&data).map_or(data.as_str(), |(_, data)| data).to_owned();
        Source::Base64 { mime, data }
    };
    Ok(Block::Audio(Audio { source, transcript: None, id: None }))
}

/// <https://developers.openai.com/api/docs/guides/pdf-files>
fn file(fields: &mut Fields<'_>, cache: Option<CacheControl>) -> Result<Block, Wrong> {
    let mut inner = fields.object("file")?.ok_or_else(|| Wrong::missing("file"))?;
    let name = inner.text("filename")?;
    let source = match (inner.text("file_id")?, inner.text("file_data")?) {
        (Some(id), _) => Source::FileId { id, owner: Protocol::Chat },
        (None, Some(data)) if data.starts_with("http://") || data.starts_with("https://") => {
            Source::Url { url: data, mime: None }
        }
        (None, Some(data)) => match data_url::split(&data) {
            Some((mime, data)) => Source::Base64 { mime: mime.to_owned(), data: data.to_owned() },
            None => Source::Base64 { mime: "application/pdf".to_owned(), data },
        },
        (None, None) => return Err(Wrong::missing("file_data").at("file")),
    };
    Ok(Block::File(File { source, name, context: None, citations: None, cache }))
}
