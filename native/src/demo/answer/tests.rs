use super::*;

fn ask(body: Value) -> Ask {
    Ask::read(&body)
}

/// The JSON of each event, and the event's name where it has one.
fn events(stream: &[String]) -> Vec<(Option<&str>, Value)> {
    stream
        .iter()
        .filter(|event| *event != "data: [DONE]\n\n")
        .map(|event| {
            let body = event.strip_suffix("\n\n").unwrap();
            let (name, json) = match body.split_once('\n') {
                Some((name, rest)) => (name.strip_prefix("event: "), rest),
                None => (None, body),
            };
            (name, serde_json::from_str(json.strip_prefix("data: ").unwrap()).unwrap())
        })
        .collect()
}

fn joined(events: &[(Option<&str>, Value)], pointer: &str) -> String {
    events.iter().filter_map(|(_, event)| event.pointer(pointer)?.as_str()).collect()
}

#[test]
fn every_stream_says_the_whole_sentence() {
    let ask = ask(json!({ "model": "m" }));
    for (stream, pointer) in [
        (chat::stream(&ask), "/choices/0/delta/content"),
        (messages::stream(&ask), "/delta/text"),
        (responses::stream(&ask), "/delta"),
        (gemini::stream(&ask), "/candidates/0/content/parts/0/text"),
    ] {
        assert_eq!(joined(&events(&stream), pointer), SENTENCE, "{pointer}");
    }
}

#[test]
fn every_whole_answer_says_the_sentence_and_names_the_model() {
    let ask = ask(json!({ "model": "m" }));
    for (answer, text, model) in [
        (chat::whole(&ask), "/choices/0/message/content", "/model"),
        (messages::whole(&ask), "/content/0/text", "/model"),
        (responses::whole(&ask), "/output/0/content/0/text", "/model"),
        (gemini::whole(&ask), "/candidates/0/content/parts/0/text", "/modelVersion"),
    ] {
        assert_eq!(answer.pointer(text).unwrap(), SENTENCE);
        assert_eq!(answer.pointer(model).unwrap(), "m");
    }
}

#[test]
fn named_events_repeat_their_type_and_end_in_the_terminal_one() {
    let ask = ask(json!({}));
    for (stream, terminal) in
        [(messages::stream(&ask), "message_stop"), (responses::stream(&ask), "response.completed")]
    {
        let events = events(&stream);
        for (name, event) in &events {
            assert_eq!(*name, event["type"].as_str());
        }
        assert_eq!(events.last().unwrap().0, Some(terminal));
    }
}

#[test]
fn responses_events_are_numbered_without_gaps() {
    let stream = responses::stream(&ask(json!({})));
    for (number, (_, event)) in events(&stream).iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
}

#[test]
fn chat_gives_usage_in_a_stream_only_when_asked() {
    let without = chat::stream(&ask(json!({})));
    assert!(events(&without).iter().all(|(_, event)| event.get("usage").is_none()));
    let with = chat::stream(&ask(json!({ "stream_options": { "include_usage": true } })));
    assert_eq!(with.last().unwrap(), "data: [DONE]\n\n");
    let (_, last) = events(&with).pop().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert!(last["usage"]["total_tokens"].is_u64());
}

#[test]
fn an_embedding_comes_in_the_encoding_asked_for() {
    let plain = embedding(&ask(json!({ "input": ["a", "b"] })));
    assert_eq!(plain["data"].as_array().unwrap().len(), 2);
    assert_eq!(plain["data"][1]["embedding"].as_array().unwrap().len(), EMBEDDING.len());
    let tokens = embedding(&ask(json!({ "input": [1, 2, 3], "encoding_format": "base64" })));
    assert_eq!(tokens["data"].as_array().unwrap().len(), 1);
    let bytes = STANDARD.decode(tokens["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let floats: Vec<f32> =
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    assert_eq!(floats, EMBEDDING);
}

#[test]
fn the_image_is_a_png() {
    let image = image(&ask(json!({})));
    let png = STANDARD.decode(image["data"][0]["b64_json"].as_str().unwrap()).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.ends_with(b"IEND\xaeB`\x82"));
}
