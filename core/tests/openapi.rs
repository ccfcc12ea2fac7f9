//! `docs/openapi.json` is what the code serves. `UPDATE_SNAPSHOTS=1` rewrites it.

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the checked-in document and its own switch")]
fn the_checked_in_document_is_the_served_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let served = causeway_core::admin::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &served).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        served == checked_in,
        "docs/openapi.json is stale: run with UPDATE_SNAPSHOTS=1 and look at the diff"
    );
}
