//! What may be shown of a secret: enough to tell two of them apart.

use super::document::{Document, is_secret_header};
use super::{Channel, Secret};

/// The beginning of a secret that is no secret yet.
const SHOWN: usize = 6;

/// The first three and last four characters; nothing of a short secret.
pub fn masked(secret: &str) -> String {
    const SHORT: usize = 16;
    let characters: Vec<char> = secret.chars().collect();
    match (characters.first_chunk::<3>(), characters.last_chunk::<4>()) {
        (Some(first), Some(last)) if characters.len() >= SHORT => {
            first.iter().chain(&['…']).chain(last).collect()
        }
        _ => "…".into(),
    }
}

/// A proxy's URL without its user name and password.
pub fn masked_url(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        (None, Some((_, host))) => format!("…@{host}"),
        _ => url.into(),
    }
}

impl Document {
    /// A copy to show: upstream credentials masked, and no hash of a key.
    #[must_use]
    pub fn masked(&self) -> Self {
        self.with_secrets(masked)
    }

    /// A copy to hand out: where a credential or the hash of a key stood is nothing.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        self.with_secrets(|_| String::new())
    }

    fn with_secrets(&self, show: impl Fn(&str) -> String) -> Self {
        let mut copy = self.clone();
        for channel in &mut copy.channels {
            for key in &mut channel.keys {
                key.key = Secret::new(show(key.key.expose()));
            }
            for (_, value) in channel.headers.iter_mut().filter(|(name, _)| is_secret_header(name)) {
                *value = Secret::new(show(value.expose()));
            }
            if let Some(url) = &mut channel.proxy_url {
                *url = Secret::new(masked_url(url.expose()));
            }
        }
        for key in &mut copy.access.client_keys {
            key.hash = show("");
        }
        copy.access.admin_key_hash = copy.access.admin_key_hash.map(|_| show(""));
        copy
    }
}

/// What an upstream sent, which may repeat what it was sent: without the channel's keys and secret headers, also
/// where the text ends within one.
pub(crate) fn without_secrets(channel: &Channel, text: &str) -> String {
    let keys = channel.keys.iter().map(|key| key.secret.expose());
    let headers = channel.headers.iter().filter(|(name, _)| is_secret_header(name.as_str()));
    let values = headers.filter_map(|(_, value)| value.to_str().ok());
    keys.chain(values).fold(text.to_owned(), |text, secret| without(&text, secret))
}

fn without(text: &str, secret: &str) -> String {
    if secret.is_empty() {
        return text.to_owned();
    }
    let mut text = text.replace(secret, "…");
    let begun = (1..secret.len()).rev().filter_map(|length| secret.get(..length));
    if let Some(begun) = begun.take_while(|begun| begun.len() >= SHOWN).find(|begun| text.ends_with(begun)) {
        text.truncate(text.len() - begun.len());
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_secret_is_cut_out_also_where_the_text_ends_within_it() {
        for (text, expected) in [
            ("bad key sk-1234567890abcd, sir", "bad key …, sir"),
            ("sk-1234567890abcdsk-1234567890abcd", "……"),
            ("bad key sk-12345678", "bad key …"),
            ("bad key sk-1", "bad key sk-1"),
            ("", ""),
        ] {
            assert_eq!(without(text, "sk-1234567890abcd"), expected);
        }
        assert_eq!(without("text", ""), "text");
    }

    #[test]
    fn a_mask_shows_ends_of_long_secrets_only() {
        assert_eq!(masked("sk-1234567890abcd"), "sk-…abcd");
        assert_eq!(masked("short-secret"), "…");
        assert_eq!(masked(""), "…");
        assert_eq!(masked("日本語日本語日本語日本語日本語日本語"), "日本語…語日本語");
    }

    #[test]
    fn a_proxy_is_shown_without_its_credentials() {
        assert_eq!(masked_url("socks5://user:p@ss@proxy:1080"), "socks5://…@proxy:1080");
        assert_eq!(masked_url("http://proxy:3128"), "http://proxy:3128");
    }

    #[test]
    fn a_copy_of_a_document_holds_no_secret() {
        let document = Document::parse(
            br#"{"channels": [{"name": "a", "keys": ["sk-canary-0123456789"],
                "headers": {"x-token": "tk-canary-0123456789", "x-title": "public"},
                "proxyUrl": "http://user:pw-canary@proxy:1"}],
                "access": {"clientKeys": [{"hash": "sha256:canary"}], "adminKeyHash": "sha256:canary"}}"#,
        )
        .unwrap();
        for copy in [document.masked(), document.without_secrets()] {
            let text = serde_json::to_string(&copy).unwrap();
            assert!(
                !text.contains("canary") && text.contains("public") && text.contains("…@proxy"),
                "{text}"
            );
        }
        assert_eq!(document.masked().channels[0].keys[0].key.expose(), "sk-…6789");
        assert_eq!(document.without_secrets().channels[0].keys[0].key.expose(), "");
    }
}
