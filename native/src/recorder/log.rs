//! Finished requests as log lines.

use std::fmt::Write;
use std::time::Duration;

use causeway_core::record::{Attempt, Record};
use causeway_core::schedule::Considered;

/// One structured line a request: no prompt, no answer, no secret.
pub(super) fn line(record: &Record) {
    let usage = record.usage.unwrap_or_default();
    // Text goes in as `str` fields, which the formatters escape: a model's name is a client's word.
    tracing::info!(
        target: "causeway::request",
        request_id = record.id.as_str(),
        client_key = record.client_key.as_str(),
        protocol = record.protocol.as_str(),
        gen_ai.request.model = record.model.as_str(),
        stream = record.stream,
        status = record.status.as_u16(),
        channel = record.attempts.last().map(|attempt| attempt.channel.as_str()),
        upstream_protocol = record.attempts.last().map(|attempt| attempt.protocol.as_str()),
        rule = record.attempts.last().map(|attempt| format!("{:?}", attempt.rule)).as_deref(),
        attempts = record.attempts.len(),
        failed = failed(&record.attempts).as_deref(),
        left_out = left_out(&record.left_out).as_deref(),
        lost = (!record.lost.is_empty()).then(|| record.lost.to_string()).as_deref(),
        first_content_ms = record.first_content.map(millis),
        duration_ms = millis(record.duration),
        gen_ai.usage.input_tokens = usage.input,
        gen_ai.usage.cache_read.input_tokens = usage.cache_read,
        gen_ai.usage.cache_creation.input_tokens = usage.cache_write,
        gen_ai.usage.output_tokens = usage.output,
        gen_ai.usage.reasoning_tokens = usage.reasoning,
        "request"
    );
}

/// `ch_a/k_b Rate 429, ch_c/k_d Transport`: the attempts before the last, and the last if it failed.
fn failed(attempts: &[Attempt]) -> Option<String> {
    let mut text = String::new();
    for attempt in attempts.iter().filter(|attempt| attempt.class.tries_next()) {
        let comma = if text.is_empty() { "" } else { ", " };
        let _infallible = write!(text, "{comma}{}/{} {:?}", attempt.channel, attempt.key, attempt.class);
        if let Some(status) = attempt.status {
            let _infallible = write!(text, " {}", status.as_u16());
        }
    }
    (!text.is_empty()).then_some(text)
}

/// `ch_a CoolingDown, ch_b Open`: why nobody was left to try.
fn left_out(candidates: &[Considered]) -> Option<String> {
    let told = |one: &Considered| format!("{} {:?}", one.channel, one.verdict);
    let text: Vec<String> = candidates.iter().map(told).collect();
    (!text.is_empty()).then(|| text.join(", "))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use causeway_core::config::{ChannelId, KeyId, Protocol};
    use causeway_core::schedule::{Class, Rule};
    use causeway_core::time::Timestamp;
    use http::StatusCode;

    use super::*;

    fn attempt(channel: &str, class: Class, status: Option<StatusCode>) -> Attempt {
        Attempt {
            at: Timestamp::default(),
            channel: ChannelId::new(channel),
            key: KeyId::new("k_1"),
            endpoint: "".into(),
            protocol: Protocol::Chat,
            model: String::new(),
            class,
            rule: Rule::Priority,
            considered: [].into(),
            status,
            first_byte: None,
            first_content: None,
            duration: Duration::ZERO,
            message: None,
        }
    }

    #[test]
    fn failed_attempts_are_told_in_order() {
        let attempts = [
            attempt("ch_a", Class::Rate, Some(StatusCode::TOO_MANY_REQUESTS)),
            attempt("ch_b", Class::Transport, None),
            attempt("ch_c", Class::Success, Some(StatusCode::OK)),
        ];
        assert_eq!(failed(&attempts).as_deref(), Some("ch_a/k_1 Rate 429, ch_b/k_1 Transport"));
        assert_eq!(failed(&attempts[2..]), None);
    }
}
