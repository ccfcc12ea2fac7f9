//! `docs/protocols.md` tells what the code does. `UPDATE_SNAPSHOTS=1` rewrites it.

use std::collections::BTreeSet;

use causeway_core::testing::fields::{self, Fate};
use causeway_core::testing::golden::PROTOCOLS;

/// What is listed in `known_gaps.txt` as `field/<from>/<field>.<to>` is known, and must be so.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the list of gaps")]
fn nothing_vanishes_in_silence() {
    let gaps = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/known_gaps.txt");
    let gaps = std::fs::read_to_string(gaps).unwrap();
    let known: BTreeSet<String> = gaps
        .lines()
        .filter_map(|line| Some(line.strip_prefix("field/")?.split_once("  ")?.0.to_owned()))
        .collect();
    let vanished: BTreeSet<String> = PROTOCOLS
        .into_iter()
        .flat_map(|(from, protocol)| fields::rows(protocol).into_iter().map(move |row| (from, row)))
        .flat_map(|(from, row)| {
            let cells = row.cells.into_iter().filter(|cell| cell.fate == Fate::Vanished);
            cells.map(|cell| format!("{from}/{}.{}", row.field, cell.to)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(vanished, known);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the checked-in document and its own switch")]
fn the_checked_in_tables_are_what_the_code_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocols.md");
    let page = fields::page();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == checked_in,
        "docs/protocols.md is stale: run with UPDATE_SNAPSHOTS=1 and look at the diff"
    );
}
