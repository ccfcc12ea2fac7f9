//! One log line for each finished request, read with `wrangler tail` or Workers Logs.

use std::time::Duration;

use causeway_core::platform::Recorder;
use causeway_core::record::Record;
use serde_json::json;

#[derive(Debug)]
pub(crate) struct LogRecorder;

impl Recorder for LogRecorder {
    async fn append(&self, record: Record) {
        worker::console_log!("{}", line(&record));
    }
}

fn line(record: &Record) -> serde_json::Value {
    let attempts: Vec<_> = record
        .attempts
        .iter()
        .map(|attempt| {
            json!({
                "channel": attempt.channel.as_str(),
                "key": attempt.key.as_str(),
                "class": format!("{:?}", attempt.class),
                "status": attempt.status.map(|status| status.as_u16()),
            })
        })
        .collect();
    json!({
        "request": record.id,
        "protocol": record.protocol.as_str(),
        "clientKey": record.client_key.as_str(),
        "model": record.model,
        "stream": record.stream,
        "status": record.status.as_u16(),
        "firstContentMs": record.first_content.map(millis),
        "durationMs": millis(record.duration),
        "inputTokens": record.usage.and_then(|usage| usage.input),
        "outputTokens": record.usage.and_then(|usage| usage.output),
        "attempts": attempts,
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
