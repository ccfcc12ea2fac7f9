//! The mock upstream itself: it answers as vendors do, refuses what they refuse, and its faults are real.

use std::time::{Duration, Instant};

use causeway_tests::client::Call;
use causeway_tests::conversation::{self, Conversation, LAST_WORDS, THINKING};
use causeway_tests::load::{self, Plan, Until};
use causeway_tests::mock::{Action, Behaviour, Mock, Protocol, Silent};
use causeway_tests::sample::Sample;
use serde_json::{Value, json};

#[tokio::test]
async fn every_operation_is_answered_and_nothing_of_it_is_wrong() {
    let mock = Mock::start().await.unwrap();
    for sample in Sample::all() {
        let answer = sample.call(&mock.base("a"), "key").send().await.unwrap();
        assert_eq!(answer.status, 200, "{}: {}", sample.name(), answer.text());
        assert!(!answer.cut && !answer.body.is_empty(), "{}", sample.name());
        let media = if sample.stream { "text/event-stream" } else { "application/json" };
        assert_eq!(answer.header("content-type"), media, "{}", sample.name());
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
    assert_eq!(mock.lane("a").count(), Sample::all().len() as u64);
}

#[tokio::test]
async fn a_request_no_vendor_would_take_is_refused_and_counted() {
    let mock = Mock::start().await.unwrap();
    let base = mock.base("a");
    let chat = Sample::of(Protocol::Chat, false);
    let url = format!("{base}/v1/chat/completions");
    let cases = [
        ("no credential", Call::post(&url, chat.body.clone())),
        ("not JSON", chat.call(&base, "k").body("application/json", "{")),
        (
            "no model",
            chat.call(&base, "k").body("application/json", r#"{"messages":[{"role":"user","content":""}]}"#),
        ),
        ("no messages", chat.call(&base, "k").body("application/json", r#"{"model":"m","messages":[]}"#)),
        ("not called JSON", chat.call(&base, "k").body("text/plain", chat.body.clone())),
        ("a cookie", chat.call(&base, "k").header("cookie", "a=b")),
        ("two credentials", chat.call(&base, "k").header("x-api-key", "k")),
        ("another path", Call::post(format!("{base}/v1/chat"), "{}")),
    ];
    for (index, (case, call)) in cases.into_iter().enumerate() {
        let answer = call.send().await.unwrap();
        assert!(answer.status.is_client_error(), "{case}: {}", answer.status);
        assert!(answer.json()["error"]["message"].is_string(), "{case}");
        assert_eq!(mock.lane("a").violations().len(), index + 1, "{case}");
    }
}

/// Conversations that no vendor continues, by protocol.
fn impossible(protocol: Protocol) -> Vec<(&'static str, Value)> {
    let user = |content: Value| json!({ "role": "user", "content": content });
    let said = |content: Value| json!({ "role": "assistant", "content": content });
    let call = json!({ "type": "tool_use", "id": "t1", "name": "f", "input": {} });
    let result = json!({ "type": "tool_result", "tool_use_id": "t1", "content": "ok" });
    let text = json!({ "type": "text", "text": "hi" });
    let thought = json!({ "type": "thinking", "thinking": "hm", "signature": "of-another" });
    let function = json!({ "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let called = json!({ "role": "assistant", "content": null, "tool_calls": [function] });
    let item = json!({ "type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}" });
    let output = json!({ "type": "function_call_output", "call_id": "c1", "output": "ok" });
    let sealed = json!({ "type": "reasoning", "summary": [], "encrypted_content": "of-another" });
    let model = json!({ "role": "model", "parts": [{ "functionCall": { "name": "f", "args": {} } }] });
    let response = |name: &str| json!({ "role": "user", "parts": [{ "functionResponse": { "name": name, "response": {} } }] });
    let signed = json!({ "role": "model", "parts": [{ "functionCall": { "name": "f" }, "thoughtSignature": "b3RoZXI=" }] });
    match protocol {
        Protocol::Messages => vec![
            ("two user turns", json!([user(json!("a")), user(json!("b"))])),
            ("no result", json!([user(json!("a")), said(json!([call])), user(json!("b"))])),
            ("a late result", json!([user(json!("a")), said(json!([call])), user(json!([text, result]))])),
            ("no call", json!([user(json!([result]))])),
            (
                "another's signature",
                json!([user(json!("a")), said(json!([thought, text])), user(json!("b"))]),
            ),
            ("no text", json!([user(json!([{ "type": "text", "text": "" }]))])),
        ],
        Protocol::Chat => vec![
            ("no result", json!([user(json!("a")), called, user(json!("b"))])),
            ("no call", json!([{ "role": "tool", "tool_call_id": "c1", "content": "ok" }])),
            ("another's part", json!([user(json!([{ "type": "input_text", "text": "a" }]))])),
        ],
        Protocol::Responses => vec![
            ("no result", json!([item])),
            ("no call", json!([output])),
            ("another's seal", json!([sealed, said(json!("b"))])),
            ("another's part", json!([said(json!([{ "type": "text", "text": "a" }]))])),
        ],
        _ => vec![
            ("no result", json!([model])),
            ("another name", json!([model, response("g")])),
            ("another's seal", json!([signed, response("f")])),
            ("no parts", json!([{ "role": "user", "parts": [] }])),
        ],
    }
}

#[tokio::test]
async fn a_conversation_no_vendor_would_continue_is_refused() {
    let mock = Mock::start().await.unwrap();
    for protocol in [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini] {
        let sample = Sample::of(protocol, false);
        for (case, conversation) in impossible(protocol) {
            let mut body: Value = serde_json::from_str(&sample.body).unwrap();
            let field = ["messages", "input", "contents"].into_iter().find(|field| !body[field].is_null());
            body[field.unwrap()] = conversation;
            let call = sample.call(&mock.base("a"), "k").body("application/json", body.to_string());
            let answer = call.send().await.unwrap();
            assert_eq!(answer.status, 400, "{protocol:?}, {case}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_tool_turn_wants_back_what_it_handed_out() {
    let mock = Mock::start().await.unwrap();
    for protocol in [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini] {
        let name = protocol.as_str();
        let lane = mock.lane(name);
        lane.always(conversation::upstream());
        let mut talk = Conversation::new(protocol);
        let send = async |talk: &Conversation| talk.call(&mock.base(name), "k").send().await.unwrap();
        let first = send(&talk).await;
        assert_eq!(conversation::calls(protocol, &first.json()).len(), 1, "{name}: {}", first.text());
        talk.call_answered(&first.json());
        let last = send(&talk).await;
        assert_eq!(last.status, 200, "{name}: {}", last.text());
        assert!(last.text().contains(LAST_WORDS), "{name}: {}", last.text());
        assert!(conversation::calls(protocol, &last.json()).is_empty(), "{name}: {}", last.text());
        // Chat has no seal, but wants the thinking.
        let wanted = lane.seals().into_iter().next().unwrap_or_else(|| THINKING.to_owned());
        let body = serde_json::to_string(&talk.body).unwrap();
        talk.body = serde_json::from_str(&body.replace(&wanted, "of another")).unwrap();
        assert_eq!(send(&talk).await.status, 400, "{name}");
    }
}

#[tokio::test]
async fn a_script_is_used_up_and_a_key_has_its_own() {
    let mock = Mock::start().await.unwrap();
    let lane = mock.lane("a");
    lane.script([Behaviour::status(429).header("retry-after", "7")])
        .always_key("bad", Behaviour::status(401));
    let sample = Sample::of(Protocol::Messages, false);
    let statuses = async |key: &str| {
        let answer = sample.call(&mock.base("a"), key).send().await.unwrap();
        (answer.status.as_u16(), answer.header("retry-after").to_owned())
    };
    assert_eq!(statuses("bad").await, (401, String::new()));
    assert_eq!(statuses("good").await, (429, "7".to_owned()));
    assert_eq!(statuses("good").await, (200, String::new()));
    assert_eq!(lane.keys(), ["bad", "good", "good"]);
}

#[tokio::test]
async fn connections_break_where_they_are_told_to() {
    let mock = Mock::start().await.unwrap();
    let lane = mock.lane("a");
    let sample = Sample::of(Protocol::Chat, true);
    let call = || sample.call(&mock.base("a"), "k");

    lane.script([Action::ResetBeforeHeaders.into()]);
    assert!(call().send().await.is_err());

    lane.script([Action::ResetAfter { bytes: 100 }.into()]);
    let answer = call().send().await.unwrap();
    assert!(answer.cut);
    assert_eq!(answer.body.len(), 100);

    lane.script([Action::CutAfter { events: 2 }.into()]);
    let answer = call().send().await.unwrap();
    assert!(answer.cut);
    assert_eq!(answer.text().matches("data: ").count(), 2);

    lane.script([Action::EmptyStream.into()]);
    let answer = call().send().await.unwrap();
    assert!(!answer.cut && answer.body.is_empty());
    assert!(Call::get(mock.refused().unwrap()).send().await.is_err());
}

#[tokio::test]
async fn an_abandoned_answer_is_noted_at_once() {
    let mock = Mock::start().await.unwrap();
    let lane = mock.lane("a");
    for action in [Action::StallAfter { events: 1 }, Action::StallHeaders] {
        lane.reset();
        lane.always(action);
        let sample = Sample::of(Protocol::Chat, true);
        let call = tokio::spawn(sample.call(&mock.base("a"), "k").send());
        while lane.count() == 0 {
            tokio::task::yield_now().await;
        }
        call.abort();
        let left = Instant::now();
        while lane.aborted().is_empty() && left.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(lane.aborted().len(), 1);
    }
}

#[tokio::test]
async fn other_languages_command_it_over_http() {
    let mock = Mock::start().await.unwrap();
    let control = format!("http://{}/_control/lanes/a", mock.address());
    let orders = json!({ "script": [{ "do": { "status": { "code": 529 } } }], "default": { "reply": { "text": "hi there" } } });
    let answer = Call::post(&control, orders.to_string()).send().await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sample = Sample::of(Protocol::Responses, true);
    let statuses = [sample.call(&mock.base("a"), "k"), sample.call(&mock.base("a"), "k")];
    for (call, status) in statuses.into_iter().zip([529, 200]) {
        assert_eq!(call.send().await.unwrap().status, status);
    }
    let seen = Call::get(&control).send().await.unwrap().json();
    assert_eq!(seen["count"], 2);
    assert_eq!(seen["requests"][1]["body"], sample.body);
    let typo = Call::post(&control, r#"{"scripts":[]}"#).send().await.unwrap();
    assert_eq!(typo.status, 400);
}

#[tokio::test]
async fn the_load_generator_sees_every_event_and_every_failure() {
    let mock = Mock::start().await.unwrap();
    let plan = |lane: &str| Plan {
        url: format!("{}/v1/chat/completions", mock.base(lane)),
        connections: 3,
        until: Until::Requests(20),
        body: Sample::of(Protocol::Chat, true).body.into_bytes(),
        headers: vec![("authorization".to_owned(), "Bearer key".to_owned())],
        stream: true,
        events: Some(35),
    };
    for lane in ["bench-stream-35", "bench-drip-35"] {
        let report = load::run(&plan(lane)).await.unwrap();
        assert_eq!(
            (report.requests, report.errors, report.events),
            (20, 0, 20 * 35),
            "{:?}",
            report.first_error
        );
    }
    mock.lane("a").always(Behaviour::ok().events(30)).script([
        Behaviour::status(500),
        Action::ResetBeforeHeaders.into(),
        Action::CutAfter { events: 4 }.into(),
    ]);
    // Thirty deltas and the role, finish and end of it.
    let report = load::run(&Plan { events: Some(33), ..plan("a") }).await.unwrap();
    assert_eq!((report.requests, report.errors), (20, 3), "{:?}", report.first_error);
}

#[tokio::test]
async fn a_timetable_holds_for_its_key_and_tells_its_end() {
    let mock = Mock::start().await.unwrap();
    let sample = Sample::of(Protocol::Chat, false);
    let refusal = json!({ "do": { "status": { "code": 429 } }, "reply": { "headers": { "retry-after": "{seconds}" } } });
    let periods = json!([{ "forMs": 60_000, "behaviour": refusal }]);
    let orders = json!({ "keys": { "sk-1": { "timetable": { "periods": periods } } } });
    let control = format!("http://{}/_control/lanes/a", mock.address());
    assert_eq!(Call::post(&control, orders.to_string()).send().await.unwrap().status, 200);
    let refused = sample.call(&mock.base("a"), "sk-1").send().await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "60"));
    assert_eq!(sample.call(&mock.base("a"), "sk-2").send().await.unwrap().status, 200);
    let seen = Call::get(&control).send().await.unwrap().json();
    let visits: Vec<_> =
        seen["visits"].as_array().unwrap().iter().map(|it| (&it["key"], &it["ok"])).collect();
    assert_eq!(visits, [(&json!("sk-1"), &json!(false)), (&json!("sk-2"), &json!(true))]);
}

#[tokio::test]
async fn answers_under_way_at_once_are_counted() {
    let mock = Mock::start().await.unwrap();
    mock.lane("a").always(Behaviour::ok().after_ms(100));
    let sample = Sample::of(Protocol::Chat, false);
    let calls = (0..3).map(|_| sample.call(&mock.base("a"), "sk-1").send());
    let answers = futures::future::join_all(calls).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status == 200));
    sample.call(&mock.base("a"), "sk-2").send().await.unwrap();
    let lane = mock.lane("a");
    assert_eq!(
        (lane.most_at_once(), lane.most_at_once_for("sk-1"), lane.most_at_once_for("sk-2")),
        (3, 3, 1)
    );
}

#[tokio::test]
async fn a_silent_host_opens_no_connection() {
    let silent = Silent::start().await.unwrap();
    let call = Call::get(silent.base()).open();
    assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err());
}
