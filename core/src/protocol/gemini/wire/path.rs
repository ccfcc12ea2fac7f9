//! Fields below fields by one name: `generationConfig.speechConfig`. A dot in a field's own name is
//! written `\.`, a backslash `\\`.

use std::borrow::Cow;

/// A field's name as a part of a path.
pub(in crate::protocol::gemini) fn segment(name: &str) -> Cow<'_, str> {
    if name.contains(['.', '\\']) {
        name.replace('\\', r"\\").replace('.', r"\.").into()
    } else {
        name.into()
    }
}

/// The name of the first field of a path, and the path below it.
pub(in crate::protocol::gemini) fn split(path: &str) -> (String, Option<&str>) {
    let mut name = String::new();
    let mut rest = path.chars();
    while let Some(c) = rest.next() {
        match c {
            '.' => return (name, Some(rest.as_str())),
            '\\' => name.extend(rest.next()),
            c => name.push(c),
        }
    }
    (name, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_survives_in_a_path() {
        for name in ["a", "a.b", r"a\", r"\.", ".", "", "é.\\é"] {
            let path = format!("{}.below", segment(name));
            assert_eq!(split(&path), (name.to_owned(), Some("below")), "{path}");
            assert_eq!(split(&segment(name)), (name.to_owned(), None));
        }
    }
}
