//! Parts of messages and tool results to blocks.
//! <https://developers.openai.com/api/reference/resources/responses/methods/create>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire;
use crate::config::Protocol;
use crate::ir::{
    Audio, Block, CacheControl, CacheTtl, Citation, File, Image, Opaque, Raw, Role, Source, Text,
};
use crate::protocol::convert::Invalid;

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "wire::cow")]
    kind: Option<Cow<'a, str>>,
    text: Option<String>,
    refusal: Option<String>,
    #[serde(borrow)]
    annotations: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
    detail: Option<String>,
    file_id: Option<String>,
    #[serde(borrow, default, deserialize_with = "wire::cow")]
    file_data: Option<Cow<'a, str>>,
    file_url: Option<String>,
    filename: Option<String>,
    input_audio: Option<InputAudio>,
    prompt_cache_breakpoint: Option<Breakpoint>,
}

#[derive(Deserialize)]
struct InputAudio {
    data: String,
    format: Option<String>,
}

/// <https://developers.openai.com/api/docs/guides/prompt-caching>
#[derive(Deserialize)]
struct Breakpoint {
    ttl: Option<String>,
}

/// The blocks of `content`: a string, a list of parts, or nothing.
pub(super) fn blocks(content: Option<&RawValue>, role: Role) -> Result<Vec<Block>, Invalid> {
    let Some(content) = content.filter(|content| content.get() != "null") else { return Ok(Vec::new()) };
    if let Some(text) = wire::string(content) {
        return Ok(vec![Block::text(text)]);
    }
    let parts: Vec<&RawValue> =
        wire::read(content).map_err(|_| Invalid(": expected a string or a list of parts".into()))?;
    parts
        .into_iter()
        .enumerate()
        .map(|(position, part)| block(part, role).map_err(wire::at(|| format!("[{position}]"))))
        .collect()
}

/// One part as a block; a part nobody knows is kept for Responses alone.
pub(super) fn block(raw: &RawValue, role: Role) -> Result<Block, Invalid> {
    if let Some(text) = wire::string(raw) {
        return Ok(Block::text(text));
    }
    let part: Part<'_> = wire::read(raw)?;
    let cache = part.prompt_cache_breakpoint.map(|Breakpoint { ttl }| CacheControl {
        ttl: match ttl.as_deref() {
            Some("12h") => Some(CacheTtl::OneHour),
            Some("30m") => Some(CacheTtl::FiveMinutes),
            _ => None,
        },
    });
    let missing = |field: &str| Invalid(format!(": missing `{field}`"));
    Ok(match part.kind.as_deref() {
        Some("input_text" | "output_text" | "text" | "summary_text" | "reasoning_text") => {
            Block::Text(Text {
                text: part.text.ok_or_else(|| missing("text"))?,
                citations: part.annotations.unwrap_or_default().into_iter().map(citation).collect(),
                logprobs: some_array(part.logprobs),
                cache,
                sealed: None,
            })
        }
        Some("refusal") => Block::Refusal(part.refusal.ok_or_else(|| missing("refusal"))?),
        Some("input_image") => {
            let (url, detail) = part.image_url.map(image_url).unwrap_or_default();
            let source = match (url, part.file_id) {
                (Some(url), _) => url_source(&url),
                (None, Some(id)) => Source::FileId { id, owner: Protocol::Responses },
                (None, None) => return Err(missing("image_url")),
            };
            Block::Image(Image { source, detail: part.detail.or(detail), cache })
        }
        Some("input_file") => {
            let name = part.filename;
            let source = match (part.file_data, part.file_url, part.file_id) {
                (Some(data), ..) => file_source(&data, name.as_deref()),
                (None, Some(url), _) => url_source(&url),
                (None, None, Some(id)) => Source::FileId { id, owner: Protocol::Responses },
                (None, None, None) => return Err(missing("file_data")),
            };
            Block::File(File { source, name, context: None, citations: None, cache })
        }
        Some("input_audio") => {
            let audio = part.input_audio.ok_or_else(|| missing("input_audio"))?;
            let mime = format!("audio/{}", audio.format.as_deref().unwrap_or("wav"));
            let source = Source::Base64 { mime, data: audio.data };
            Block::Audio(Audio { source, transcript: None, id: None })
        }
        Some(kind) => Block::Opaque(Opaque {
            owner: Protocol::Responses,
            role,
            kind: kind.to_owned(),
            raw: wire::owned(raw),
        }),
        None => return Err(missing("type")),
    })
}

/// An annotation of a text part.
pub(super) fn citation(raw: &RawValue) -> Citation {
    #[derive(Deserialize)]
    struct Annotation {
        r#type: String,
        url: Option<String>,
        title: Option<String>,
        start_index: Option<u64>,
        end_index: Option<u64>,
    }
    match wire::read(raw) {
        Ok(Annotation { r#type, url: Some(url), title, start_index, end_index })
            if r#type == "url_citation" =>
        {
            Citation::Url { url, title, start: start_index, end: end_index, raw: None }
        }
        _ => Citation::Opaque { owner: Protocol::Responses, raw: wire::owned(raw) },
    }
}

/// Whether an array has elements.
pub(super) fn holds_any(array: &RawValue) -> bool {
    let inside = array.get().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.is_some_and(|inside| !inside.trim().is_empty())
}

/// Chat's object form is understood beside the plain string.
fn image_url(raw: &RawValue) -> (Option<Cow<'_, str>>, Option<String>) {
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow, default, deserialize_with = "wire::cow")]
        url: Option<Cow<'a, str>>,
        detail: Option<String>,
    }
    if let Some(url) = wire::string(raw) {
        return (Some(url), None);
    }
    wire::read(raw).map(|Object { url, detail }| (url, detail)).unwrap_or_default()
}

fn url_source(url: &str) -> Source {
    match data_url(url) {
        Some((mime, data)) => Source::Base64 { mime: mime.to_owned(), data: data.to_owned() },
        None => Source::Url { url: url.to_owned(), mime: None },
    }
}

/// `file_data` is a data URL, or base64 whose type only the name tells.
fn file_source(data: &str, name: Option<&str>) -> Source {
    let (mime, data) = data_url(data).unwrap_or_else(|| {
        let extension = name.and_then(|name| name.rsplit_once('.')).map_or("", |(_, extension)| extension);
        let mime = match extension.to_ascii_lowercase().as_str() {
            "txt" => "text/plain",
            "md" => "text/markdown",
            "csv" => "text/csv",
            "html" | "htm" => "text/html",
            "json" => "application/json",
            _ => "application/pdf",
        };
        (mime, data)
    });
    Source::Base64 { mime: mime.to_owned(), data: data.to_owned() }
}

/// The media type and the base64 of a `data:` URL.
fn data_url(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let mime = head.strip_suffix(";base64")?;
    let mime = mime.split_once(';').map_or(mime, |(mime, _)| mime);
    Some((if mime.is_empty() { "text/plain" } else { mime }, data))
}

/// An array as it is, or nothing for an empty one.
pub(super) fn some_array(raw: Option<&RawValue>) -> Option<Raw> {
    raw.filter(|raw| holds_any(raw)).map(wire::owned)
}
