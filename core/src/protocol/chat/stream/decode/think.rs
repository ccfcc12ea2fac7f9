//! Thinking that a model writes into its text, between `<think>` and `</think>`.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// White space before the tag that is waited through, in bytes.
const MAX_SPACE: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Thought,
    Text,
}

/// Tells thinking at the very start of a text from the text, however it is cut. Later tags are text.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    stage: Stage,
    /// What may be the beginning of a tag.
    held: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Start,
    /// Right after the opening tag.
    Opened,
    Thinking,
    /// Right after the closing tag.
    Closed,
    Plain,
}

impl Splitter {
    pub(super) fn push(&mut self, text: &str, each: &mut dyn FnMut(Piece, &str)) {
        let mut each = |piece, text: &str| {
            if !text.is_empty() {
                each(piece, text);
            }
        };
        let joined;
        let mut rest = text;
        if !self.held.is_empty() {
            self.held.push_str(text);
            joined = std::mem::take(&mut self.held);
            rest = &joined;
        }
        loop {
            match self.stage {
                Stage::Start => {
                    let trimmed = rest.trim_start();
                    let near = rest.len() - trimmed.len() <= MAX_SPACE;
                    match trimmed.strip_prefix(OPEN).filter(|_| near) {
                        Some(after) => {
                            self.stage = Stage::Opened;
                            rest = after;
                        }
                        None if near && OPEN.starts_with(trimmed) => return self.held.push_str(rest),
                        None => self.stage = Stage::Plain,
                    }
                }
                Stage::Opened | Stage::Closed => {
                    rest = rest.trim_start();
                    if rest.is_empty() {
                        return;
                    }
                    self.stage = if self.stage == Stage::Opened { Stage::Thinking } else { Stage::Plain };
                }
                Stage::Thinking => {
                    let Some((thought, after)) = rest.split_once(CLOSE) else {
                        let (thought, tail) = rest.split_at(rest.len() - open_end(rest));
                        each(Piece::Thought, thought);
                        return self.held.push_str(tail);
                    };
                    each(Piece::Thought, thought);
                    self.stage = Stage::Closed;
                    rest = after;
                }
                Stage::Plain => return each(Piece::Text, rest),
            }
        }
    }

    /// Nothing of what was held comes to be a tag.
    pub(super) fn finish(&mut self, each: &mut dyn FnMut(Piece, &str)) {
        let piece = if self.stage == Stage::Thinking { Piece::Thought } else { Piece::Text };
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            self.stage = Stage::Plain;
            each(piece, &held);
        }
    }

    /// The upstream tells thinking from text itself: tags are text.
    pub(super) fn disable(&mut self) {
        if self.stage == Stage::Start && self.held.is_empty() {
            self.stage = Stage::Plain;
        }
    }
}

/// How long an end of `text` is that the closing tag may begin with.
fn open_end(text: &str) -> usize {
    (1..CLOSE.len())
        .rev()
        .find(|length| CLOSE.get(..*length).is_some_and(|start| text.ends_with(start)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&str]) -> (String, String) {
        let (mut thought, mut text) = (String::new(), String::new());
        let mut each = |piece, more: &str| match piece {
            Piece::Thought => thought.push_str(more),
            Piece::Text => text.push_str(more),
        };
        let mut splitter = Splitter::default();
        pieces.iter().for_each(|piece| splitter.push(piece, &mut each));
        splitter.finish(&mut each);
        (thought, text)
    }

    #[test]
    fn any_split_tells_the_same_thinking_and_text() {
        for (whole, thought, text) in [
            ("<think>a < b</thin c</think>\n\nYes", "a < b</thin c", "Yes"),
            (" \n<think>\né</think>é", "é", "é"),
            ("<think></think>x", "", "x"),
            ("<think>never closed</thi", "never closed</thi", ""),
            ("Use <think>x</think>.", "", "Use <think>x</think>."),
            ("  plain", "", "  plain"),
            ("<thin air", "", "<thin air"),
            ("<think>a</think> <think>b</think>", "a", "<think>b</think>"),
            ("\n<th", "", "\n<th"),
            ("", "", ""),
        ] {
            let expected = (thought.to_owned(), text.to_owned());
            assert_eq!(split(&[whole]), expected, "{whole:?}");
            let cuts: Vec<_> = whole.char_indices().map(|(at, _)| at).collect();
            for first in &cuts {
                for second in cuts.iter().filter(|second| *second >= first) {
                    let pieces = [&whole[..*first], &whole[*first..*second], &whole[*second..]];
                    assert_eq!(split(&pieces), expected, "{pieces:?}");
                }
            }
            let single: Vec<_> = whole.split_inclusive(|_: char| true).collect();
            assert_eq!(split(&single), expected, "{whole:?} by characters");
        }
    }
}
