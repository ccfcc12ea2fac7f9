use std::borrow::Cow;

use serde_json::{Value, json};

use super::decode::Decoder;
use super::encode::Encoder;
use crate::codec::sse;
use crate::error::Failure;
use crate::ir::{
    Accumulator, Block, Citation, Event, Finish, FinishReason, Item, Message, Reasoning, Response, Role,
    SealKind, Sealed, Text, ToolCall, Usage, replay,
};
use crate::protocol::convert::{Answering, StreamDecoder as _, StreamEncoder as _};
use crate::protocol::gemini::response;

fn folded(chunks: &[Value]) -> Accumulator {
    let mut accumulator = Accumulator::default();
    let mut decoder = Decoder::default();
    let mut each = |event: Event<'_>| accumulator.push(&event);
    for chunk in chunks {
        let data = Cow::Owned(chunk.to_string().into_bytes());
        decoder.decode(&sse::Event { name: None, data }, &mut each);
    }
    decoder.finish(&mut each);
    accumulator
}

fn parts(parts: Value) -> Value {
    json!({"candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0}],
        "modelVersion": "gemini-x", "responseId": "r-1"})
}

fn last(reason: &str) -> Value {
    json!({"candidates": [{"finishReason": reason, "index": 0}]})
}

fn items(chunks: &[Value]) -> (Vec<Item>, Option<FinishReason>) {
    let mut response = folded(chunks).into_response();
    let choice = response.choices.remove(0);
    (choice.items, choice.finish.map(|finish| finish.reason))
}

fn sealed(data: &str) -> Option<Sealed> {
    Some(Sealed { kind: SealKind::Thought, data: data.into() })
}

fn written(response: &Response, array: bool) -> String {
    let mut encoder =
        Encoder::new(Answering { seed: "s".into(), model: "m".into(), array, ..Answering::default() });
    let mut out = Vec::new();
    replay(response, &mut |event| encoder.encode(&event, &mut out));
    String::from_utf8(out).unwrap()
}

fn chunks(stream: &str) -> Vec<Value> {
    stream
        .split_terminator("\n\n")
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

fn message(blocks: Vec<Block>) -> Item {
    Item::Message(Message::new(Role::Assistant, blocks))
}

#[test]
fn parts_of_one_kind_are_one_block_over_chunks() {
    let (items, finish) = items(&[
        parts(json!([{"text": "hm", "thought": true}])),
        parts(json!([{"text": "!", "thought": true}, {"text": "a"}])),
        parts(json!([{"text": "b"}])),
        parts(json!([{"text": "", "thoughtSignature": "s1"}])),
        parts(json!([{"functionCall": {"name": "f", "args": {"a": 1.5}}, "thoughtSignature": "s2"},
            {"functionCall": {"name": "f", "id": "own"}}])),
        last("STOP"),
    ]);
    let Item::ToolCall(first) = &items[2] else { panic!("{items:?}") };
    assert_eq!(first.id, "call_r-1_0");
    let mut expected = ToolCall::function(first.id.clone(), "f", r#"{"a":1.5}"#);
    expected.sealed = sealed("s2");
    assert_eq!(
        items,
        [
            Item::Reasoning(Reasoning { text: Some("hm!".into()), ..Reasoning::default() }),
            message(vec![Block::Text(Text { sealed: sealed("s1"), ..Text::new("ab") })]),
            Item::ToolCall(expected),
            Item::ToolCall(ToolCall::function("own", "f", "{}")),
        ]
    );
    assert_eq!(finish, Some(FinishReason::ToolCalls));
}

#[test]
fn only_a_reason_to_finish_ends_an_answer() {
    let usage = json!({"candidates": [], "usageMetadata": {"promptTokenCount": 9, "cachedContentTokenCount": 4,
        "candidatesTokenCount": 2, "thoughtsTokenCount": 1}});
    let whole = folded(&[parts(json!([{"text": "a"}])), last("MAX_TOKENS"), usage]);
    assert!(whole.ended());
    assert_eq!(whole.finish().unwrap().reason, FinishReason::Length);
    let counted = Usage {
        input: Some(5),
        cache_read: Some(4),
        output: Some(2),
        reasoning: Some(1),
        ..Usage::default()
    };
    assert_eq!(whole.usage(), Some(counted));
    let cut = folded(&[parts(json!([{"text": "a"}]))]);
    assert!(!cut.ended() && cut.finish().is_none());
    assert!(!folded(&[]).ended());
}

#[test]
fn a_blocked_prompt_is_filtered() {
    let blocked = folded(&[json!({"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "r"})]);
    assert!(blocked.ended());
    let finish = blocked.finish().unwrap();
    assert_eq!(finish.reason, FinishReason::ContentFilter);
    assert_eq!(finish.message.as_deref(), Some("The prompt was blocked: SAFETY"));
    let stream = chunks(&written(&blocked.into_response(), false));
    assert_eq!(stream.last().unwrap()["promptFeedback"]["blockReason"], "SAFETY");
}

#[test]
fn an_error_ends_the_stream_wherever_it_comes() {
    let error = json!({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}});
    let failed = folded(&[parts(json!([{"text": "a"}])), error, last("STOP")]);
    assert_eq!(failed.error().unwrap().message, "busy");
    assert!(!failed.ended());
    let mut accumulator = Accumulator::default();
    let data = Cow::Borrowed(&b"{\"candidates\":"[..]);
    let mut each = |event: Event<'_>| accumulator.push(&event);
    Decoder::default().decode(&sse::Event { name: None, data }, &mut each);
    assert!(accumulator.error().unwrap().message.contains("cannot be read"));
}

#[test]
fn unknown_parts_keep_their_place() {
    let (items, _) = items(&[
        parts(
            json!([{"text": "a"}, {"executableCode": {"code": "1"}, "thoughtSignature": "s"}, {"text": "b"}]),
        ),
        last("STOP"),
    ]);
    let Item::Opaque(opaque) = &items[1] else { panic!("{items:?}") };
    assert_eq!(opaque.kind, "executableCode");
    assert_eq!(opaque.raw.get(), r#"{"executableCode":{"code":"1"},"thoughtSignature":"s"}"#);
    assert_eq!(items[2], message(vec![Block::text("b")]));
}

#[test]
fn arguments_that_come_piecewise_are_put_together() {
    let call = |pieces: Value, more: bool| {
        parts(json!([{"functionCall": {"partialArgs": pieces, "willContinue": more}}]))
    };
    let (items, _) = items(&[
        parts(json!([{"functionCall": {"name": "f", "id": "1", "willContinue": true}}])),
        call(json!([{"jsonPath": "$.city", "stringValue": "New ", "willContinue": true}]), true),
        call(
            json!([{"jsonPath": "$.city", "stringValue": "York"}, {"jsonPath": "$.n[0].x", "numberValue": 3}]),
            true,
        ),
        call(json!([{"jsonPath": "$.n[1]['a.b']", "boolValue": true}, {"jsonPath": "$.n[99]"}]), true),
        parts(json!([{"functionCall": {}}])),
        last("STOP"),
    ]);
    let arguments = r#"{"city":"New York","n":[{"x":3},{"a.b":true}]}"#;
    assert_eq!(items, [Item::ToolCall(ToolCall::function("1", "f", arguments))]);
}

#[test]
fn sources_are_cited_by_characters() {
    let grounding = json!({
        "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}, {"web": {"uri": "https://b"}}],
        "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 7}, "groundingChunkIndices": [0]}],
    });
    let response = folded(&[
        parts(json!([{"text": "é über"}])),
        json!({"candidates": [{"finishReason": "STOP", "groundingMetadata": grounding}]}),
    ])
    .into_response();
    let Item::Message(said) = &response.choices[0].items[0] else { panic!() };
    let Block::Text(text) = &said.blocks[0] else { panic!() };
    let cited = |url: &str, title: Option<&str>, start, end| Citation::Url {
        url: url.into(),
        title: title.map(Into::into),
        start,
        end,
        raw: None,
    };
    assert_eq!(
        text.citations,
        [cited("https://a", Some("A"), Some(2), Some(5)), cited("https://b", None, None, None)]
    );
    let mut foreign = response.clone();
    foreign.choices[0].finish.as_mut().unwrap().details = None;
    let end = chunks(&written(&foreign, false)).pop().unwrap();
    assert_eq!(
        end["candidates"][0]["groundingMetadata"]["groundingSupports"][0]["segment"],
        json!({"startIndex": 3, "endIndex": 7, "text": "übe"})
    );
    let own = chunks(&written(&response, false)).pop().unwrap();
    assert_eq!(own["candidates"][0]["groundingMetadata"], grounding);
}

#[test]
fn candidates_are_told_apart() {
    let two = |a: &str, b: &str| {
        json!({"candidates": [{"index": 1, "content": {"parts": [{"text": b}]}},
            {"index": 0, "content": {"parts": [{"text": a}]}}]})
    };
    let ends = json!({"candidates": [{"finishReason": "STOP"}, {"index": 1, "finishReason": "SAFETY"}]});
    let response = folded(&[two("a", "x"), two("b", "y"), ends]).into_response();
    let texts: Vec<_> = response.choices.iter().map(|choice| choice.items.clone()).collect();
    assert_eq!(texts, [vec![message(vec![Block::text("ab")])], vec![message(vec![Block::text("xy")])]]);
    assert_eq!(response.choices[1].finish.as_ref().unwrap().reason, FinishReason::ContentFilter);
    let end = chunks(&written(&response, false)).pop().unwrap();
    assert_eq!(end["candidates"][1]["finishReason"], "SAFETY");
}

#[test]
fn a_call_is_one_part_with_the_signature_of_its_thought() {
    let mut response = Response { usage: Some(Usage::default()), ..Response::default() };
    response.choices = vec![crate::ir::Choice {
        items: vec![
            Item::Reasoning(Reasoning {
                summary: vec!["one".into(), "two".into()],
                sealed: sealed("blob"),
                ..Reasoning::default()
            }),
            message(vec![Block::text("so")]),
            Item::ToolCall(ToolCall::function("c1", "f", "{\"a\":\n1.10}")),
            Item::ToolCall(ToolCall::function("c2", "f", "no object")),
        ],
        finish: Some(Finish::new(FinishReason::ToolCalls)),
    }];
    let stream = chunks(&written(&response, false));
    let parts: Vec<_> =
        stream.iter().map(|chunk| chunk["candidates"][0]["content"]["parts"][0].clone()).collect();
    assert_eq!(
        parts,
        [
            json!({"text": "one", "thought": true}),
            json!({"text": "\n\n", "thought": true}),
            json!({"text": "two", "thought": true}),
            json!({"text": "so"}),
            json!({"functionCall": {"id": "c1", "name": "f", "args": {"a": 1.1}}, "thoughtSignature": "blob"}),
            json!({"functionCall": {"id": "c2", "name": "f", "args": {"input": "no object"}}}),
            json!({"text": ""}),
        ]
    );
    let end = stream.last().unwrap();
    assert_eq!(end["candidates"][0]["finishReason"], "STOP");
    assert_eq!((&end["responseId"], &end["modelVersion"]), (&json!("s"), &json!("m")));
    assert_eq!(end["usageMetadata"]["promptTokenCount"], 0);
}

#[test]
fn an_array_is_closed_however_it_ends() {
    let said = Response {
        choices: vec![crate::ir::Choice {
            items: vec![message(vec![Block::text("a\n")])],
            finish: Some(Finish::new(FinishReason::Stop)),
        }],
        ..Response::default()
    };
    let whole: Vec<Value> = serde_json::from_str(&written(&said, true)).unwrap();
    assert_eq!(whole.len(), 2);
    for events in [&[][..], &[Event::Start(crate::ir::Start::default())][..]] {
        let mut encoder = Encoder::new(Answering { array: true, ..Answering::default() });
        let mut out = Vec::new();
        events.iter().for_each(|event| encoder.encode(event, &mut out));
        encoder.fail(&Failure::invalid("no"), "no", &mut out);
        encoder.encode(&Event::End, &mut out);
        let failed: Vec<Value> = serde_json::from_slice(&out).unwrap();
        assert_eq!(failed[0]["error"]["message"], "no");
    }
}

#[test]
fn a_document_comes_back_as_it_was() {
    let wire = json!({
        "candidates": [{
            "content": {"parts": [
                {"text": "hm", "thought": true},
                {"text": "a", "thoughtSignature": "s1"},
                {"text": "b"},
                {"inlineData": {"mimeType": "image/png", "data": "aaaa"}},
                {"executableCode": {"code": "1"}},
                {"functionCall": {"id": "1", "name": "f", "args": {"x": 1}}, "thoughtSignature": "s2"},
            ], "role": "model"},
            "finishReason": "STOP",
            "safetyRatings": [{"category": "C", "probability": "LOW"}],
            "index": 0,
        }, {
            "content": {"parts": [], "role": "model"}, "finishReason": "RECITATION", "finishMessage": "no",
            "index": 1,
        }],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
        "modelVersion": "gemini-x",
        "responseId": "r-1",
    });
    let mut accumulator = Accumulator::default();
    response::decode::decode(wire.to_string().as_bytes(), &mut |event| accumulator.push(&event)).unwrap();
    assert!(accumulator.ended());
    let encoded = response::encode::encode(&accumulator.into_response(), &Answering::default());
    assert_eq!(serde_json::from_slice::<Value>(&encoded.body).unwrap(), wire);
    assert!(encoded.lost.is_empty());
}

#[test]
fn probabilities_are_told_in_both_ways() {
    let result = json!({
        "chosenCandidates": [{"token": "a", "logProbability": -0.5}],
        "topCandidates": [{"candidates": [{"token": "a", "logProbability": -0.5}]}],
    });
    let response = folded(&[json!({"candidates": [
        {"content": {"parts": [{"text": "a"}]}, "logprobsResult": result, "finishReason": "STOP"},
    ]})])
    .into_response();
    let Item::Message(said) = &response.choices[0].items[0] else { panic!() };
    let Block::Text(text) = &said.blocks[0] else { panic!() };
    let expected = json!([{"token": "a", "logprob": -0.5, "bytes": [97],
        "top_logprobs": [{"token": "a", "logprob": -0.5, "bytes": [97]}]}]);
    assert_eq!(text.logprobs.as_ref().unwrap().value(), expected);
    let end = chunks(&written(&response, false)).pop().unwrap();
    assert_eq!(end["candidates"][0]["logprobsResult"], result);
}
