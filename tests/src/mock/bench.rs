//! Lanes that do nothing but answer, for measurements: no capture, no check.
//!
//! `bench-json-1k`: one JSON answer of 1 KB. `bench-burst-35`: 35 chat events at once. `bench-stream-35`: the
//! same, one write each, as fast as they go. `bench-drip-35`: the same, one every two milliseconds.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};

use super::playback::{Answer, Playback, Step};
use super::socket::Reset;

const EVENTS: usize = 35;
const DRIP: Duration = Duration::from_millis(2);

static JSON: LazyLock<Bytes> = LazyLock::new(|| {
    let text = "All work and no play makes a dull benchmark. ".repeat(13);
    let answer = serde_json::json!({
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": "bench",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text, "refusal": null },
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": 19,
            "completion_tokens": 130,
            "total_tokens": 149,
            "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 0, "audio_tokens": 0 },
        },
        "system_fingerprint": "fp_bench",
    });
    answer.to_string().into()
});

static STREAM: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
    let chunk = |delta: serde_json::Value, finish: Option<&str>| -> Bytes {
        let chunk = serde_json::json!({
            "id": "chatcmpl-bench",
            "object": "chat.completion.chunk",
            "created": 1_760_000_000,
            "model": "bench",
            "system_fingerprint": "fp_bench",
            "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }],
        });
        format!("data: {chunk}\n\n").into()
    };
    let mut events = vec![chunk(serde_json::json!({ "role": "assistant", "content": "" }), None)];
    events.extend(
        (0..EVENTS - 3).map(|index| chunk(serde_json::json!({ "content": format!("token {index} ") }), None)),
    );
    events.push(chunk(serde_json::json!({}), Some("stop")));
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
});

/// The answer of a bench lane; `None` where `lane` is none of them.
pub(super) fn answer(lane: &str, reset: &Reset) -> Option<Response<Answer>> {
    let stream = |steps: fn(Bytes) -> Vec<Step>| {
        let steps = STREAM.iter().flat_map(|event| steps(event.clone()));
        let mut response = Response::new(Answer::Play(Box::new(Playback::new(steps, reset.clone(), None))));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        response
    };
    match lane {
        "bench-json-1k" => {
            let mut response = Response::new(Answer::Whole(Some(JSON.clone())));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Some(response)
        }
        "bench-burst-35" => Some(stream(|event| vec![Step::Append(event)])),
        "bench-stream-35" => Some(stream(|event| vec![Step::Write(event)])),
        "bench-drip-35" => Some(stream(|event| vec![Step::Wait(DRIP), Step::Write(event)])),
        _ => None,
    }
}
