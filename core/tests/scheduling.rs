//! `docs/scheduling.md` and `docs/routing.md` tell the rules with the figures of the code. `UPDATE_SNAPSHOTS=1`
//! rewrites them.

use causeway_core::testing::guide;

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the checked-in documents and its own switch")]
fn the_checked_in_pages_have_the_figures_of_the_code() {
    for (name, page) in guide::pages().unwrap() {
        let path = format!("{}/../docs/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            page == checked_in,
            "docs/{name} is stale: its text is core/src/testing/guide/{name}; \
             run with UPDATE_SNAPSHOTS=1 and look at the diff"
        );
    }
}
