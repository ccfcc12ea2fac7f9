//! The fixtures of `tests/fixtures/import`: what an import makes of each file, in both modes.
//!
//! `<format>/<case>.json` is the file and `<case>.present.json` the configuration before, where there is one.
//! `UPDATE_SNAPSHOTS=1` writes `<case>.plan.json`; the diff is the review.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads the fixtures and its own switch, and may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};

use causeway_core::config::document::Document;
use causeway_core::config::import::plan::{Mode, Plan};
use causeway_core::config::import::{Format, ImportError, read};
use causeway_core::config::outside::Outside;
use causeway_core::config::validate::compile;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/import")
}

/// Format and path of each file to import.
fn cases() -> Vec<(Format, PathBuf)> {
    let files = |format: Format| {
        let entries = fs::read_dir(folder().join(format.as_str())).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.file_name().unwrap().to_string_lossy().matches('.').count() == 1);
        files.sort();
        files.into_iter().map(move |path| (format, path))
    };
    Format::ALL.into_iter().flat_map(files).collect()
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn present(case: &Path) -> Document {
    let path = case.with_extension("present.json");
    if path.is_file() { Document::parse(&fs::read(path).unwrap()).unwrap() } else { Document::default() }
}

fn plan(case: &Path, present: &Document, mode: Mode) -> Plan {
    let mut count = 0;
    let mut random = |bytes: &mut [u8]| {
        count += 1;
        bytes.fill(count);
    };
    read(None, &json_of(case), None).unwrap().plan(present, mode, &mut random)
}

#[test]
fn every_file_becomes_what_its_plan_says() {
    let mut wrong = Vec::new();
    for (format, case) in cases() {
        let plans = [Mode::Merge, Mode::Replace].map(|mode| {
            let plan = plan(&case, &present(&case), mode);
            assert_eq!(plan.format, format, "{}", case.display());
            json!({ "plan": plan, "document": plan.document })
        });
        let [merge, replace] = plans;
        let told = format!("{:#}\n", json!({ "merge": merge, "replace": replace }));
        let path = case.with_extension("plan.json");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(&path, &told).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != told {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "not as the plans say: {wrong:#?}");
}

#[test]
fn what_was_imported_can_run_and_a_second_import_changes_nothing() {
    for (_, case) in cases() {
        let first = plan(&case, &present(&case), Mode::Merge);
        let errors = compile(first.document.clone(), &Outside::default()).err();
        assert_eq!(errors, None, "{}", case.display());
        let second = plan(&case, &first.document, Mode::Merge);
        assert_eq!(second.changes, [], "{}", case.display());
        assert_eq!(second.document, first.document, "{}", case.display());
    }
}

#[test]
fn no_field_of_a_file_is_passed_over_in_silence() {
    for (_, case) in cases() {
        let mut file = json_of(&case);
        let known = plan(&case, &Document::default(), Mode::Merge).not_carried.len();
        let Value::Object(root) = &mut file else { continue };
        if root.contains_key("causeway") || root.contains_key("data") {
            continue;
        }
        root.insert("canary".to_owned(), json!("says something"));
        let told = read(None, &file, None)
            .unwrap()
            .plan(&Document::default(), Mode::Merge, &mut |bytes| bytes.fill(1));
        assert!(told.not_carried.iter().any(|note| note.path == "canary"), "{}", case.display());
        assert_eq!(told.not_carried.len(), known + 1, "{}", case.display());
    }
}

#[test]
fn no_plan_shows_a_secret() {
    for (_, case) in cases() {
        let told = serde_json::to_string(&plan(&case, &present(&case), Mode::Replace)).unwrap();
        for secret in ["canary", "-0001", "-0002", "-0003", "sk-sneaky", "user:pw", "console-token"] {
            let shown = told.replace("…0001", "").replace("…0002", "").replace("…0003", "");
            assert!(!shown.contains(secret), "{}: {secret}", case.display());
        }
    }
}

#[test]
fn what_is_no_file_of_a_gateway_says_so() {
    for file in [json!({}), json!([]), json!("x"), json!({"a": 1}), json!([{"b": 2}]), Value::Null] {
        assert!(matches!(read(None, &file, None), Err(ImportError::Unknown)), "{file}");
    }
    let wrong = json!({"channels": [{"nmae": "x"}]});
    assert!(
        matches!(read(None, &wrong, None), Err(ImportError::Invalid(fields)) if fields.contains_key("channels[0].nmae"))
    );
    for format in Format::ALL {
        for file in [
            json!(null),
            json!(7),
            json!("x"),
            json!([7]),
            json!({"channelsV3": 7, "upstream": [[]], "model_list": {}}),
        ] {
            let _read_or_refused = read(Some(format), &file, None);
        }
    }
}

/// Every value below `value`, by its JSON pointer.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), found));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            pointers(field, &format!("{at}/{name}"), found);
        }),
        _ => {}
    }
}

#[test]
fn whatever_stands_in_a_file_what_comes_of_it_can_run() {
    let odd = [json!(null), json!(-1), json!(1e300), json!("\u{0} ?#"), json!([[]]), json!({"": {}})];
    for (_, case) in cases() {
        let file = json_of(&case);
        let mut places = Vec::new();
        pointers(&file, "", &mut places);
        for (place, value) in places.iter().flat_map(|place| odd.iter().map(move |value| (place, value))) {
            let mut changed = file.clone();
            value.clone_into(changed.pointer_mut(place).unwrap());
            let Ok(imported) = read(None, &changed, None) else { continue };
            let mut count = 0u8;
            let mut random = |bytes: &mut [u8]| {
                count += 1;
                bytes.fill(count);
            };
            let plan = imported.plan(&present(&case), Mode::Merge, &mut random);
            let errors = compile(plan.document, &Outside::default()).err().unwrap_or_default();
            // Wrong settings and hashes are refused with their place; channels must be mended or left out.
            let wrong: Vec<_> = errors.iter().filter(|(path, _)| path.starts_with("channels")).collect();
            assert!(wrong.is_empty(), "{} with {value} at {place}: {wrong:?}", case.display());
        }
    }
}
