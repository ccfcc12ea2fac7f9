//! What of an upstream's message is kept.
//!
//! Vendors quote the request and the key they refuse. What is quoted at length, and every long word, is left out.

/// Longest excerpt, in bytes.
const LONGEST: usize = 400;
/// A quotation of more bytes may be of a prompt; names of fields and models are shorter.
const QUOTED: usize = 48;
/// A word of more bytes may be a key, or a part of a file.
const WORD: usize = 32;

/// As much of `message` as tells what went wrong, and neither what was asked nor with which key.
pub(super) fn excerpt(message: &str) -> String {
    let mut kept = String::new();
    let mut rest = message.trim();
    while let Some(first) = rest.chars().next() {
        if kept.len() >= LONGEST {
            kept.push('…');
            break;
        }
        let part = match quotation(rest) {
            Some(quoted) => quoted,
            None => word(rest),
        };
        let limit = if matches!(first, '"' | '\'' | '`' | '“') { QUOTED } else { WORD };
        if part.len() > limit {
            kept.push('…');
        } else {
            kept.push_str(part);
        }
        rest = rest.get(part.len()..).unwrap_or_default();
    }
    kept
}

/// The quotation at the beginning of `text`, with its marks; one that is not closed reaches to the end.
fn quotation(text: &str) -> Option<&str> {
    let mut characters = text.char_indices();
    let close = match characters.next()?.1 {
        mark @ ('"' | '`' | '\'') => mark,
        '“' => '”',
        _ => return None,
    };
    let end = characters.find(|(_, character)| *character == close).map(|(at, _)| at + close.len_utf8());
    text.get(..end.unwrap_or(text.len()))
}

/// The blank at the beginning of `text`, or all up to the next blank or quotation. An apostrophe begins none.
fn word(text: &str) -> &str {
    let mut before = None;
    for (at, character) in text.char_indices() {
        let quotes = match character {
            '"' | '`' | '“' => true,
            '\'' => before.is_some_and(|before: char| !before.is_alphanumeric()),
            _ => false,
        };
        if at > 0 && (quotes || character.is_whitespace() || before.is_some_and(char::is_whitespace)) {
            return text.get(..at).unwrap_or(text);
        }
        before = Some(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_kept_and_what_was_quoted_is_not() {
        let prompt = "please write the story of a lighthouse keeper who lost his lamp";
        let key = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";
        for (message, expected) in [
            ("Rate limit reached for gpt-5 in org", "Rate limit reached for gpt-5 in org".to_owned()),
            ("model: 'gpt-9' isn't known", "model: 'gpt-9' isn't known".to_owned()),
            (&format!("Incorrect API key provided: {key}."), "Incorrect API key provided: …".to_owned()),
            (&format!("invalid value \"{prompt}\" for input"), "invalid value … for input".to_owned()),
            (&format!("invalid value '{prompt}"), "invalid value …".to_owned()),
            (&format!("blocked: “{prompt}”."), "blocked: ….".to_owned()),
            (&format!("unreadable ('{prompt}')"), "unreadable (…)".to_owned()),
            ("the user's key isn't the users' own", "the user's key isn't the users' own".to_owned()),
            ("", String::new()),
        ] {
            assert_eq!(excerpt(message), expected, "{message}");
        }
    }

    #[test]
    fn an_excerpt_is_short_whatever_the_message() {
        for message in ["a ".repeat(9000), "ä".repeat(9000), "\"".repeat(9000), "'ä ".repeat(9000)] {
            assert!(excerpt(&message).len() <= LONGEST + QUOTED + 3);
        }
    }
}
