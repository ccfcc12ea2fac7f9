//! Base URLs of upstreams, as vendors print them and operators paste them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};

/// Paths that operators paste along with the base.
const ENDPOINTS: [&str; 8] = [
    "/chat/completions",
    "/messages",
    "/responses",
    "/embeddings",
    "/images/generations",
    "/images/edits",
    "/images/variations",
    "/models",
];

/// Where an upstream's paths start.
///
/// A base without a version segment gets the protocol's (`/v1`, `/v1beta`). A trailing `#` takes the
/// URL literally: nothing is cut from it and no version is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    /// All of it, without a trailing slash.
    text: Arc<str>,
    /// Where in the text the path begins.
    path_at: usize,
    /// The path says its version itself.
    versioned: bool,
}

impl BaseUrl {
    /// The error says what is wrong, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (text, literal) = text.strip_suffix('#').map_or((text, false), |text| (text, true));
        if text.is_empty() {
            return Err("is empty".into());
        }
        if text.contains('#') {
            return Err("has a fragment; only a trailing # is allowed".into());
        }
        if text.contains('?') {
            return Err("has a query".into());
        }
        let parts = text.parse::<Uri>().map_err(|_| "is not an http(s) URL")?.into_parts();
        let scheme = match parts.scheme {
            Some(scheme) if scheme == Scheme::HTTP || scheme == Scheme::HTTPS => scheme,
            _ => return Err("is not an http(s) URL".into()),
        };
        let authority = parts.authority.ok_or("is not an http(s) URL")?;
        if authority.as_str().contains('@') {
            return Err("holds a user name or password; keys belong into `keys`".into());
        }
        if authority.host().is_empty() {
            return Err("has no host".into());
        }
        if authority.as_str().len() > authority.host().len()
            && authority.port_u16().is_none_or(|port| port == 0)
        {
            return Err("has no valid port".into());
        }
        let path = parts.path_and_query.as_ref().map_or("", PathAndQuery::path).trim_end_matches('/');
        if path.split('/').any(|segment| segment == "." || segment == "..") {
            return Err("has a path with dots".into());
        }
        let path = if literal { path } else { without_endpoint(path) };
        let versioned = literal || is_versioned(path);
        let text = format!("{scheme}://{authority}{path}");
        let path_at = text.len() - path.len();
        Ok(Self { scheme, authority, text: text.into(), path_at, versioned })
    }

    /// The address of `path` (`/messages`) under this base; `version` (`/v1`) is added unless the base
    /// names one. `query` comes without its question mark.
    pub fn join(&self, version: &str, path: &str, query: Option<&str>) -> Result<Uri, http::Error> {
        let version = if self.versioned { "" } else { version };
        let query_length = query.map_or(0, |query| query.len() + 1);
        let own = self.path();
        let mut target = String::with_capacity(own.len() + version.len() + path.len() + query_length);
        target.push_str(own);
        target.push_str(version);
        target.push_str(path);
        if let Some(query) = query {
            target.push('?');
            target.push_str(query);
        }
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(target))?);
        Ok(Uri::from_parts(parts)?)
    }

    /// All of it as text.
    pub const fn text(&self) -> &Arc<str> {
        &self.text
    }

    fn path(&self) -> &str {
        self.text.get(self.path_at..).unwrap_or_default()
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn without_endpoint(path: &str) -> &str {
    // Gemini's `/models/<model>:<method>`.
    if let Some((base, method)) = path.rsplit_once("/models/")
        && method.contains(':')
        && !method.contains('/')
    {
        return base;
    }
    ENDPOINTS.iter().find_map(|endpoint| path.strip_suffix(endpoint)).unwrap_or(path)
}

/// Google puts its OpenAI surface below the version: <https://ai.google.dev/gemini-api/docs/openai>.
fn is_versioned(path: &str) -> bool {
    let path = match path.strip_suffix("/openai") {
        Some(above) if above.rsplit('/').next().is_some_and(is_version) => above,
        _ => path,
    };
    path.rsplit('/').next().is_some_and(is_version)
}

fn is_version(segment: &str) -> bool {
    let Some(number) = segment.strip_prefix('v') else {
        return false;
    };
    number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_bases_lead_to_vendors_endpoints() {
        let v1 = "/v1";
        let table = [
            ("https://api.openai.com", v1, "/chat/completions", "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/v1/", v1, "/responses", "https://api.openai.com/v1/responses"),
            (
                "https://api.openai.com/v1/chat/completions",
                v1,
                "/responses",
                "https://api.openai.com/v1/responses",
            ),
            ("https://api.anthropic.com", v1, "/messages", "https://api.anthropic.com/v1/messages"),
            (
                "https://api.anthropic.com/v1/messages",
                v1,
                "/messages",
                "https://api.anthropic.com/v1/messages",
            ),
            (
                "https://api.deepseek.com",
                v1,
                "/chat/completions",
                "https://api.deepseek.com/v1/chat/completions",
            ),
            (
                "https://api.deepseek.com/anthropic",
                v1,
                "/messages",
                "https://api.deepseek.com/anthropic/v1/messages",
            ),
            (
                "https://open.bigmodel.cn/api/paas/v4",
                v1,
                "/chat/completions",
                "https://open.bigmodel.cn/api/paas/v4/chat/completions",
            ),
            (
                "https://open.bigmodel.cn/api/anthropic",
                v1,
                "/messages",
                "https://open.bigmodel.cn/api/anthropic/v1/messages",
            ),
            (
                "https://generativelanguage.googleapis.com",
                "/v1beta",
                "/models/gemini-2.5-pro:generateContent",
                "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent",
            ),
            (
                "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent",
                "/v1beta",
                "/models/x:countTokens",
                "https://generativelanguage.googleapis.com/v1beta/models/x:countTokens",
            ),
            (
                "https://generativelanguage.googleapis.com/v1beta/openai/",
                v1,
                "/chat/completions",
                "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
            ),
            (
                "https://dashscope.aliyuncs.com/compatible-mode/v1",
                v1,
                "/chat/completions",
                "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
            ),
            (
                "https://api.moonshot.cn/v1",
                v1,
                "/chat/completions",
                "https://api.moonshot.cn/v1/chat/completions",
            ),
            ("https://openrouter.ai/api/v1", v1, "/messages", "https://openrouter.ai/api/v1/messages"),
            ("https://openrouter.ai/api", v1, "/messages", "https://openrouter.ai/api/v1/messages"),
            ("https://api.groq.com/openai", v1, "/responses", "https://api.groq.com/openai/v1/responses"),
            (
                "https://ark.cn-beijing.volces.com/api/v3",
                v1,
                "/chat/completions",
                "https://ark.cn-beijing.volces.com/api/v3/chat/completions",
            ),
            (
                "https://api.perplexity.ai#",
                v1,
                "/chat/completions",
                "https://api.perplexity.ai/chat/completions",
            ),
            ("https://x.example/a/messages/#", v1, "/messages", "https://x.example/a/messages/messages"),
            ("http://localhost:11434", v1, "/embeddings", "http://localhost:11434/v1/embeddings"),
            ("http://[::1]", v1, "/messages", "http://[::1]/v1/messages"),
            (" HTTPS://[::1]:8443/ ", v1, "/messages", "https://[::1]:8443/v1/messages"),
        ];
        for (base, version, path, expected) in table {
            let url = BaseUrl::parse(base).unwrap().join(version, path, None).unwrap();
            assert_eq!(url.to_string(), expected, "{base}");
        }
    }

    #[test]
    fn a_query_follows_the_path() {
        let base = BaseUrl::parse("https://api.anthropic.com").unwrap();
        let url = base.join("/v1", "/messages", Some("beta=true")).unwrap();
        assert_eq!(url, "https://api.anthropic.com/v1/messages?beta=true");
        assert!(base.join("/v1", "/a b", None).is_err());
    }

    #[test]
    fn a_base_shows_what_is_used_of_it() {
        let base = BaseUrl::parse("https://api.openai.com/v1/chat/completions/").unwrap();
        assert_eq!(base.to_string(), "https://api.openai.com/v1");
        assert_eq!(base.authority(), "api.openai.com");
    }

    #[test]
    fn what_is_no_base_is_refused() {
        for text in [
            "",
            "#",
            "api.openai.com",
            "/v1",
            "ftp://x.example",
            "https://",
            "https://user:pass@x.example",
            "https://x.example?key=1",
            "https://x.example/#/a",
            "https://x example",
            "https://x.example:99999",
            "https://x.example:",
            "https://x.example/a/../b",
        ] {
            assert!(BaseUrl::parse(text).is_err(), "{text:?}");
        }
    }
}
