//! Pieces of a message.

use super::item::{Opaque, Sealed};
use super::raw::Raw;
use crate::config::Protocol;

/// A piece of a message or of a tool's result.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Text(Text),
    /// The model declined, in words.
    Refusal(String),
    Image(Image),
    File(File),
    Audio(Audio),
    Video(Video),
    Opaque(Opaque),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    pub text: String,
    pub citations: Vec<Citation>,
    /// Token probabilities as OpenAI writes them.
    pub logprobs: Option<Raw>,
    pub cache: Option<CacheControl>,
    /// Gemini signs text parts too.
    pub sealed: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub source: Source,
    /// OpenAI's `detail`, Gemini's media resolution: `low`, `high`, `auto`, …
    pub detail: Option<String>,
    pub cache: Option<CacheControl>,
}

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub source: Source,
    pub name: Option<String>,
    /// What the document is about, in Claude's words.
    pub context: Option<String>,
    /// Whether answers may cite it.
    pub citations: Option<bool>,
    pub cache: Option<CacheControl>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    pub source: Source,
    pub transcript: Option<String>,
    /// Names an earlier answer's audio.
    pub id: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Video {
    pub source: Source,
    /// Frame rate and offsets, as Gemini writes them.
    pub metadata: Option<Raw>,
}

/// Where the content of an image, document, audio or video is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `mime` is a full media type: `image/png`.
    Base64 { mime: String, data: String },
    /// `https://…` or `gs://…`; `data:` URLs are decoded to [`Source::Base64`].
    Url { url: String, mime: Option<String> },
    /// A file that `owner`'s vendor keeps.
    FileId { id: String, owner: Protocol },
    /// A plain text document.
    Text(String),
}

/// Where a piece of text comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Citation {
    /// A web page. Offsets count characters of the text they annotate. `raw` is the whole citation as Claude
    /// wrote it: it takes pages back only by an index of its own.
    Url { url: String, title: Option<String>, start: Option<u64>, end: Option<u64>, raw: Option<Raw> },
    /// Whatever only `owner` can say: citations of documents, file citations.
    Opaque { owner: Protocol, raw: Raw },
}

/// The prompt up to here is worth caching.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheControl {
    pub ttl: Option<CacheTtl>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheTtl {
    FiveMinutes,
    OneHour,
}

impl Text {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl Block {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Text::new(text))
    }
}
