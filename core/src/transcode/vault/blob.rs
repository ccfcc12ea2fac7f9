//! What the vault seals, and the form it has outside.

use std::io::Read as _;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::bufread::DeflateDecoder;
use serde::{Deserialize, Serialize};

use super::{Issuer, Vault};
use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{Reasoning, SealKind, Sealed};

/// What every blob starts with. Its length, and that of the rest, make it valid base64 as a whole.
const PREFIX: &str = "causeway1_";

/// What stands between a call's own id and its blob.
const BEHIND_ID: &str = "_causeway1_";

/// The part of [`PREFIX`] that has the same spelling in every alphabet of base64 and every JSON.
pub(super) const TRACE: &[u8] = b"causeway1";

const NONCE_LENGTH: usize = 12;

/// Contents longer than this are deflated.
const WORTH_DEFLATING: usize = 256;

/// What may come out of one blob.
const MAX_CONTENT: u64 = 16 * 1024 * 1024;

const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;

/// The content of a blob: all that its issuer must get back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Content {
    #[serde(rename = "c")]
    pub(super) channel: String,
    #[serde(rename = "p")]
    pub(super) protocol: Protocol,
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) reasoning: Vec<Thought>,
    /// What belongs to the very call, text or compaction that holds the blob.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(super) own: Option<Seal>,
    /// A compaction's.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
}

/// A piece of reasoning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Thought {
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(rename = "y", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) summary: Vec<String>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(super) seal: Option<Seal>,
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) redacted: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Seal {
    #[serde(rename = "k", with = "Slot")]
    kind: SealKind,
    #[serde(rename = "d")]
    data: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SealKind", rename_all = "snake_case")]
enum Slot {
    Signature,
    Redacted,
    Encrypted,
    Thought,
    Details,
}

impl Content {
    pub(super) fn of(issuer: Issuer<'_>) -> Self {
        Self {
            channel: issuer.channel.to_owned(),
            protocol: issuer.protocol,
            reasoning: Vec::new(),
            own: None,
            summary: None,
            id: None,
        }
    }

    pub(super) fn is_of(&self, issuer: Issuer<'_>) -> bool {
        self.channel == issuer.channel && self.protocol == issuer.protocol
    }
}

impl Thought {
    pub(super) fn is_empty(&self) -> bool {
        let silent =
            self.text.as_deref().is_none_or(str::is_empty) && self.summary.iter().all(String::is_empty);
        silent && self.seal.is_none()
    }

    /// As it was; without its seal for anybody but its issuer.
    pub(super) fn restore(self, is_issuer: bool) -> Reasoning {
        let Self { id, summary, text, seal, redacted } = self;
        if !is_issuer {
            return Reasoning { summary, text, ..Reasoning::default() };
        }
        Reasoning { id, summary, text, sealed: seal.map(Sealed::from), redacted }
    }
}

impl From<Sealed> for Seal {
    fn from(Sealed { kind, data }: Sealed) -> Self {
        Self { kind, data }
    }
}

impl From<Seal> for Sealed {
    fn from(Seal { kind, data }: Seal) -> Self {
        Self { kind, data }
    }
}

impl Vault {
    /// `None` for what cannot be put into words. A nonce serves once.
    pub(super) fn seal(
        &self,
        content: &Content,
        client_key: &str,
        nonce: [u8; NONCE_LENGTH],
    ) -> Option<String> {
        let json = serde_json::to_vec(content).ok()?;
        let mut plain = if json.len() > WORTH_DEFLATING {
            self.deflater.deflate(DEFLATED, &json)?
        } else {
            [&[PLAIN], json.as_slice()].concat()
        };
        // White space after JSON, and anything after a deflated stream, is not read: it rounds the whole up
        // to full groups of base64.
        while !plain.len().is_multiple_of(3) {
            plain.push(b' ');
        }
        let message = Payload { msg: &plain, aad: client_key.as_bytes() };
        let sealed = Aes256Gcm::new(&self.key.into()).encrypt(&Nonce::from(nonce), message).ok()?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Some(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What was sealed for this client key.
    pub(super) fn unseal(&self, blob: &str, client_key: &str) -> Option<Content> {
        let blob = in_url_alphabet(blob.trim_end_matches('='));
        let bytes = URL_SAFE_NO_PAD.decode(blob.strip_prefix(PREFIX)?).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LENGTH>()?;
        let message = Payload { msg: sealed, aad: client_key.as_bytes() };
        let plain = Aes256Gcm::new(&self.key.into()).decrypt(&Nonce::from(*nonce), message).ok()?;
        let (form, content) = plain.split_first()?;
        if *form == PLAIN {
            return json::read(content).ok();
        }
        let mut json = Vec::new();
        DeflateDecoder::new(content).take(MAX_CONTENT).read_to_end(&mut json).ok()?;
        json::read(&json).ok()
    }
}

/// Whether `text` claims to be a blob.
pub(super) fn is_blob(text: &str) -> bool {
    text.strip_prefix("causeway1").is_some_and(|rest| rest.starts_with(['_', '/']))
}

/// A call's own id, and the blob behind it.
pub(super) fn split_id(id: &str) -> (&str, Option<&str>) {
    match id.rfind(BEHIND_ID) {
        Some(at) => (id.get(..at).unwrap_or(id), id.get(at + 1..)),
        None => (id, None),
    }
}

pub(super) fn behind_id(id: &str, blob: &str) -> String {
    format!("{id}_{blob}")
}

/// The blob in the alphabet that Gemini's signatures have; Google's libraries read it as base64.
pub(super) fn in_standard_alphabet(blob: &str) -> String {
    blob.chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            same => same,
        })
        .collect()
}

fn in_url_alphabet(blob: &str) -> String {
    blob.chars()
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            same => same,
        })
        .collect()
}
