use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::ir::{
    Accumulator, Block, Choice, Compaction, Finish, FinishReason, Item, Losses, Message, Reasoning, Request,
    Response, ResultContent, Role, SealKind, Sealed, Text, ToolCall, ToolResult, replay,
};

const CLIENTS: [Protocol; 4] = [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini];

fn vault() -> Vault {
    Vault::new(&[7; 32])
}

fn issuer(protocol: Protocol) -> Issuer<'static> {
    Issuer { channel: "ch_1", protocol }
}

fn sealed(kind: SealKind, data: &str) -> Option<Sealed> {
    Some(Sealed { kind, data: data.into() })
}

fn thinking(kind: SealKind) -> Reasoning {
    let id = (kind == SealKind::Encrypted).then(|| "rs_1".into());
    Reasoning {
        id,
        text: Some("Let me\nsee.".into()),
        sealed: sealed(kind, "c2ln+/=="),
        ..Reasoning::default()
    }
}

fn said(text: &str) -> Item {
    Item::Message(Message::new(Role::Assistant, vec![Block::text(text)]))
}

fn call(id: &str) -> Item {
    Item::ToolCall(ToolCall::function(id, "f", "{}"))
}

/// What the client gets of an answer.
fn answer(items: Vec<Item>, client: Protocol, issuer: Issuer<'_>) -> Vec<Item> {
    let mut response = Response::default();
    response.choices.push(Choice { items, finish: Some(Finish::new(FinishReason::Stop)) });
    let mut sealer = vault().sealer(client, "key_1", issuer, [1; 8]);
    let mut accumulator = Accumulator::default();
    replay(&response, &mut |event| sealer.push(event, &mut |event| accumulator.push(&event)));
    assert!(accumulator.ended());
    accumulator.into_response().choices.remove(0).items
}

/// What an upstream sees when the client sends `items` back, with the results of its calls.
fn opened(items: &[Item], client: Protocol, client_key: &str, issuer: Issuer<'_>) -> (Vec<Item>, String) {
    let results = items.iter().filter_map(|item| match item {
        Item::ToolCall(call) => {
            Some(Item::ToolResult(ToolResult::function(call.id.clone(), ResultContent::Text("ok".into()))))
        }
        _ => None,
    });
    let mut request = Request::new(client, "m");
    request.items = items.iter().cloned().chain(results).collect();
    let mut lost = Losses::default();
    vault().open(&mut request, client_key, issuer, &mut lost);
    (request.items, lost.to_string())
}

/// The client's form of it: clients of Chat and Gemini do not send thinking back.
fn replayed(mut items: Vec<Item>, client: Protocol) -> Vec<Item> {
    if matches!(client, Protocol::Chat | Protocol::Gemini) {
        items.retain(|item| !matches!(item, Item::Reasoning(_)));
    }
    for item in &mut items {
        if let (Item::Reasoning(reasoning), Protocol::Responses) = (item, client) {
            reasoning.text = None;
        }
    }
    items
}

fn with_result(mut items: Vec<Item>, ids: &[&str]) -> Vec<Item> {
    items.extend(
        ids.iter().map(|id| Item::ToolResult(ToolResult::function(*id, ResultContent::Text("ok".into())))),
    );
    items
}

#[test]
fn thinking_comes_back_to_its_issuer_through_every_protocol() {
    let kinds = [
        (SealKind::Signature, Protocol::Messages),
        (SealKind::Encrypted, Protocol::Responses),
        (SealKind::Details, Protocol::Chat),
    ];
    for client in CLIENTS {
        for (kind, upstream) in kinds {
            let items = vec![Item::Reasoning(thinking(kind)), said("Now."), call("c1"), call("c2")];
            let shown = answer(items.clone(), client, issuer(upstream));
            let (back, lost) = opened(&replayed(shown, client), client, "key_1", issuer(upstream));
            assert_eq!(back, with_result(items, &["c1", "c2"]), "{client:?} of {upstream:?}");
            assert_eq!(lost, "");
        }
    }
}

#[test]
fn only_the_issuer_gets_a_seal_and_only_for_the_same_client() {
    for client in CLIENTS {
        let items = vec![Item::Reasoning(thinking(SealKind::Signature)), call("c1")];
        let shown = replayed(answer(items, client, issuer(Protocol::Messages)), client);
        let others = [
            ("key_1", Issuer { channel: "ch_2", protocol: Protocol::Messages }, true),
            ("key_1", issuer(Protocol::Responses), true),
            ("key_2", issuer(Protocol::Messages), client == Protocol::Messages),
        ];
        let of_text = |text: Option<String>| Item::Reasoning(Reasoning { text, ..Reasoning::default() });
        for (client_key, issuer, readable) in others {
            let (back, lost) = opened(&shown, client, client_key, issuer);
            let mut expected = vec![call("c1")];
            if readable {
                expected.insert(0, of_text(thinking(SealKind::Signature).text));
            } else if client == Protocol::Responses {
                expected.insert(0, of_text(Some(String::new())));
            }
            assert_eq!(back, with_result(expected, &["c1"]), "{client:?} {client_key} {issuer:?}");
            assert_eq!(lost, "reasoning.sealed=dropped");
        }
    }
}

#[test]
fn a_calls_own_signature_comes_back_through_every_protocol() {
    for client in CLIENTS {
        let mut signed = ToolCall::function("c1", "f", "{}");
        signed.sealed = sealed(SealKind::Thought, "c2ln");
        let items = vec![Item::ToolCall(signed), call("c2")];
        let shown = answer(items.clone(), client, issuer(Protocol::Gemini));
        let Item::ToolCall(first) = &shown[0] else { panic!() };
        assert_eq!(first.sealed.is_some(), client == Protocol::Gemini);
        let (back, _) = opened(&shown, client, "key_1", issuer(Protocol::Gemini));
        assert_eq!(back, with_result(items, &["c1", "c2"]), "{client:?}");
        let (back, _) = opened(&shown, client, "key_1", issuer(Protocol::Chat));
        assert_eq!(back, with_result(vec![call("c1"), call("c2")], &["c1", "c2"]), "{client:?}");
    }
}

#[test]
fn thinking_that_a_client_sends_back_in_plain_is_not_told_twice() {
    let items = vec![Item::Reasoning(thinking(SealKind::Signature)), said("Now."), call("c1")];
    let mut shown = answer(items.clone(), Protocol::Chat, issuer(Protocol::Messages));
    let Item::Reasoning(plain) = &mut shown[0] else { panic!() };
    plain.text = Some("Let me see.\n".into());
    let (back, _) = opened(&shown, Protocol::Chat, "key_1", issuer(Protocol::Messages));
    assert_eq!(back, with_result(items, &["c1"]));
}

#[test]
fn thinking_that_a_client_joined_is_told_apart_again() {
    let thought = |text: &str, signed: bool| {
        let sealed = sealed(SealKind::Signature, text).filter(|_| signed);
        Item::Reasoning(Reasoning { text: Some(text.into()), sealed, ..Reasoning::default() })
    };
    for signed in [true, false] {
        let parts = [thought("First this.", signed), thought("Then that.", signed)];
        let [first, second] = parts.clone();
        let upstream = issuer(Protocol::Messages);
        for items in
            [[first.clone(), second.clone(), call("c1"), call("c2")], [first, call("c1"), second, call("c2")]]
        {
            let mut shown = answer(items.into(), Protocol::Chat, upstream);
            shown.retain(|item| !matches!(item, Item::Reasoning(_)));
            shown.insert(0, thought("First this.\n\nThen that.", false));
            let (back, _) = opened(&shown, Protocol::Chat, "key_1", upstream);
            let [first, second] = parts.clone();
            let expected = vec![first, second, call("c1"), call("c2")];
            assert_eq!(back, with_result(expected, &["c1", "c2"]));
        }
    }
}

#[test]
fn a_gemini_clients_text_carries_what_no_call_does() {
    let items = vec![Item::Reasoning(thinking(SealKind::Encrypted)), said("Done.")];
    let shown =
        replayed(answer(items.clone(), Protocol::Gemini, issuer(Protocol::Responses)), Protocol::Gemini);
    let [Item::Message(message)] = &shown[..] else { panic!() };
    let [Block::Text(Text { sealed: Some(blob), .. })] = &message.blocks[..] else { panic!() };
    assert!(blob.data.starts_with("causeway1/") && blob.data.len().is_multiple_of(4), "{}", blob.data);
    assert_eq!(opened(&shown, Protocol::Gemini, "key_1", issuer(Protocol::Responses)).0, items);
}

#[test]
fn a_signature_may_be_spelled_in_either_alphabet() {
    for text in ["a", "ab", "abc", &"long ".repeat(400)] {
        let mut signed = ToolCall::function("c1", "f", "{}");
        signed.sealed = sealed(SealKind::Thought, text);
        let items = vec![Item::ToolCall(signed)];
        let mut shown = answer(items.clone(), Protocol::Gemini, issuer(Protocol::Gemini));
        let Item::ToolCall(call) = &mut shown[0] else { panic!() };
        let blob = call.sealed.as_mut().unwrap();
        assert!(blob.data.len().is_multiple_of(4) && !blob.data.contains(['-', '_']));
        blob.data = blob.data.replace('+', "-").replace('/', "_");
        assert_eq!(opened(&shown, Protocol::Gemini, "key_1", issuer(Protocol::Gemini)).0[..1], items);
    }
}

#[test]
fn unsigned_thinking_survives_where_clients_do_not_send_it_back() {
    let plain = Reasoning { text: Some("Hm.".into()), ..Reasoning::default() };
    let items = vec![Item::Reasoning(plain), said("Now."), call("c1")];
    for client in CLIENTS {
        let shown = replayed(answer(items.clone(), client, issuer(Protocol::Chat)), client);
        for upstream in CLIENTS {
            let (back, lost) = opened(&shown, client, "key_1", issuer(upstream));
            assert_eq!((back, lost.as_str()), (with_result(items.clone(), &["c1"]), ""), "{client:?}");
        }
    }
    for client in [Protocol::Chat, Protocol::Gemini] {
        let shown = answer(items[..2].to_vec(), client, issuer(Protocol::Chat));
        assert_eq!(shown, items[..2]);
    }
}

#[test]
fn a_native_upstreams_seals_stay_within_its_protocol() {
    let item = || Item::Reasoning(thinking(SealKind::Signature));
    let items = [item(), call("c1_x")];
    let (back, lost) = opened(&items, Protocol::Messages, "key_1", issuer(Protocol::Messages));
    assert_eq!((back, lost.as_str()), (with_result(items.into(), &["c1_x"]), ""));

    let readable = Item::Reasoning(Reasoning { sealed: None, ..thinking(SealKind::Signature) });
    let redacted =
        Reasoning { sealed: sealed(SealKind::Redacted, "cmVk"), redacted: true, ..Reasoning::default() };
    let hidden = Item::Reasoning(Reasoning { text: Some(String::new()), ..Reasoning::default() });
    let mut signed = ToolCall::function("c1", "f", "{}");
    signed.sealed = sealed(SealKind::Thought, "c2ln");
    let text = Text { sealed: signed.sealed.clone(), ..Text::new("Now.") };
    let text = Item::Message(Message::new(Role::Assistant, vec![Block::Text(text)]));
    let past = Compaction { sealed: sealed(SealKind::Encrypted, "gAAA"), ..Compaction::default() };
    let cases = [
        (item(), vec![readable], "reasoning.sealed=dropped"),
        (Item::Reasoning(redacted), vec![hidden], "reasoning.sealed=dropped"),
        (Item::ToolCall(signed), with_result(vec![call("c1")], &["c1"]), "reasoning.sealed=dropped"),
        (text, vec![said("Now.")], "text.sealed=dropped"),
        (Item::Compaction(past), vec![], "items.compaction=dropped"),
    ];
    for (item, expected, told) in cases {
        let (back, lost) = opened(&[item], Protocol::Gemini, "key_1", issuer(Protocol::Chat));
        assert_eq!((back, lost.as_str()), (expected, told));
    }
}

#[test]
fn a_shortened_past_is_readable_for_everybody_and_native_for_its_issuer() {
    let local = Compaction { summary: Some("We met.".into()), ..Compaction::default() };
    let native =
        Compaction { id: Some("cmp_1".into()), sealed: sealed(SealKind::Encrypted, "gAAA"), summary: None };
    let upstream = issuer(Protocol::Responses);
    let mut shown = answer(vec![Item::Compaction(local)], Protocol::Responses, upstream);
    let Item::Compaction(compaction) = &mut shown[0] else { panic!() };
    compaction.summary = None;
    let (back, _) = opened(&shown, Protocol::Responses, "key_1", upstream);
    let [Item::Message(message)] = &back[..] else { panic!("{back:?}") };
    assert!(matches!(&message.blocks[..], [Block::Text(text)] if text.text.ends_with("\n\nWe met.")));

    let shown = answer(vec![Item::Compaction(native.clone())], Protocol::Responses, upstream);
    assert_eq!(opened(&shown, Protocol::Responses, "key_1", upstream).0, [Item::Compaction(native)]);
    let (back, lost) = opened(&shown, Protocol::Responses, "key_1", issuer(Protocol::Chat));
    assert_eq!((back, lost.as_str()), (vec![], "items.compaction=dropped"));
}

#[test]
fn blobs_never_repeat_and_hold_no_plain_text() {
    let items =
        vec![Item::Reasoning(thinking(SealKind::Signature)), Item::Reasoning(thinking(SealKind::Signature))];
    let shown = answer(items, Protocol::Messages, issuer(Protocol::Messages));
    let blobs: Vec<&str> = shown
        .iter()
        .filter_map(|item| match item {
            Item::Reasoning(Reasoning { sealed: Some(sealed), .. }) => Some(sealed.data.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(blobs.len(), 2);
    assert_ne!(blobs[0], blobs[1]);
    assert!(
        blobs.iter().all(|blob| blob.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
    );
}

fn blob(kind: SealKind, client: Protocol, upstream: Protocol) -> String {
    let shown = answer(vec![Item::Reasoning(thinking(kind))], client, issuer(upstream));
    let [Item::Reasoning(Reasoning { sealed: Some(sealed), .. })] = &shown[..] else { panic!() };
    sealed.data.clone()
}

fn stripped(protocol: Protocol, body: &Value, issuer: Issuer<'_>) -> Option<Value> {
    let body = Bytes::from(body.to_string());
    let stripped = vault().strip(protocol, &body, "key_1", issuer)?;
    Some(serde_json::from_slice(&stripped).unwrap())
}

#[test]
fn a_body_that_passes_through_loses_foreign_blobs_and_regains_its_own() {
    let own = blob(SealKind::Signature, Protocol::Messages, Protocol::Messages);
    let foreign = blob(SealKind::Encrypted, Protocol::Messages, Protocol::Responses);
    let thought = |signature: &str| json!({"type": "thinking", "thinking": "Hm.", "signature": signature});
    let body = json!({"model": "m", "temperature": 1.0, "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [thought(&foreign)]},
        {"role": "assistant", "content": [
            thought(&own), thought("cmF3"), {"type": "redacted_thinking", "data": foreign},
            {"type": "tool_use", "id": format!("t1_{own}"), "name": "f", "input": {"id": "a_causeway1_b"}},
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": format!("t1_{own}"), "content": "ok"}]},
    ]});
    let expected = json!({"model": "m", "temperature": 1.0, "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [
            thought("c2ln+/=="), thought("cmF3"),
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"id": "a_causeway1_b"}},
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]},
    ]});
    assert_eq!(stripped(Protocol::Messages, &body, issuer(Protocol::Messages)), Some(expected.clone()));
    assert_eq!(stripped(Protocol::Messages, &expected, issuer(Protocol::Messages)), None);
}

#[test]
fn a_passed_items_blob_becomes_what_it_holds() {
    let own = blob(SealKind::Encrypted, Protocol::Responses, Protocol::Responses);
    let foreign = blob(SealKind::Signature, Protocol::Responses, Protocol::Messages);
    let past = Compaction { summary: Some("We met.".into()), ..Compaction::default() };
    let past = answer(vec![Item::Compaction(past)], Protocol::Responses, issuer(Protocol::Chat));
    let [Item::Compaction(Compaction { sealed: Some(past), .. })] = &past[..] else { panic!() };
    let body = json!({"input": [
        {"type": "compaction", "id": "cmp_9", "encrypted_content": past.data},
        {"type": "reasoning", "id": "rs_9", "summary": [], "encrypted_content": own},
        {"type": "reasoning", "id": "rs_8", "summary": [], "encrypted_content": foreign},
        {"type": "compaction", "encrypted_content": "causeway1_AAAA"},
        {"type": "function_call", "call_id": "c1_causeway1_x", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1_causeway1_x", "output": "ok"},
    ]});
    let text = format!("{}We met.", open::told(""));
    let expected = json!({"input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]},
        {"type": "reasoning", "summary": [], "encrypted_content": "c2ln+/==", "id": "rs_1"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "ok"},
    ]});
    assert_eq!(stripped(Protocol::Responses, &body, issuer(Protocol::Responses)), Some(expected));
}

#[test]
fn ids_and_signatures_of_passed_chats_and_contents_are_cut_back() {
    let mut signed = ToolCall::function("c1", "f", "{}");
    signed.sealed = sealed(SealKind::Thought, "c2ln");
    let own = answer(vec![Item::ToolCall(signed)], Protocol::Gemini, issuer(Protocol::Gemini));
    let [Item::ToolCall(ToolCall { sealed: Some(own), .. })] = &own[..] else { panic!() };
    let body = json!({"contents": [{"role": "model", "parts": [
        {"functionCall": {"id": "c1_causeway1_x", "name": "f", "args": {"n": 1.50}}, "thoughtSignature": own.data},
        {"text": "a", "thoughtSignature": "causeway1/AAAA"},
        {"thoughtSignature": "cmF3", "text": "b"},
    ]}]});
    let expected = json!({"contents": [{"role": "model", "parts": [
        {"functionCall": {"id": "c1", "name": "f", "args": {"n": 1.50}}, "thoughtSignature": "c2ln"},
        {"text": "a"},
        {"thoughtSignature": "cmF3", "text": "b"},
    ]}]});
    assert_eq!(stripped(Protocol::Gemini, &body, issuer(Protocol::Gemini)), Some(expected));

    let body = json!({"messages": [
        {"role": "assistant", "tool_calls": [{"id": "c1_causeway1_x", "type": "function"}, {"id": "c2"}]},
        {"role": "tool", "tool_call_id": "c1_causeway1_x", "content": "ok"},
    ]});
    let expected = json!({"messages": [
        {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function"}, {"id": "c2"}]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    ]});
    assert_eq!(stripped(Protocol::Chat, &body, issuer(Protocol::Chat)), Some(expected));
    assert_eq!(
        vault().strip(Protocol::Chat, &Bytes::from("causeway1_ {"), "key_1", issuer(Protocol::Chat)),
        None
    );
}
