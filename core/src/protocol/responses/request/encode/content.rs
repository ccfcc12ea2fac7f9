//! Blocks to parts.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Encoding;
use crate::config::Protocol;
use crate::ir::{Audio, Block, CacheControl, CacheTtl, File, Image, Role, Source, Text};
use crate::protocol::openai;
use crate::protocol::responses::write::{Annotation, Breakpoint, Content, InputAudio, Part};

impl<'a> Encoding<'a> {
    /// The parts of a message of `role`. Nothing but text may stand in a message of the model's.
    pub(super) fn parts(&mut self, blocks: &'a [Block], role: Role) -> Vec<Content<'a>> {
        blocks.iter().filter_map(|block| self.part(block, role)).collect()
    }

    fn part(&mut self, block: &'a Block, role: Role) -> Option<Content<'a>> {
        let text_kind = if role == Role::Assistant { "output_text" } else { "input_text" };
        let part = match block {
            Block::Text(text) => self.text(text, role),
            Block::Refusal(refusal) if role == Role::Assistant => Part::refusal(refusal),
            Block::Refusal(refusal) => plain(text_kind, refusal.as_str()),
            Block::Image(image) => self.image(image).unwrap_or_else(|| self.marker("image", text_kind)),
            Block::File(file) => self.file(file, text_kind),
            Block::Audio(audio) => self.audio(audio, text_kind),
            Block::Video(_) => self.marker("video", text_kind),
            Block::Opaque(opaque) if opaque.owner == Protocol::Responses => {
                return Some(Content::Raw(&opaque.raw));
            }
            Block::Opaque(opaque) => {
                self.lost.dropped(format!("items.{}", opaque.kind));
                return None;
            }
        };
        Some(Content::Part(part))
    }

    fn text(&mut self, text: &'a Text, role: Role) -> Part<'a> {
        if text.sealed.is_some() {
            self.lost.dropped("text.sealed");
        }
        if role != Role::Assistant {
            let breakpoint = self.breakpoint(text.cache);
            return Part {
                prompt_cache_breakpoint: breakpoint,
                ..Part::text("input_text", text.text.as_str())
            };
        }
        self.breakpoint(text.cache.filter(|_| !self.of_responses));
        let annotations: Vec<_> =
            text.citations.iter().filter_map(|citation| Annotation::of(citation, &text.text)).collect();
        if annotations.len() < text.citations.len() {
            self.lost.dropped("citations");
        }
        Part::output_text(text.text.as_str(), annotations)
    }

    fn image(&mut self, image: &'a Image) -> Option<Part<'a>> {
        if self.compat.vision == Some(false) {
            return None;
        }
        let mut part = Part { kind: "input_image", ..Part::default() };
        match &image.source {
            Source::Base64 { mime, data } => part.image_url = Some(data_url(mime, data).into()),
            Source::Url { url, .. } if is_web(url) => part.image_url = Some(Cow::Borrowed(url)),
            Source::FileId { id, owner } if is_openai(*owner) => part.file_id = Some(id),
            Source::Url { .. } | Source::FileId { .. } | Source::Text(_) => return None,
        }
        part.detail = Some(match image.detail.as_deref() {
            Some(detail @ ("low" | "high" | "auto" | "original")) => detail,
            Some(detail) if self.of_responses => detail,
            Some(_) => {
                self.lost.approximated("items.image.detail");
                "auto"
            }
            None => "auto",
        });
        part.prompt_cache_breakpoint = self.breakpoint(image.cache);
        Some(part)
    }

    /// OpenAI wants a name for a file that is sent, and none beside a URL or an id.
    fn file(&mut self, file: &'a File, text_kind: &'static str) -> Part<'a> {
        if file.context.is_some() {
            self.lost.dropped("file.context");
        }
        if file.citations == Some(true) {
            self.lost.dropped("file.citations");
        }
        let mut part =
            Part { kind: "input_file", filename: file.name.as_deref().map(Cow::Borrowed), ..Part::default() };
        match &file.source {
            Source::Text(text) if self.compat.files == Some(false) => {
                return plain(text_kind, text.as_str());
            }
            _ if self.compat.files == Some(false) => return self.marker("file", text_kind),
            Source::Text(text) => {
                part.file_data = Some(data_url("text/plain", &STANDARD.encode(text)));
                part.filename = Some(self.file_name(file, "text/plain"));
            }
            Source::Base64 { mime, data } => {
                part.file_data = Some(data_url(mime, data));
                part.filename = Some(self.file_name(file, mime));
            }
            Source::Url { url, .. } if is_web(url) => {
                part.file_url = Some(url);
                part.filename = part.filename.filter(|_| self.of_responses);
            }
            Source::FileId { id, owner } if is_openai(*owner) => {
                part.file_id = Some(id);
                part.filename = part.filename.filter(|_| self.of_responses);
            }
            Source::Url { .. } | Source::FileId { .. } => return self.marker("file", text_kind),
        }
        part.prompt_cache_breakpoint = self.breakpoint(file.cache);
        part
    }

    fn file_name(&self, file: &'a File, mime: &str) -> Cow<'a, str> {
        match file.name.as_deref() {
            Some(name) if self.of_responses => Cow::Borrowed(name),
            name => openai::file::name(name, mime),
        }
    }

    fn audio(&mut self, audio: &'a Audio, text_kind: &'static str) -> Part<'a> {
        let understood = self.of_responses || self.compat.audio == Some(true);
        match (&audio.source, &audio.transcript) {
            (Source::Base64 { mime, data }, _) if understood && text_kind == "input_text" => Part {
                kind: "input_audio",
                input_audio: Some(InputAudio { data, format: audio_format(mime) }),
                ..Part::default()
            },
            (_, Some(transcript)) => {
                self.lost.approximated("items.audio");
                plain(text_kind, transcript.as_str())
            }
            _ => self.marker("audio", text_kind),
        }
    }

    /// Tells the model that something was there.
    fn marker(&mut self, what: &'static str, text_kind: &'static str) -> Part<'a> {
        self.lost.dropped(format!("items.{what}"));
        plain(text_kind, format!("[{what} omitted]"))
    }

    /// Explicit breakpoints are for newer models only, so other protocols' stay behind unless the sheet
    /// says that they are understood.
    fn breakpoint(&mut self, cache: Option<CacheControl>) -> Option<Breakpoint> {
        let CacheControl { ttl } = cache?;
        if !self.of_responses && self.compat.cache_control != Some(true) {
            self.lost.dropped("cache_control");
            return None;
        }
        let ttl = ttl.map(|ttl| match ttl {
            CacheTtl::FiveMinutes => "30m",
            CacheTtl::OneHour => "12h",
        });
        Some(Breakpoint { mode: "explicit", ttl })
    }
}

/// Text of either side; the model's must have annotations.
fn plain<'a>(text_kind: &'static str, text: impl Into<Cow<'a, str>>) -> Part<'a> {
    if text_kind == "output_text" { Part::output_text(text, Vec::new()) } else { Part::text(text_kind, text) }
}

fn data_url(mime: &str, data: &str) -> String {
    format!("data:{mime};base64,{data}")
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Chat and Responses share their vendor's files.
fn is_openai(owner: Protocol) -> bool {
    matches!(owner, Protocol::Chat | Protocol::Responses)
}

fn audio_format(mime: &str) -> &str {
    match mime.strip_prefix("audio/").unwrap_or(mime) {
        "mpeg" => "mp3",
        "x-wav" | "wave" => "wav",
        format => format,
    }
}
