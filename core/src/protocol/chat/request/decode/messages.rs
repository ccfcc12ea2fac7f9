//! `messages` to items.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::parts::{blocks, cache};
use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{
    Audio, Block, CallKind, Item, Message, Raw, Reasoning, ResultContent, Role, SealKind, Sealed, Source,
    ToolCall, ToolResult,
};
use crate::protocol::chat::wire::detail::Detail;
use crate::protocol::chat::wire::fields::{Fields, Wrong, read};

pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Vec<Item>, Wrong> {
    let mut messages = Messages::default();
    fields.each("messages", |position, message| messages.message(position, Fields::of(message)?))?;
    Ok(messages.items)
}

#[derive(Default)]
struct Messages {
    items: Vec<Item>,
    /// Where the latest call of an id, and of a name, stands in the items.
    by_id: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
}

impl Messages {
    fn message(&mut self, position: usize, mut fields: Fields<'_>) -> Result<(), Wrong> {
        match fields.need("role")?.as_str() {
            "system" => self.said(Role::System, fields),
            "developer" => self.said(Role::Developer, fields),
            "user" => self.said(Role::User, fields),
            "assistant" => self.assistant(position, fields),
            "tool" => {
                let call_id = fields.need("tool_call_id")?;
                self.result(call_id, fields)
            }
            "function" => {
                let name = fields.need("name")?;
                let call_id = self.latest_call(&name).unwrap_or_else(|| name.clone());
                self.result(call_id, fields)?;
                if let Some(Item::ToolResult(result)) = self.items.last_mut() {
                    result.name = Some(name);
                }
                Ok(())
            }
            other => Err(Wrong::new(format!("unknown role `{other}`"))),
        }
    }

    fn said(&mut self, role: Role, mut fields: Fields<'_>) -> Result<(), Wrong> {
        let blocks = content(&mut fields, role)?;
        let name = fields.text("name")?;
        self.items.push(Item::Message(Message { name, ext: fields.rest(), ..Message::new(role, blocks) }));
        Ok(())
    }

    fn assistant(&mut self, position: usize, mut fields: Fields<'_>) -> Result<(), Wrong> {
        self.reasoning(&mut fields)?;
        let mut blocks = content(&mut fields, Role::Assistant)?;
        if let Some(refusal) = fields.text("refusal")?.filter(|refusal| !refusal.is_empty()) {
            blocks.push(Block::Refusal(refusal));
        }
        if let Some(mut audio) = fields.object("audio")?
            && let Some(id) = audio.text("id")?
        {
            let source = Source::FileId { id: id.clone(), owner: Protocol::Chat };
            blocks.push(Block::Audio(Audio { source, transcript: None, id: Some(id) }));
        }
        let mut calls = fields.each("tool_calls", |nth, call| {
            decode_call(Fields::of(call)?, || format!("call_{position}_{nth}"))
        })?;
        if let Some(mut function) = fields.object("function_call")? {
            let name = function.need("name").map_err(|wrong| wrong.at("function_call"))?;
            calls.push(ToolCall::function(format!("call_{position}"), name, arguments(&mut function)?));
        }
        let name = fields.text("name")?;
        let ext = fields.rest();
        if !blocks.is_empty() {
            self.items.push(Item::Message(Message { name, ext, ..Message::new(Role::Assistant, blocks) }));
        }
        for call in calls {
            self.by_id.insert(call.id.clone(), self.items.len());
            self.by_name.insert(call.name.clone(), self.items.len());
            self.items.push(Item::ToolCall(call));
        }
        Ok(())
    }

    /// Imitators send earlier thinking back in one of three fields.
    fn reasoning(&mut self, fields: &mut Fields<'_>) -> Result<(), Wrong> {
        let content = fields.text("reasoning_content")?;
        let plain = match fields.raw("reasoning") {
            Some(raw) if raw.get().starts_with('"') => read(raw)?,
            _ => None,
        };
        let details = fields.kept("reasoning_details").filter(|details| details.get().starts_with("[{"));
        let text = content.or(plain).filter(|text: &String| !text.is_empty());
        let text = text.or_else(|| details.as_ref().and_then(shown));
        if text.is_some() || details.is_some() {
            let sealed =
                details.map(|details| Sealed { kind: SealKind::Details, data: details.get().to_owned() });
            self.items.push(Item::Reasoning(Reasoning { text, sealed, ..Reasoning::default() }));
        }
        Ok(())
    }

    fn result(&mut self, call_id: String, mut fields: Fields<'_>) -> Result<(), Wrong> {
        let content = match fields.raw("content") {
            None => ResultContent::Text(String::new()),
            Some(raw) if raw.get().starts_with('"') => ResultContent::Text(read(raw)?),
            Some(raw) => match blocks(raw, Role::User).map_err(|wrong| wrong.at("content")) {
                Ok(blocks) => ResultContent::Blocks(blocks),
                Err(wrong) => json(raw).ok_or(wrong)?,
            },
        };
        let name = fields.text("name")?;
        let cache = cache(&mut fields)?;
        let kind = self.call(&call_id).map_or(CallKind::Function, |call| call.kind.clone());
        let result = ToolResult { name, cache, kind, ..ToolResult::function(call_id, content) };
        self.items.push(Item::ToolResult(ToolResult { ext: fields.rest(), ..result }));
        Ok(())
    }

    fn call(&self, id: &str) -> Option<&ToolCall> {
        self.call_at(*self.by_id.get(id)?)
    }

    /// Legacy function messages name the function only.
    fn latest_call(&self, name: &str) -> Option<String> {
        self.call_at(*self.by_name.get(name)?).map(|call| call.id.clone())
    }

    fn call_at(&self, position: usize) -> Option<&ToolCall> {
        match self.items.get(position)? {
            Item::ToolCall(call) => Some(call),
            _ => None,
        }
    }
}

/// Empty text is no content.
fn content(fields: &mut Fields<'_>, role: Role) -> Result<Vec<Block>, Wrong> {
    let Some(raw) = fields.raw("content") else { return Ok(Vec::new()) };
    let mut blocks = blocks(raw, role).map_err(|wrong| wrong.at("content"))?;
    if role == Role::Assistant {
        blocks.retain(|block| !matches!(block, Block::Text(text) if text.text.is_empty()));
    }
    Ok(blocks)
}

fn shown(details: &Raw) -> Option<String> {
    let details: Vec<Detail<'_>> = json::from_str(details.get()).ok()?;
    let text: String = details.iter().map(Detail::shown).collect();
    (!text.is_empty()).then_some(text)
}

/// Some clients put an object where the result's text belongs.
fn json(raw: &RawValue) -> Option<ResultContent> {
    raw.get().starts_with('{').then(|| Raw::parse(raw.get()).ok().map(ResultContent::Json))?
}

fn decode_call(mut fields: Fields<'_>, mint: impl FnOnce() -> String) -> Result<ToolCall, Wrong> {
    let id = fields.text("id")?.filter(|id| !id.is_empty()).unwrap_or_else(mint);
    fields.raw("type");
    fields.raw("index");
    let mut call = if let Some(mut custom) = fields.object("custom")? {
        let name = custom.need("name").map_err(|wrong| wrong.at("custom"))?;
        let input = custom.text("input")?.unwrap_or_default();
        ToolCall { kind: CallKind::Custom, ..ToolCall::function(id, name, input) }
    } else {
        let mut function = fields.object("function")?.ok_or_else(|| Wrong::missing("function"))?;
        let name = function.need("name").map_err(|wrong| wrong.at("function"))?;
        ToolCall::function(id, name, arguments(&mut function)?)
    };
    call.sealed = thought_signature(&mut fields)?;
    call.ext = fields.rest();
    Ok(call)
}

fn arguments(function: &mut Fields<'_>) -> Result<String, Wrong> {
    match function.raw("arguments") {
        None => Ok(String::new()),
        Some(raw) if raw.get().starts_with('"') => read(raw),
        Some(raw) => Ok(raw.get().to_owned()),
    }
}

/// Google's OpenAI endpoint signs calls in a field of its own.
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
fn thought_signature(fields: &mut Fields<'_>) -> Result<Option<Sealed>, Wrong> {
    let extra: Option<Value> = fields.take("extra_content")?;
    let signature = extra.as_ref().and_then(|extra| extra.pointer("/google/thought_signature"));
    let data = signature.and_then(Value::as_str);
    Ok(data.map(|data| Sealed { kind: SealKind::Thought, data: data.to_owned() }))
}
