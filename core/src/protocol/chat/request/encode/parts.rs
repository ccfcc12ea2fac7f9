//! Blocks to content.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{Audio, Block, CacheControl, CacheTtl, Ext, File, Image, Losses, Raw, Source, Video};
use crate::protocol::chat::wire::data_url;
use crate::protocol::openai;

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Part<'a> {
    Text {
        #[serde(rename = "type")]
        kind: &'static str,
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Value>,
    },
    /// Written out already; large ones only once.
    Media(Value),
    Raw(&'a Raw),
}

impl<'a> Part<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text { kind: "text", text: text.into(), cache_control: None }
    }
}

/// What writing blocks must know.
pub(super) struct Parts<'c> {
    pub(super) compat: &'c Compat,
    pub(super) origin: Protocol,
    /// Whether the upstream thinks, and refuses a call whose thinking is missing.
    pub(super) needs_thoughts: bool,
}

/// Content of parts, as one text if there is nothing but text; `between` goes between two of them.
pub(super) fn content<'a>(mut parts: Vec<Part<'a>>, between: &str) -> Content<'a> {
    let plain = |part: &Part<'_>| matches!(part, Part::Text { cache_control: None, .. });
    if !parts.iter().all(plain) {
        return Content::Parts(parts);
    }
    if parts.len() == 1
        && let Some(Part::Text { text, .. }) = parts.pop()
    {
        return Content::Text(text);
    }
    let texts = parts.iter().map(|part| match part {
        Part::Text { text, .. } => text.as_ref(),
        Part::Media(_) | Part::Raw(_) => "",
    });
    Content::Text(Cow::Owned(texts.collect::<Vec<_>>().join(between)))
}

/// <https://openrouter.ai/docs/features/prompt-caching>
pub(super) fn mark(cache: CacheControl) -> Value {
    match cache.ttl {
        None => json!({"type": "ephemeral"}),
        Some(CacheTtl::FiveMinutes) => json!({"type": "ephemeral", "ttl": "5m"}),
        Some(CacheTtl::OneHour) => json!({"type": "ephemeral", "ttl": "1h"}),
    }
}

impl Parts<'_> {
    /// What a user or a system message may hold.
    pub(super) fn encode<'a>(&self, blocks: &'a [Block], lost: &mut Losses) -> Vec<Part<'a>> {
        blocks.iter().map(|block| self.block(block, lost)).collect()
    }

    pub(super) fn block<'a>(&self, block: &'a Block, lost: &mut Losses) -> Part<'a> {
        match block {
            Block::Text(text) => {
                if text.sealed.is_some() {
                    lost.dropped("text.sealed");
                }
                if !text.citations.is_empty() {
                    lost.dropped("citations");
                }
                let cache_control = self.cache(text.cache, lost);
                Part::Text { kind: "text", text: Cow::Borrowed(&text.text), cache_control }
            }
            Block::Refusal(refusal) => Part::text(refusal),
            Block::Image(image) => self.image(image, lost),
            Block::File(file) => self.file(file, lost),
            Block::Audio(audio) => self.audio(audio, lost),
            Block::Video(video) => self.video(video, lost),
            Block::Opaque(opaque) if opaque.owner == Protocol::Chat => Part::Raw(&opaque.raw),
            Block::Opaque(opaque) => {
                lost.dropped(format!("items.{}", opaque.kind));
                Part::text(format!("[{} omitted]", opaque.kind))
            }
        }
    }

    /// What only Chat knows goes back to Chat.
    pub(super) fn ext<'a>(&self, ext: &'a Ext, lost: &mut Losses) -> Option<&'a Ext> {
        if self.origin == Protocol::Chat {
            return Some(ext).filter(|ext| !ext.is_empty());
        }
        ext.keys().for_each(|field| lost.dropped(format!("ext.{field}")));
        None
    }

    /// The mark, as the upstream wants it; a loss where it does not know any.
    pub(super) fn cache(&self, cache: Option<CacheControl>, lost: &mut Losses) -> Option<Value> {
        let cache = cache?;
        if self.compat.cache_control == Some(true) {
            return Some(mark(cache));
        }
        lost.dropped("cache_control");
        None
    }

    /// <https://developers.openai.com/api/docs/guides/images-vision>
    fn image<'a>(&self, image: &'a Image, lost: &mut Losses) -> Part<'a> {
        let url = match &image.source {
            _ if self.compat.vision == Some(false) => None,
            Source::Base64 { mime, data } => Some(data_url::write(mime, data)),
            Source::Url { url, .. } if is_web(url) || self.origin == Protocol::Chat => Some(url.clone()),
            Source::Url { .. } | Source::FileId { .. } | Source::Text(_) => None,
        };
        let Some(url) = url else { return omitted("image", lost) };
        let mut part = json!({"type": "image_url", "image_url": {"url": url}});
        let detail = image.detail.as_deref().map(|detail| match detail {
            "low" | "high" | "auto" => detail,
            _ if self.origin == Protocol::Chat => detail,
            _ => {
                lost.approximated("items.image.detail");
                "auto"
            }
        });
        if let (Some(detail), Some(Value::Object(inner))) = (detail, part.get_mut("image_url")) {
            inner.insert("detail".into(), detail.into());
        }
        self.media(part, image.cache, lost)
    }

    /// <https://developers.openai.com/api/docs/guides/pdf-files>
    fn file<'a>(&self, file: &'a File, lost: &mut Losses) -> Part<'a> {
        if file.context.is_some() {
            lost.dropped("file.context");
        }
        if file.citations == Some(true) {
            lost.dropped("file.citations");
        }
        let name = file.name.as_deref();
        let part = match &file.source {
            Source::Text(text) => return self.document(name, text.into(), file.cache, lost),
            Source::Base64 { mime, data } if mime.starts_with("text/") => {
                match STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                    Some(text) => return self.document(name, text.into(), file.cache, lost),
                    None => return omitted("file", lost),
                }
            }
            _ if self.compat.files == Some(false) => return omitted("file", lost),
            Source::Base64 { mime, data } => {
                let name = match name {
                    Some(name) if self.origin == Protocol::Chat => Cow::Borrowed(name),
                    name => openai::file::name(name, mime),
                };
                json!({"type": "file", "file": {"filename": name, "file_data": data_url::write(mime, data)}})
            }
            Source::FileId { id, owner: Protocol::Chat } => json!({"type": "file", "file": {"file_id": id}}),
            Source::Url { url, .. } if self.origin == Protocol::Chat => {
                json!({"type": "file", "file": {"filename": name.unwrap_or("document.pdf"), "file_data": url}})
            }
            Source::Url { url, .. } => {
                lost.dropped("items.file");
                return Part::text(format!("[file omitted: {url}]"));
            }
            Source::FileId { .. } => return omitted("file", lost),
        };
        self.media(part, file.cache, lost)
    }

    /// A plain text document goes as text.
    fn document<'a>(
        &self,
        name: Option<&str>,
        text: Cow<'a, str>,
        cache: Option<CacheControl>,
        lost: &mut Losses,
    ) -> Part<'a> {
        let text = match name {
            Some(name) => Cow::Owned(format!("{name}:\n{text}")),
            None => text,
        };
        Part::Text { kind: "text", text, cache_control: self.cache(cache, lost) }
    }

    /// <https://developers.openai.com/api/docs/guides/audio>
    fn audio<'a>(&self, audio: &'a Audio, lost: &mut Losses) -> Part<'a> {
        let (data, mime) = match &audio.source {
            _ if self.compat.audio == Some(false) => return omitted("audio", lost),
            Source::Base64 { mime, data } => (data, mime.as_str()),
            Source::Url { url, mime } if self.origin == Protocol::Chat => {
                (url, mime.as_deref().unwrap_or("audio/wav"))
            }
            _ => return omitted("audio", lost),
        };
        let format = match mime {
            "audio/wav" | "audio/x-wav" | "audio/wave" => "wav",
            "audio/mpeg" | "audio/mp3" => "mp3",
            other if self.origin == Protocol::Chat => other.strip_prefix("audio/").unwrap_or(other),
            _ => return omitted("audio", lost),
        };
        Part::Media(json!({"type": "input_audio", "input_audio": {"data": data, "format": format}}))
    }

    /// No part of OpenAI's; some imitators take a URL.
    fn video<'a>(&self, video: &'a Video, lost: &mut Losses) -> Part<'a> {
        let url = match &video.source {
            _ if self.origin != Protocol::Chat => return omitted("video", lost),
            Source::Base64 { mime, data } => data_url::write(mime, data),
            Source::Url { url, .. } => url.clone(),
            Source::FileId { .. } | Source::Text(_) => return omitted("video", lost),
        };
        Part::Media(json!({"type": "video_url", "video_url": {"url": url}}))
    }

    fn media<'a>(&self, mut part: Value, cache: Option<CacheControl>, lost: &mut Losses) -> Part<'a> {
        if let (Some(mark), Value::Object(fields)) = (self.cache(cache, lost), &mut part) {
            fields.insert("cache_control".into(), mark);
        }
        Part::Media(part)
    }
}

/// The model shall know that something was there.
pub(super) fn omitted<'a>(what: &str, lost: &mut Losses) -> Part<'a> {
    lost.dropped(format!("items.{what}"));
    Part::text(format!("[{what} omitted]"))
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
