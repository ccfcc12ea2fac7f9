//! Keys by their looks.

use super::Sure;

/// What a word that looks like a key tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The preset of the vendor that gives out such keys.
    pub(super) vendor: Option<&'static str>,
    pub(super) sure: Sure,
}

/// How vendors begin their keys, the longer beginnings first; without a preset where none is known.
const BEGINNINGS: [(&str, Option<&str>); 17] = [
    ("sk-ant-", Some("anthropic")),
    ("sk-or-", Some("openrouter")),
    ("sk-proj-", Some("openai")),
    ("sk-svcacct-", Some("openai")),
    ("sk-kimi-", Some("kimi")),
    ("sk-", None),
    ("AIza", Some("gemini")),
    ("AQ.", Some("gemini")),
    ("gsk_", Some("groq")),
    ("xai-", Some("xai")),
    ("csk-", Some("cerebras")),
    ("fw_", Some("fireworks")),
    ("tgp_", Some("together")),
    ("cr_", None),
    ("hf_", None),
    ("pplx-", None),
    ("nvapi-", None),
];
/// A shorter word is no key that anybody gives out.
const MIN: usize = 20;
const MAX: usize = 4096;
/// A key that stands under a name may be as short as this.
const MIN_NAMED: usize = 8;
/// What examples write where a key belongs.
const PLACEHOLDERS: [&str; 9] =
    ["your", "xxxx", "...", "****", "replace", "example", "placeholder", "api-key", "api_key"];

/// How vendors begin names of messages, calls and files, which look like keys.
const NAMES: [&str; 15] = [
    "batch", "call", "chatcmpl", "cmpl", "file", "fc", "gen", "item", "msg", "req", "resp", "rs", "run",
    "srvtoolu", "toolu",
];

/// Whether `word` looks like a key, whoever's, and not like a name that vendors give out.
pub(crate) fn is_secret(word: &str) -> bool {
    let name = word.split_once(['-', '_']).map(|(name, _)| name);
    shape(word).is_some() && !name.is_some_and(|name| NAMES.contains(&name))
}

/// The vendor of a word that looks like one of its keys.
pub(super) fn vendor(word: &str) -> Option<&'static str> {
    shape(word)?.vendor
}

/// What `word` looks like, where it looks like a key.
pub(super) fn shape(word: &str) -> Option<Shape> {
    if word.len() < MIN || word.len() > MAX || is_placeholder(word) {
        return None;
    }
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let digit = word.contains(|c: char| c.is_ascii_digit());
    if !plain(word) || !digit {
        return None;
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| word.starts_with(beginning));
    if let Some((_, vendor)) = known {
        return Some(Shape { vendor: *vendor, sure: Sure::Certain });
    }
    if let Some((id, secret)) = word.split_once('.')
        && id.len() == 32
        && secret.len() == 16
        && id.chars().all(|c| c.is_ascii_hexdigit())
    {
        return Some(Shape { vendor: Some("glm"), sure: Sure::Certain });
    }
    let token = word.starts_with("eyJ") && word.split('.').count() == 3 && word.len() > 60;
    let (beginning, rest) = word.split_once(['-', '_']).unwrap_or(("", ""));
    let random = !rest.contains(['-', '_', '.'])
        && rest.len() >= 24
        && (2..=8).contains(&beginning.len())
        && beginning.chars().all(|c| c.is_ascii_lowercase());
    (token || random).then_some(Shape { vendor: None, sure: Sure::Likely })
}

/// Whether `word`, which stands where a key belongs, can be one.
pub(super) fn plausible(word: &str) -> bool {
    let variable = word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    (MIN_NAMED..=MAX).contains(&word.len())
        && word
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '{' | '}' | '$'))
        && !word.contains("://")
        && !variable
        && !is_placeholder(word)
}

fn is_placeholder(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    PLACEHOLDERS.iter().any(|placeholder| word.contains(placeholder))
}
