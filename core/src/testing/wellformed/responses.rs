//! Streams of OpenAI Responses. <https://platform.openai.com/docs/api-reference/responses-streaming>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Event, Leeway, count, must, text};

/// Where a stream is.
struct State {
    leeway: Leeway,
    /// By output index.
    items: BTreeMap<u64, Item>,
    /// A terminal event came.
    ended: bool,
}

/// An output item while it comes.
struct Item {
    id: String,
    kind: String,
    /// As it opened.
    added: Value,
    /// Texts by the field of the item that holds them and their place in it.
    parts: BTreeMap<(&'static str, u64), Part>,
    done: Option<Value>,
}

#[derive(Default)]
struct Part {
    text: String,
    /// `*.done` told the whole text.
    told: bool,
    closed: bool,
}

pub(super) fn check(events: &[Event], leeway: Leeway) -> Result<(), String> {
    let mut state = State { leeway, items: BTreeMap::new(), ended: false };
    for (number, event) in (0..).zip(events) {
        let kind = event.kind()?;
        must(!state.ended, || format!("`{kind}` after the end"))?;
        must(count(&event.data, "sequence_number")? == number, || {
            format!("event {number} is numbered otherwise: {}", event.text)
        })?;
        match number {
            0 => must(matches!(kind, "response.created" | "error" | "response.failed"), || {
                format!("starts with `{kind}`")
            })?,
            _ => must(kind != "response.created", || "a second `response.created`".into())?,
        }
        state.take(kind, &event.data)?;
    }
    must(state.ended, || "no end".into())
}

impl State {
    fn take(&mut self, kind: &str, data: &Value) -> Result<(), String> {
        match kind {
            "response.created" | "response.in_progress" => {
                must(data["response"]["status"] == "in_progress", || format!("status in `{kind}`"))?;
                must(!text(&data["response"], "id")?.is_empty(), || "an empty id".into())
            }
            "error" => {
                self.ended = true;
                text(data, "message").map(drop)
            }
            "response.failed" => {
                self.ended = true;
                must(data["response"]["status"] == "failed", || "status of a failure".into())?;
                text(&data["response"]["error"], "message").map(drop)
            }
            "response.completed" | "response.incomplete" => self.end(kind, &data["response"]),
            "response.output_item.added" => self.add(data),
            "response.output_item.done" => self.done(data),
            _ => self.step(kind, data),
        }
    }

    fn add(&mut self, data: &Value) -> Result<(), String> {
        let index = count(data, "output_index")?;
        must(index == self.items.len() as u64, || format!("item {} has index {index}", self.items.len()))?;
        let (id, kind) = match (text(&data["item"], "id"), text(&data["item"], "type")) {
            (Ok(id), Ok(kind)) => (id, kind),
            _ if self.leeway >= Leeway::Pieces => ("", ""),
            (id, kind) => (id?, kind?),
        };
        let new = !id.is_empty() && self.items.values().all(|item| item.id != id);
        must(new || self.leeway >= Leeway::Pieces, || format!("item id `{id}`"))?;
        let added = data["item"].clone();
        let item = Item { id: id.into(), kind: kind.into(), added, parts: BTreeMap::new(), done: None };
        self.items.insert(index, item);
        Ok(())
    }

    fn open(&mut self, data: &Value) -> Result<&mut Item, String> {
        let index = count(data, "output_index")?;
        let item = self.items.get_mut(&index).filter(|item| item.done.is_none());
        item.ok_or_else(|| format!("item {index} is not open: {data}"))
    }

    fn done(&mut self, data: &Value) -> Result<(), String> {
        let leeway = self.leeway;
        let item = self.open(data)?;
        let told = &data["item"];
        let whole = leeway >= Leeway::Pieces && item.added == *told;
        if !whole {
            must(told["id"] == item.id.as_str(), || format!("id of {told}"))?;
            must(told["type"] == item.kind.as_str(), || format!("type of {told}"))?;
            item.check_whole(told)?;
        }
        item.done = Some(told.clone());
        Ok(())
    }

    fn end(&mut self, kind: &str, response: &Value) -> Result<(), String> {
        self.ended = true;
        must(kind.strip_prefix("response.") == response["status"].as_str(), || {
            format!("status in `{kind}`")
        })?;
        let told: Option<Vec<_>> = self.items.values().map(|item| item.done.clone()).collect();
        let told = told.ok_or("an item is not done")?;
        must(response["output"] == Value::Array(told), || {
            format!("`output` is not what came: {}", response["output"])
        })?;
        if kind == "response.incomplete" {
            text(&response["incomplete_details"], "reason")?;
        }
        let usage = &response["usage"];
        if usage.is_null() {
            return Ok(());
        }
        let sum = count(usage, "input_tokens")?.saturating_add(count(usage, "output_tokens")?);
        must(count(usage, "total_tokens")? == sum, || format!("a total that is none: {usage}"))
    }

    /// An event within an item.
    fn step(&mut self, kind: &str, data: &Value) -> Result<(), String> {
        let item = self.open(data)?;
        must(data["item_id"] == item.id.as_str(), || format!("item id of {data}"))?;
        let (what, step) = kind.rsplit_once('.').ok_or("an event of no kind")?;
        let what = what.strip_prefix("response.").unwrap_or(what);
        let Some((owner, field, place)) = place(what, data)? else { return Ok(()) };
        must(owner.contains(&item.kind.as_str()), || format!("`{kind}` in a `{}`", item.kind))?;
        let part = match (item.parts.get_mut(&(field, place)), field) {
            (Some(part), _) => part,
            (None, "arguments" | "input") => item.parts.entry((field, place)).or_default(),
            (None, _) => {
                must(step == "added" && what.ends_with("_part"), || {
                    format!("`{kind}` for a part that is not open")
                })?;
                must(item.parts.keys().filter(|key| key.0 == field).count() as u64 == place, || {
                    format!("part {place}")
                })?;
                item.parts.insert((field, place), Part::default());
                return must(part_text(&data["part"]) == Some(""), || {
                    format!("a part opens with text: {data}")
                });
            }
        };
        match step {
            "delta" => {
                must(!part.told, || format!("a delta after the whole: {data}"))?;
                part.text.push_str(text(data, "delta")?);
                Ok(())
            }
            "done" if what.ends_with("_part") => {
                part.closed = true;
                must(part.told, || format!("a part closes untold: {data}"))?;
                must(part_text(&data["part"]) == Some(&part.text), || format!("not what came: {data}"))
            }
            "done" => {
                part.told = true;
                let whole = ["text", "refusal", "arguments", "input"]
                    .into_iter()
                    .find_map(|name| data[name].as_str());
                must(whole == Some(&part.text), || format!("not what came: {data}"))
            }
            "added" if what.ends_with("annotation") => Ok(()),
            _ => Err(format!("`{kind}` out of place")),
        }
    }
}

impl Item {
    /// Whether the whole item repeats what came in pieces.
    fn check_whole(&self, told: &Value) -> Result<(), String> {
        let closed = |(key, part): (&(&str, u64), &Part)| {
            part.told && (part.closed || matches!(key.0, "arguments" | "input"))
        };
        must(self.parts.iter().all(closed), || format!("a part of {} is open", self.id))?;
        match self.kind.as_str() {
            "message" => self.check_list("content", told),
            "reasoning" => self.check_list("content", told).and_then(|()| self.check_list("summary", told)),
            "function_call" => self.check_text("arguments", told),
            "custom_tool_call" => self.check_text("input", told),
            _ => Ok(()),
        }
    }

    fn check_list(&self, field: &str, told: &Value) -> Result<(), String> {
        let came =
            self.parts.iter().filter(|(key, _)| key.0 == field).map(|(_, part)| Some(part.text.as_str()));
        let told = told[field].as_array().into_iter().flatten().map(part_text);
        must(came.eq(told), || format!("`{field}` of {} is not what came", self.id))
    }

    fn check_text(&self, field: &'static str, told: &Value) -> Result<(), String> {
        let came = self.parts.get(&(field, 0)).ok_or_else(|| format!("no `{field}` came for {}", self.id))?;
        must(told[field] == came.text.as_str(), || format!("`{field}` of {} is not what came", self.id))?;
        must(!text(told, "call_id")?.is_empty(), || "an empty call id".into())
    }
}

/// Which items have such events, and which field and place of theirs the events tell.
type Place = Option<(&'static [&'static str], &'static str, u64)>;

fn place(what: &str, data: &Value) -> Result<Place, String> {
    Ok(Some(match what {
        "content_part" => (&["message", "reasoning"], "content", count(data, "content_index")?),
        "output_text" | "refusal" | "output_text.annotation" => {
            (&["message"], "content", count(data, "content_index")?)
        }
        "reasoning_text" => (&["reasoning"], "content", count(data, "content_index")?),
        "reasoning_summary_part" | "reasoning_summary_text" => {
            (&["reasoning"], "summary", count(data, "summary_index")?)
        }
        "function_call_arguments" => (&["function_call"], "arguments", 0),
        "custom_tool_call_input" => (&["custom_tool_call"], "input", 0),
        _ => return Ok(None),
    }))
}

fn part_text(part: &Value) -> Option<&str> {
    part["text"].as_str().or_else(|| part["refusal"].as_str())
}
