use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::*;

const CORPUS: &str = include_str!("../../../tests/fixtures/traits/refusals.jsonl");

#[derive(Deserialize)]
struct Case {
    name: String,
    source: String,
    status: u16,
    kind: Option<String>,
    code: Option<String>,
    message: String,
    request: Value,
    beta: Option<String>,
    learned: Option<Trait>,
}

impl Case {
    fn found(&self) -> Option<Trait> {
        let body = serde_json::to_vec(&self.request).unwrap();
        let refusal = Evidence {
            status: self.status,
            kind: self.kind.as_deref(),
            code: self.code.as_deref(),
            message: &self.message,
            ..Evidence::default()
        };
        learn(&refusal, &Features::of(&body, self.beta.as_deref()))
    }
}

fn corpus() -> Vec<Case> {
    CORPUS.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[test]
fn every_refusal_of_the_corpus_teaches_what_it_should() {
    let wrong: Vec<String> = corpus()
        .iter()
        .filter(|case| case.found() != case.learned)
        .map(|case| format!("{}: {:?}, not {:?}", case.name, case.learned, case.found()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_request_without_features_learns_nothing() {
    for case in corpus() {
        let case = Case { request: Value::Null, beta: None, ..case };
        assert_eq!(case.found(), None, "{}", case.name);
    }
}

#[test]
fn the_corpus_holds_what_teaches_and_what_does_not() {
    let cases = corpus();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "a name stands twice");
    assert!(cases.iter().all(|case| case.source.starts_with("https://") || case.source == "constructed"));
    let silent = cases.iter().filter(|case| case.learned.is_none()).count();
    assert!(silent >= 20 && cases.len() - silent >= 40, "{silent} of {}", cases.len());
}

#[test]
fn what_was_learned_lies_over_the_sheet() {
    let mut sheet = Compat { vision: Some(true), omit: vec!["seed".into()], ..Compat::default() };
    for change in [
        Change::NoVision,
        Change::Omit("seed".into()),
        Change::Omit("top_p".into()),
        Change::MaxOutput(8192),
        Change::NoSealed,
    ] {
        Trait::lasting(change).apply(&mut sheet);
    }
    let expected = Compat {
        vision: Some(false),
        omit: vec!["seed".into(), "top_p".into()],
        max_output: Some(8192),
        ..Compat::default()
    };
    assert_eq!(sheet, expected);
}
