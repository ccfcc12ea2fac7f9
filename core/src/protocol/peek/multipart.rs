//! The same look into a form, as image edits come.

use std::borrow::Cow;

use super::Said;
use crate::codec::multipart;

pub(super) fn read<'a>(content_type: &str, body: &'a [u8]) -> Result<Said<'a>, String> {
    let boundary = multipart::boundary(content_type).ok_or("the content type has no boundary")?;
    let mut said = Said::default();
    for part in multipart::parts(body, boundary) {
        let part = part.map_err(|error| format!("the body is not a valid form: {error}"))?;
        if part.filename.is_some() {
            continue;
        }
        match part.name {
            b"model" => {
                let model = std::str::from_utf8(part.value).map_err(|_| "`model` must be text")?;
                if said.model.replace((Cow::Borrowed(model), part.span)).is_some() {
                    return Err("`model` is given twice".to_owned());
                }
            }
            b"stream" => said.stream = part.value == b"true",
            b"user" => {
                let user = std::str::from_utf8(part.value).ok().filter(|user| !user.is_empty());
                said.session = user.map(Cow::Borrowed);
            }
            _ => {}
        }
    }
    Ok(said)
}
