//! An answer as it is written: the message around the blocks.

use serde::Serialize;
use serde_json::Value;

use super::block::Block;
use crate::ir::{Ext, Losses, Usage};

/// <https://platform.claude.com/docs/en/api/messages>
#[derive(Debug, Serialize)]
pub(crate) struct Message<'a> {
    pub(crate) id: &'a str,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) role: &'static str,
    pub(crate) model: &'a str,
    pub(crate) content: Vec<Block<'a>>,
    pub(crate) stop_reason: Option<&'static str>,
    pub(crate) stop_sequence: Option<&'a str>,
    pub(crate) stop_details: Option<Value>,
    pub(crate) usage: Counts,
    #[serde(flatten)]
    pub(crate) ext: Ext,
}

/// Token counts. `input_tokens` excludes the cache; `output_tokens` includes thinking.
#[derive(Debug, Serialize)]
pub(crate) struct Counts {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation: Option<CacheCreation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_tool_use: Option<ServerTools>,
}

#[derive(Debug, Serialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Debug, Serialize)]
struct OutputDetails {
    thinking_tokens: u64,
}

#[derive(Debug, Serialize)]
struct ServerTools {
    web_search_requests: u64,
    web_fetch_requests: u64,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        let written = usage.cache_write.unwrap_or(0);
        Self {
            input_tokens: usage.input.unwrap_or(0),
            cache_creation_input_tokens: written,
            cache_read_input_tokens: usage.cache_read.unwrap_or(0),
            output_tokens: usage.total_output(),
            cache_creation: usage.cache_write_1h.map(|long| CacheCreation {
                ephemeral_5m_input_tokens: written.saturating_sub(long),
                ephemeral_1h_input_tokens: long,
            }),
            output_tokens_details: usage.reasoning.map(|thinking_tokens| OutputDetails { thinking_tokens }),
            server_tool_use: usage
                .web_searches
                .map(|web_search_requests| ServerTools { web_search_requests, web_fetch_requests: 0 }),
        }
    }
}

impl<'a> Message<'a> {
    /// An answer of which nothing is known but whose it is.
    pub(crate) fn new(id: &'a str, model: &'a str, usage: Usage) -> Self {
        Self {
            id,
            kind: "message",
            role: "assistant",
            model,
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            stop_details: None,
            usage: usage.into(),
            ext: Ext::new(),
        }
    }
}

/// What clients of this protocol understand of an answer's own fields; the rest is another vendor's.
pub(crate) fn own(ext: &Ext, lost: &mut Losses) -> Ext {
    let mut own = Ext::new();
    for (field, value) in ext {
        if field == "container" {
            own.insert(field.clone(), value.clone());
        } else {
            lost.dropped(format!("ext.{field}"));
        }
    }
    own
}
