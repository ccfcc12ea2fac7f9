//! Names of files that are sent.

use std::borrow::Cow;

/// A name for a document of type `mime`. OpenAI tells the type by the extension and refuses a file without
/// one. <https://developers.openai.com/api/docs/guides/pdf-files>
pub(in crate::protocol) fn name<'n>(given: Option<&'n str>, mime: &str) -> Cow<'n, str> {
    let extension = match mime {
        "text/plain" => "txt",
        "text/markdown" => "md",
        "text/csv" => "csv",
        "text/html" => "html",
        "application/json" => "json",
        _ => "pdf",
    };
    match given.filter(|given| !given.is_empty()) {
        Some(given) if has_extension(given) => Cow::Borrowed(given),
        Some(given) => Cow::Owned(format!("{given}.{extension}")),
        None => Cow::Owned(format!("document.{extension}")),
    }
}

/// Titles have dots too: `Report No. 5`.
fn has_extension(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        (1..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_extension() {
        for (given, mime, expected) in [
            (Some("a.docx"), "application/pdf", "a.docx"),
            (Some("Report No. 5"), "application/pdf", "Report No. 5.pdf"),
            (Some("Notes"), "text/markdown", "Notes.md"),
            (None, "text/csv", "document.csv"),
            (Some(""), "application/pdf", "document.pdf"),
        ] {
            assert_eq!(name(given, mime), expected);
        }
    }
}
