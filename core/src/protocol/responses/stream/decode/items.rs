//! The items of an answer under way, and which of them an event is about.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Step;
use super::item::{self, Open};
use super::teller::Teller;
use crate::ir::Item;
use crate::protocol::responses::item::Head;
use crate::protocol::responses::{answer, wire};

#[derive(Default)]
pub(super) struct Items(Vec<Open>);

impl Items {
    pub(super) fn message(&mut self, step: &Step<'_>) -> &mut Open {
        self.open(step, "message")
    }

    pub(super) fn reasoning(&mut self, step: &Step<'_>) -> &mut Open {
        self.open(step, "reasoning")
    }

    /// A call must have been told before: its arguments do not say what is called.
    pub(super) fn call(&mut self, step: &Step<'_>) -> Option<&mut Open> {
        let at = self.find(step.output_index, step.item_id.as_deref(), Open::is_call)?;
        self.0.get_mut(at)
    }

    /// An upstream may leave out that an item begins.
    fn open(&mut self, step: &Step<'_>, kind: &str) -> &mut Open {
        let id = step.item_id.as_deref();
        let at = self
            .find(step.output_index, id, |item| item.kind == kind)
            .unwrap_or_else(|| self.push(Open::new(step.output_index, id.map(String::from), kind, None)));
        #[expect(clippy::indexing_slicing, reason = "it was found or pushed")]
        &mut self.0[at]
    }

    fn push(&mut self, item: Open) -> usize {
        self.0.push(item);
        self.0.len() - 1
    }

    /// By index and id, or by either where an upstream sends only one or changes ids on the way. Without
    /// both, what is not done is meant.
    fn find(&self, index: Option<u64>, id: Option<&str>, is: impl Fn(&Open) -> bool) -> Option<usize> {
        let latest = |meant: &dyn Fn(&Open) -> bool| self.0.iter().rposition(|item| is(item) && meant(item));
        let same_id = |item: &Open| item.id.as_deref() == id;
        match (index, id) {
            (Some(_), _) => latest(&|item| item.output_index == index && same_id(item))
                .or_else(|| latest(&|item| item.output_index == index)),
            (None, Some(_)) => latest(&same_id),
            (None, None) => latest(&|item| item.output_index.is_none() && item.id.is_none() && !item.done),
        }
    }

    pub(super) fn added(&mut self, step: &Step<'_>, teller: &mut Teller<'_>) {
        let Some(raw) = step.item else { return };
        let Some(mut open) = unopened(raw, step.output_index) else { return };
        let named = open.id.is_some() || open.output_index.is_some();
        if named && self.0.iter().any(|item| item.output_index == open.output_index && item.id == open.id) {
            return;
        }
        if open.kind == "reasoning" {
            open.reasoning(teller);
        } else if open.is_call()
            && let Ok(Item::ToolCall(call)) = answer::item(raw)
            && item::streams(&call.kind)
            && !call.name.is_empty()
        {
            open.call(&call, teller);
        }
        self.push(open);
    }

    pub(super) fn done(&mut self, step: &Step<'_>, teller: &mut Teller<'_>) {
        let Some(raw) = step.item else { return };
        let Some(open) = unopened(raw, step.output_index) else { return };
        let same = |item: &Open| item.kind == open.kind && (item.id == open.id || !item.done);
        let at = self.find(step.output_index, open.id.as_deref(), same);
        self.complete(at, open, raw, teller);
    }

    /// An item of the whole answer: told already, or only in part, or not at all.
    pub(super) fn settle(&mut self, position: u64, raw: &RawValue, teller: &mut Teller<'_>) {
        let Some(open) = unopened(raw, Some(position)) else { return };
        let by_id = |item: &Open| open.id.is_some() && item.id == open.id;
        let by_place =
            |item: &Open| item.output_index.is_none_or(|index| index == position) && item.kind == open.kind;
        let at = self.0.iter().position(by_id).or_else(|| self.0.iter().position(by_place));
        self.complete(at, open, raw, teller);
    }

    fn complete(&mut self, at: Option<usize>, new: Open, raw: &RawValue, teller: &mut Teller<'_>) {
        let Ok(item) = answer::item(raw) else { return };
        let at = at.unwrap_or_else(|| self.push(new));
        if let Some(open) = self.0.get_mut(at) {
            open.complete(item, teller);
        }
    }

    /// Nothing more will come of any of them.
    pub(super) fn abandon(&mut self, teller: &mut Teller<'_>) {
        self.0.iter_mut().for_each(|item| item.abandon(teller));
    }
}

/// The item as one that nothing was told of yet.
fn unopened(raw: &RawValue, output_index: Option<u64>) -> Option<Open> {
    #[derive(Deserialize)]
    struct Identity {
        id: Option<String>,
        phase: Option<String>,
    }
    let head: Head<'_> = wire::read(raw).ok()?;
    let Identity { id, phase } = wire::read(raw).ok()?;
    Some(Open::new(output_index, id, head.kind(), phase))
}
