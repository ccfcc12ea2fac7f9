//! `reasoning_details`, in which OpenRouter and others carry thinking with its proofs.
//! <https://openrouter.ai/docs/use-cases/reasoning-tokens>

use serde::{Deserialize, Serialize};

use super::text::{Str, filled};

/// One piece of thinking: `reasoning.text`, `reasoning.summary` or `reasoning.encrypted`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::protocol::chat) struct Detail<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Str<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    text: Option<Str<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    summary: Option<Str<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    data: Option<Str<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    signature: Option<Str<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    id: Option<Str<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    format: Option<Str<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
}

impl Detail<'_> {
    /// What can be read of it.
    pub(in crate::protocol::chat) fn shown(&self) -> &str {
        filled(&self.text).or_else(|| filled(&self.summary)).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        let texts = [&self.text, &self.summary, &self.data, &self.signature, &self.id, &self.format];
        texts.into_iter().flatten().map(|text| text.0.len()).sum::<usize>() + size_of::<Self>()
    }
}

/// The most that is kept of one stretch of thinking, in bytes. A longer one cannot be given back.
const MAX_BYTES: usize = 4 << 20;

/// The pieces of one stretch of thinking, put together again.
#[derive(Debug, Default)]
pub(in crate::protocol::chat) struct Details {
    pieces: Vec<Detail<'static>>,
    bytes: usize,
}

impl Details {
    /// Takes in the next piece; a stream cuts one text into many.
    pub(in crate::protocol::chat) fn push(&mut self, detail: Detail<'_>) {
        self.bytes += detail.bytes();
        if self.bytes > MAX_BYTES {
            return self.pieces.clear();
        }
        match self.pieces.last_mut() {
            Some(last) if last.kind == detail.kind && last.index == detail.index && detail.data.is_none() => {
                join(&mut last.text, detail.text);
                join(&mut last.summary, detail.summary);
                replace(&mut last.signature, detail.signature);
                replace(&mut last.id, detail.id);
                replace(&mut last.format, detail.format);
            }
            _ => self.pieces.push(Detail {
                kind: detail.kind.into_owned(),
                text: detail.text.map(Str::into_owned),
                summary: detail.summary.map(Str::into_owned),
                data: detail.data.map(Str::into_owned),
                signature: detail.signature.map(Str::into_owned),
                id: detail.id.map(Str::into_owned),
                format: detail.format.map(Str::into_owned),
                index: detail.index,
            }),
        }
    }

    pub(in crate::protocol::chat) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The array, as JSON.
    pub(in crate::protocol::chat) fn to_json(&self) -> String {
        serde_json::to_string(&self.pieces).unwrap_or_default()
    }
}

fn join(whole: &mut Option<Str<'static>>, more: Option<Str<'_>>) {
    match (whole, more) {
        (Some(whole), Some(more)) => whole.0.to_mut().push_str(&more.0),
        (whole @ None, more) => *whole = more.map(Str::into_owned),
        (Some(_), None) => {}
    }
}

fn replace(held: &mut Option<Str<'static>>, later: Option<Str<'_>>) {
    if let Some(later) = later.filter(|later| !later.0.is_empty()) {
        *held = Some(later.into_owned());
    }
}
