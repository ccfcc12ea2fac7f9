//! Configurations of other gateways, and exports of this one, as channels.
//!
//! Pure: from parsed JSON to a [`Plan`](plan::Plan). What cannot be carried over is told with its place in the
//! file and the reason; a field that no reader knows is told too.

mod causeway;
mod ccx;
mod fields;
mod fit;
mod litellm;
mod names;
mod one_api;
pub mod plan;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::document::{ChannelDocument, ClientKeyDocument, SettingsDocument};
use super::{FieldErrors, seal::SealError};
use crate::price::Price;

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// An export, or a `config.json`.
    Causeway,
    /// `config.json` of CCX, in both its forms.
    Ccx,
    /// The channels of one-api or new-api: rows of the table, or the answer of their API.
    OneApi,
    /// LiteLLM's proxy configuration.
    Litellm,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Causeway, Self::Ccx, Self::OneApi, Self::Litellm];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Causeway => "causeway",
            Self::Ccx => "ccx",
            Self::OneApi => "one-api",
            Self::Litellm => "litellm",
        }
    }

    /// By the fields that only its files have.
    fn of(file: &Value) -> Option<Self> {
        let rows = one_api::rows(file);
        let has = |names: &[&str]| names.iter().any(|name| file.get(name).is_some());
        if ccx::ARRAYS.iter().any(|(name, _)| has(&[name])) || has(&["channelsV3"]) {
            Some(Self::Ccx)
        } else if has(&["model_list"]) {
            Some(Self::Litellm)
        } else if has(&[causeway::MARK, "channels", "access", "settings"]) {
            Some(Self::Causeway)
        } else if rows
            .is_some_and(|rows| rows.iter().any(|row| row.get("type").is_some_and(Value::is_number)))
        {
            Some(Self::OneApi)
        } else {
            None
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is in a file and does not come over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct NotCarried {
    /// Where in the file: `upstream[2].remark`.
    pub path: String,
    /// For people.
    pub why: String,
}

impl NotCarried {
    fn new(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), why: why.into() }
    }
}

/// Why a file cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("is not the file of a gateway that is known here")]
    Unknown,
    #[error("is not valid")]
    Invalid(FieldErrors),
    #[error("is encrypted: a passphrase is needed")]
    NoPassphrase,
    #[error("cannot be decrypted: {0}")]
    Decrypt(#[from] SealError),
    #[error("is encrypted in a way that is not known here")]
    Encryption,
}

/// What a file holds, in the terms of this gateway. Names are unique; ids may be missing.
#[derive(Debug)]
pub struct Imported {
    format: Format,
    channels: Vec<ImportedChannel>,
    client_keys: Option<Vec<ClientKeyDocument>>,
    settings: Option<SettingsDocument>,
    prices: Vec<Price>,
    notes: Vec<NotCarried>,
}

/// A channel, and where in the file it stands.
#[derive(Debug)]
struct ImportedChannel {
    path: String,
    channel: ChannelDocument,
}

/// Reads a file; without a format, that is found out. `passphrase` opens an encrypted export.
///
/// # Errors
/// When it is not a file of that format.
pub fn read(format: Option<Format>, file: &Value, passphrase: Option<&str>) -> Result<Imported, ImportError> {
    let format = format.or_else(|| Format::of(file)).ok_or(ImportError::Unknown)?;
    let mut imported = Imported {
        format,
        channels: Vec::new(),
        client_keys: None,
        settings: None,
        prices: Vec::new(),
        notes: Vec::new(),
    };
    match format {
        Format::Causeway => causeway::read(file, passphrase, &mut imported)?,
        Format::Ccx => ccx::read(file, &mut imported),
        Format::OneApi => one_api::read(file, &mut imported)?,
        Format::Litellm => litellm::read(file, &mut imported),
    }
    names::make_unique(&mut imported.channels);
    Ok(imported)
}
