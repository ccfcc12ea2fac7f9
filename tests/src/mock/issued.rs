//! What an upstream handed out and wants back as it was: signatures, and the calls they belong to.

use std::collections::BTreeMap;

/// Of one lane, or of one answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Issued {
    /// Each seal and the thinking it belongs to, in the order they were handed out.
    seals: Vec<(String, String)>,
    calls: BTreeMap<String, IssuedCall>,
}

/// A tool call by its id.
#[derive(Clone, Debug)]
pub(super) struct IssuedCall {
    pub(super) name: String,
    /// What was thought before it; empty when nothing was.
    pub(super) thinking: String,
    /// The signature on the call itself.
    pub(super) seal: Option<String>,
}

impl Issued {
    pub(super) fn seal(&mut self, seal: &str, thinking: &str) {
        self.seals.push((plain(seal), thinking.to_owned()));
    }

    pub(super) fn call(&mut self, id: &str, name: &str, thinking: &str, seal: Option<&str>) {
        let call = IssuedCall {
            name: name.to_owned(),
            thinking: thinking.to_owned(),
            seal: seal.map(str::to_owned),
        };
        self.calls.insert(id.to_owned(), call);
    }

    pub(super) fn add(&mut self, more: Self) {
        self.seals.extend(more.seals);
        self.calls.extend(more.calls);
    }

    /// The thinking that `seal` belongs to; `None` for a seal of somebody else.
    pub(super) fn thinking(&self, seal: &str) -> Option<&str> {
        let seal = plain(seal);
        self.seals.iter().find(|(known, _)| *known == seal).map(|(_, thinking)| thinking.as_str())
    }

    pub(super) fn called(&self, id: &str) -> Option<&IssuedCall> {
        self.calls.get(id)
    }

    /// Every seal, oldest first.
    pub(super) fn seals(&self) -> Vec<String> {
        self.seals.iter().map(|(seal, _)| seal.clone()).collect()
    }
}

/// Base64 in one spelling: some clients change the alphabet or the padding.
fn plain(seal: &str) -> String {
    seal.trim_end_matches('=').replace('-', "+").replace('_', "/")
}
