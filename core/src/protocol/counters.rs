//! The numbers of a `usage` object, read in one pass and without a tree.

use crate::codec::json;

/// The numbers of an object, and of the objects right inside of it.
pub(super) struct Counters<'a>(Vec<Counter<'a>>);

struct Counter<'a> {
    /// The key of the object it stands in; empty for the outermost.
    within: &'a [u8],
    name: &'a [u8],
    count: u64,
}

/// More than the vendors write.
const USUAL: usize = 16;

impl<'a> Counters<'a> {
    /// Reads a raw value; what is no object has none.
    pub(super) fn read(usage: &'a [u8]) -> Self {
        let mut counters = Self(Vec::with_capacity(USUAL));
        for field in json::fields(usage).map_while(Result::ok) {
            if field.value.starts_with(b"{") {
                for inner in json::fields(field.value).map_while(Result::ok) {
                    counters.keep(field.key, &inner);
                }
            } else {
                counters.keep(b"", &field);
            }
        }
        counters
    }

    /// The count of this name.
    pub(super) fn get(&self, name: &str) -> Option<u64> {
        self.within("", name)
    }

    /// The count of this name in the object `outer`.
    pub(super) fn within(&self, outer: &str, name: &str) -> Option<u64> {
        let named =
            |counter: &&Counter<'_>| json::key_is(counter.name, name) && json::key_is(counter.within, outer);
        self.0.iter().rev().find(named).map(|counter| counter.count)
    }

    fn keep(&mut self, within: &'a [u8], field: &json::Field<'a>) {
        if let Some(count) = count(field.value) {
            self.0.push(Counter { within, name: field.key, count });
        }
    }
}

/// Vendors that count in floats are understood.
fn count(value: &[u8]) -> Option<u64> {
    let text = str::from_utf8(value).ok()?;
    let float = || json::number(text).filter(|number| *number >= 0.0).map(|number| number as u64);
    text.parse().ok().or_else(float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_names_and_nothing_else_is() {
        let usage = br#" {"a": 1, "b": {"a": 2.0, "c": "3", "d": {"a": 4}}, "e": null, "f": -1, "g": [5], "\u0068": 6, "a": 7} "#;
        let counters = Counters::read(usage);
        for (outer, name, expected) in [
            ("", "a", Some(7)),
            ("b", "a", Some(2)),
            ("b", "c", None),
            ("b", "d", None),
            ("d", "a", None),
            ("", "b", None),
            ("", "e", None),
            ("", "f", None),
            ("", "g", None),
            ("", "h", Some(6)),
        ] {
            assert_eq!(counters.within(outer, name), expected, "{outer}.{name}");
        }
        for none in ["null", "[1]", "7", "{cut", ""] {
            assert!(Counters::read(none.as_bytes()).0.is_empty(), "{none}");
        }
    }
}
