//! What is taken out of what is captured.

use std::sync::Arc;

use crate::config::Channel;
use crate::config::mask::{masked, without_secrets};
use crate::paste::is_secret;

/// Whose secrets may stand in what is captured of a request.
#[derive(Debug, Default)]
pub(super) struct Redaction {
    /// What the client proved itself with.
    pub(super) credential: Option<String>,
    /// Where attempts went.
    pub(super) channels: Vec<Arc<Channel>>,
}

impl Redaction {
    /// `text` without the secrets that took part in the request, and with whatever else looks like a key masked.
    pub(super) fn of(&self, text: &str) -> String {
        let credential = self.credential.as_deref().filter(|credential| !credential.is_empty());
        let text = credential.map_or_else(|| text.to_owned(), |credential| text.replace(credential, "…"));
        let text = self.channels.iter().fold(text, |text, channel| without_secrets(channel, &text));
        without_keys(&text)
    }
}

fn without_keys(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(from) = rest.find(is_part) {
        let (before, tail) = rest.split_at(from);
        let (word, after) = tail.split_at(tail.find(|character| !is_part(character)).unwrap_or(tail.len()));
        kept.push_str(before);
        // In JSON `\nsk-…` is a word that begins with a key after the letter of its escape, `\u000ask-…` likewise.
        let escapes: &[usize] = if before.ends_with('\\') { &[0, 1, 5] } else { &[0] };
        let key = escapes.iter().find_map(|length| {
            let (escape, key) = word.split_at_checked(*length)?;
            is_secret(key).then_some((escape, key))
        });
        match key {
            Some((escape, key)) => {
                kept.push_str(escape);
                kept.push_str(&masked(key));
            }
            None => kept.push_str(word),
        }
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// Whether `character` may stand in a key.
const fn is_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
}
