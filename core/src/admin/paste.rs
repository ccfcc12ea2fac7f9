//! Channels out of pasted text.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ErrorBody, Problem};
use super::json;
use crate::config::document::EndpointDocument;
use crate::config::mask::masked;
use crate::paste::{self, Draft, Finding, MAX_TEXT, Sure, What};
use crate::sorted;

/// Whatever an operator has at hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pasted {
    /// At most 128 KiB: a message, a curl command, a `.env` file, a client's or a gateway's configuration.
    text: String,
}

/// The channels that a text describes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DraftList {
    /// In the order of the text; empty where it holds neither an address nor a key.
    drafts: Vec<ChannelDraft>,
}

/// A channel to be looked at and created. With the places filled in, `channel`, `keys` and `headers` are what a new
/// channel is written with.
#[derive(Debug, Serialize, ToSchema)]
struct ChannelDraft {
    channel: DraftFields,
    keys: Vec<Place>,
    /// By the header's name.
    headers: BTreeMap<String, Place>,
    findings: Vec<DraftFinding>,
}

/// The fields of a channel that hold no secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DraftFields {
    name: String,
    /// Empty where the text names no address, and no vendor that has one.
    endpoints: Vec<EndpointDocument>,
    /// Empty: all models.
    models: Vec<String>,
    model_map: BTreeMap<String, String>,
}

/// Where in the text a secret stands: in UTF-16 units, as `String.prototype.slice` counts.
#[derive(Debug, Serialize, ToSchema)]
struct Place {
    start: usize,
    end: usize,
    masked: String,
}

/// Why something is in a draft, or is not.
#[derive(Debug, Serialize, ToSchema)]
struct DraftFinding {
    what: What,
    /// Of a key its masked form.
    value: String,
    /// Where in the text, for people.
    from: String,
    sure: Sure,
}

/// Reads channels out of a text.
///
/// Nothing is stored and nothing is sent. No answer of this API holds a secret, so a draft says where in the text its
/// keys stand: whoever pasted the text has them.
#[utoipa::path(post, path = "/api/paste", operation_id = "readPasted", tag = "channels", request_body = Pasted,
    responses((status = 200, description = "What the text describes.", body = DraftList),
        (status = 400, description = "The text is too long.", body = ErrorBody)))]
pub(super) fn drafts(request: &Request<Bytes>) -> Result<Response<Bytes>, Problem> {
    let Pasted { text } = json::read(request)?;
    if text.len() > MAX_TEXT {
        return Err(Problem::invalid_field("text", format!("is over {MAX_TEXT} bytes")));
    }
    let drafts = paste::drafts(&text).into_iter().map(|draft| ChannelDraft::of(draft, &text)).collect();
    Ok(json::response(StatusCode::OK, &DraftList { drafts }))
}

impl ChannelDraft {
    fn of(draft: Draft, text: &str) -> Self {
        let Draft { name, endpoints, keys, models, model_map, headers, findings } = draft;
        Self {
            channel: DraftFields { name, endpoints, models, model_map },
            keys: keys.into_iter().map(|range| Place::of(range, text)).collect(),
            headers: sorted::map(headers.into_iter().map(|(name, range)| (name, Place::of(range, text)))),
            findings: findings.into_iter().map(DraftFinding::of).collect(),
        }
    }
}

impl Place {
    fn of(range: Range<usize>, text: &str) -> Self {
        let units = |text: &str| if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
        let secret = text.get(range.clone()).unwrap_or_default();
        let start = units(text.get(..range.start).unwrap_or_default());
        Self { start, end: start + units(secret), masked: masked(secret) }
    }
}

impl DraftFinding {
    fn of(finding: Finding) -> Self {
        let Finding { what, value, from, sure } = finding;
        let value = if what == What::Key { masked(&value) } else { value };
        Self { what, value, from, sure }
    }
}
