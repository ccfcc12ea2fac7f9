//! A custom call's text, taken out of the JSON that an upstream streams for it.

use crate::codec::json;
use crate::codec::skim::Skim;

use super::MAX_KEPT;

/// The argument that holds the text.
pub(super) const INPUT: &str = "input";

/// Hands over the string `input` of a JSON object while it arrives, however it is split.
///
/// A model that wrote something else is understood as far as possible: what it wrote comes whole at the end.
#[derive(Debug, Default)]
pub(super) struct Freeform {
    place: Place,
    /// Everything so far, until the text was found.
    written: String,
}

#[derive(Debug, Default)]
enum Place {
    #[default]
    Start,
    /// In the object, before a key.
    Member,
    Key {
        name: String,
        escapes: Unescape,
    },
    /// Between a key and its value.
    Value {
        input: bool,
    },
    Other(Skim),
    Input(Unescape),
    /// The text is complete.
    Done,
    /// This is no object; it is looked at in the end.
    Odd,
    /// Too much came to wait for the end.
    Bare,
}

impl Freeform {
    pub(super) fn push(&mut self, chunk: &str, each: &mut dyn FnMut(&str)) {
        match self.place {
            Place::Done => return,
            Place::Bare => return each(chunk),
            Place::Input(_) => {}
            _ => self.written.push_str(chunk),
        }
        let mut rest = chunk;
        while let Some(first) = rest.chars().next() {
            rest = self.step(first, rest, each);
        }
        if matches!(self.place, Place::Input(_) | Place::Done) {
            self.written = String::new();
        } else if self.written.len() > MAX_KEPT {
            self.place = Place::Bare;
            each(&std::mem::take(&mut self.written));
        }
    }

    /// Takes in some of `rest`, whose first character is `first`, and tells what is left.
    fn step<'c>(&mut self, first: char, rest: &'c str, each: &mut dyn FnMut(&str)) -> &'c str {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        match &mut self.place {
            Place::Start => match first {
                '{' => self.place = Place::Member,
                first if first.is_whitespace() => {}
                _ => self.place = Place::Odd,
            },
            Place::Member => match first {
                '"' => self.place = Place::Key { name: String::new(), escapes: Unescape::default() },
                ',' => {}
                first if first.is_whitespace() => {}
                _ => self.place = Place::Odd,
            },
            Place::Key { name, escapes } => {
                let (ended, after) = escapes.take(rest, &mut |piece| name.push_str(piece));
                if ended {
                    self.place = Place::Value { input: name == INPUT };
                }
                return after;
            }
            Place::Value { input } => match first {
                ':' => {}
                first if first.is_whitespace() => {}
                '"' if *input => self.place = Place::Input(Unescape::default()),
                _ => {
                    self.place = Place::Other(Skim::default());
                    return rest;
                }
            },
            Place::Other(skim) => {
                let Some(end) = skim.end(rest.as_bytes()) else { return "" };
                self.place = Place::Member;
                return rest.get(end..).unwrap_or_default();
            }
            Place::Input(escapes) => {
                let (ended, after) = escapes.take(rest, each);
                if ended {
                    self.place = Place::Done;
                }
                return after;
            }
            Place::Done | Place::Odd | Place::Bare => return "",
        }
        after
    }

    /// The call is complete: tells what was kept back.
    pub(super) fn finish(self, each: &mut dyn FnMut(&str)) {
        match self.place {
            Place::Done | Place::Bare => {}
            Place::Input(mut escapes) => escapes.finish(each),
            _ => match only_string(&self.written) {
                Some(text) => each(&text),
                None if self.written.trim().is_empty() => {}
                None => each(&self.written),
            },
        }
    }
}

/// The text of a JSON string, or of an object's only member.
fn only_string(written: &str) -> Option<String> {
    let written = written.trim().as_bytes();
    if let Some(text) = json::string(written) {
        return Some(text.into_owned());
    }
    let mut fields = json::fields(written);
    let only = fields.next()?.ok()?;
    let text = json::string(only.value)?.into_owned();
    fields.next().is_none().then_some(text)
}

/// Decodes the inside of a JSON string that comes in pieces.
#[derive(Debug, Default)]
struct Unescape {
    within: Within,
    /// The first half of a surrogate pair, when the second is due.
    high: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Within {
    #[default]
    Plain,
    Escape,
    Unicode {
        digits: u8,
        unit: u32,
    },
}

impl Unescape {
    /// Decodes up to the closing quote. Tells whether it came, and what follows it.
    fn take<'c>(&mut self, mut rest: &'c str, each: &mut dyn FnMut(&str)) -> (bool, &'c str) {
        while let Some(first) = rest.chars().next() {
            let after = rest.get(first.len_utf8()..).unwrap_or_default();
            match self.within {
                Within::Plain => {
                    let end = rest.find(['"', '\\']).unwrap_or(rest.len());
                    let (plain, from) = rest.split_at_checked(end).unwrap_or((rest, ""));
                    if !plain.is_empty() {
                        self.lone(each);
                        each(plain);
                    }
                    match from.chars().next() {
                        Some('"') => {
                            self.lone(each);
                            return (true, from.get(1..).unwrap_or_default());
                        }
                        Some(_) => self.within = Within::Escape,
                        None => {}
                    }
                    rest = from.get(1..).unwrap_or_default();
                    continue;
                }
                Within::Escape => self.escape(first, each),
                Within::Unicode { digits, unit } => match first.to_digit(16) {
                    Some(digit) if digits == 3 => {
                        self.within = Within::Plain;
                        self.unit((unit << 4) | digit, each);
                    }
                    Some(digit) => {
                        self.within = Within::Unicode { digits: digits + 1, unit: (unit << 4) | digit };
                    }
                    None => {
                        self.within = Within::Plain;
                        self.lone(each);
                        each("\u{fffd}");
                        continue;
                    }
                },
            }
            rest = after;
        }
        (false, "")
    }

    fn escape(&mut self, escaped: char, each: &mut dyn FnMut(&str)) {
        if escaped == 'u' {
            self.within = Within::Unicode { digits: 0, unit: 0 };
            return;
        }
        self.within = Within::Plain;
        self.lone(each);
        let decoded = match escaped {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            same => same,
        };
        each(decoded.encode_utf8(&mut [0; 4]));
    }

    fn unit(&mut self, unit: u32, each: &mut dyn FnMut(&str)) {
        let decoded = match (self.high.take(), unit) {
            (Some(high), 0xDC00..0xE000) => {
                char::from_u32(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00))
            }
            (earlier, unit) => {
                if earlier.is_some() {
                    each("\u{fffd}");
                }
                if (0xD800..0xDC00).contains(&unit) {
                    self.high = Some(unit);
                    return;
                }
                char::from_u32(unit)
            }
        };
        each(decoded.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut [0; 4]));
    }

    /// Half a surrogate pair whose other half never came.
    fn lone(&mut self, each: &mut dyn FnMut(&str)) {
        if self.high.take().is_some() {
            each("\u{fffd}");
        }
    }

    /// The string was cut.
    fn finish(&mut self, each: &mut dyn FnMut(&str)) {
        self.lone(each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&str]) -> String {
        let mut freeform = Freeform::default();
        let mut text = String::new();
        for chunk in chunks {
            freeform.push(chunk, &mut |piece| text.push_str(piece));
        }
        freeform.finish(&mut |piece| text.push_str(piece));
        text
    }

    #[test]
    fn the_text_survives_every_split() {
        let cases = [
            (r#"{"input":"*** Begin Patch\n+a \"b\" \\ \/ \t"}"#, "*** Begin Patch\n+a \"b\" \\ / \t"),
            (" {\n \"note\" : {\"input\":[1,\"}\"]} , \"input\" : \"a\" , \"z\":2}", "a"),
            (r#"{"\u0069nput":"é\u00e9漢\ud83d\ude00😀\u0000"}"#, "éé漢😀😀\0"),
            (r#"{"input":"\ud83dx\ude00\ud83d"}"#, "\u{fffd}x\u{fffd}\u{fffd}"),
            (r#"{"input":"\uZ"}"#, "\u{fffd}Z"),
            ("{\"input\":\"raw\nline\"}", "raw\nline"),
            (r#"{"input":""}"#, ""),
            (r#"{"input":"first","input":"second"}"#, "first"),
            (r#"{"input":"cut in the mid"#, "cut in the mid"),
            (r#"{"patch":"other key"}"#, "other key"),
            (r#"{"input":["a"]}"#, r#"{"input":["a"]}"#),
            (r#"{"a":1,"b":"c"}"#, r#"{"a":1,"b":"c"}"#),
            ("*** Begin Patch\n+x", "*** Begin Patch\n+x"),
            (r#""just a \"string\"""#, "just a \"string\""),
            ("{}", "{}"),
            ("  ", ""),
            ("", ""),
        ];
        for (written, text) in cases {
            assert_eq!(read(&[written]), text, "{written}");
            let ends: Vec<usize> = written.char_indices().map(|(at, _)| at).chain([written.len()]).collect();
            let single: Vec<&str> = ends.windows(2).map(|pair| &written[pair[0]..pair[1]]).collect();
            assert_eq!(read(&single), text, "{written} by characters");
            for (position, first) in ends.iter().enumerate() {
                for second in &ends[position..] {
                    let chunks = [&written[..*first], &written[*first..*second], &written[*second..]];
                    assert_eq!(read(&chunks), text, "{written} split at {first} and {second}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_object_is_kept_up_to_a_limit_only() {
        let mut freeform = Freeform::default();
        let chunk = "x".repeat(1 << 16);
        let mut length = 0;
        for _ in 0..40 {
            freeform.push(&chunk, &mut |piece| length += piece.len());
            assert!(freeform.written.len() <= MAX_KEPT + chunk.len());
        }
        freeform.finish(&mut |piece| length += piece.len());
        assert_eq!(length, 40 << 16);
    }
}
