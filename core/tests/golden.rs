//! The fixtures of `tests/fixtures`: what becomes of every case, for every target.

use std::path::{Path, PathBuf};

use causeway_core::config::Protocol;
use causeway_core::testing::wellformed;

#[test]
fn the_streams_of_vendors_are_well_formed() {
    let wrong: Vec<String> = streams()
        .into_iter()
        .filter(|(_, case, _)| !case.starts_with("odd_"))
        .filter_map(|(from, case, bytes)| {
            Some(format!("{from:?} {case}: {}", wellformed::check(from, &bytes).err()?))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn streams() -> Vec<(Protocol, String, Vec<u8>)> {
    let mut all = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/stream");
    for (name, protocol) in [
        ("messages", Protocol::Messages),
        ("chat", Protocol::Chat),
        ("responses", Protocol::Responses),
        ("gemini", Protocol::Gemini),
    ] {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(root.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let case = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if !case.contains('.') {
                all.push((protocol, case, std::fs::read(&path).unwrap()));
            }
        }
    }
    all
}
