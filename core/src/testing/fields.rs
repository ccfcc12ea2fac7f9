//! What becomes of each field of each protocol at the others, by trying: the source of `docs/protocols.md`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::golden::{self, PROTOCOLS};
use crate::config::Protocol;
use crate::ir::{How, Loss};

/// A field, by a body that has it. The first of a protocol has no name: it is what the others change.
#[derive(Deserialize)]
struct Sample {
    field: String,
    body: Map<String, Value>,
    /// The same body without the field.
    without: Option<Map<String, Value>>,
    /// Or the name of the sample that is so.
    with: Option<String>,
    /// It asks for what its targets do anyway or changes nothing the model sees, so nothing of it needs to
    /// be seen.
    #[serde(default)]
    neutral: bool,
}

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Carried,
    Emulated,
    Approximated,
    Dropped,
    Refused,
    /// It asks for what the target does anyway, or for nothing.
    Implied,
    /// Nothing of it arrived, and no loss was told: a bug.
    Vanished,
}

impl Fate {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Emulated => "emulated",
            Self::Approximated => "approximated",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
            Self::Implied => "implied",
            Self::Vanished => "vanished",
        }
    }
}

/// One row of a table: a field, and what became of it at each other protocol, in the order of
/// [`PROTOCOLS`].
pub struct Row {
    pub field: String,
    pub cells: Vec<Cell>,
}

pub struct Cell {
    pub to: &'static str,
    pub fate: Fate,
    /// The losses told, by their names.
    pub told: Vec<String>,
}

/// The fields of `from`.
pub fn rows(from: Protocol) -> Vec<Row> {
    let samples = samples(from);
    let others = || PROTOCOLS.into_iter().filter(|(_, to)| *to != from);
    let row = |sample: &Sample| Row {
        field: sample.field.clone(),
        cells: others()
            .map(|(name, to)| {
                let (fate, told) = fate(from, to, sample, &samples);
                Cell { to: name, fate, told }
            })
            .collect(),
    };
    samples.iter().filter(|sample| !sample.field.is_empty()).map(row).collect()
}

/// `docs/protocols.md`.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for (name, from) in PROTOCOLS {
        let others: Vec<_> =
            PROTOCOLS.into_iter().filter(|(_, to)| *to != from).map(|(name, _)| name).collect();
        page += &format!("\n## From {name}\n\n| field | {} |\n|---|---|---|---|\n", others.join(" | "));
        for Row { field, cells } in rows(from) {
            let cells: Vec<_> = cells.iter().map(Cell::show).collect();
            page += &format!("| {field} | {} |\n", cells.join(" | "));
        }
    }
    page
}

impl Cell {
    /// `dropped: top_k`.
    fn show(&self) -> String {
        match self.told.as_slice() {
            [] => self.fate.as_str().to_owned(),
            told => format!("{}: {}", self.fate.as_str(), told.join(", ")),
        }
    }
}

const HEAD: &str = "\
# What a conversion keeps

A request whose client and upstream speak the same protocol passes through as it is. These tables tell what becomes of each field where the upstream speaks another one, with no
`compat` sheet. They are written by the code: every field was converted and its losses read.

| | |
|---|---|
| carried | it means the same there |
| emulated | it works by other means |
| approximated | something near it takes its place |
| dropped | it, or the part of it that is named, is left out |
| refused | the request cannot be served there; another upstream is tried, or the client gets a 400 |
| implied | it asks for what happens there anyway, or has no bearing on the answer |

All but *carried* and *implied* are told in the header `x-causeway-loss`; a channel with `onLoss: \"refuse\"` refuses what is approximated or dropped.
";

fn fate(from: Protocol, to: Protocol, sample: &Sample, samples: &[Sample]) -> (Fate, Vec<String>) {
    let Some(base) = samples.first() else { return (Fate::Vanished, Vec::new()) };
    let with = sample.with.as_ref().and_then(|name| samples.iter().find(|other| other.field == *name));
    let without = sample.without.as_ref().or_else(|| with.map(|sample| &sample.body)).unwrap_or(&base.body);
    let encoded = |body: &Map<String, Value>| {
        let mut whole = base.body.clone();
        whole.extend(body.clone());
        golden::encoded(from, to, Value::Object(whole).to_string().as_bytes())
    };
    let (Ok(before), Ok(after)) = (encoded(without), encoded(&sample.body)) else {
        return (Fate::Refused, Vec::new());
    };
    let told: Vec<&Loss> =
        after.lost.iter().filter(|loss| !before.lost.iter().any(|known| known == *loss)).collect();
    let names = |how: How| -> Vec<String> {
        told.iter().filter(|loss| loss.how == how).map(|loss| loss.feature.to_string()).collect()
    };
    let worst = [
        (How::Dropped, Fate::Dropped),
        (How::Approximated, Fate::Approximated),
        (How::Emulated, Fate::Emulated),
    ];
    let worst = worst.into_iter().map(|(how, fate)| (fate, names(how))).find(|(_, names)| !names.is_empty());
    worst.unwrap_or_else(|| {
        let changed = before.body != after.body || before.headers != after.headers;
        let fate = match (changed, sample.neutral) {
            (true, _) => Fate::Carried,
            (false, true) => Fate::Implied,
            (false, false) => Fate::Vanished,
        };
        (fate, Vec::new())
    })
}

fn samples(from: Protocol) -> Vec<Sample> {
    let json = match from {
        Protocol::Messages => include_str!("fields/messages.json"),
        Protocol::Responses => include_str!("fields/responses.json"),
        Protocol::Gemini => include_str!("fields/gemini.json"),
        Protocol::Chat | Protocol::Images | Protocol::Embeddings => include_str!("fields/chat.json"),
    };
    #[expect(clippy::expect_used, reason = "the samples stand beside this file")]
    serde_json::from_str(json).expect("samples that can be read")
}
