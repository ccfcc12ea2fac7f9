//! Addresses: which are an API's, and of which protocol.

use crate::config::Protocol;
use crate::config::url::BaseUrl;

/// An address in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    /// As a channel's endpoint has it: without what every client adds.
    pub(super) base: String,
    /// Host and port.
    pub(super) authority: String,
    /// What the path says.
    pub(super) protocol: Option<Protocol>,
    /// For people: documentation, a console, a shop.
    pub(super) page: bool,
    /// A key in its query, as Google's examples have it.
    pub(super) key: Option<String>,
}

/// First labels of hosts that serve pages.
const PAGE_HOSTS: [&str; 11] =
    ["docs", "doc", "console", "platform", "help", "status", "blog", "dashboard", "shop", "pay", "wiki"];
/// Sites that serve no model.
const OTHER_SITES: [&str; 9] = [
    "github.com",
    "t.me",
    "qq.com",
    "taobao.com",
    "youtube.com",
    "bilibili.com",
    "feishu.cn",
    "notion.so",
    "npmjs.com",
];
/// Segments of paths that lead to pages.
const PAGE_PATHS: [&str; 21] = [
    "console",
    "dashboard",
    "docs",
    "doc",
    "register",
    "login",
    "signup",
    "sign-up",
    "pricing",
    "topup",
    "panel",
    "help",
    "wiki",
    "api-keys",
    "apikeys",
    "keys",
    "settings",
    "user",
    "account",
    "about",
    "guide",
];
const FILES: [&str; 5] = [".html", ".png", ".jpg", ".json", ".md"];

/// The address in `text`, up to what cannot be part of one.
pub(super) fn find(text: &str) -> Option<&str> {
    let from = text.find("https://").or_else(|| text.find("http://"))?;
    let text = text.get(from..)?;
    let end =
        text.find(|c: char| !c.is_ascii_graphic() || "\"'`<>,;()|\\^".contains(c)).unwrap_or(text.len());
    Some(text.get(..end)?.trim_end_matches(['.', '!', ':', '*']))
}

/// Whether `text` is an address whose scheme was left out.
pub(super) fn is_bare(text: &str) -> bool {
    let host = text.split(['/', ':']).next().unwrap_or_default();
    let (_, top) = host.rsplit_once('.').unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:#".contains(c);
    text.chars().all(plain)
        && (host == "localhost" || top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic()))
}

impl Site {
    /// Reads an address with its scheme.
    pub(super) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let authority = authority.rsplit('@').next()?;
        let literal = rest.ends_with('#');
        let rest = rest.trim_end_matches('#');
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let key = query.split('&').find_map(|pair| pair.strip_prefix("key=")).map(str::to_owned);
        let path = path.split('#').next()?.trim_end_matches("/count_tokens");
        let protocol = spoken(path);
        let page = protocol.is_none() && is_page(authority, path, rest);
        let base = BaseUrl::parse(&format!("{scheme}://{authority}{path}")).ok()?;
        let base = if literal { format!("{base}#") } else { plain(&base.to_string(), protocol).to_owned() };
        Some(Self { base, authority: authority.to_ascii_lowercase(), protocol, page, key })
    }

    /// What two addresses of one operator have in common.
    pub(super) fn operator(&self) -> &str {
        let host = self.authority.split(':').next().unwrap_or_default();
        if host.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return host;
        }
        let dots: Vec<usize> = host.rmatch_indices('.').map(|(at, _)| at).collect();
        dots.get(1).and_then(|at| host.get(at + 1..)).unwrap_or(host)
    }

    /// A name for a channel there: the host without its top level and what every API's host begins with.
    pub(super) fn name(&self) -> &str {
        let host = self.authority.split(':').next().unwrap_or_default();
        if host.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return host;
        }
        self.operator().split('.').next().unwrap_or(host)
    }
}

/// Without a version that the protocol adds by itself.
pub(super) fn plain(base: &str, protocol: Option<Protocol>) -> &str {
    let version = if protocol == Some(Protocol::Gemini) { "/v1beta" } else { "/v1" };
    base.trim_end_matches('/').strip_suffix(version).unwrap_or(base).trim_end_matches('/')
}

fn spoken(path: &str) -> Option<Protocol> {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    let ends = |end: &str| path.ends_with(end);
    if ends("/chat/completions") || ends("/v1beta/openai") || ends("/compatible-mode/v1") {
        Some(Protocol::Chat)
    } else if ends("/messages") || path.contains("/anthropic") {
        Some(Protocol::Messages)
    } else if ends("/responses") {
        Some(Protocol::Responses)
    } else if ends("/v1beta") || path.contains("/v1beta/models") || path.contains("generatecontent") {
        Some(Protocol::Gemini)
    } else if ends("/embeddings") {
        Some(Protocol::Embeddings)
    } else if path.contains("/images/") {
        Some(Protocol::Images)
    } else {
        None
    }
}

fn is_page(authority: &str, path: &str, rest: &str) -> bool {
    let host = authority.to_ascii_lowercase();
    let below =
        |site: &&str| host.strip_suffix(*site).is_some_and(|left| left.is_empty() || left.ends_with('.'));
    let path = path.to_ascii_lowercase();
    let api = path.ends_with("/v1") || path.ends_with("/v3") || path.ends_with("/v4");
    OTHER_SITES.iter().any(below)
        || !api && PAGE_HOSTS.contains(&host.split('.').next().unwrap_or_default())
        || path.split('/').any(|segment| PAGE_PATHS.contains(&segment))
        || FILES.iter().any(|file| path.ends_with(file))
        || rest.contains("/#/")
        || rest.contains("?aff=")
}
