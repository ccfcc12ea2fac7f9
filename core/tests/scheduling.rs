//! `docs/scheduling.md` tells the rules with the figures of the code. `UPDATE_SNAPSHOTS=1` rewrites it.

use causeway_core::testing::guide;

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the checked-in document and its own switch")]
fn the_checked_in_page_has_the_figures_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scheduling.md");
    let page = guide::page().unwrap();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == checked_in,
        "docs/scheduling.md is stale: its text is core/src/testing/guide/scheduling.md; \
         run with UPDATE_SNAPSHOTS=1 and look at the diff"
    );
}
