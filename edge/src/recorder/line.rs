//! One log line for each finished request, read with `wrangler tail` or Workers Logs.

use std::time::Duration;

use causeway_core::record::{Attempt, Record};
use causeway_core::schedule::Considered;
use serde_json::json;

/// The same names as the server's log.
pub(super) fn line(record: &Record) -> serde_json::Value {
    let usage = record.usage.unwrap_or_default();
    let attempts: Vec<_> = record.attempts.iter().map(attempt).collect();
    json!({
        "message": "request",
        "request_id": record.id,
        "client_key": record.client_key.as_str(),
        "protocol": record.protocol.as_str(),
        "gen_ai.request.model": record.model,
        "stream": record.stream,
        "status": record.status.as_u16(),
        "attempts": attempts,
        "left_out": record.left_out.iter().map(left_out).collect::<Vec<_>>(),
        "lost": (!record.lost.is_empty()).then(|| record.lost.to_string()),
        "first_content_ms": record.first_content.map(millis),
        "duration_ms": millis(record.duration),
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.reasoning_tokens": usage.reasoning,
    })
}

fn attempt(attempt: &Attempt) -> serde_json::Value {
    json!({
        "channel": attempt.channel.as_str(),
        "key": attempt.key.as_str(),
        "protocol": attempt.protocol.as_str(),
        "class": format!("{:?}", attempt.class),
        "rule": format!("{:?}", attempt.rule),
        "status": attempt.status.map(|status| status.as_u16()),
    })
}

/// Why nobody was left to try.
fn left_out(candidate: &Considered) -> serde_json::Value {
    json!({ "channel": candidate.channel.as_str(), "verdict": format!("{:?}", candidate.verdict) })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
