//! Citations of web pages.

use serde::{Deserialize, Serialize};

use super::text::Str;
use crate::ir::Citation;

/// `{type: "url_citation", url_citation: {…}}`; some vendors leave the inner object out.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::protocol::chat) struct Annotation<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Option<Str<'a>>,
    #[serde(borrow, default)]
    url_citation: Option<UrlCitation<'a>>,
}

#[derive(Debug, Deserialize, Serialize)]
struct UrlCitation<'a> {
    #[serde(borrow, default)]
    url: Str<'a>,
    #[serde(borrow, default)]
    title: Option<Str<'a>>,
    #[serde(default)]
    start_index: Option<u64>,
    #[serde(default)]
    end_index: Option<u64>,
}

/// Where a block of text is in the content, in characters.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::protocol::chat) struct Place {
    pub(in crate::protocol::chat) start: u64,
    pub(in crate::protocol::chat) length: u64,
}

impl<'a> Annotation<'a> {
    /// What it cites; `None` for what is no citation of a page.
    pub(in crate::protocol::chat) fn decode(self) -> Option<Citation> {
        let UrlCitation { url, title, start_index, end_index } = self.url_citation?;
        Some(Citation::Url {
            url: url.0.into_owned(),
            title: title.map(|title| title.0.into_owned()),
            start: start_index,
            end: end_index,
            raw: None,
        })
    }

    /// `None` for what Chat cannot say. Offsets and title must be there: those of a block count from its
    /// `place` in the whole content, and without any all of the block is meant.
    pub(in crate::protocol::chat) fn encode(citation: &'a Citation, place: &Place) -> Option<Self> {
        let Citation::Url { url, title, start, end, .. } = citation else { return None };
        Some(Self {
            kind: Some(Str("url_citation".into())),
            url_citation: Some(UrlCitation {
                url: Str(url.into()),
                title: Some(Str(title.as_deref().unwrap_or_default().into())),
                start_index: Some(place.start.saturating_add(start.unwrap_or(0))),
                end_index: Some(place.start.saturating_add(end.unwrap_or(place.length))),
            }),
        })
    }
}
