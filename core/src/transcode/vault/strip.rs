//! For an upstream of the client's own protocol: blobs are taken out of the body, or become what they hold.

use bytes::Bytes;
use memchr::memmem;
use serde_json::{Value, json};

use super::blob::{self, Content, TRACE};
use super::{Issuer, Vault, open};
use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{SealKind, Sealed};

/// What becomes of a value.
enum Change {
    Keep,
    Replace(Vec<u8>),
    Drop,
}

impl Vault {
    /// `body`, a request in `protocol`, without blobs: `issuer`, the upstream to be asked, gets back what it
    /// sealed itself, and others see no trace of it. `None`: there is nothing to do.
    pub fn strip(
        &self,
        protocol: Protocol,
        body: &Bytes,
        client_key: &str,
        issuer: Issuer<'_>,
    ) -> Option<Bytes> {
        memmem::find(body, TRACE)?;
        let strip = Strip { vault: self, client_key, issuer };
        let change = match protocol {
            Protocol::Messages => within(body, "messages", &|message| strip.messages_turn(message)),
            Protocol::Chat => within(body, "messages", &|message| strip.chat_message(message)),
            Protocol::Responses => within(body, "input", &|item| strip.responses_item(item)),
            Protocol::Gemini => {
                within(body, "contents", &|content| within(content, "parts", &|part| strip.gemini_part(part)))
            }
            Protocol::Images | Protocol::Embeddings => Change::Keep,
        };
        match change {
            Change::Replace(body) => Some(body.into()),
            Change::Keep | Change::Drop => None,
        }
    }
}

struct Strip<'s> {
    vault: &'s Vault,
    client_key: &'s str,
    issuer: Issuer<'s>,
}

impl Strip<'_> {
    fn messages_turn(&self, message: &[u8]) -> Change {
        let change = within(message, "content", &|block| self.messages_block(block));
        match change {
            // A turn of nothing but thinking is none any more.
            Change::Replace(turn) if field(&turn, "content") == Some(b"[]") => Change::Drop,
            other => other,
        }
    }

    fn messages_block(&self, block: &[u8]) -> Change {
        let slots = [("signature", SealKind::Signature), ("data", SealKind::Redacted)];
        for (slot, kind) in slots {
            let Some(blob) = string(block, slot).filter(|text| blob::is_blob(text)) else { continue };
            let Some(own) = self.reasoning(&blob).and_then(|thought| of_kind(thought.seal?.into(), kind))
            else {
                return Change::Drop;
            };
            return members(block, &|key, _| if key == slot { text(&own) } else { Change::Keep });
        }
        members(block, &|key, value| match key {
            "id" | "tool_use_id" => cut(value),
            _ => Change::Keep,
        })
    }

    fn chat_message(&self, message: &[u8]) -> Change {
        members(message, &|key, value| match key {
            "tool_call_id" => cut(value),
            "tool_calls" => elements(value, &|call| {
                members(call, &|key, value| if key == "id" { cut(value) } else { Change::Keep })
            }),
            _ => Change::Keep,
        })
    }

    fn responses_item(&self, item: &[u8]) -> Change {
        let Some(blob) = string(item, "encrypted_content").filter(|text| blob::is_blob(text)) else {
            return members(item, &|key, value| if key == "call_id" { cut(value) } else { Change::Keep });
        };
        let restored = if string(item, "type").as_deref() == Some("reasoning") {
            self.reasoning(&blob).and_then(responses_reasoning)
        } else {
            self.vault.unseal(&blob, self.client_key).and_then(|content| self.responses_compaction(content))
        };
        restored.map_or(Change::Drop, |item| Change::Replace(item.to_string().into_bytes()))
    }

    fn responses_compaction(&self, content: Content) -> Option<Value> {
        let own = content.own.clone().filter(|_| content.is_of(self.issuer));
        if let Some(own) = own.and_then(|own| of_kind(own.into(), SealKind::Encrypted)) {
            let mut item = json!({"type": "compaction", "encrypted_content": own});
            with_id(&mut item, content.id);
            return Some(item);
        }
        let text = open::told(&content.summary?);
        Some(json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}))
    }

    fn gemini_part(&self, part: &[u8]) -> Change {
        members(part, &|key, value| match key {
            "thoughtSignature" | "thought_signature" => {
                let Some(blob) = json::string(value).filter(|text| blob::is_blob(text)) else {
                    return Change::Keep;
                };
                let content = self.vault.unseal(&blob, self.client_key);
                let own =
                    content.filter(|content| content.is_of(self.issuer)).and_then(|content| content.own);
                own.and_then(|own| of_kind(own.into(), SealKind::Thought))
                    .map_or(Change::Drop, |own| text(&own))
            }
            "functionCall" | "function_call" | "functionResponse" | "function_response" => {
                members(value, &|key, value| if key == "id" { cut(value) } else { Change::Keep })
            }
            _ => Change::Keep,
        })
    }

    /// The reasoning in a blob, if the issuer gets it back.
    fn reasoning(&self, blob: &str) -> Option<blob::Thought> {
        let content = self.vault.unseal(blob, self.client_key)?;
        content.is_of(self.issuer).then_some(content.reasoning.into_iter().next()?)
    }
}

/// <https://developers.openai.com/api/docs/guides/reasoning#encrypted-reasoning-items>
fn responses_reasoning(thought: blob::Thought) -> Option<Value> {
    let own = of_kind(thought.seal?.into(), SealKind::Encrypted)?;
    let summary = thought.summary.iter().map(|text| json!({"type": "summary_text", "text": text}));
    let summary = summary.collect::<Vec<_>>();
    let mut item = json!({"type": "reasoning", "summary": summary, "encrypted_content": own});
    with_id(&mut item, thought.id);
    Some(item)
}

fn with_id(item: &mut Value, id: Option<String>) {
    if let (Some(item), Some(id)) = (item.as_object_mut(), id) {
        item.insert("id".to_owned(), id.into());
    }
}

fn of_kind(sealed: Sealed, kind: SealKind) -> Option<String> {
    (sealed.kind == kind).then_some(sealed.data)
}

/// Cuts a blob off an id.
fn cut(value: &[u8]) -> Change {
    let Some(id) = json::string(value) else { return Change::Keep };
    match blob::split_id(&id) {
        (own, Some(_)) => text(own),
        (_, None) => Change::Keep,
    }
}

fn text(text: &str) -> Change {
    Change::Replace(Value::from(text).to_string().into_bytes())
}

fn field<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    json::fields(object)
        .filter_map(Result::ok)
        .find(|field| json::key_is(field.key, name))
        .map(|field| field.value)
}

fn string(object: &[u8], name: &str) -> Option<String> {
    Some(json::string(field(object, name)?)?.into_owned())
}

/// Changes the elements of one member of `object`.
fn within(object: &[u8], name: &str, change: &dyn Fn(&[u8]) -> Change) -> Change {
    members(object, &|key, value| if key == name { elements(value, change) } else { Change::Keep })
}

/// Changes an object's members. What is not JSON stays as it is.
fn members(object: &[u8], change: &dyn Fn(&str, &[u8]) -> Change) -> Change {
    let mut out = vec![b'{'];
    let mut changed = false;
    for field in json::fields(object) {
        let Ok(field) = field else { return Change::Keep };
        let key = std::str::from_utf8(field.key).unwrap_or_default();
        let replaced = change(key, field.value);
        changed |= !matches!(replaced, Change::Keep);
        let value = match &replaced {
            Change::Keep => field.value,
            Change::Replace(value) => value,
            Change::Drop => continue,
        };
        if out.len() > 1 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(field.key);
        out.extend_from_slice(b"\":");
        out.extend_from_slice(value);
    }
    out.push(b'}');
    if changed { Change::Replace(out) } else { Change::Keep }
}

/// Changes an array's elements.
fn elements(array: &[u8], change: &dyn Fn(&[u8]) -> Change) -> Change {
    let mut out = vec![b'['];
    let mut changed = false;
    for element in json::elements(array) {
        let Ok(element) = element else { return Change::Keep };
        let replaced = change(element.value);
        changed |= !matches!(replaced, Change::Keep);
        let value = match &replaced {
            Change::Keep => element.value,
            Change::Replace(value) => value,
            Change::Drop => continue,
        };
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(value);
    }
    out.push(b']');
    if changed { Change::Replace(out) } else { Change::Keep }
}
