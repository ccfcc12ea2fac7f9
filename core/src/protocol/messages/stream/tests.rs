//! Whatever order an upstream's events come in, both sides keep their rules.

use serde_json::Value;

use super::decode::Decoder;
use super::encode::Encoder;
use crate::codec::sse;
use crate::ir::Event;
use crate::protocol::convert::{Answering, StreamDecoder, StreamEncoder};

const EVENTS: [&str; 16] = [
    r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":I,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_start","index":I,"content_block":{"type":"thinking","thinking":"a"}}"#,
    r#"{"type":"content_block_start","index":I,"content_block":{"type":"redacted_thinking","data":"a"}}"#,
    r#"{"type":"content_block_start","index":I,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":1}}}"#,
    r#"{"type":"content_block_start","index":I,"content_block":{"type":"server_tool_use","id":"t"}}"#,
    r#"{"type":"content_block_start","index":I,"content_block":{"type":"compaction"}}"#,
    r#"{"type":"content_block_delta","index":I,"delta":{"type":"text_delta","text":"a"}}"#,
    r#"{"type":"content_block_delta","index":I,"delta":{"type":"thinking_delta","thinking":"a"}}"#,
    r#"{"type":"content_block_delta","index":I,"delta":{"type":"signature_delta","signature":"a"}}"#,
    r#"{"type":"content_block_delta","index":I,"delta":{"type":"compaction_delta","content":"a"}}"#,
    r#"{"type":"content_block_delta","index":I,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
    r#"{"type":"content_block_stop","index":I}"#,
    r#"{"type":"content_block_stop"}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}"#,
    r#"{"type":"message_stop"}"#,
];

#[test]
fn any_order_of_events_keeps_the_rules() {
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    for round in 0..3_000 {
        let mut decoder = Decoder::default();
        let mut encoder = Encoder::new(Answering::default());
        let mut told = Told::default();
        let mut out = Vec::new();
        for _ in 0..random(24) {
            let data = EVENTS[random(EVENTS.len())].replace('I', &random(3).to_string());
            decoder.decode(&sse::Event { name: None, data: data.into_bytes().into() }, &mut |event| {
                told.check(&event, round);
                encoder.encode(&event, &mut out);
            });
        }
        decoder.finish(&mut |event| {
            told.check(&event, round);
            encoder.encode(&event, &mut out);
        });
        check_written(&out, told.ended, round);
    }
}

#[derive(Default)]
struct Told {
    started: bool,
    finished: bool,
    ended: bool,
    failed: bool,
    next: u32,
    open: Vec<u32>,
}

impl Told {
    fn check(&mut self, event: &Event<'_>, round: usize) {
        assert!(!self.ended && !self.failed, "{round}: {event:?} after the end");
        match event {
            Event::Start(_) => assert!(!std::mem::replace(&mut self.started, true), "{round}"),
            Event::BlockStart { index, .. } => {
                assert!(self.started && !self.finished && *index == self.next, "{round}: {event:?}");
                self.next += 1;
                self.open.push(*index);
            }
            Event::Delta { index, .. } => assert!(self.open.contains(index), "{round}: {event:?}"),
            Event::BlockStop { index } => {
                assert!(self.open.contains(index), "{round}: {event:?}");
                self.open.retain(|open| open != index);
            }
            Event::Usage(_) => assert!(self.started, "{round}"),
            Event::Finish { .. } => {
                assert!(self.open.is_empty() && !std::mem::replace(&mut self.finished, true), "{round}");
            }
            Event::End => {
                assert!(self.finished, "{round}");
                self.ended = true;
            }
            Event::Error(_) => self.failed = true,
        }
    }
}

fn check_written(out: &[u8], ended: bool, round: usize) {
    let mut names = Vec::new();
    let (mut next, mut open) = (0, false);
    let mut decoder = sse::Decoder::new(1 << 16);
    decoder
        .push(out, &mut |event| {
            let data: Value = serde_json::from_slice(&event.data).unwrap();
            let name = data["type"].as_str().unwrap().to_owned();
            match name.as_str() {
                "content_block_start" => {
                    assert!(!open && data["index"] == next, "{round}: {data}");
                    open = true;
                }
                "content_block_delta" => assert!(open && data["index"] == next, "{round}: {data}"),
                "content_block_stop" => {
                    assert!(open && data["index"] == next, "{round}: {data}");
                    (open, next) = (false, next + 1);
                }
                _ => assert!(!open, "{round}: {data}"),
            }
            names.push(name);
        })
        .unwrap();
    if let Some((first, rest)) = names.split_first() {
        assert_eq!(first, "message_start", "{round}");
        assert!(!rest.contains(first), "{round}");
    }
    let stops = names.iter().filter(|name| *name == "message_stop").count();
    assert_eq!(
        (stops, names.last().is_some_and(|name| name == "message_stop")),
        (usize::from(ended), ended),
        "{round}"
    );
}
