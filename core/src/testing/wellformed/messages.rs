//! Claude's streams. <https://platform.claude.com/docs/en/build-with-claude/streaming>

use serde_json::{Value, json};

use super::{Event, Leeway, count, must, text};

/// Where a stream is.
struct State {
    leeway: Leeway,
    started: bool,
    blocks: u64,
    /// The type of the block that is open.
    open: Option<String>,
    finished: bool,
    ended: bool,
}

pub(super) fn check(events: &[Event], leeway: Leeway) -> Result<(), String> {
    let mut state = State { leeway, started: false, blocks: 0, open: None, finished: false, ended: false };
    for event in events {
        let kind = event.kind()?;
        must(!state.ended, || format!("`{kind}` after the end"))?;
        state.take(kind, &event.data)?;
    }
    must(state.ended, || "no end".into())
}

impl State {
    fn take(&mut self, kind: &str, data: &Value) -> Result<(), String> {
        match kind {
            "ping" => return Ok(()),
            "error" => {
                text(&data["error"], "type")?;
                text(&data["error"], "message")?;
                self.ended = true;
                return Ok(());
            }
            "message_start" => return self.start(&data["message"]),
            _ => must(self.started, || format!("`{kind}` before `message_start`"))?,
        }
        must(!self.finished || kind == "message_stop", || format!("`{kind}` after `message_delta`"))?;
        match kind {
            "content_block_start" => self.open(data),
            "content_block_delta" => self.delta(data),
            "content_block_stop" => self.close(data),
            "message_delta" => self.finish(data),
            "message_stop" => {
                must(self.finished, || "`message_stop` without `message_delta`".into())?;
                self.ended = true;
                Ok(())
            }
            other => Err(format!("unknown event `{other}`")),
        }
    }

    fn start(&mut self, message: &Value) -> Result<(), String> {
        must(!std::mem::replace(&mut self.started, true), || "a second `message_start`".into())?;
        for (name, expected) in [("type", "message"), ("role", "assistant")] {
            must(message[name] == expected, || format!("`{name}` of {message}"))?;
        }
        must(message["content"] == json!([]), || "`message_start` with content".into())?;
        must(message["stop_reason"].is_null(), || "`message_start` with a stop reason".into())?;
        must(!text(message, "id")?.is_empty(), || "an empty id".into())?;
        text(message, "model")?;
        count(&message["usage"], "input_tokens")?;
        count(&message["usage"], "output_tokens").map(drop)
    }

    fn open(&mut self, data: &Value) -> Result<(), String> {
        must(self.open.is_none(), || "a block opens inside of another".into())?;
        must(count(data, "index")? == self.blocks, || {
            format!("block {} is numbered {}", self.blocks, data["index"])
        })?;
        let block = &data["content_block"];
        let kind = match text(block, "type") {
            Err(_) if self.leeway >= Leeway::Pieces => "",
            kind => kind?,
        };
        match kind {
            "tool_use" | "server_tool_use" if self.leeway >= Leeway::Pieces => {}
            "text" => must(block["text"] == "", || format!("{block} starts with text"))?,
            "thinking" => {
                must(block["thinking"] == "", || format!("{block} starts with thinking"))?;
                text(block, "signature")?;
            }
            "redacted_thinking" => {
                must(!text(block, "data")?.is_empty(), || "empty redacted thinking".into())?
            }
            "tool_use" | "server_tool_use" => {
                let id = text(block, "id")?;
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                let plain = self.leeway >= Leeway::Ids || id.chars().all(plain);
                must(!id.is_empty() && plain, || format!("id `{id}`"))?;
                must(!text(block, "name")?.is_empty(), || "a call without a name".into())?;
                // What a server tool got may be told at once.
                let empty = block["input"] == json!({}) || kind == "server_tool_use";
                must(empty, || format!("{block} starts with input"))?;
            }
            _ => {}
        }
        self.open = Some(kind.into());
        Ok(())
    }

    fn delta(&mut self, data: &Value) -> Result<(), String> {
        let index = count(data, "index")?;
        let Some(open) = self.open.as_deref().filter(|_| index == self.blocks) else {
            return Err(format!("a delta for block {index}, which is not open"));
        };
        let delta = &data["delta"];
        let (fits, field) = match text(delta, "type")? {
            "text_delta" => (open == "text", "text"),
            "citations_delta" => {
                return must(open == "text" && delta["citation"].is_object(), || delta.to_string());
            }
            "thinking_delta" => (open == "thinking", "thinking"),
            "signature_delta" => (open == "thinking", "signature"),
            "input_json_delta" => (open.ends_with("tool_use"), "partial_json"),
            "compaction_delta" => return must(open == "compaction", || delta.to_string()),
            _ => (false, "type"),
        };
        must(fits, || format!("{delta} in a block of `{open}`"))?;
        text(delta, field).map(drop)
    }

    fn close(&mut self, data: &Value) -> Result<(), String> {
        let index = count(data, "index")?;
        must(self.open.take().is_some() && index == self.blocks, || {
            format!("block {index} closes, which is not open")
        })?;
        self.blocks += 1;
        Ok(())
    }

    fn finish(&mut self, data: &Value) -> Result<(), String> {
        must(self.open.is_none(), || "`message_delta` inside of a block".into())?;
        let reason = text(&data["delta"], "stop_reason")?;
        must(REASONS.contains(&reason), || format!("stop reason `{reason}`"))?;
        let sequence = data["delta"].get("stop_sequence").ok_or("no `stop_sequence`")?;
        must(sequence.is_null() || reason == "stop_sequence", || format!("a stop sequence with `{reason}`"))?;
        count(&data["usage"], "output_tokens")?;
        self.finished = true;
        Ok(())
    }
}

const REASONS: [&str; 7] = [
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
];
