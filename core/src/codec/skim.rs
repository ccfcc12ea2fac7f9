//! Finds where a JSON value ends while it still arrives, trusting it to be well formed.

use memchr::memchr2;

/// Follows one value through the pieces it comes in. Starts at the value's first byte.
#[derive(Debug, Default)]
pub(crate) struct Skim {
    within: Within,
    /// Containers open.
    depth: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    /// A number or literal, which ends only where something else follows.
    Scalar,
    Container,
    String,
    Escape,
}

impl Skim {
    /// How many of `bytes` are the value's, if it ends here; `None` when all are and it goes on.
    pub(crate) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match self.within {
                Within::String => {
                    at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
                    self.within = match bytes.get(at)? {
                        b'\\' => Within::Escape,
                        _ if self.depth == 0 => return Some(at + 1),
                        _ => Within::Container,
                    };
                }
                Within::Escape => self.within = Within::String,
                Within::Scalar if matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t') => {
                    return Some(at);
                }
                Within::Scalar => {}
                Within::Container => {
                    at += bytes.get(at..)?.iter().position(|byte| is_structure(*byte))?;
                    match bytes.get(at)? {
                        b'"' => self.within = Within::String,
                        b'{' | b'[' => self.depth += 1,
                        _ => self.depth = self.depth.saturating_sub(1),
                    }
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                Within::Nothing => match byte {
                    b'"' => self.within = Within::String,
                    b'{' | b'[' => {
                        self.within = Within::Container;
                        self.depth = 1;
                    }
                    _ => self.within = Within::Scalar,
                },
            }
            at += 1;
        }
        None
    }
}

fn is_structure(byte: u8) -> bool {
    matches!(byte, b'"' | b'{' | b'}' | b'[' | b']')
}
