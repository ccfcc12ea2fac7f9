//! What may be shown of a secret: enough to tell two of them apart.

/// The first three and last four characters; nothing of a short secret.
pub(super) fn masked(secret: &str) -> String {
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
pub(super) fn masked_url(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        (None, Some((_, host))) => format!("…@{host}"),
        _ => url.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
