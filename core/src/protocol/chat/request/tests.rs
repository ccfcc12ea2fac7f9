use serde_json::{Value, json};

use super::{decode, encode};
use crate::config::compat::Compat;
use crate::ir::Request;
use crate::protocol::convert::Target;

fn decoded(body: &Value) -> Request {
    decode::decode(body.to_string().as_bytes(), "asked", false).unwrap()
}

/// The body for an upstream with this sheet, and the losses.
fn encoded(request: &Request, compat: &Compat) -> (Value, String) {
    let encoded = encode::encode(request, &Target { model: "m", stream: request.stream, compat }).unwrap();
    (serde_json::from_slice(&encoded.body).unwrap(), encoded.lost.to_string())
}

#[test]
fn a_request_of_its_own_protocol_comes_back() {
    let body = json!({
        "model": "asked",
        "messages": [
            {"role": "developer", "content": "Be brief.", "name": "ops"},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n", "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "d2F2", "format": "wav"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"}},
                {"type": "made_up", "x": 1},
            ]},
            {"role": "assistant", "content": "", "reasoning_content": "Look.", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"a\": 1.0}"},
                    "extra_content": {"google": {"thought_signature": "c2ln"}}},
                {"id": "c2", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
            {"role": "tool", "tool_call_id": "c2", "content": "done"},
            {"role": "assistant", "content": "A cat.", "refusal": "no more", "prefix": true},
            {"role": "user", "content": "Thanks"},
        ],
        "tools": [
            {"type": "function", "function": {"name": "look", "description": "Looks.", "strict": false,
                "parameters": {"type": "object", "properties": {"title": {"type": "string"}}}}},
            {"type": "custom", "custom": {"name": "patch",
                "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}}}},
        ],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required",
            "tools": [{"type": "function", "function": {"name": "look"}}]}},
        "parallel_tool_calls": false,
        "temperature": 0.0, "top_p": 0.5, "top_k": 4, "min_p": 0.1, "frequency_penalty": 0.0,
        "presence_penalty": 1.0, "seed": -7, "stop": ["a"], "logprobs": true, "top_logprobs": 2, "n": 2,
        "logit_bias": {"50256": -100}, "max_tokens": 9,
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": true}},
        "reasoning_effort": "low", "verbosity": "low", "prediction": {"type": "content", "content": "x"},
        "modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"},
        "service_tier": "flex", "user": "u", "safety_identifier": "s", "metadata": {"a": "b"},
        "prompt_cache_key": "k", "prompt_cache_retention": "24h", "store": true, "made_up": {"x": [1]},
        "web_search_options": {"search_context_size": "low"},
    });
    let compat = Compat { developer_role: Some(true), ..Compat::default() };
    let (mut again, lost) = encoded(&decoded(&body), &compat);
    assert_eq!(lost, "");
    again["model"] = "asked".into();
    assert_eq!(again, body);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (body, expected) in [
        (
            json!({"messages": [{"role": "user", "content": "x"}, {"content": "x"}]}),
            "messages[1]: missing `role`",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"x": 1}]}]}),
            "messages[0].content[0]: missing `type`",
        ),
        (json!({"messages": [{"role": "tool", "content": "x"}]}), "messages[0]: missing `tool_call_id`"),
        (
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {}}]}]}),
            "messages[0].tool_calls[0].function: missing `name`",
        ),
        (json!({"temperature": "hot"}), "temperature: invalid type: string \"hot\", expected f64"),
        (json!({"tool_choice": "some"}), "tool_choice: unknown choice `some`"),
        (
            json!([]),
            "the body is no JSON object: invalid type: sequence, expected an object at line 1 column 0",
        ),
    ] {
        let error = decode::decode(body.to_string().as_bytes(), "m", false).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn results_follow_their_calls() {
    let call = |id: &str| {
        json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": id, "type": "function", "function": {"name": "f", "arguments": ""}}]})
    };
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": id});
    let user = |text: &str| json!({"role": "user", "content": text});
    let messages = [
        result("early"),
        call("a"),
        user("meanwhile"),
        result("a"),
        result("nobody"),
        call("b"),
        user("on"),
        call("early"),
        call("a"),
        result("a"),
    ];
    let (body, lost) = encoded(&decoded(&json!({"messages": messages})), &Compat::default());
    let told: Vec<_> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            format!(
                "{} {} {}{id}",
                message["role"].as_str().unwrap(),
                message["content"].as_str().unwrap(),
                message["tool_calls"][0]["id"].as_str().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "assistant  a",
            "tool a a",
            "user meanwhile ",
            "user Result of tool call nobody:\nnobody ",
            "assistant  b",
            "tool No result: the call was interrupted. b",
            "user on ",
            "assistant  early",
            "tool early early",
            "tool a a",
        ]
    );
    assert_eq!(lost, "tool_result=approximated");
}
