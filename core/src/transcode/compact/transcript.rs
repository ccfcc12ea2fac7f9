//! A conversation as text, within bounds.

use crate::ir::{Block, Item, ResultContent, Role};

/// The whole, in bytes: about a hundred thousand tokens.
const MAX_TRANSCRIPT: usize = 400_000;

/// Of that, what the beginning of the conversation may take; the rest is for its end.
const MAX_BEGINNING: usize = 80_000;

/// One message.
const MAX_MESSAGE: usize = 20_000;

/// What a system message, a call or a tool said.
const MAX_DETAIL: usize = 4_000;

/// The conversation, its middle left out if it is too long.
pub(super) fn of(items: &[Item]) -> String {
    let entries: Vec<String> = items.iter().filter_map(entry).collect();
    let fits = |limit: usize| {
        let mut used = 0;
        move |entry: &&String| {
            used += entry.len();
            used <= limit
        }
    };
    let beginning = entries.iter().take_while(fits(MAX_BEGINNING)).count();
    let rest = entries.get(beginning..).unwrap_or_default();
    let end = rest.iter().rev().take_while(fits(MAX_TRANSCRIPT - MAX_BEGINNING)).count();
    let (left_out, end) = rest.split_at_checked(rest.len() - end).unwrap_or_default();
    let mut transcript: String = entries.iter().take(beginning).map(String::as_str).collect();
    if !left_out.is_empty() {
        transcript.push_str(&format!("[{} entries left out]\n\n", left_out.len()));
    }
    transcript.extend(end.iter().map(String::as_str));
    transcript
}

fn entry(item: &Item) -> Option<String> {
    let (head, text, limit) = match item {
        Item::Message(message) => {
            let (who, limit) = match message.role {
                Role::System | Role::Developer => ("system", MAX_DETAIL),
                Role::User => ("user", MAX_MESSAGE),
                Role::Assistant => ("assistant", MAX_MESSAGE),
            };
            (who.to_owned(), words(&message.blocks), limit)
        }
        Item::ToolCall(call) => {
            let name = call.namespace.as_ref().map(|namespace| format!("{namespace}.{}", call.name));
            let name = name.unwrap_or_else(|| call.name.clone());
            (format!("assistant calls {name}"), call.arguments.clone(), MAX_DETAIL)
        }
        Item::ToolResult(result) => {
            let text = match &result.content {
                ResultContent::Text(text) => text.clone(),
                ResultContent::Blocks(blocks) => words(blocks),
                ResultContent::Json(raw) => raw.get().to_owned(),
            };
            let head = if result.is_error == Some(true) { "tool fails" } else { "tool returns" };
            (head.to_owned(), text, MAX_DETAIL)
        }
        Item::Compaction(compaction) => {
            ("summary of what came before".to_owned(), compaction.summary.clone()?, MAX_MESSAGE)
        }
        Item::Reasoning(_) | Item::Opaque(_) => return None,
    };
    Some(format!("[{head}]\n{}\n\n", cut(&text, limit)))
}

fn words(blocks: &[Block]) -> String {
    let words: Vec<&str> = blocks
        .iter()
        .map(|block| match block {
            Block::Text(text) => text.text.as_str(),
            Block::Refusal(text) => text,
            Block::Image(_) => "(an image)",
            Block::File(_) => "(a file)",
            Block::Audio(audio) => audio.transcript.as_deref().unwrap_or("(audio)"),
            Block::Video(_) => "(a video)",
            Block::Opaque(_) => "",
        })
        .filter(|words| !words.is_empty())
        .collect();
    words.join("\n")
}

/// The beginning and the end of `text`, at most about `limit` bytes.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let head = text.floor_char_boundary(limit / 2);
    let tail = text.ceil_char_boundary(text.len() - limit / 2);
    let of = |range: Option<&str>| range.unwrap_or_default().to_owned();
    format!("{} … {}", of(text.get(..head)), of(text.get(tail..)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Message;

    #[test]
    fn a_long_conversation_keeps_its_ends_and_its_bounds() {
        let message = |text: String| Item::Message(Message::new(Role::User, vec![Block::text(text)]));
        let items: Vec<Item> = (0..100).map(|n| message(format!("<{n}>{}", "é".repeat(6_000)))).collect();
        let transcript = of(&items);
        assert!(transcript.len() < MAX_TRANSCRIPT + 100 && transcript.len() > MAX_TRANSCRIPT / 2);
        assert!(transcript.starts_with("[user]\n<0>") && transcript.contains("<99>"));
        assert!(transcript.contains("entries left out]") && !transcript.contains("<30>"));
        let huge = of(&[message("é".repeat(1_000_000))]);
        assert!(huge.len() < MAX_MESSAGE + 100, "{}", huge.len());
    }
}
