//! Texts that people paste, and the channels they describe: `fixtures/paste/<case>.txt`, and beside it `<case>.json`. `UPDATE_SNAPSHOTS=1` rewrites the latter.
#![expect(
    clippy::disallowed_methods,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test reads its fixtures and its own switch, and may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};

use causeway_core::paste::{self, Draft, Finding};
use serde::Serialize;
use serde_json::{Value, json};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/paste");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut cases: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    cases.sort();
    cases
}

/// As the API spells it.
fn name(value: &impl Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap_or_default().to_owned()
}

fn shown(draft: &Draft, text: &str) -> Value {
    let endpoints =
        draft.endpoints.iter().map(|endpoint| format!("{} {}", endpoint.protocol, endpoint.base_url));
    let headers = draft.headers.iter().map(|(name, at)| (name.clone(), json!(text[at.clone()])));
    let finding = |finding: &Finding| {
        let Finding { what, value, from, sure } = finding;
        format!("{} {value} ({}, {from})", name(what), name(sure))
    };
    json!({
        "name": draft.name,
        "endpoints": endpoints.collect::<Vec<_>>(),
        "keys": draft.keys.iter().map(|at| &text[at.clone()]).collect::<Vec<_>>(),
        "models": draft.models,
        "modelMap": draft.model_map,
        "headers": headers.collect::<serde_json::Map<_, _>>(),
        "findings": draft.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

#[test]
fn every_text_gives_the_channels_it_describes() {
    let cases = cases();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let mut stale = Vec::new();
    for case in cases {
        let text = fs::read_to_string(&case).unwrap();
        let drafts: Vec<_> = paste::drafts(&text).iter().map(|draft| shown(draft, &text)).collect();
        let written = format!("{}\n", serde_json::to_string_pretty(&drafts).unwrap());
        let snapshot = case.with_extension("json");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(&snapshot, &written).unwrap();
        } else if fs::read_to_string(&snapshot).unwrap_or_default() != written {
            stale.push(format!("{}:\n{written}", case.display()));
        }
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn any_piece_of_a_text_can_be_read() {
    for case in cases() {
        let text = fs::read_to_string(&case).unwrap();
        for (at, _) in text.char_indices().step_by(5) {
            for piece in [&text[at..], &text[..at]] {
                for draft in paste::drafts(piece) {
                    assert!(draft.keys.iter().all(|at| piece.get(at.clone()).is_some()), "{piece}");
                }
            }
        }
    }
}
