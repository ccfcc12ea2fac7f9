use serde_json::Value;

use super::*;
use crate::ir::{
    Choice, Compaction, Finish, FinishReason, Image, Message as Said, Opaque, Response, Role, Sealed, Source,
    Usage,
};

fn write(response: &Response) -> (Value, String) {
    let answering = Answering { seed: "5".into(), model: "m".into(), ..Answering::default() };
    let encoded = encode(response, &answering);
    (serde_json::from_slice(&encoded.body).unwrap(), encoded.lost.to_string())
}

fn answer(items: Vec<Item>, reason: FinishReason) -> Response {
    Response {
        choices: vec![Choice { items, finish: Some(Finish::new(reason)) }],
        usage: Some(Usage { input: Some(1), output: Some(2), reasoning: Some(3), ..Usage::default() }),
        ..Response::default()
    }
}

#[test]
fn another_vendors_answer_is_a_message() {
    let image = Image {
        source: Source::Base64 { mime: "image/png".into(), data: "aGk=".into() },
        detail: None,
        cache: None,
    };
    let opaque = Opaque {
        owner: Protocol::Responses,
        role: Role::Assistant,
        kind: "web_search_call".into(),
        raw: Raw::from(json!({})),
    };
    let sealed = Some(Sealed { kind: SealKind::Encrypted, data: "e".into() });
    let summary =
        Reasoning { summary: vec!["a".into(), "b".into()], sealed: sealed.clone(), ..Reasoning::default() };
    let (body, lost) = write(&answer(
        vec![
            Item::Reasoning(summary),
            Item::Reasoning(Reasoning::default()),
            Item::Opaque(opaque),
            Item::Compaction(Compaction { sealed: sealed.clone(), ..Compaction::default() }),
            Item::Message(Said::new(
                Role::Assistant,
                vec![Piece::text(""), Piece::text("hi"), Piece::Image(image)],
            )),
            Item::ToolCall(ToolCall::function("call_1", "f", "")),
            Item::ToolCall(ToolCall::function("call_2", "f", "{broken")),
        ],
        FinishReason::Stop,
    ));
    assert_eq!(
        body,
        json!({
            "id": "msg_5", "type": "message", "role": "assistant", "model": "m",
            "content": [
                {"type": "thinking", "thinking": "a\n\nb", "signature": ""},
                {"type": "text", "text": "hi"},
                {"type": "tool_use", "id": "call_1", "name": "f", "input": {}},
                {"type": "tool_use", "id": "call_2", "name": "f", "input": {"input": "{broken"}},
            ],
            "stop_reason": "tool_use", "stop_sequence": null, "stop_details": null,
            "usage": {"input_tokens": 1, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 3}},
        })
    );
    assert_eq!(
        lost,
        "reasoning.sealed=dropped, items.web_search_call=dropped, items.compaction=dropped, \
         items.image=dropped, items.tool_call=approximated"
    );
}

#[test]
fn a_refusal_is_text_and_a_reason() {
    let refused = Said::new(Role::Assistant, vec![Piece::Refusal("no".into())]);
    let (body, lost) = write(&answer(vec![Item::Message(refused)], FinishReason::Stop));
    assert_eq!(body["content"], json!([{"type": "text", "text": "no"}]));
    assert_eq!((&body["stop_reason"], lost.as_str()), (&json!("refusal"), ""));
}
