//! About how many tokens a text has: a walk over its words, in twentieths of a token.
//!
//! The weights were fitted to the counts that published tokenizers give for prose and source code.

/// One token.
const TOKEN: u64 = 20;

pub(super) fn tokens(text: &str) -> u64 {
    let mut cost = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (run, price) = match first {
            'a'..='z' | 'A'..='Z' => {
                let run = word(rest);
                (run, word_price(run as u64))
            }
            '0'..='9' => {
                let run = prefix(rest, |c| c.is_ascii_digit());
                (run, (run as u64).div_ceil(2) * TOKEN)
            }
            // One blank belongs to the word behind it.
            ' ' | '\t' => {
                let run = prefix(rest, |c| matches!(c, ' ' | '\t'));
                (run, if run > 1 { TOKEN } else { 0 })
            }
            '\n' | '\r' => (prefix(rest, |c| matches!(c, '\n' | '\r')), TOKEN),
            _ if first.is_ascii() => marks(rest, first),
            _ => (first.len_utf8(), character_price(first)),
        };
        cost += price;
        rest = rest.get(run..).unwrap_or("");
    }
    cost.div_ceil(TOKEN)
}

/// Bytes of the word that starts `text`; `camelCase` is two.
fn word(text: &str) -> usize {
    let bytes = text.as_bytes();
    let end = bytes.windows(2).position(|pair| match pair {
        [before, here] => {
            !here.is_ascii_alphabetic() || before.is_ascii_lowercase() && here.is_ascii_uppercase()
        }
        _ => true,
    });
    end.map_or(bytes.len(), |before| before + 1)
}

fn word_price(letters: u64) -> u64 {
    match letters {
        0..=7 => TOKEN,
        8..=10 => TOKEN * 7 / 5,
        _ => letters * TOKEN * 10 / 62,
    }
}

/// Punctuation, which code and JSON use in groups that tokenizers know.
fn marks(text: &str, first: char) -> (usize, u64) {
    let repeated = prefix(text, |c| c == first);
    if repeated > 1 {
        return (repeated, TOKEN + repeated as u64 * TOKEN / 16);
    }
    let run = prefix(text, |c| c.is_ascii() && !c.is_ascii_alphanumeric() && !c.is_ascii_whitespace()).max(1);
    let price = match (run, first) {
        (1, '_') => TOKEN * 2 / 5,
        (1, _) => TOKEN * 4 / 5,
        _ => TOKEN * 3 / 5 + run as u64 * TOKEN * 3 / 10,
    };
    (run, price)
}

fn character_price(character: char) -> u64 {
    match character as u32 {
        // Accented Latin breaks its word.
        0..=0x24F => TOKEN,
        // Hangul.
        0x1100..=0x11FF | 0xAC00..=0xD7AF => TOKEN * 6 / 5,
        // Chinese and Japanese, full-width forms, symbols.
        0x2000..=0xFFFF => TOKEN,
        // Cyrillic, Greek, Arabic and other alphabets.
        0x250..=0x1FFF => TOKEN / 2,
        // Emoji and rare ideographs.
        _ => TOKEN * 2,
    }
}

/// Bytes at the start of `text` whose characters are all `like` that.
fn prefix(text: &str, like: impl Fn(char) -> bool) -> usize {
    text.find(|c| !like(c)).unwrap_or(text.len())
}
