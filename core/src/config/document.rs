//! The configuration as an operator writes it and a store keeps it.
//!
//! Every field has a default; a field nobody knows is an error that names it, since a typo must not be
//! silent. [`validate::compile`](super::validate::compile) turns a document into a
//! [`Config`](super::Config).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::budget::Budget;
use super::compat::Compat;
use super::{FieldErrors, Limits, OnLoss, Protocol, Rotation, Secret, Status, Version, hex};
use crate::codec::json;
use crate::price::Price;
use crate::sorted;
use crate::time::Timestamp;

/// The stored form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Document {
    pub channels: Vec<ChannelDocument>,
    #[serde(skip_serializing_if = "is_default")]
    pub access: AccessDocument,
    #[serde(skip_serializing_if = "is_default")]
    pub settings: SettingsDocument,
    /// Over the built-in ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<Price>,
}

/// See [`Channel`](super::Channel) for what the fields mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ChannelDocument {
    /// `ch_…`; given when missing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub name: String,
    pub status: Status,
    pub priority: u32,
    pub weight: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promoted_until: Option<Timestamp>,
    pub endpoints: Vec<EndpointDocument>,
    pub keys: Vec<KeyDocument>,
    #[serde(skip_serializing_if = "is_default")]
    pub rotation: Rotation,
    /// Empty: all the protocols its endpoints can serve.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<Protocol>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub model_map: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_url: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_prefix: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub timeouts: TimeoutsDocument,
    /// Names the vendor's preset; unset: found by the endpoint's host, `none`: no preset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub compat: Compat,
    #[serde(skip_serializing_if = "is_default")]
    pub on_loss: OnLoss,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_space: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// For each of its keys that sets none of its own.
    #[serde(skip_serializing_if = "is_default")]
    pub key_limits: Limits,
    /// By the upstream's name of a model or a pattern; over those of the preset.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub context_windows: BTreeMap<String, u32>,
    /// What it takes of list prices.
    #[serde(skip_serializing_if = "is_list")]
    pub cost_multiplier: f64,
}

impl Default for ChannelDocument {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            status: Status::Active,
            priority: 1,
            weight: 1,
            promoted_until: None,
            endpoints: Vec::new(),
            keys: Vec::new(),
            rotation: Rotation::default(),
            accepts: Vec::new(),
            models: Vec::new(),
            model_map: BTreeMap::new(),
            headers: BTreeMap::new(),
            proxy_url: None,
            route_prefix: None,
            timeouts: TimeoutsDocument::default(),
            preset: None,
            compat: Compat::default(),
            on_loss: OnLoss::default(),
            embedding_space: None,
            limits: Limits::default(),
            key_limits: Limits::default(),
            context_windows: BTreeMap::new(),
            cost_multiplier: 1.0,
        }
    }
}

/// One (protocol, base URL).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Endpoint)]
pub struct EndpointDocument {
    pub protocol: Protocol,
    /// The protocol's version segment is added where it has none; a trailing `#` takes it literally.
    pub base_url: String,
}

/// One upstream credential. In a document it may also stand as a plain string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", default, deny_unknown_fields)]
pub struct KeyDocument {
    /// `k_…`; given when missing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub key: Secret,
    #[serde(skip_serializing_if = "is_default")]
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota_group: Option<String>,
    /// Over the channel's `keyLimits`, field by field.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
}

impl Serialize for KeyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for KeyDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrMap;

        impl<'de> Visitor<'de> for TextOrMap {
            type Value = KeyDocument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key as text, or an object with `key`")
            }

            fn visit_str<E>(self, key: &str) -> Result<KeyDocument, E> {
                Ok(KeyDocument { key: Secret::new(key), ..KeyDocument::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeyDocument, A::Error> {
                KeyDocument::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_any(TextOrMap)
    }
}

/// Who may call, as the store keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessDocument {
    pub client_keys: Vec<ClientKeyDocument>,
    /// `sha256:<hex>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_key_hash: Option<String>,
}

/// One key of a client. See [`ClientKey`](super::access::ClientKey) for what the fields mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClientKeyDocument {
    /// `ck_…`; given when missing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub name: String,
    /// `sha256:<hex>`.
    pub hash: String,
    #[serde(skip_serializing_if = "is_default")]
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Empty: all. As a channel's `models`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Ids; empty: all. One that names no channel any more allows none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// At most one for each kind of period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Budget>,
}

/// What holds for all channels; what is left out has its default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schema(as = Settings)]
pub struct SettingsDocument {
    /// For channels that set none of their own.
    #[serde(skip_serializing_if = "is_default")]
    pub timeouts: TimeoutsDocument,
    /// Attempts one request may use, over all channels and keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// How long a request may wait for a limit or a cooldown that ends soon, within its total timeout;
    /// 0: it never waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_wait_ms: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub breaker: BreakerDocument,
}

/// In milliseconds; what a channel leaves out comes from the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Timeouts)]
pub struct TimeoutsDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_header_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_content_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_timeout_ms: Option<u64>,
}

/// When a breaker trips and how long it stays open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schema(as = Breaker)]
pub struct BreakerDocument {
    /// Results remembered of a channel in one protocol, and of each of its keys there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
    /// Share of failures in a full enough window that trips, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_rate: Option<f64>,
    /// Failures in a row that trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_failures: Option<u32>,
    /// The shortest it stays open; the longest doubles with each failed test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_min_ms: Option<u64>,
    /// The longest it stays open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_max_ms: Option<u64>,
}

impl Document {
    /// Reads JSON; the error names the field.
    pub fn parse(json: &[u8]) -> Result<Self, FieldErrors> {
        parse(json)
    }

    /// As it is kept, for people to read.
    ///
    /// # Errors
    /// None is known: its map keys are strings.
    pub fn text(&self) -> serde_json::Result<String> {
        Ok(format!("{:#}\n", tree(self)?))
    }

    /// Changes with every change of meaning; the same for a sealed document only after it was opened.
    pub fn version(&self) -> Version {
        version(self)
    }

    /// Gives an id to whatever has none; `random` fills a buffer.
    pub fn assign_ids(&mut self, random: &mut dyn FnMut(&mut [u8])) {
        for channel in &mut self.channels {
            channel.assign_ids(random);
        }
        for key in &mut self.access.client_keys {
            key.assign_id(random);
        }
    }

    /// Every credential for an upstream or a proxy.
    pub(crate) fn secrets_mut(&mut self) -> impl Iterator<Item = &mut Secret> {
        self.channels.iter_mut().flat_map(|channel| {
            let keys = channel.keys.iter_mut().map(|key| &mut key.key);
            let headers =
                channel.headers.iter_mut().filter(|(name, _)| is_secret_header(name)).map(|(_, value)| value);
            let proxy = channel.proxy_url.as_mut().filter(|url| url.expose().contains('@') || is_sealed(url));
            keys.chain(headers).chain(proxy)
        })
    }
}

impl ChannelDocument {
    /// Changes with every change of this channel.
    pub fn version(&self) -> Version {
        version(self)
    }

    /// Gives an id to the channel and to its keys where they have none.
    pub fn assign_ids(&mut self, random: &mut dyn FnMut(&mut [u8])) {
        assign(&mut self.id, "ch_", random);
        for key in &mut self.keys {
            key.assign_id(random);
        }
    }
}

impl ClientKeyDocument {
    /// Changes with every change of this key.
    pub fn version(&self) -> Version {
        version(self)
    }

    /// Gives the key an id where it has none.
    pub fn assign_id(&mut self, random: &mut dyn FnMut(&mut [u8])) {
        assign(&mut self.id, "ck_", random);
    }
}

impl SettingsDocument {
    /// Changes with every change of the settings.
    pub fn version(&self) -> Version {
        version(self)
    }
}

impl KeyDocument {
    /// Gives the key an id where it has none.
    pub fn assign_id(&mut self, random: &mut dyn FnMut(&mut [u8])) {
        assign(&mut self.id, "k_", random);
    }
}

/// Reads JSON into any of the types above; the error names the field.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, FieldErrors> {
    json::read(json).map_err(|error| problem(json, &error))
}

fn problem(json: &[u8], error: &serde_json::Error) -> FieldErrors {
    let lines = json.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let path = json::place(json, before + error.column());
    sorted::map([(path, readable(&without_values(&error.to_string())))])
}

/// By way of text, which everything else that is written takes too.
///
/// # Errors
/// When a map's key is no string.
pub(super) fn tree(value: &impl Serialize) -> serde_json::Result<Value> {
    json::read(&serde_json::to_vec(value)?)
}

/// serde quotes the text it could not use, which may be a key in the wrong place.
fn without_values(message: &str) -> String {
    let Some((before, rest)) = message.split_once(": string \"") else { return message.to_owned() };
    rest.rfind("\", expected ")
        .and_then(|end| rest.get(end + 1..))
        .map_or_else(|| format!("{before}: string"), |after| format!("{before}: string{after}"))
}

/// serde names the Rust type that it expected.
fn readable(message: &str) -> String {
    let Some((before, rest)) = message.split_once("expected struct ") else { return message.to_owned() };
    let after = rest.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
    format!("{before}expected an object{after}")
}

/// Whether the value of this header is likely a credential, and so is neither shown nor stored plain.
pub fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["auth", "key", "token", "secret", "password", "cookie", "credential"]
        .iter()
        .any(|word| name.contains(word))
}

fn is_sealed(secret: &Secret) -> bool {
    super::seal::is_sealed(secret.expose())
}

fn assign(id: &mut String, prefix: &str, random: &mut dyn FnMut(&mut [u8])) {
    if id.is_empty() {
        let mut bytes = [0; 6];
        random(&mut bytes);
        *id = format!("{prefix}{}", hex(&bytes));
    }
}

/// Serializing a document cannot fail: its map keys are strings.
fn version(value: &impl Serialize) -> Version {
    Version::of(&serde_json::to_vec(value).unwrap_or_default())
}

/// Whether it is what stands there when nothing is written.
fn is_list(multiplier: &impl PartialEq<f64>) -> bool {
    *multiplier == 1.0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = r#"{
        "channels": [{
            "name": "deepseek",
            "endpoints": [{"protocol": "chat", "baseUrl": "https://api.deepseek.com"}],
            "keys": ["sk-one", {"key": "sk-two", "name": "team", "status": "paused"},
                     {"key": "sk-three", "quotaGroup": "org", "limits": {"concurrency": 2}}],
            "modelMap": {"claude-*": "deepseek-chat"},
            "timeouts": {"idleTimeoutMs": 5000},
            "limits": {}, "keyLimits": {"requestsPerMinute": 60, "tokensPerMinute": null},
            "contextWindows": {"deepseek-*": 131072}
        }],
        "access": {"clientKeys": [{"name": "ci", "hash": "sha256:00"}]},
        "settings": {"maxWaitMs": 0}
    }"#;

    #[test]
    fn the_stored_form_is_fixed() {
        let mut document = Document::parse(WRITTEN.as_bytes()).unwrap();
        document.assign_ids(&mut |bytes| bytes.fill(0xab));
        assert_eq!(
            serde_json::to_string(&document).unwrap(),
            concat!(
                r#"{"channels":[{"id":"ch_abababababab","name":"deepseek","status":"active","priority":1,"#,
                r#""weight":1,"endpoints":[{"protocol":"chat","baseUrl":"https://api.deepseek.com"}],"#,
                r#""keys":[{"id":"k_abababababab","key":"sk-one"},"#,
                r#"{"id":"k_abababababab","name":"team","key":"sk-two","status":"paused"},"#,
                r#"{"id":"k_abababababab","key":"sk-three","quotaGroup":"org","limits":{"concurrency":2}}],"#,
                r#""modelMap":{"claude-*":"deepseek-chat"},"timeouts":{"idleTimeoutMs":5000},"#,
                r#""keyLimits":{"requestsPerMinute":60},"contextWindows":{"deepseek-*":131072}}],"#,
                r#""access":{"clientKeys":[{"id":"ck_abababababab","name":"ci","hash":"sha256:00"}]},"#,
                r#""settings":{"maxWaitMs":0}}"#,
            )
        );
    }

    #[test]
    fn what_was_stored_is_read_back_with_its_version() {
        let mut document = Document::parse(WRITTEN.as_bytes()).unwrap();
        document.assign_ids(&mut |bytes| bytes.fill(1));
        let again = Document::parse(&serde_json::to_vec(&document).unwrap()).unwrap();
        assert_eq!(again, document);
        assert_eq!(again.version(), document.version());
        assert_eq!(document.version().as_str().len(), 16);
        let mut changed = document.clone();
        changed.channels[0].weight = 2;
        assert_ne!(changed.version(), document.version());
        assert_ne!(changed.channels[0].version(), document.channels[0].version());
    }

    #[test]
    fn ids_that_exist_are_kept() {
        let mut document =
            Document::parse(br#"{"channels": [{"id": "ch_mine", "keys": [{"id": "k_mine"}]}]}"#).unwrap();
        document.assign_ids(&mut |_| panic!("nothing lacks an id"));
        assert_eq!(document.channels[0].id, "ch_mine");
    }

    #[test]
    fn an_error_names_the_field() {
        for (json, path) in [
            (r#"{"channel": []}"#, "channel"),
            (r#"{"channels": [{"name": "a", "baseUrl": "x"}]}"#, "channels[0].baseUrl"),
            (r#"{"channels": [{"keys": ["a", {"kye": "b"}]}]}"#, "channels[0].keys[1].kye"),
            (r#"{"channels": [{"keys": [7]}]}"#, "channels[0].keys[0]"),
            (
                r#"{"channels": [{"endpoints": [{"protocol": "soap", "baseUrl": ""}]}]}"#,
                "channels[0].endpoints[0].protocol",
            ),
            (r#"{"channels": [{"weight": -1}]}"#, "channels[0].weight"),
            (r#"{"channels": [{"limits": {"rpm": 1}}]}"#, "channels[0].limits.rpm"),
            (
                r#"{"channels": [{"keys": [{"limits": {"concurrency": -1}}]}]}"#,
                "channels[0].keys[0].limits.concurrency",
            ),
            (r#"{"channels": [{"contextWindows": {"a": "128k"}}]}"#, "channels[0].contextWindows.a"),
            (r#"{"settings": {"timeouts": {"idleTimeout": 1}}}"#, "settings.timeouts.idleTimeout"),
            ("{} {}", "."),
        ] {
            let errors = Document::parse(json.as_bytes()).unwrap_err();
            assert_eq!(errors.keys().collect::<Vec<_>>(), [path], "{json}");
        }
    }

    #[test]
    fn errors_are_for_people() {
        let errors = Document::parse(br#"{"settings": {"breaker": "off"}}"#).unwrap_err();
        let message = &errors["settings.breaker"];
        assert_eq!(message, "invalid type: string, expected an object at line 1 column 30");
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let document = Document::parse(
            br#"{"channels": [{"keys": ["sk-1"], "headers": {"x-token": "tk-2"}, "proxyUrl": "http://u:pw-3@p"}]}"#,
        )
        .unwrap();
        let debug = format!("{document:?}");
        for secret in ["sk-1", "tk-2", "pw-3"] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }
}
