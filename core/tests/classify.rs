//! The corpus of vendors' errors: what the gateway makes of an answer's status, headers and body.

use std::collections::{BTreeMap, BTreeSet};

use causeway_core::protocol::{UpstreamError, decode_error};
use causeway_core::schedule::classify::{Evidence, classify, retry_after};
use causeway_core::schedule::{Class, Scope};
use causeway_core::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

const CORPUS: &str = include_str!("fixtures/classify/errors.jsonl");

/// 2025-10-09T08:30:00Z, half past four in Beijing.
const NOW: Timestamp = Timestamp::from_millis(1_759_998_600_000);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    source: String,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// As the upstream sent it; a page is a string. Without it the error stands in the next three.
    body: Option<Value>,
    kind: Option<String>,
    code: Option<String>,
    message: Option<String>,
    class: Class,
    scope: Scope,
    /// Milliseconds.
    retry: Option<u64>,
}

impl Case {
    fn error(&self) -> UpstreamError {
        match &self.body {
            Some(Value::String(page)) => decode_error(page.as_bytes()),
            Some(body) => decode_error(body.to_string().as_bytes()),
            None => UpstreamError {
                kind: self.kind.clone(),
                code: self.code.clone(),
                message: self.message.clone().unwrap_or_default(),
                ..UpstreamError::default()
            },
        }
    }

    fn expected(&self) -> (Class, Scope, Option<u128>) {
        (self.class, self.scope, self.retry.map(u128::from))
    }

    fn found(&self) -> (Class, Scope, Option<u128>) {
        let error = self.error();
        let evidence = Evidence {
            status: self.status,
            kind: error.kind.as_deref(),
            code: error.code.as_deref(),
            limit: error.limit.as_deref(),
            reset: error.reset.as_deref(),
            message: &error.message,
        };
        let verdict = classify(&evidence, NOW);
        let header = |name: &str| self.headers.get(name).map(String::as_str);
        let wait = retry_after(header, NOW).or(verdict.retry_after);
        (verdict.class, verdict.scope, wait.map(|wait| wait.as_millis()))
    }
}

fn corpus() -> serde_json::Result<Vec<Case>> {
    CORPUS.lines().map(serde_json::from_str).collect()
}

#[test]
fn every_error_of_the_corpus_is_classified() {
    let wrong: Vec<String> = corpus()
        .unwrap()
        .iter()
        .filter(|case| case.found() != case.expected())
        .map(|case| {
            format!("{}: {:?}, not {:?}: {:?}", case.name, case.expected(), case.found(), case.error())
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_corpus_is_broad_and_names_its_sources() {
    let cases = corpus().unwrap();
    assert!(cases.len() >= 180, "{}", cases.len());
    for case in &cases {
        assert!(case.source.starts_with("https://"), "{}: {}", case.name, case.source);
        assert_ne!(case.body.is_some(), case.message.is_some(), "{}: a body or a message", case.name);
    }
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "a name stands twice");
    let raw = cases.iter().filter(|case| case.body.is_some()).count();
    assert!(raw >= 60, "{raw} with a body");
}
