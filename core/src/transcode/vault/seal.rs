//! On the way to the client: sealed reasoning goes into blobs.

use std::borrow::Cow;

use super::blob::{self, Content, Seal, Thought};
use super::{Issuer, Vault};
use crate::config::Protocol;
use crate::ir::{BlockStart, Delta, Event, Executor, SealKind, Sealed};
use crate::sorted::ByIndex;

/// Reasoning, or a summary, longer than this is not sealed.
const MAX_TEXT: usize = 4 * 1024 * 1024;

/// Seals what one answer holds.
pub struct Sealer {
    vault: Vault,
    client: Protocol,
    client_key: String,
    channel: String,
    upstream: Protocol,
    seed: [u8; 8],
    sealed: u32,
    open: ByIndex<Open>,
    /// Reasoning, by choice, that waits for a call to ride on.
    waiting: Vec<(u32, Thought)>,
    /// A text, and its choice, that is closed once it is known whether a call follows.
    held: Option<(u32, u32)>,
}

enum Open {
    Reasoning { choice: u32, thought: Thought, length: usize },
    Text { choice: u32, own: Option<Seal> },
    Compaction { id: Option<String>, summary: String, own: Option<Seal> },
}

impl Vault {
    /// What seals the answer of `issuer` for a client. `nonce_seed` is random, and new for every answer.
    pub fn sealer(
        &self,
        client: Protocol,
        client_key: &str,
        issuer: Issuer<'_>,
        nonce_seed: [u8; 8],
    ) -> Sealer {
        Sealer {
            vault: self.clone(),
            client,
            client_key: client_key.to_owned(),
            channel: issuer.channel.to_owned(),
            upstream: issuer.protocol,
            seed: nonce_seed,
            sealed: 0,
            open: ByIndex::default(),
            waiting: Vec::new(),
            held: None,
        }
    }
}

impl Sealer {
    /// Takes in the next event, and hands on what the client shall see.
    pub fn push(&mut self, event: Event<'_>, each: &mut dyn FnMut(Event<'_>)) {
        match event {
            Event::BlockStart { index, choice, block } => {
                self.release(each);
                let block = self.start(index, choice, block);
                each(Event::BlockStart { index, choice, block });
            }
            Event::Delta { index, delta } => {
                if let Some(delta) = self.delta(index, delta) {
                    each(Event::Delta { index, delta });
                }
            }
            Event::BlockStop { index } => self.stop(index, each),
            Event::Finish { choice, finish } => {
                self.seal_held(each);
                self.release(each);
                each(Event::Finish { choice, finish });
            }
            last @ (Event::End | Event::Error(_)) => {
                self.release(each);
                each(last);
            }
            other @ (Event::Start(_) | Event::Usage(_)) => each(other),
        }
    }

    fn start<'a>(&mut self, index: u32, choice: u32, mut block: BlockStart<'a>) -> BlockStart<'a> {
        let open = match &mut block {
            BlockStart::Reasoning { id, redacted } => {
                let id = id.as_deref().map(str::to_owned);
                let thought = Thought { id, redacted: *redacted, ..Thought::default() };
                Open::Reasoning { choice, thought, length: 0 }
            }
            BlockStart::Text { .. } if self.client == Protocol::Gemini => Open::Text { choice, own: None },
            BlockStart::Compaction { id } if self.client == Protocol::Responses => {
                Open::Compaction { id: id.as_deref().map(str::to_owned), summary: String::new(), own: None }
            }
            BlockStart::ToolCall { id, sealed, executor: Executor::Client, .. } => {
                let own = sealed.take().map(Seal::from);
                if let Some(blob) = self.ride(choice, own) {
                    if self.client == Protocol::Gemini {
                        *sealed = Some(signature(&blob));
                    } else {
                        *id = Cow::Owned(blob::behind_id(id, &blob));
                    }
                }
                return block;
            }
            _ => return block,
        };
        self.open.insert(index, open);
        block
    }

    /// Notes what is to be sealed; `None` for a seal that the client must not see.
    fn delta<'a>(&mut self, index: u32, delta: Delta<'a>) -> Option<Delta<'a>> {
        match (self.open.get_mut(index), delta) {
            (
                Some(
                    Open::Reasoning { thought: Thought { seal, .. }, .. }
                    | Open::Text { own: seal, .. }
                    | Open::Compaction { own: seal, .. },
                ),
                Delta::Sealed(sealed),
            ) => {
                *seal = Some(sealed.into());
                None
            }
            (Some(Open::Reasoning { thought, length, .. }), delta) => {
                if let Delta::Reasoning(text) | Delta::Summary { text, .. } = &delta {
                    *length += text.len();
                }
                if *length <= MAX_TEXT {
                    note(thought, &delta);
                }
                Some(delta)
            }
            (Some(Open::Compaction { summary, .. }), Delta::Text(text)) => {
                if summary.len() <= MAX_TEXT {
                    summary.push_str(&text);
                }
                Some(Delta::Text(text))
            }
            (_, delta) => Some(delta),
        }
    }

    fn stop(&mut self, index: u32, each: &mut dyn FnMut(Event<'_>)) {
        let sealed = match self.open.remove(index) {
            Some(Open::Reasoning { choice, thought, length })
                if length <= MAX_TEXT && !thought.is_empty() =>
            {
                self.reasoning(choice, thought)
            }
            Some(Open::Text { choice, own: None }) if self.signed_waits(choice) => {
                self.release(each);
                self.held = Some((index, choice));
                return;
            }
            Some(Open::Text { choice, own: Some(own) }) => {
                self.ride(choice, Some(own)).map(|blob| signature(&blob))
            }
            Some(Open::Compaction { id, summary, own }) if summary.len() <= MAX_TEXT => {
                let summary = (!summary.is_empty()).then_some(summary);
                let blob = self.seal(Content { own, summary, id, ..Content::of(self.issuer()) });
                blob.map(|data| Sealed { kind: SealKind::Encrypted, data })
            }
            _ => None,
        };
        if let Some(sealed) = sealed {
            each(Event::Delta { index, delta: Delta::Sealed(sealed) });
        }
        each(Event::BlockStop { index });
    }

    /// The client's own slot for reasoning; where there is none it waits.
    fn reasoning(&mut self, choice: u32, thought: Thought) -> Option<Sealed> {
        let kind = match self.client {
            Protocol::Messages if thought.redacted => SealKind::Redacted,
            Protocol::Messages => SealKind::Signature,
            Protocol::Responses => SealKind::Encrypted,
            _ => {
                self.waiting.push((choice, thought));
                return None;
            }
        };
        let data = self.seal(Content { reasoning: vec![thought], ..Content::of(self.issuer()) })?;
        Some(Sealed { kind, data })
    }

    /// Unsigned reasoning is of no use to its issuer but in a turn that calls tools.
    fn signed_waits(&self, choice: u32) -> bool {
        self.waiting.iter().any(|(of, thought)| *of == choice && thought.seal.is_some())
    }

    /// A blob of what waits and of what belongs to the block itself; `None` when there is neither.
    fn ride(&mut self, choice: u32, own: Option<Seal>) -> Option<String> {
        let (ready, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(of, _)| *of == choice);
        self.waiting = others;
        if own.is_none() && ready.is_empty() {
            return None;
        }
        let reasoning = ready.into_iter().map(|(_, thought)| thought).collect();
        self.seal(Content { reasoning, own, ..Content::of(self.issuer()) })
    }

    /// No call came after the held text: it takes what waits.
    fn seal_held(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        let Some((index, choice)) = self.held else { return };
        if let Some(blob) = self.ride(choice, None) {
            each(Event::Delta { index, delta: Delta::Sealed(signature(&blob)) });
        }
    }

    fn release(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        if let Some((index, _)) = self.held.take() {
            each(Event::BlockStop { index });
        }
    }

    fn issuer(&self) -> Issuer<'_> {
        Issuer { channel: &self.channel, protocol: self.upstream }
    }

    fn seal(&mut self, content: Content) -> Option<String> {
        let mut nonce = [0; 12];
        let (seed, count) = nonce.split_at_mut(self.seed.len());
        seed.copy_from_slice(&self.seed);
        count.copy_from_slice(&self.sealed.to_be_bytes());
        self.sealed = self.sealed.checked_add(1)?;
        self.vault.seal(&content, &self.client_key, nonce)
    }
}

fn note(thought: &mut Thought, delta: &Delta<'_>) {
    match delta {
        Delta::Reasoning(text) => thought.text.get_or_insert_default().push_str(text),
        Delta::Summary { part, text } => match thought.summary.get_mut(*part as usize) {
            Some(summary) => summary.push_str(text),
            None => thought.summary.push(text.as_ref().into()),
        },
        _ => {}
    }
}

fn signature(blob: &str) -> Sealed {
    Sealed { kind: SealKind::Thought, data: blob::in_standard_alphabet(blob) }
}
