//! A conversation: contents to items.

use super::{media, results};
use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{Block, Ext, Item, Message, Opaque, Reasoning, Role, SealKind, Sealed, Text, ToolCall};
use crate::protocol::convert::Invalid;
use crate::protocol::gemini::wire::object::{self, Object};

pub(super) fn decode(json: &str) -> Result<Vec<Item>, Invalid> {
    decode_at(json, "contents")
}

/// Reads contents, or a single one, or just its text.
pub(super) fn decode_at(json: &str, at: &str) -> Result<Vec<Item>, Invalid> {
    if json.starts_with('"') {
        let text =
            json::string(json.as_bytes()).ok_or_else(|| Invalid(format!("{at}: not a valid string")))?;
        return Ok(vec![Item::Message(Message::new(Role::User, vec![Block::text(text)]))]);
    }
    let mut conversation = Conversation::default();
    for content in object::objects(json, at)? {
        conversation.content(content)?;
    }
    Ok(conversation.items)
}

#[derive(Default)]
struct Conversation {
    items: Vec<Item>,
    calls: results::Calls,
    /// Of the content read last.
    role: Option<Role>,
    /// Whether the last item may go on with the next part.
    open: bool,
}

impl Conversation {
    fn content(&mut self, mut content: Object<'_>) -> Result<(), Invalid> {
        let role = match content.text("role")?.as_deref() {
            Some("model" | "assistant") => Role::Assistant,
            Some("system") => Role::System,
            _ => Role::User,
        };
        // Clients keep each chunk of a streamed answer as a content of its own.
        self.open &= role == Role::Assistant && self.role == Some(role);
        self.role = Some(role);
        let parts = if content.names().any(|name| name == "parts") {
            content.objects("parts")?
        } else {
            // A part where a content should be.
            vec![content]
        };
        for part in parts {
            match self.part(part, role)? {
                Piece::Block(block, ext) => self.block(role, block, ext),
                Piece::Item(Item::Reasoning(reasoning)) => self.thought(reasoning),
                Piece::Item(item) => {
                    self.open = false;
                    self.items.push(item);
                }
                Piece::Nothing => {}
            }
        }
        Ok(())
    }

    /// Adds to the message that is open, unless one of both has fields of its own.
    fn block(&mut self, role: Role, block: Block, ext: Ext) {
        if let (true, Some(Item::Message(message))) = (self.open, self.items.last_mut())
            && message.ext == ext
        {
            match (message.blocks.last_mut(), block) {
                (Some(Block::Text(said)), Block::Text(more))
                    if role == Role::Assistant && said.sealed.is_none() && more.sealed.is_none() =>
                {
                    said.text.push_str(&more.text);
                }
                (_, block) => message.blocks.push(block),
            }
            return;
        }
        self.items.push(Item::Message(Message { ext, ..Message::new(role, vec![block]) }));
        self.open = true;
    }

    /// A thought that comes in pieces is signed with the last one, if it is.
    fn thought(&mut self, reasoning: Reasoning) {
        match self.items.last_mut() {
            Some(Item::Reasoning(known)) if self.open && known.sealed.is_none() => {
                if let Some(more) = reasoning.text {
                    known.text.get_or_insert_default().push_str(&more);
                }
                known.sealed = reasoning.sealed;
            }
            _ => self.items.push(Item::Reasoning(reasoning)),
        }
        self.open = true;
    }

    fn part(&mut self, mut part: Object<'_>, role: Role) -> Result<Piece, Invalid> {
        part.one_of(&DATA)?;
        let sealed = part
            .text("thoughtSignature")?
            .filter(|data| !data.is_empty())
            .map(|data| Sealed { kind: SealKind::Thought, data });
        let thought = part.parse::<bool>("thought", "a boolean")?.unwrap_or(false);
        if let Some(call) = part.object("functionCall")? {
            return Ok(Piece::Item(Item::ToolCall(self.call(call, sealed)?)));
        }
        if let Some(response) = part.object("functionResponse")? {
            return Ok(Piece::Item(Item::ToolResult(results::decode(response, &mut self.calls)?)));
        }
        if let Some(block) = media::decode(&mut part)? {
            return Ok(Piece::block(block, part));
        }
        match part.text("text")? {
            Some(text) if thought => {
                let text = (!text.is_empty() || sealed.is_none()).then_some(text);
                Ok(Piece::Item(Item::Reasoning(Reasoning { text, sealed, ..Reasoning::default() })))
            }
            Some(text) if text.is_empty() && sealed.is_none() => Ok(Piece::Nothing),
            Some(text) => Ok(Piece::block(Block::Text(Text { sealed, ..Text::new(text) }), part)),
            None if sealed.is_some() && part.names().next().is_none() => Ok(match thought {
                true => Piece::Item(Item::Reasoning(Reasoning { sealed, ..Reasoning::default() })),
                false => Piece::block(Block::Text(Text { sealed, ..Text::default() }), part),
            }),
            None => opaque(part, sealed, role),
        }
    }

    fn call(&mut self, mut call: Object<'_>, sealed: Option<Sealed>) -> Result<ToolCall, Invalid> {
        let Some(name) = call.text("name")? else { return Err(call.invalid("missing `name`")) };
        let arguments = call.take("args").unwrap_or("{}").to_owned();
        let id = self.calls.open(call.text("id")?, &name, &arguments);
        let mut ext = Ext::new();
        call.rest(&mut ext);
        Ok(ToolCall { sealed, ext, ..ToolCall::function(id, name, arguments) })
    }
}

/// The kinds of a part, which exclude each other. <https://ai.google.dev/api/caching#Part>
const DATA: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

enum Piece {
    Block(Block, Ext),
    Item(Item),
    Nothing,
}

impl Piece {
    /// `part` has what nobody took.
    fn block(block: Block, part: Object<'_>) -> Self {
        let mut ext = Ext::new();
        part.rest(&mut ext);
        Self::Block(block, ext)
    }
}

/// Code, its results, what tools of Google said, and whatever may come.
fn opaque(part: Object<'_>, sealed: Option<Sealed>, role: Role) -> Result<Piece, Invalid> {
    let Some(kind) = part.names().next().map(str::to_owned) else { return Ok(Piece::Nothing) };
    let mut raw = Ext::new();
    part.rest(&mut raw);
    if let Some(sealed) = sealed {
        raw.insert("thoughtSignature".into(), sealed.data.into());
    }
    Ok(Piece::Item(Item::Opaque(Opaque {
        owner: Protocol::Gemini,
        role,
        kind,
        raw: serde_json::Value::Object(raw).into(),
    })))
}
