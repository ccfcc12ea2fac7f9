//! Names of channels, which are unique here whatever their case, and at most 64 bytes long.

use std::collections::BTreeSet;

use super::ImportedChannel;

const LONGEST: usize = 64;

/// Gives each channel a name that it may have; of two with one name the second gets a number.
pub(super) fn make_unique(channels: &mut [ImportedChannel]) {
    let mut taken = BTreeSet::new();
    for ImportedChannel { channel, .. } in channels {
        channel.name = free(&channel.name, |name| taken.contains(&name.to_ascii_lowercase()));
        taken.insert(channel.name.to_ascii_lowercase());
    }
}

/// `wanted`, or the first of `wanted-2`, `wanted-3` … that is not taken.
pub(super) fn free(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let usable: String = wanted.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let usable = usable.trim();
    let base = if usable.is_empty() { "channel" } else { usable };
    let first = cut(base, LONGEST).to_owned();
    if !taken(&first) {
        return first;
    }
    let numbered = |number: u32| {
        let suffix = format!("-{number}");
        format!("{}{suffix}", cut(base, LONGEST - suffix.len()))
    };
    (2..).map(numbered).find(|name| !taken(name)).unwrap_or(first)
}

/// The first `length` bytes at most, whole characters.
fn cut(text: &str, length: usize) -> &str {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= length).last();
    text.get(..end.unwrap_or_default()).unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let taken = |name: &str| ["a", "a-2"].contains(&name.to_ascii_lowercase().as_str());
        assert_eq!(free("A", taken), "A-3");
        assert_eq!(free("b", taken), "b");
    }

    #[test]
    fn a_name_is_cut_at_a_whole_character_and_never_empty() {
        assert_eq!(free(" \u{7} ", |_| false), "channel");
        assert_eq!(free("a\tb", |_| false), "a b");
        let long = "名".repeat(40);
        assert_eq!(free(&long, |_| false), "名".repeat(21));
        assert_eq!(free(&long, |name| name == "名".repeat(21)), format!("{}-2", "名".repeat(20)));
    }
}
