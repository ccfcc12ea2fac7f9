//! Images and sounds in base64, told instead of kept.

/// A shorter run of base64 may be a name, a fingerprint or a signature.
const SHORTEST: usize = 1024;
/// A data URL says within so many bytes before its data what that is.
const LONGEST_PREFIX: usize = 64;

/// How the base64 of some formats begins: that of the first bytes that they are known by.
const BEGINNINGS: [(&[u8], &str); 6] = [
    (b"iVBORw0KGgo", "image/png"),
    (b"/9j/", "image/jpeg"),
    (b"R0lGOD", "image/gif"),
    (b"JVBERi0", "application/pdf"),
    (b"SUQz", "audio/mpeg"),
    (b"T2dnUw", "audio/ogg"),
];

/// Whether `character` may be a part of a key, or of base64.
pub(super) const fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=' | '-' | '_' | '.')
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// Gives `body` piece by piece, each long run of base64 as what it was: `[image/png, 123456 bytes]`. It need not be JSON,
/// nor whole.
pub(super) fn without(body: &[u8], mut give: impl FnMut(&[u8])) {
    let mut rest = body;
    let mut at = 0;
    while let Some(from) = rest.get(at..).and_then(|rest| rest.iter().position(|byte| is_base64(*byte))) {
        let from = at + from;
        let tail = rest.get(from..).unwrap_or_default();
        let length = tail.iter().position(|byte| !is_base64(*byte)).unwrap_or(tail.len());
        at = from + length;
        if length >= SHORTEST {
            let (before, run) =
                (rest.get(..from).unwrap_or_default(), tail.get(..length).unwrap_or_default());
            let (before, kind) = match data_url(before) {
                Some((before, kind)) => (before, kind),
                None => (before, known(run)),
            };
            give(before);
            give(format!("[{kind}, {} bytes]", decoded(run)).as_bytes());
            rest = rest.get(at..).unwrap_or_default();
            at = 0;
        }
    }
    give(rest);
}

/// What stands before a data URL, and the kind that it names: <https://www.rfc-editor.org/rfc/rfc2397>.
fn data_url(before: &[u8]) -> Option<(&[u8], &str)> {
    let start = before.len().saturating_sub(LONGEST_PREFIX);
    let prefix = before.get(start..)?.strip_suffix(b";base64,")?;
    let at = prefix.windows(5).rposition(|window| window == b"data:")?;
    let kind = std::str::from_utf8(prefix.get(at + 5..)?).ok()?;
    Some((before.get(..start + at)?, kind))
}

fn known(run: &[u8]) -> &'static str {
    let known = BEGINNINGS.iter().find(|(beginning, _)| run.starts_with(beginning));
    known.map_or("base64", |(_, kind)| kind)
}

/// How many bytes the base64 stands for.
fn decoded(run: &[u8]) -> usize {
    let padding = run.iter().rev().take_while(|byte| **byte == b'=').count();
    run.len().saturating_sub(padding) * 3 / 4
}
