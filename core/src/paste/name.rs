//! What a name says of the value below it.

/// What a value is, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Url,
    Key,
    Model,
    /// What the upstream serves.
    Models,
    ModelMap,
    Headers,
    /// One of a request's own.
    Header,
    /// Of the channel.
    Name,
    /// Which protocol is spoken.
    Kind,
    Other,
}

impl Meaning {
    /// Whether the value is one text, not a row of words.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Model | Self::ModelMap | Self::Header | Self::Name | Self::Kind)
    }
}

/// What the name of a section or an object stands under.
pub(super) const SECTION: &str = "section";
/// Headers that show a key.
const CREDENTIALS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];
const URLS: [&str; 13] = [
    "baseurl",
    "apibase",
    "apiurl",
    "apihost",
    "apiaddress",
    "endpoint",
    "baseuri",
    "url",
    "host",
    "地址",
    "接口",
    "域名",
    "网址",
];
const KEYS: [&str; 10] =
    ["apikey", "authtoken", "accesstoken", "bearertoken", "token", "key", "keys", "密钥", "令牌", "卡密"];
/// What ends like a key and is none.
const NO_KEYS: [&str; 5] = ["envkey", "publickey", "promptcachekey", "keyword", "maxtoken"];
const MODELS: [&str; 3] = ["models", "modellist", "支持模型"];
const KINDS: [&str; 7] = ["wireapi", "npm", "type", "apitype", "protocol", "apiformat", "providertype"];

/// What `name` means: a field, a variable, a heading.
pub(super) fn of(name: &str) -> Meaning {
    if let Some(header) = name.strip_prefix("header:") {
        return if CREDENTIALS.contains(&header) { Meaning::Key } else { Meaning::Header };
    }
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    let ends = |names: &[&str]| names.iter().any(|known| name.ends_with(known));
    match name.as_str() {
        SECTION | "name" | "title" | "channelname" | "名称" | "渠道名称" => Meaning::Name,
        "modelmapping" | "modelmap" | "modelredirect" => Meaning::ModelMap,
        "authorization" => Meaning::Key,
        _ if name.ends_with("headers") => Meaning::Headers,
        _ if KINDS.contains(&name.as_str()) => Meaning::Kind,
        _ if ends(&MODELS) => Meaning::Models,
        _ if ends(&["model", "modelname", "modelid", "模型"]) => Meaning::Model,
        _ if ends(&NO_KEYS) => Meaning::Other,
        _ if ends(&KEYS) => Meaning::Key,
        _ if ends(&URLS) => Meaning::Url,
        _ => Meaning::Other,
    }
}

/// Whether a list below `name` is one of models or keys.
pub(super) fn lists(name: &str) -> bool {
    matches!(of(name), Meaning::Models | Meaning::Key)
}
