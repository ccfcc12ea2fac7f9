use std::collections::BTreeSet;

use serde::Deserialize;

use super::*;

const CORPUS: &str = include_str!("../../../tests/fixtures/classify/errors.jsonl");

#[derive(Deserialize)]
struct Case {
    name: String,
    source: String,
    status: u16,
    kind: Option<String>,
    code: Option<String>,
    message: String,
    class: Class,
}

impl Case {
    fn class_found(&self) -> Class {
        classify(&Evidence {
            status: self.status,
            kind: self.kind.as_deref(),
            code: self.code.as_deref(),
            message: &self.message,
        })
    }
}

fn corpus() -> Vec<Case> {
    CORPUS.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[test]
fn every_error_of_the_corpus_is_classified() {
    let wrong: Vec<String> = corpus()
        .iter()
        .filter(|case| case.class_found() != case.class)
        .map(|case| format!("{}: {:?}, not {:?}", case.name, case.class, case.class_found()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_corpus_is_broad_and_names_its_sources() {
    let cases = corpus();
    assert!(cases.len() >= 60, "{}", cases.len());
    assert!(cases.iter().all(|case| !case.source.is_empty()));
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "a name stands twice");
}

#[test]
fn a_bare_status_has_a_class() {
    for (status, class) in [
        (0, Class::ServerError),
        (200, Class::ServerError),
        (302, Class::BadAnswer),
        (400, Class::RequestFault),
        (401, Class::Auth),
        (402, Class::Quota),
        (403, Class::Auth),
        (404, Class::ModelUnavailable),
        (413, Class::RequestFault),
        (422, Class::RequestFault),
        (429, Class::Rate),
        (500, Class::ServerError),
        (503, Class::ServerError),
        (524, Class::ServerError),
        (529, Class::Overload),
    ] {
        assert_eq!(classify(&Evidence { status, kind: None, code: None, message: "" }), class, "{status}");
    }
}

#[test]
fn a_context_error_is_never_the_keys_fault() {
    for message in [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ] {
        for status in [0, 200, 400, 413, 422, 500] {
            for kind in [None, Some("invalid_request_error"), Some("INVALID_ARGUMENT")] {
                let class = classify(&Evidence { status, kind, code: None, message });
                assert_eq!(class, Class::ContextTooLong, "{status} {kind:?} {message}");
            }
        }
    }
}
