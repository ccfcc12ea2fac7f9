//! Which result answers which call, and how results are written.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

use super::messages::Wire;
use super::parts::{Content, Part, Parts, content};
use crate::config::Protocol;
use crate::ir::{Block, Item, Losses, ResultContent, ToolCall, ToolResult};

/// Stands in for a result that never came: every call must have one.
const MISSING: &str = "No result: the call was interrupted.";

pub(super) struct Results<'a> {
    /// By the call's id, in order: clients that reuse ids pair them by order.
    waiting: HashMap<&'a str, VecDeque<&'a ToolResult>>,
    /// Results without a call, by position.
    orphans: HashMap<usize, Orphan<'a>>,
    seen: HashSet<(&'a str, &'a str, &'a str)>,
}

#[derive(Clone, Copy)]
pub(super) struct Orphan<'a>(&'a ToolResult);

impl<'a> Results<'a> {
    pub(super) fn of(items: &'a [Item]) -> Self {
        let mut calls: HashMap<&str, usize> = HashMap::new();
        for item in items {
            if let Item::ToolCall(call) = item {
                *calls.entry(&call.id).or_default() += 1;
            }
        }
        let mut results = Self { waiting: HashMap::new(), orphans: HashMap::new(), seen: HashSet::new() };
        for (position, item) in items.iter().enumerate() {
            let Item::ToolResult(result) = item else { continue };
            match calls.get_mut(result.call_id.as_str()) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    results.waiting.entry(&result.call_id).or_default().push_back(result);
                }
                _ => {
                    results.orphans.insert(position, Orphan(result));
                }
            }
        }
        results
    }

    /// Whether the same call came before, and no result is left for this one beside the `open` calls.
    pub(super) fn repeats(&mut self, call: &'a ToolCall, open: &[&ToolCall]) -> bool {
        let first = self.seen.insert((&call.id, &call.name, &call.arguments));
        let ahead = open.iter().filter(|before| before.id == call.id).count();
        !first && self.waiting.get(call.id.as_str()).is_none_or(|waiting| waiting.len() <= ahead)
    }

    /// Whether a result is there for `call`.
    pub(super) fn answers(&self, call: &ToolCall) -> bool {
        self.waiting.get(call.id.as_str()).is_some_and(|waiting| !waiting.is_empty())
    }

    pub(super) fn orphan(&self, position: usize) -> Option<Orphan<'a>> {
        self.orphans.get(&position).copied()
    }

    /// The message that answers `call`. What cannot be in it goes to `shown`, for the user to show.
    pub(super) fn answer(
        &mut self,
        call: &'a ToolCall,
        parts: &Parts<'_>,
        shown: &mut Vec<Part<'a>>,
        lost: &mut Losses,
    ) -> Wire<'a> {
        let result = self.waiting.get_mut(call.id.as_str()).and_then(VecDeque::pop_front);
        let content = match result {
            Some(result) => {
                let media = shown.len();
                let content = encode(result, parts, shown, lost);
                if shown.len() > media {
                    shown.insert(media, Part::text(format!("Returned by tool call {}:", call.id)));
                }
                content
            }
            None => {
                lost.approximated("items.tool_result");
                Content::Text(Cow::Borrowed(MISSING))
            }
        };
        let named = result.filter(|_| parts.origin == Protocol::Chat);
        let name = named.and_then(|result| result.name.as_deref());
        let ext = result.and_then(|result| parts.ext(&result.ext, lost));
        Wire { tool_call_id: Some(&call.id), name, ext, ..Wire::of("tool", content) }
    }
}

impl<'a> Orphan<'a> {
    /// As words of the user, since no call is there to answer.
    pub(super) fn encode(self, parts: &Parts<'_>, lost: &mut Losses) -> Wire<'a> {
        lost.approximated("items.tool_result");
        let mut out = vec![Part::text(format!("Result of tool call {}:", self.0.call_id))];
        let mut shown = Vec::new();
        match encode(self.0, parts, &mut shown, lost) {
            Content::Text(text) => out.push(Part::text(text)),
            Content::Parts(parts) => out.extend(parts),
        }
        out.extend(shown);
        Wire::of("user", content(out, "\n"))
    }
}

fn encode<'a>(
    result: &'a ToolResult,
    parts: &Parts<'_>,
    shown: &mut Vec<Part<'a>>,
    lost: &mut Losses,
) -> Content<'a> {
    if result.cache.is_some() && parts.compat.cache_control != Some(true) {
        lost.dropped("cache_control");
    }
    let mut out = match &result.content {
        ResultContent::Text(text) => vec![Part::text(text)],
        ResultContent::Json(raw) => vec![Part::text(raw.get())],
        ResultContent::Blocks(blocks) => split(blocks, parts, shown, lost),
    };
    if result.is_error == Some(true) {
        lost.approximated("tool_result.is_error");
        out.insert(0, Part::text("Error: "));
        return content(out, "");
    }
    let mark = result.cache.filter(|_| parts.compat.cache_control == Some(true)).map(super::parts::mark);
    if let (Some(mark), Some(Part::Text { cache_control, .. })) = (mark, out.last_mut()) {
        cache_control.get_or_insert(mark);
    }
    content(out, "\n")
}

/// Most upstreams take only text as a result; images and documents follow as the user's.
fn split<'a>(
    blocks: &'a [Block],
    parts: &Parts<'_>,
    shown: &mut Vec<Part<'a>>,
    lost: &mut Losses,
) -> Vec<Part<'a>> {
    let whole = parts.compat.tool_result_images == Some(true);
    let before = shown.len();
    let mut out = Vec::new();
    for part in parts.encode(blocks, lost) {
        match part {
            Part::Media(_) if !whole => shown.push(part),
            _ => out.push(part),
        }
    }
    if shown.len() > before {
        lost.approximated("tool_result.images");
        if out.is_empty() {
            out.push(Part::text("(shown in the next user message)"));
        }
    }
    out
}
