//! Which models a channel serves, and under which names.

use std::collections::BTreeMap;
use std::sync::Arc;

const MAX_LENGTH: usize = 256;

/// Allow and deny patterns. `*` stands for any text, a leading `!` excludes and wins; case matters.
/// Without an allow pattern every model that is not excluded is allowed.
#[derive(Clone, Debug, Default)]
pub struct ModelFilter {
    allow: Vec<Glob>,
    deny: Vec<Glob>,
}

impl ModelFilter {
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let mut filter = Self::default();
        for pattern in patterns {
            filter.add(pattern).map_err(|problem| format!("`{pattern}` {problem}"))?;
        }
        Ok(filter)
    }

    /// Adds one pattern; the error says what is wrong with it.
    pub fn add(&mut self, pattern: &str) -> Result<(), String> {
        match pattern.strip_prefix('!') {
            Some(excluded) => self.deny.push(Glob::parse(excluded)?),
            None => self.allow.push(Glob::parse(pattern)?),
        }
        Ok(())
    }

    pub fn allows(&self, model: &str) -> bool {
        !self.deny.iter().any(|glob| glob.matches(model))
            && (self.allow.is_empty() || self.allow.iter().any(|glob| glob.matches(model)))
    }

    /// The allowed names that are spelled out: what a model list can show without asking the upstream.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.allow.iter().filter_map(Glob::exact).filter(|name| self.allows(name))
    }
}

/// Values by model name. An exact name wins; among patterns the one with the most literal characters.
#[derive(Clone, Debug)]
pub struct ModelTable<T> {
    exact: BTreeMap<Box<str>, T>,
    /// Most specific first.
    globs: Vec<(Glob, T)>,
}

impl<T> Default for ModelTable<T> {
    fn default() -> Self {
        Self { exact: BTreeMap::new(), globs: Vec::new() }
    }
}

impl<T> ModelTable<T> {
    /// Sets the value of a name or pattern; the error says what is wrong with it.
    pub fn add(&mut self, pattern: &str, value: T) -> Result<(), String> {
        let glob = Glob::parse(pattern)?;
        match glob.exact() {
            Some(name) => {
                self.exact.insert(name.into(), value);
            }
            None => {
                let at = self.globs.partition_point(|(other, _)| other.rank() <= glob.rank());
                self.globs.insert(at, (glob, value));
            }
        }
        Ok(())
    }

    pub fn get(&self, model: &str) -> Option<&T> {
        self.exact
            .get(model)
            .or_else(|| self.globs.iter().find(|(glob, _)| glob.matches(model)).map(|(_, value)| value))
    }

    /// Adds an entry, unless those held say something of every model it names.
    pub fn add_below(&mut self, pattern: &str, value: T) -> Result<(), String> {
        // A star is part of no name: an entry that matches the pattern's text does so by its own stars.
        if self.get(pattern).is_some() { Ok(()) } else { self.add(pattern, value) }
    }

    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.globs.is_empty()
    }

    /// The names that are spelled out.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.exact.keys().map(AsRef::as_ref)
    }

    /// The values, those of names that are spelled out first.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.exact.values().chain(self.globs.iter().map(|(_, value)| value))
    }
}

/// Client's name to upstream's name, by the rule of [`ModelTable`].
#[derive(Clone, Debug, Default)]
pub struct ModelMap(ModelTable<Arc<str>>);

impl ModelMap {
    pub fn new<P: AsRef<str>, T: AsRef<str>>(
        entries: impl IntoIterator<Item = (P, T)>,
    ) -> Result<Self, String> {
        let mut map = Self::default();
        for (pattern, target) in entries {
            let (pattern, target) = (pattern.as_ref(), target.as_ref());
            map.add(pattern, target).map_err(|problem| format!("`{pattern}` {problem}"))?;
        }
        Ok(map)
    }

    /// Adds one entry; the error says what is wrong with it.
    pub fn add(&mut self, pattern: &str, target: &str) -> Result<(), String> {
        check(target).map_err(|problem| format!("maps to a name that {problem}"))?;
        if target.contains('*') {
            return Err("maps to a pattern; the upstream's name has to be spelled out".into());
        }
        self.0.add(pattern, target.into())
    }

    /// The upstream's name for `model`; `None` where it keeps its own.
    pub fn map(&self, model: &str) -> Option<Arc<str>> {
        self.0.get(model).cloned()
    }

    /// The client's names that are spelled out.
    pub fn exact_names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The upstream's names.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(AsRef::as_ref)
    }
}

/// A pattern, cut at its stars: one piece is an exact name.
#[derive(Clone, Debug)]
struct Glob {
    first: Box<str>,
    rest: Vec<Box<str>>,
}

impl Glob {
    fn parse(pattern: &str) -> Result<Self, String> {
        check(pattern)?;
        let mut pieces = pattern.split('*').map(Into::into);
        let first = pieces.next().unwrap_or_default();
        Ok(Self { first, rest: pieces.collect() })
    }

    fn exact(&self) -> Option<&str> {
        self.rest.is_empty().then_some(&*self.first)
    }

    fn matches(&self, text: &str) -> bool {
        let Some((last, middle)) = self.rest.split_last() else {
            return *self.first == *text;
        };
        let Some(mut left) = text.strip_prefix(&*self.first) else {
            return false;
        };
        for piece in middle {
            let Some((_, after)) = left.split_once(&**piece) else {
                return false;
            };
            left = after;
        }
        left.ends_with(&**last)
    }

    /// Sorts the most literal pattern first and ties by text, so that the order of writing is nothing.
    fn rank(&self) -> (std::cmp::Reverse<usize>, &str, &[Box<str>]) {
        let literal = self.first.len() + self.rest.iter().map(|piece| piece.len()).sum::<usize>();
        (std::cmp::Reverse(literal), &self.first, &self.rest)
    }
}

fn check(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("is empty".into());
    }
    if name.len() > MAX_LENGTH {
        return Err(format!("is longer than {MAX_LENGTH} bytes"));
    }
    if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("holds white space or control characters".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(patterns: &[&str]) -> ModelFilter {
        ModelFilter::new(&patterns.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_filter_allows_what_its_patterns_say() {
        let table: &[(&[&str], &str, bool)] = &[
            (&[], "anything", true),
            (&["gpt-4o"], "gpt-4o", true),
            (&["gpt-4o"], "gpt-4o-mini", false),
            (&["gpt-4o"], "GPT-4o", false),
            (&["gpt-*"], "gpt-", true),
            (&["gpt-*"], "my-gpt-4", false),
            (&["*-latest"], "claude-3-latest", true),
            (&["*-latest"], "claude-3-latest-2", false),
            (&["*sonnet*"], "claude-sonnet-4", true),
            (&["claude-*-4-*"], "claude-opus-4-1", true),
            (&["claude-*-4-*"], "claude-4-1", false),
            (&["a*a"], "a", false),
            (&["a*a"], "aa", true),
            (&["a**b"], "axb", true),
            (&["*"], "x", true),
            (&["!old"], "new", true),
            (&["!old"], "old", false),
            (&["deepseek-*", "!deepseek-old"], "deepseek-chat", true),
            (&["deepseek-*", "!deepseek-old"], "deepseek-old", false),
            (&["!deepseek-old", "deepseek-old"], "deepseek-old", false),
            (&["a*ab*b"], "aabb", true),
            (&["x*aba*aba"], "xaba", false),
        ];
        for (patterns, model, allowed) in table {
            assert_eq!(filter(patterns).allows(model), *allowed, "{patterns:?} on {model}");
        }
    }

    #[test]
    fn a_filter_lists_only_the_names_it_spells_out_and_allows() {
        let filter = filter(&["gpt-4o", "gpt-5*", "o3", "!o3"]);
        assert_eq!(filter.names().collect::<Vec<_>>(), ["gpt-4o"]);
    }

    #[test]
    fn an_exact_name_wins_then_the_most_literal_pattern() {
        let entries =
            [("*", "any"), ("claude-*", "sonnet"), ("claude-opus-*", "opus"), ("claude-opus-4", "four")];
        let map = ModelMap::new(entries).unwrap();
        let reversed = ModelMap::new(entries.into_iter().rev()).unwrap();
        for (model, target) in [
            ("claude-opus-4", "four"),
            ("claude-opus-3", "opus"),
            ("claude-haiku", "sonnet"),
            ("my-claude-opus-4", "any"),
        ] {
            assert_eq!(map.map(model).as_deref(), Some(target));
            assert_eq!(reversed.map(model).as_deref(), Some(target));
        }
        assert_eq!(map.exact_names().collect::<Vec<_>>(), ["claude-opus-4"]);
    }

    #[test]
    fn a_name_inside_another_maps_nothing() {
        let map = ModelMap::new([("gpt-4", "x")]).unwrap();
        assert_eq!(map.map("gpt-4o"), None);
        assert_eq!(map.map("gpt-4").as_deref(), Some("x"));
    }

    #[test]
    fn an_entry_from_below_fills_only_what_was_left_open() {
        let mut table = ModelTable::default();
        table.add("deepseek-*", 1).unwrap();
        table.add("gpt-5-mini", 1).unwrap();
        for below in ["deepseek-chat", "deepseek-v4-*", "gpt-5-mini", "gpt-5*", "*"] {
            table.add_below(below, 2).unwrap();
        }
        for (model, value) in
            [("deepseek-chat", 1), ("deepseek-v4-x", 1), ("gpt-5-mini", 1), ("gpt-5", 2), ("other", 2)]
        {
            assert_eq!(table.get(model), Some(&value), "{model}");
        }
    }

    #[test]
    fn unusable_patterns_are_refused() {
        for pattern in ["", "!", "a b", "a\n", &"x".repeat(257)] {
            assert!(ModelFilter::new(&[pattern.to_owned()]).is_err(), "{pattern:?}");
        }
        for (pattern, target) in [("", "x"), ("a", ""), ("a*", "b*"), ("a", "b c")] {
            assert!(ModelMap::new([(pattern, target)]).is_err(), "{pattern:?} to {target:?}");
        }
    }

    #[test]
    fn short_patterns_match_what_the_definition_says() {
        fn defined(pattern: &[u8], text: &[u8]) -> bool {
            match pattern {
                [] => text.is_empty(),
                [b'*', rest @ ..] => (0..=text.len()).any(|from| defined(rest, &text[from..])),
                [first, rest @ ..] => text.first() == Some(first) && defined(rest, &text[1..]),
            }
        }

        let words = |alphabet: &str, length: u32| {
            let alphabet: Vec<char> = alphabet.chars().collect();
            let count = alphabet.len().pow(length);
            let spell = move |number: usize| {
                let digit = |place| alphabet[number / alphabet.len().pow(place) % alphabet.len()];
                (0..length).map(digit).collect::<String>()
            };
            (0..count).map(spell).collect::<Vec<_>>()
        };
        for pattern in (1..=5).flat_map(|length| words("ab*", length)) {
            let glob = Glob::parse(&pattern).unwrap();
            for text in (0..=5).flat_map(|length| words("ab", length)) {
                assert_eq!(
                    glob.matches(&text),
                    defined(pattern.as_bytes(), text.as_bytes()),
                    "{pattern} on {text}"
                );
            }
        }
    }
}
