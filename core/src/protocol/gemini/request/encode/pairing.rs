//! Which result answers which call.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::ir::{Item, ToolCall, ToolResult};

/// Calls and results of a conversation, put together by id in their order: where an id is used again, the
/// second result is the second call's. A result may stand anywhere, even before its call.
#[derive(Default)]
pub(super) struct Pairing<'a> {
    results: HashMap<&'a str, VecDeque<(usize, &'a ToolResult)>>,
    /// Positions of the results that answer a call.
    paired: HashSet<usize>,
}

impl<'a> Pairing<'a> {
    pub(super) fn of(items: &'a [Item]) -> Self {
        let mut pairing = Self::default();
        for (position, item) in items.iter().enumerate() {
            if let Item::ToolResult(result) = item {
                pairing.results.entry(&result.call_id).or_default().push_back((position, result));
            }
        }
        let mut calls: HashMap<&str, usize> = HashMap::new();
        for item in items {
            if let Item::ToolCall(call) = item {
                *calls.entry(&call.id).or_default() += 1;
            }
        }
        for (id, results) in &pairing.results {
            let answered = calls.get(id).copied().unwrap_or(0);
            pairing.paired.extend(results.iter().take(answered).map(|(position, _)| *position));
        }
        pairing
    }

    /// The result of a call; each is handed out once.
    pub(super) fn answer(&mut self, call: &ToolCall) -> Option<&'a ToolResult> {
        self.results.get_mut(call.id.as_str())?.pop_front().map(|(_, result)| result)
    }

    /// Whether the result at `position` belongs to no call.
    pub(super) fn is_orphan(&self, position: usize) -> bool {
        !self.paired.contains(&position)
    }
}
