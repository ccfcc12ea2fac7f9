//! Citations of a text. <https://platform.claude.com/docs/en/build-with-claude/citations>

use std::borrow::Cow;

use serde_json::json;
use serde_json::value::RawValue;

use super::object::{At, Object, keep};
use crate::config::Protocol;
use crate::ir::{Citation, Raw};

/// A citation of a web page is typed, and kept beside it; those of documents name blocks of this protocol's request.
pub(crate) fn decode(raw: &RawValue) -> Citation {
    let typed = || {
        let mut fields = Object::read(raw, &At::ROOT).ok()?;
        let web = fields.text("type", &At::ROOT).ok()? == Some("web_search_result_location".into());
        let url = fields.text("url", &At::ROOT).ok()?.filter(|_| web)?;
        let title = fields.text("title", &At::ROOT).ok()?;
        Some(Citation::Url { url, title, start: None, end: None, raw: Some(keep(raw)) })
    };
    typed().unwrap_or_else(|| Citation::Opaque { owner: Protocol::Messages, raw: keep(raw) })
}

/// `None` for what this protocol cannot say.
pub(crate) fn encode(citation: &Citation) -> Option<Cow<'_, Raw>> {
    match citation {
        Citation::Url { raw: Some(raw), .. } => Some(Cow::Borrowed(raw)),
        Citation::Url { url, title, .. } => Some(Cow::Owned(Raw::from(json!({
            "type": "web_search_result_location",
            "url": url,
            "title": title,
            "cited_text": "",
            "encrypted_index": "",
        })))),
        Citation::Opaque { owner: Protocol::Messages, raw } => Some(Cow::Borrowed(raw)),
        Citation::Opaque { .. } => None,
    }
}
