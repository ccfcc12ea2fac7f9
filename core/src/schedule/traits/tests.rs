use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

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
fn a_request_has_what_its_protocol_spells_and_not_what_its_client_quotes() {
    type Has = fn(&Features) -> bool;
    const KNOWN: [(&str, Has); 8] = [
        ("developer", Features::developer),
        ("images", Features::images),
        ("files", Features::files),
        ("audio", Features::audio),
        ("sealed", Features::sealed),
        ("json schema", Features::json_schema),
        ("forced tool", Features::forced_tool),
        ("reasoning", Features::asks_reasoning),
    ];
    let content = |part: Value| json!({"messages": [{"role": "user", "content": [part]}]});
    let gemini = |mime: &str| json!({"contents": [{"parts": [{"inlineData": {"mimeType": mime}}]}]});
    let calling = |mode: &str| json!({"toolConfig": {"functionCallingConfig": {"mode": mode}}});
    for (request, expected) in [
        (json!({"messages": [{"role": "developer", "content": "hi"}]}), "developer"),
        (content(json!({"type": "image_url"})), "images"),
        (content(json!({"type": "input_image"})), "images"),
        (content(json!({"type": "image", "source": {"media_type": "image/png"}})), "images"),
        (gemini("image/png"), "images"),
        (content(json!({"type": "document"})), "files"),
        (content(json!({"type": "input_file"})), "files"),
        (gemini("application/pdf"), "files"),
        (content(json!({"type": "input_audio"})), "audio"),
        (gemini("audio/mp3"), "audio"),
        (content(json!({"type": "thinking", "signature": "c2ln"})), "sealed"),
        (content(json!({"type": "redacted_thinking"})), "sealed"),
        (json!({"input": [{"type": "reasoning", "encrypted_content": "gAAA"}]}), "sealed"),
        (json!({"text": {"format": {"type": "json_schema"}}}), "json schema"),
        (json!({"tool_choice": "required"}), "forced tool"),
        (json!({"tool_choice": {"type": "any"}}), "forced tool"),
        (json!({"tool_choice": {"type": "function", "function": {"name": "f"}}}), "forced tool"),
        (calling("ANY"), "forced tool"),
        (json!({"reasoning": {"effort": "low"}}), "reasoning"),
        (json!({"tool_choice": "auto"}), ""),
        (json!({"tool_choice": {"type": "none"}}), ""),
        (calling("AUTO"), ""),
        (calling("VALIDATED"), ""),
        (json!({"messages": [{"role": "assistant", "reasoning": "a"}]}), ""),
        (json!({"tools": [{"input_schema": {"type": "image", "signature": {}}}]}), ""),
        (content(json!({"type": "tool_use", "input": {"type": "image", "role": "developer"}})), ""),
        (json!(["developer"]), ""),
    ] {
        let features = Features::of(request.to_string().as_bytes(), None);
        let found: Vec<&str> =
            KNOWN.iter().filter(|(_, has)| has(&features)).map(|(name, _)| *name).collect();
        assert_eq!(found.join(", "), expected, "{request}");
    }
}

#[test]
fn beta_tokens_are_listed_with_commas() {
    let features = Features::of(b"{}", Some(" a-2025-01-01,,b-2025-01-01 ,"));
    assert_eq!(features.betas(), ["a-2025-01-01", "b-2025-01-01"]);
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
