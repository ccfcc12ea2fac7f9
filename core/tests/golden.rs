//! The fixtures of `tests/fixtures`: what becomes of every case, for every target.
//!
//! `UPDATE_SNAPSHOTS=1` writes what is missing or differs; the diff is the review.
#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reads the fixtures and its own switch, and may fail"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use causeway_core::codec::sse;
use causeway_core::config::Protocol;
use causeway_core::ir::{Block, CallKind, Citation, Item, Raw, Response};
use causeway_core::testing::golden::{self, Kind, PROTOCOLS};
use causeway_core::testing::{codec, wellformed};

/// Streams that are longer are not split at every byte, only around the ends of lines.
const SPLIT_EVERYWHERE: usize = 1000;

#[test]
fn requests_reach_every_upstream() {
    grid("request", |_| "json", |case, to| Ok(golden::request(case.from, to, &case.input).into_bytes()));
}

#[test]
fn answers_reach_every_client() {
    grid(
        "response",
        |_| "json",
        |case, to| {
            let told = golden::document(case.from, Kind::Document, to, [case.input.as_slice()]);
            let streamed = golden::stream_of_document(case.from, to, &case.input);
            wellformed::check(to, &streamed)?;
            same_answer(to, told.as_bytes(), &streamed)?;
            Ok(told.into_bytes())
        },
    );
}

#[test]
fn streams_reach_every_client() {
    grid(
        "stream",
        |_| "sse",
        |case, to| {
            let streamed = golden::stream(case.from, to, [case.input.as_slice()]);
            wellformed::check(to, &streamed)?;
            let told = golden::document(case.from, Kind::Stream, to, [case.input.as_slice()]);
            same_answer(to, told.as_bytes(), &streamed)?;
            let bytes = golden::stream(case.from, to, case.input.chunks(1));
            if bytes != streamed {
                return Err(format!(
                    "another stream comes out byte by byte:\n{}",
                    String::from_utf8_lossy(&bytes)
                ));
            }
            // How bytes are cut into events does not depend on what becomes of them.
            for at in splits(&case.input).filter(|_| to == case.from) {
                let (head, tail) = case.input.split_at(at);
                let split = golden::stream(case.from, to, [head, tail]);
                if split != streamed {
                    return Err(format!(
                        "another stream comes out when split at {at}:\n{}",
                        String::from_utf8_lossy(&split)
                    ));
                }
            }
            Ok(streamed)
        },
    );
}

/// A conversion is a function of a stream's events alone; here these are the same at every split.
#[test]
fn a_stream_has_the_same_events_wherever_it_is_split() {
    for case in cases("stream") {
        let whole = events([case.input.as_slice()]);
        for at in 1..case.input.len() {
            let (head, tail) = case.input.split_at(at);
            assert_eq!(events([head, tail]), whole, "{} split at {at}", case.id());
        }
    }
}

fn events<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut decoder = sse::Decoder::new(usize::MAX);
    let mut seen = Vec::new();
    let mut note = |event: sse::Event<'_>| {
        seen.extend_from_slice(event.name.as_deref().unwrap_or_default());
        seen.push(b'\n');
        seen.extend_from_slice(&event.data);
        seen.extend_from_slice(b"\n\n");
    };
    for chunk in chunks {
        decoder.push(chunk, &mut note).unwrap();
    }
    decoder.finish(&mut note);
    seen
}

#[test]
fn errors_reach_every_client() {
    grid("error", |_| "json", |case, to| Ok(golden::error(to, &case.input).into_bytes()));
}

#[test]
fn the_streams_of_vendors_are_well_formed() {
    let wrong: Vec<String> = cases("stream")
        .into_iter()
        .filter(|case| !case.name.starts_with("odd_"))
        .filter_map(|case| {
            Some(format!("{}: {}", case.id(), wellformed::check(case.from, &case.input).err()?))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_stream_without_one_of_its_events_is_not_well_formed() {
    for case in cases("stream") {
        let text = String::from_utf8(case.input.clone()).unwrap();
        if case.name != "plain" {
            continue;
        }
        let events: Vec<&str> = text.split_inclusive("\n\n").collect();
        for (missing, event) in events.iter().enumerate() {
            // Text may come in fewer pieces, and Claude's ping means nothing.
            let needless = case.from != Protocol::Responses
                && (event.contains("delta\":{\"content\":\"")
                    || event.contains("text_delta")
                    || event.contains("ping"))
                || event.contains("in_progress\",\"seq")
                || case.from == Protocol::Gemini && missing + 1 < events.len()
                || event.contains("\"choices\":[],");
            let rest: String =
                events.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, event)| *event).collect();
            assert!(
                needless || wellformed::check(case.from, rest.as_bytes()).is_err(),
                "{} is well-formed without {event}",
                case.id()
            );
            let twice = text.replacen(event, &event.repeat(2), 1);
            assert!(
                needless || wellformed::check(case.from, twice.as_bytes()).is_err(),
                "{} is well-formed with two of {event}",
                case.id()
            );
        }
    }
}

/// An answer is the same whether it is streamed or not.
fn same_answer(client: Protocol, document: &[u8], stream: &[u8]) -> Result<(), String> {
    let document: serde_json::Value = serde_json::from_slice(document).unwrap();
    let body = &document["body"];
    let failed = match client {
        Protocol::Messages => body["type"] == "error",
        _ => body["error"].is_object(),
    };
    if failed {
        return Ok(());
    }
    let whole = normal(codec::read_document(client, body.to_string().as_bytes())?);
    let streamed = normal(codec::read_stream(client, stream)?);
    if whole == streamed {
        return calls_are_readable(&whole);
    }
    Err(format!("the answer differs from its stream:\n{whole:#?}\n{streamed:#?}"))
}

/// All fixtures' calls have objects for arguments.
fn calls_are_readable(response: &Response) -> Result<(), String> {
    let items = response.choices.iter().flat_map(|choice| &choice.items);
    let mut calls = items.filter_map(|item| if let Item::ToolCall(call) = item { Some(call) } else { None });
    let torn = calls.find(|call| call.kind != CallKind::Custom && !call.arguments.starts_with('{'));
    torn.map_or(Ok(()), |call| Err(format!("arguments that are no object: {}", call.arguments)))
}

/// White space within JSON means nothing; and where arguments are objects, none are an empty one.
fn normal(mut response: Response) -> Response {
    let raw = |raw: &mut Raw| *raw = Raw::from(raw.value());
    for item in response.choices.iter_mut().flat_map(|choice| &mut choice.items) {
        match item {
            Item::ToolCall(call) if call.arguments.is_empty() => call.arguments = "{}".into(),
            Item::ToolCall(call) => {
                if let Ok(json) = Raw::parse(call.arguments.as_str()) {
                    call.arguments = json.value().to_string();
                }
            }
            Item::Opaque(opaque) => raw(&mut opaque.raw),
            Item::Message(message) => {
                for block in &mut message.blocks {
                    if let Block::Text(text) = block {
                        for citation in &mut text.citations {
                            match citation {
                                Citation::Opaque { raw: said, .. }
                                | Citation::Url { raw: Some(said), .. } => raw(said),
                                Citation::Url { raw: None, .. } => {}
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    response
}

fn splits(input: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let ends_near = |at: &usize| {
        let around = input.get(at.saturating_sub(1)..(at + 2).min(input.len())).unwrap_or_default();
        around.contains(&b'\n') || around.contains(&b'\r') || around.iter().any(|byte| !byte.is_ascii())
    };
    (1..input.len()).filter(move |at| input.len() <= SPLIT_EVERYWHERE || ends_near(at))
}

/// One input.
struct Case {
    kind: &'static str,
    from: Protocol,
    folder: PathBuf,
    name: String,
    input: Vec<u8>,
}

impl Case {
    fn id(&self) -> String {
        format!("{}/{}/{}", self.kind, self.folder.file_name().unwrap().to_str().unwrap(), self.name)
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures")
}

fn cases(kind: &'static str) -> Vec<Case> {
    let mut all = Vec::new();
    for (name, from) in PROTOCOLS {
        let folder = fixtures().join(kind).join(name);
        let mut paths: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if !name.contains('.') {
                let input = std::fs::read(&path).unwrap();
                all.push(Case { kind, from, folder: folder.clone(), name, input });
            }
        }
    }
    assert!(!all.is_empty(), "no fixtures of {kind}");
    all
}

/// Compares what `convert` makes of every case with the file beside it, for every target.
fn grid(
    kind: &'static str,
    extension: impl Fn(&Case) -> &'static str,
    convert: impl Fn(&Case, Protocol) -> Result<Vec<u8>, String>,
) {
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    let mut gaps = gaps(kind);
    let mut wrong = Vec::new();
    for case in cases(kind) {
        for (name, to) in PROTOCOLS {
            let cell = format!("{}.{name}", case.id());
            let path = case.folder.join(format!("{}.{name}.{}", case.name, extension(&case)));
            let converted = convert(&case, to);
            if gaps.remove(&cell).is_some() {
                if converted.is_ok() {
                    wrong.push(format!("{cell} is no gap any more: take it out of known_gaps.txt"));
                }
                continue;
            }
            match converted {
                Err(why) => wrong.push(format!("{cell}: {why}")),
                Ok(output) if std::fs::read(&path).is_ok_and(|file| file == output) => {}
                Ok(output) if update => std::fs::write(&path, &output).unwrap(),
                Ok(output) => wrong.push(format!("{cell} is now\n{}", String::from_utf8_lossy(&output))),
            }
        }
    }
    wrong.extend(gaps.into_keys().map(|gap| format!("known_gaps.txt names {gap}, which is no case")));
    assert!(
        wrong.is_empty(),
        "{}\n{} wrong; UPDATE_SNAPSHOTS=1 takes what differs for right: look at the diff",
        wrong.join("\n"),
        wrong.len()
    );
}

/// The listed gaps of a kind: cells that do not work yet, with the reason.
fn gaps(kind: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(fixtures().join("known_gaps.txt")).unwrap();
    let lines = text.lines().filter(|line| line.starts_with(kind));
    let split = |line: &str| line.split_once("  ").map(|(cell, reason)| (cell.to_owned(), reason.to_owned()));
    lines.map(|line| split(line).unwrap_or_else(|| panic!("no reason given: {line}"))).collect()
}
