//! What once broke a rule that holds for any input, each as small as it can be.

use causeway_core::config::Protocol::{self, Chat, Gemini, Messages, Responses};
use causeway_core::testing::invariants;

#[test]
fn odd_answers_make_legal_streams() {
    let cases: [(&str, Protocol, &str); 11] = [
        (
            "an unknown part that is written in several lines",
            Gemini,
            "{\"candidates\": [{\"content\": {\"parts\": [{\n  \"executableCode\": {\n    \"code\": \"1\"\n  }\n}]},\
             \"finishReason\": \"STOP\"}]}",
        ),
        (
            "arguments that are written in several lines",
            Messages,
            r#"{"type":"message","id":"m","content":[{"type":"tool_use","id":"t","name":"weather","input":{
                "city": "Rome"
            }}],"stop_reason":"tool_use"}"#,
        ),
        (
            "a command that is none",
            Messages,
            r#"{"type":"message","id":"m","content":[{"type":"tool_use","id":"t","name":"local_shell"}],
            "stop_reason":"tool_use"}"#,
        ),
        ("white space before an answer that is neither JSON nor events", Chat, "  {\n\"x\":"),
        (
            "a candidate that is not the first",
            Gemini,
            r#"data: {"candidates":[{"content":{"parts":[{"text":"Hi"}]},"index":5,"finishReason":"STOP"}]}"#,
        ),
        (
            "a call that names nothing",
            Gemini,
            r#"data: {"candidates":[{"content":{"parts":[{"functionCall":{"args":{}}}]},"finishReason":"STOP"}]}"#,
        ),
        (
            "more tokens than can be counted",
            Messages,
            r#"{"type":"message","id":"m","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn",
            "usage":{"input_tokens":25,"output_tokens":99999999999999999999999}}"#,
        ),
        (
            "a stop sequence beside a reason that nobody knows",
            Messages,
            r#"{"type":"message","id":"m","content":[{"type":"text","text":"Hi"}],"stop_reason":"odd",
            "stop_sequence":"END"}"#,
        ),
        (
            "a call without an id",
            Messages,
            r#"{"type":"message","id":"m","content":[{"type":"tool_use","name":"f","input":{}}],
            "stop_reason":"tool_use"}"#,
        ),
        (
            "a call that names nothing",
            Messages,
            r#"{"type":"message","id":"m","content":[{"type":"tool_use","id":"t","input":{}}],
            "stop_reason":"tool_use"}"#,
        ),
        (
            "text of a message that is done",
            Responses,
            "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"message\"}}\n\n\
             data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"Hi\"}\n\n\
             data: {\"type\":\"response.completed\"}",
        ),
    ];
    for (case, upstream, answer) in cases {
        if let Err(why) = invariants::answer(upstream, answer.as_bytes()) {
            panic!("{case} of {upstream:?}: {why}");
        }
    }
}

#[test]
fn odd_requests_stay_readable() {
    let cases = [
        (
            "a field that is there twice",
            Gemini,
            r#"{"contents":[],"tools":[{"functionDeclarations":[{}]}],"tools":[]}"#,
        ),
        (
            "a part of two kinds",
            Gemini,
            r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png"},"fileData":{}}]}]}"#,
        ),
        (
            "a resolution that is none, of a file that may be an image",
            Gemini,
            r#"{"contents":[{"parts":[{"fileData":{"fileUri":"https://a.example/a.png"},"mediaResolution":1}]}]}"#,
        ),
    ];
    for (case, client, request) in cases {
        if let Err(why) = invariants::request(client, request.as_bytes()) {
            panic!("{case} of {client:?}: {why}");
        }
    }
}
