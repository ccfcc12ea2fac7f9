//! Channels out of whatever text an operator has at hand: a shop's message, a curl command, a `.env` file, a client's
//! configuration.
//!
//! [`drafts`] reads ([`read`]) the text as a list of scraps, each a value with the name it stands under; joins
//! ([`group`]) those that belong together; and makes ([`draft`]) one channel of each group. Nothing is sent anywhere,
//! and nothing of the text is kept. What could not be told for sure says so.

mod draft;
mod group;
mod key;
mod name;
mod read;
mod site;
mod vendor;

pub(crate) use self::key::is_secret;

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::document::EndpointDocument;

/// The longest text that is read, in bytes.
pub const MAX_TEXT: usize = 128 * 1024;
/// Of the name of a draft, in bytes: leaves room for a number.
const MAX_NAME: usize = 60;
/// More are not made of one text.
pub const MAX_DRAFTS: usize = 50;

/// A channel as the text describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    pub name: String,
    /// Empty where the text names no address and no vendor that has one.
    pub endpoints: Vec<EndpointDocument>,
    /// Where in the text each key stands, in bytes.
    pub keys: Vec<Range<usize>>,
    /// Only where the text lists what the upstream serves.
    pub models: Vec<String>,
    pub model_map: BTreeMap<String, String>,
    /// Where in the text each value stands, in bytes.
    pub headers: BTreeMap<String, Range<usize>>,
    pub findings: Vec<Finding>,
}

/// Why something is in a draft, or is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub what: What,
    /// What was found; of a key the key itself, which is the caller's to mask.
    pub value: String,
    /// Where: `line 3`, `env.ANTHROPIC_BASE_URL`, `header authorization`.
    pub from: String,
    pub sure: Sure,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum What {
    BaseUrl,
    Protocol,
    Key,
    Model,
    Header,
    Name,
    /// An address for people, which is left out.
    Page,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sure {
    Guess,
    Likely,
    Certain,
}

/// What `text` describes, in its order; at most [`MAX_DRAFTS`].
pub fn drafts(text: &str) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for group in group::groups(read::scraps(text)).into_iter().take(MAX_DRAFTS) {
        let mut draft = draft::of(&group, text);
        draft.name = free_name(&drafts, &draft.name);
        drafts.push(draft);
    }
    drafts
}

/// As a channel may be called; no two may have the same name.
fn free_name(drafts: &[Draft], name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let name = name.get(..name.floor_char_boundary(MAX_NAME)).unwrap_or_default().trim();
    let taken = |name: &str| drafts.iter().any(|draft| draft.name.eq_ignore_ascii_case(name));
    if !taken(name) {
        return name.to_owned();
    }
    (2..).map(|number| format!("{name}-{number}")).find(|name| !taken(name)).unwrap_or_default()
}
