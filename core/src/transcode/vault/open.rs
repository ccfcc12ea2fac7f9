//! On the way to an upstream: blobs are opened, and it gets back what it sealed itself.

use super::blob::{self, Content};
use super::{Issuer, Vault};
use crate::ir::{Block, Compaction, Item, Losses, Message, Reasoning, Request, Role, Sealed, Text, ToolCall};

/// What stands before the summary of a conversation that was shortened.
const SHORTENED: &str = "The conversation up to here was shortened. This is its summary:\n\n";

impl Vault {
    /// Opens every blob of `client_key` in the request. `issuer`, the upstream to be asked, gets what it
    /// sealed itself; of other reasoning only what can be read is left. What is sealed and no blob is from
    /// an upstream of the client's own protocol, and stays for those only.
    pub fn open(&self, request: &mut Request, client_key: &str, issuer: Issuer<'_>, lost: &mut Losses) {
        let items = std::mem::take(&mut request.items);
        let native = request.origin == issuer.protocol;
        let opened = Vec::with_capacity(items.len());
        let mut opening = Opening { vault: self, client_key, issuer, native, items: opened, lost };
        items.into_iter().for_each(|item| opening.item(item));
        request.items = opening.items;
    }
}

/// Leaves out what is signed or encrypted, and reasoning that is nothing else.
pub(crate) fn unseal(request: &mut Request, lost: &mut Losses) {
    let mut sealed = false;
    request.items.retain_mut(|item| match item {
        Item::Reasoning(reasoning) => {
            sealed |= reasoning.sealed.take().is_some();
            reasoning.text.as_ref().is_some_and(|text| !text.is_empty()) || !reasoning.summary.is_empty()
        }
        Item::ToolCall(call) => {
            sealed |= call.sealed.take().is_some();
            true
        }
        _ => true,
    });
    if sealed {
        lost.dropped("reasoning.sealed");
    }
}

/// A shortened past as a message that every upstream understands.
pub(super) fn told(summary: &str) -> String {
    format!("{SHORTENED}{summary}")
}

struct Opening<'o> {
    vault: &'o Vault,
    client_key: &'o str,
    issuer: Issuer<'o>,
    /// Whether the client and the issuer speak the same protocol.
    native: bool,
    items: Vec<Item>,
    lost: &'o mut Losses,
}

impl Opening<'_> {
    fn item(&mut self, item: Item) {
        match item {
            Item::Reasoning(reasoning) => self.reasoning(reasoning),
            Item::Message(mut message) => {
                for block in &mut message.blocks {
                    if let Block::Text(text) = block {
                        self.text(text);
                    }
                }
                self.items.push(Item::Message(message));
            }
            Item::ToolCall(call) => self.call(call),
            Item::ToolResult(mut result) => {
                if let (id, Some(_)) = blob::split_id(&result.call_id) {
                    result.call_id = id.to_owned();
                }
                self.items.push(Item::ToolResult(result));
            }
            Item::Compaction(compaction) => self.compaction(compaction),
            other @ Item::Opaque(_) => self.items.push(other),
        }
    }

    fn reasoning(&mut self, mut reasoning: Reasoning) {
        let blob = reasoning.sealed.take_if(|sealed| blob::is_blob(&sealed.data));
        let Some(blob) = blob else {
            if self.strips(&mut reasoning.sealed, "reasoning.sealed") {
                reasoning = unsealed(reasoning);
            }
            return self.items.push(Item::Reasoning(reasoning));
        };
        match self.vault.unseal(&blob.data, self.client_key) {
            Some(content) => {
                let restored = self.restored(content);
                self.items.extend(restored.into_iter().map(Item::Reasoning));
            }
            None => {
                self.lost.dropped("reasoning.sealed");
                self.items.push(Item::Reasoning(unsealed(reasoning)));
            }
        }
    }

    fn call(&mut self, mut call: ToolCall) {
        let blob = call.sealed.take_if(|sealed| blob::is_blob(&sealed.data));
        self.strips(&mut call.sealed, "reasoning.sealed");
        if let (id, Some(blob)) = blob::split_id(&call.id) {
            let content = self.unseal(blob);
            call.id = id.to_owned();
            let own = self.carried(content);
            call.sealed = call.sealed.or(own);
        }
        if let Some(blob) = blob {
            let content = self.unseal(&blob.data);
            call.sealed = self.carried(content);
        }
        self.items.push(Item::ToolCall(call));
    }

    fn text(&mut self, text: &mut Text) {
        if let Some(blob) = text.sealed.take_if(|sealed| blob::is_blob(&sealed.data)) {
            let content = self.unseal(&blob.data);
            text.sealed = self.carried(content);
        } else {
            self.strips(&mut text.sealed, "text.sealed");
        }
    }

    fn compaction(&mut self, mut compaction: Compaction) {
        let blob = compaction.sealed.take_if(|sealed| blob::is_blob(&sealed.data));
        let Some(blob) = blob else {
            let stripped = self.strips(&mut compaction.sealed, "items.compaction");
            if !stripped || compaction.summary.is_some() {
                self.items.push(Item::Compaction(compaction));
            }
            return;
        };
        let Some(content) = self.unseal(&blob.data) else { return };
        if let Some(own) = content.own.clone().filter(|_| content.is_of(self.issuer)) {
            let Content { id, summary, .. } = content;
            return self.items.push(Item::Compaction(Compaction { id, summary, sealed: Some(own.into()) }));
        }
        match content.summary.or(compaction.summary) {
            Some(summary) => {
                let block = Block::text(told(&summary));
                self.items.push(Item::Message(Message::new(Role::User, vec![block])));
            }
            None => self.lost.dropped("items.compaction"),
        }
    }

    /// Takes out a seal that is no blob, unless it may be the issuer's.
    fn strips(&mut self, sealed: &mut Option<Sealed>, feature: &'static str) -> bool {
        let foreign = !self.native && sealed.take().is_some();
        if foreign {
            self.lost.dropped(feature);
        }
        foreign
    }

    fn unseal(&mut self, blob: &str) -> Option<Content> {
        let content = self.vault.unseal(blob, self.client_key);
        if content.is_none() {
            self.lost.dropped("reasoning.sealed");
        }
        content
    }

    /// Puts the reasoning that came with a call or text before it, and tells the seal of that itself.
    fn carried(&mut self, content: Option<Content>) -> Option<Sealed> {
        let mut content = content?;
        let own = content.own.take();
        if own.is_some() && !content.is_of(self.issuer) {
            self.lost.dropped("reasoning.sealed");
        }
        let own = own.filter(|_| content.is_of(self.issuer));
        for reasoning in self.restored(content) {
            self.before_step(reasoning);
        }
        own.map(Sealed::from)
    }

    fn restored(&mut self, content: Content) -> Vec<Reasoning> {
        let is_issuer = content.is_of(self.issuer);
        if !is_issuer && content.reasoning.iter().any(|thought| thought.seal.is_some()) {
            self.lost.dropped("reasoning.sealed");
        }
        let restored = content.reasoning.into_iter().map(|thought| thought.restore(is_issuer));
        let whole = |reasoning: &Reasoning| reasoning.sealed.is_some() || is_readable(reasoning);
        restored.map(|reasoning| if whole(&reasoning) { reasoning } else { unsealed(reasoning) }).collect()
    }

    /// Thinking comes before what the model said and called in the same step. Where the client sent it in
    /// plain, it is there already.
    fn before_step(&mut self, reasoning: Reasoning) {
        let said = |item: &&Item| matches!(item, Item::Message(message) if message.role == Role::Assistant);
        let at = self.items.len() - self.items.iter().rev().take_while(said).count();
        let step = |item: &&mut Item| match item {
            Item::Message(message) => message.role == Role::Assistant,
            Item::Reasoning(_) | Item::ToolCall(_) => true,
            Item::ToolResult(_) | Item::Compaction(_) | Item::Opaque(_) => false,
        };
        let known = self.items.iter_mut().enumerate().rev().take_while(|(_, item)| step(item));
        let mut plain = known.filter_map(|(at, item)| match item {
            Item::Reasoning(known) if known.sealed.is_none() => {
                let rest = rest(known, &reasoning)?;
                Some((at, known, rest))
            }
            _ => None,
        });
        match plain.next() {
            Some((_, known, rest)) if rest.is_empty() => *known = reasoning,
            Some((at, known, rest)) => {
                *known = Reasoning { text: Some(rest), ..Reasoning::default() };
                self.items.insert(at, Item::Reasoning(reasoning));
            }
            None => self.items.insert(at, Item::Reasoning(reasoning)),
        }
    }
}

/// What is left of reasoning for who is not its issuer. That there was some must be seen in any case: there
/// are upstreams that refuse a call without the thinking before it.
fn unsealed(reasoning: Reasoning) -> Reasoning {
    let text = if is_readable(&reasoning) { reasoning.text } else { Some(String::new()) };
    Reasoning { text, summary: reasoning.summary, ..Reasoning::default() }
}

fn is_readable(reasoning: &Reasoning) -> bool {
    words(reasoning).next().is_some()
}

/// What `known` says after all that `said` does, however they are cut into parts; `None` if it begins in
/// another way.
fn rest(known: &Reasoning, said: &Reasoning) -> Option<String> {
    if !is_readable(said) {
        return None;
    }
    let text = known.text.clone().filter(|text| !text.is_empty());
    let text = text.unwrap_or_else(|| known.summary.join("\n\n"));
    let mut chars = text.chars();
    for word in words(said) {
        if chars.find(|c| !c.is_whitespace()) != Some(word) {
            return None;
        }
    }
    Some(chars.as_str().trim_start().to_owned())
}

/// The characters it says, without white space.
fn words(reasoning: &Reasoning) -> impl Iterator<Item = char> {
    let text = reasoning.text.as_deref().filter(|text| !text.is_empty());
    let summary = reasoning.summary.iter().filter(move |_| text.is_none());
    text.into_iter().chain(summary.map(String::as_str)).flat_map(str::chars).filter(|c| !c.is_whitespace())
}
