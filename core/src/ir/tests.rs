use super::*;

/// An answer with everything a stream can tell.
fn full() -> Response {
    let text = Text {
        text: "It is sunny.".into(),
        citations: vec![Citation::Url {
            url: "https://a.example".into(),
            title: None,
            start: Some(0),
            end: None,
            raw: None,
        }],
        logprobs: Some(Raw::parse(r#"[{"token":"It"}]"#).unwrap()),
        cache: None,
        sealed: Some(Sealed { kind: SealKind::Thought, data: "c2ln".into() }),
    };
    let image = Image {
        source: Source::Base64 { mime: "image/png".into(), data: "aW1n".into() },
        detail: None,
        cache: None,
    };
    let audio = Audio {
        source: Source::Base64 { mime: "audio/wav".into(), data: "d2F2".into() },
        transcript: Some("hi".into()),
        id: Some("audio_1".into()),
    };
    let mut call = ToolCall::function("call_1", "weather", r#"{"city": "Paris"}"#);
    call.namespace = Some("geo".into());
    call.sealed = Some(Sealed { kind: SealKind::Thought, data: "Y2Fs".into() });
    let items = vec![
        Item::Reasoning(Reasoning {
            id: Some("rs_1".into()),
            summary: vec!["first".into(), "second".into()],
            text: Some(String::new()),
            sealed: Some(Sealed { kind: SealKind::Signature, data: "c2ln".into() }),
            redacted: false,
        }),
        Item::Message(Message {
            id: Some("msg_1".into()),
            phase: Some("commentary".into()),
            ..Message::new(
                Role::Assistant,
                vec![
                    Block::Text(text),
                    Block::Refusal("no".into()),
                    Block::Image(image),
                    Block::Audio(audio),
                ],
            )
        }),
        Item::Message(Message::new(Role::Assistant, vec![Block::text("")])),
        Item::ToolCall(call),
        Item::ToolCall(ToolCall::function("call_2", "weather", "")),
        Item::Compaction(Compaction { id: None, sealed: None, summary: Some("before".into()) }),
        Item::Opaque(Opaque {
            owner: crate::config::Protocol::Messages,
            role: Role::Assistant,
            kind: "server_tool_use".into(),
            raw: Raw::parse(r#"{"type": "server_tool_use"}"#).unwrap(),
        }),
    ];
    Response {
        id: Some("r".into()),
        model: Some("m".into()),
        created: Some(7),
        choices: vec![
            Choice { items, finish: Some(Finish::new(FinishReason::ToolCalls)) },
            Choice {
                items: vec![Item::Message(Message::new(Role::Assistant, vec![Block::text("other")]))],
                finish: Some(Finish::new(FinishReason::Stop)),
            },
        ],
        usage: Some(Usage { input: Some(3), output: Some(0), ..Usage::default() }),
        service_tier: Some("flex".into()),
        ext: Ext::from_iter([("fingerprint".to_owned(), "fp".into())]),
    }
}

fn fold(response: &Response) -> Accumulator {
    let mut accumulator = Accumulator::default();
    replay(response, &mut |event| accumulator.push(&event));
    accumulator
}

#[test]
fn an_answer_is_the_fold_of_its_replay() {
    let response = full();
    let accumulator = fold(&response);
    assert!(accumulator.ended());
    assert_eq!(accumulator.into_response(), response);
}

#[test]
fn a_cut_answer_does_not_end() {
    let mut response = full();
    response.choices[1].finish = None;
    let accumulator = fold(&response);
    assert!(!accumulator.ended());
    assert_eq!(accumulator.into_response(), response);
}

#[test]
fn interleaved_blocks_do_not_mix() {
    let mut accumulator = Accumulator::default();
    let call = |id: &'static str| BlockStart::ToolCall {
        id: id.into(),
        item_id: None,
        name: "f".into(),
        namespace: None,
        kind: CallKind::Function,
        executor: Executor::Client,
        sealed: None,
    };
    let arguments = |index, text: &'static str| Event::Delta { index, delta: Delta::Arguments(text.into()) };
    for event in [
        Event::Start(Start::default()),
        Event::BlockStart { index: 0, choice: 0, block: call("a") },
        Event::BlockStart { index: 1, choice: 0, block: call("b") },
        arguments(0, "{\"x\""),
        arguments(1, "{\"y\""),
        arguments(0, ":1}"),
        arguments(1, ":2}"),
        arguments(7, "stray"),
    ] {
        accumulator.push(&event);
    }
    let response = accumulator.into_response();
    let expected = [("a", r#"{"x":1}"#), ("b", r#"{"y":2}"#)]
        .map(|(id, arguments)| Item::ToolCall(ToolCall::function(id, "f", arguments)));
    assert_eq!(response.choices[0].items, expected);
}

#[test]
fn budgets_and_efforts_lie_side_by_side() {
    for effort in Effort::ALL {
        assert_eq!(Effort::of_budget(effort.budget()), effort);
        assert_eq!(Effort::parse(&effort.as_str().to_uppercase()), Some(effort));
    }
    assert_eq!(Effort::of_budget(10_000), Effort::High);
    assert_eq!(Effort::of_budget(1_000_000), Effort::Max);
    let off = ReasoningConfig { budget: Some(0), ..ReasoningConfig::default() };
    assert_eq!((off.is_off(), off.implied_effort()), (true, Some(Effort::None)));
}

#[test]
fn a_loss_is_told_once_and_a_hint_is_none() {
    let mut losses = Losses::default();
    losses.dropped("top_k");
    losses.approximated("reasoning.budget");
    losses.dropped("top_k");
    losses.dropped("ext.client_metadata");
    assert_eq!(losses.to_string(), "top_k=dropped, reasoning.budget=approximated");
}

#[test]
fn raw_json_is_written_on_one_line() {
    let raw = Raw::parse("{\r\n  \"a\": 1.0,\n \"b\": \"x\\n\"}").unwrap();
    assert_eq!(serde_json::to_string(&[&raw]).unwrap(), r#"[{    "a": 1.0,  "b": "x\n"}]"#);
    assert!(raw.get().contains('\n'));
}

#[test]
fn a_limit_on_tokens_counts_all_input_and_all_output() {
    let usage = Usage {
        input: Some(1),
        cache_read: Some(20),
        cache_write: Some(300),
        cache_write_1h: Some(200),
        output: Some(4000),
        reasoning: Some(50_000),
        input_audio: Some(1),
        web_searches: Some(2),
        ..Usage::default()
    };
    assert_eq!(usage.limited_tokens(), Some(54_321));
    assert_eq!(Usage { web_searches: Some(2), ..Usage::default() }.limited_tokens(), None);
    assert_eq!(Usage { output: Some(0), ..Usage::default() }.limited_tokens(), Some(0));
}
