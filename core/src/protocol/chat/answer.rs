//! What a streamed answer and a whole one have in common.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::ir::{Ext, SealKind, Sealed};
use crate::protocol::convert::Answering;

/// What every chunk repeats, and a completion says once.
#[derive(Serialize)]
pub(super) struct Head<'a> {
    id: Cow<'a, str>,
    object: &'static str,
    created: u64,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_fingerprint: Option<&'a str>,
}

/// What the upstream told of its answer.
#[derive(Default)]
pub(super) struct Told<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) model: Option<&'a str>,
    pub(super) created: Option<u64>,
    pub(super) service_tier: Option<&'a str>,
    pub(super) ext: Option<&'a Ext>,
}

impl<'a> Head<'a> {
    pub(super) fn new(object: &'static str, told: &Told<'a>, answering: &'a Answering) -> Self {
        let id = told.id.filter(|id| !id.is_empty());
        Self {
            id: id.map_or_else(|| format!("chatcmpl-{}", answering.seed).into(), Cow::Borrowed),
            object,
            created: told.created.unwrap_or(answering.now),
            model: told.model.unwrap_or(&answering.model),
            service_tier: told.service_tier.and_then(tier),
            system_fingerprint: told.ext.and_then(|ext| ext.get("system_fingerprint")?.as_str()),
        }
    }
}

/// A tier that Chat's clients know; Claude's `standard` is OpenAI's `default`.
fn tier(told: &str) -> Option<&str> {
    match told {
        "standard" => Some("default"),
        "auto" | "default" | "flex" | "scale" | "priority" | "fast" => Some(told),
        _ => None,
    }
}

/// Google's OpenAI endpoint has a field for the signature of a call; no other seal has a place in one.
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
pub(super) fn extra_content(sealed: Option<&Sealed>) -> Option<Value> {
    let sealed = sealed.filter(|sealed| sealed.kind == SealKind::Thought)?;
    Some(json!({"google": {"thought_signature": sealed.data}}))
}

/// A tool by one name, also where it belongs to a group.
pub(super) fn tool_name<'a>(name: &'a str, namespace: Option<&str>) -> Cow<'a, str> {
    match namespace {
        Some(namespace) => Cow::Owned(format!("{namespace}__{name}")),
        None => Cow::Borrowed(name),
    }
}

/// Arguments are JSON also where there are none.
pub(super) const NO_ARGUMENTS: &str = "{}";

/// What goes between two texts that become one.
pub(super) const BREAK: &str = "\n\n";
