//! Names of functions that an upstream takes, made the same way on every turn.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::config::{Protocol, hex};

/// What every vendor takes.
const MAX_NAME: usize = 64;

/// Hexadecimal digits that tell apart names which would look alike.
const TAIL: usize = 8;

/// The names one request uses.
#[derive(Debug)]
pub(super) struct Names {
    upstream: Protocol,
    taken: BTreeSet<String>,
    /// Those of functions that have been called so from the start.
    plain: BTreeSet<String>,
}

impl Names {
    pub(super) fn new(upstream: Protocol) -> Self {
        Self { upstream, taken: BTreeSet::new(), plain: BTreeSet::new() }
    }

    /// Whether the upstream takes `name` as it is.
    ///
    /// OpenAI and Claude take letters, digits, `_` and `-`; Gemini also dots and colons, but wants a letter
    /// or `_` first (<https://ai.google.dev/api/caching#FunctionDeclaration>).
    pub(super) fn fits(&self, name: &str) -> bool {
        !name.is_empty()
            && name.len() <= MAX_NAME
            && !self.must_lead(name)
            && name.chars().all(|c| self.takes(c))
    }

    /// Keeps `name` for the function that is called so, if it may be.
    pub(super) fn reserve(&mut self, name: &str) {
        if self.fits(name) {
            self.taken.insert(name.to_owned());
            self.plain.insert(name.to_owned());
        }
    }

    pub(super) fn is_plain(&self, name: &str) -> bool {
        self.plain.contains(name)
    }

    /// A name for the tool `name` of `namespace` that no other has.
    pub(super) fn take(&mut self, namespace: Option<&str>, name: &str) -> String {
        let wanted = match namespace {
            Some(namespace) if namespace.ends_with("__") => format!("{namespace}{name}"),
            Some(namespace) => format!("{namespace}__{name}"),
            None => name.to_owned(),
        };
        if self.fits(&wanted) && self.taken.insert(wanted.clone()) {
            return wanted;
        }
        let mut hash = Sha256::new();
        hash.update(namespace.unwrap_or_default());
        hash.update([0]);
        hash.update(name);
        let digest = hex(hash.finalize().as_slice());
        let lead = if self.must_lead(&wanted) { "_" } else { "" };
        let kept = MAX_NAME - TAIL - 1 - lead.len();
        let safe: String = wanted.chars().map(|c| if self.takes(c) { c } else { '_' }).take(kept).collect();
        let mut tails = digest.as_bytes().windows(TAIL).filter_map(|tail| std::str::from_utf8(tail).ok());
        tails
            .find_map(|tail| {
                let name = format!("{lead}{safe}_{tail}");
                self.taken.insert(name.clone()).then_some(name)
            })
            .unwrap_or(safe)
    }

    fn takes(&self, c: char) -> bool {
        c.is_ascii_alphanumeric()
            || matches!(c, '_' | '-')
            || self.upstream == Protocol::Gemini && matches!(c, '.' | ':')
    }

    /// Whether something has to stand before `name`.
    fn must_lead(&self, name: &str) -> bool {
        self.upstream == Protocol::Gemini
            && !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_becomes_one_that_fits_and_stays_apart() {
        let long = "x".repeat(90);
        let wanted = [
            (None, "plain-name_1"),
            (None, "with.dot"),
            (None, "with/dot"),
            (None, "with dot"),
            (None, "1st"),
            (None, "名前"),
            (None, ""),
            (None, long.as_str()),
            (Some("ns"), "name"),
            (None, "ns__name"),
            (Some("ns__name"), ""),
            (Some("mcp__a__"), "b"),
            (Some("ns"), long.as_str()),
        ];
        for upstream in [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini] {
            let mut names = Names::new(upstream);
            let made: Vec<String> = wanted.iter().map(|(ns, name)| names.take(*ns, name)).collect();
            assert!(made.iter().all(|name| names.fits(name)), "{made:?}");
            assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len(), "{made:?}");
            let mut again = Names::new(upstream);
            assert!(wanted.iter().zip(&made).all(|((ns, name), made)| again.take(*ns, name) == *made));
            assert_eq!(
                (made[0].as_str(), made[8].as_str(), made[11].as_str()),
                ("plain-name_1", "ns__name", "mcp__a__b")
            );
            assert_eq!(made[1] == "with.dot", upstream == Protocol::Gemini);
        }
    }
}
