//! Multipart bodies of image edits and variations.

use serde_json::Value;

use super::{Checked, Problem};
use crate::mock::route::Operation;

pub(super) fn check(operation: Operation, media: &str, body: &[u8]) -> Result<Checked, Problem> {
    let boundary = media
        .split(';')
        .find_map(|part| part.trim().strip_prefix("boundary="))
        .map(|boundary| boundary.trim_matches('"'))
        .filter(|boundary| !boundary.is_empty())
        .ok_or_else(|| Problem::new(400, "multipart without a boundary"))?;
    let parts = parts(body, boundary)?;
    let value = |wanted: &str| parts.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    let text = |wanted: &str| value(wanted).map(|value| String::from_utf8_lossy(value).into_owned());
    if value("image").or_else(|| value("image[]")).is_none_or(<[u8]>::is_empty) {
        return Err(Problem::new(400, "image: field required"));
    }
    if operation == Operation::ImageEdit && value("prompt").is_none_or(<[u8]>::is_empty) {
        return Err(Problem::new(400, "prompt: field required"));
    }
    let stream = text("stream").is_some_and(|stream| stream == "true");
    Ok(Checked { model: text("model"), stream, body: Value::Null })
}

/// Name and content of each part.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<(String, &'a [u8])>, Problem> {
    let broken = |what: &str| Problem::new(400, format!("multipart: {what}"));
    let first = format!("--{boundary}");
    let next = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(first.as_bytes()).ok_or_else(|| broken("no first boundary"))?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        rest = rest.strip_prefix(b"\r\n").ok_or_else(|| broken("a boundary without a line end"))?;
        let (head, after) = split(rest, b"\r\n\r\n").ok_or_else(|| broken("a part without a header end"))?;
        let (content, after) = split(after, next.as_bytes()).ok_or_else(|| broken("no last boundary"))?;
        let head = String::from_utf8_lossy(head);
        let name = head.split("name=\"").nth(1).and_then(|it| it.split('"').next());
        parts.push((name.ok_or_else(|| broken("a part without a name"))?.to_owned(), content));
        rest = after;
    }
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = bytes.windows(at.len()).position(|window| window == at)?;
    let (before, rest) = bytes.split_at(start);
    Some((before, rest.get(at.len()..)?))
}
