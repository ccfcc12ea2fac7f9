//! What is known of vendors: their addresses, and where they differ from their protocols.
//!
//! The table is data, `presets.json`; each entry names the page that says so. What is not known for sure is
//! left to the defaults, and to what refusals teach.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Protocol;
use super::compat::Compat;
use super::url::BaseUrl;
use crate::codec::json;

/// Switches presets off where a channel would name one.
pub const NONE: &str = "none";

/// What is known of one vendor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preset {
    /// What a channel's `preset` names.
    pub name: String,
    /// For people.
    pub title: String,
    /// The vendor's page.
    pub source: String,
    /// Endpoints on these hosts, or on ones below them, have this preset unless told otherwise; `:11434`
    /// stands for any host with that port.
    pub hosts: Vec<String>,
    pub endpoints: Vec<PresetEndpoint>,
    /// By the protocol of the endpoint.
    pub compat: BTreeMap<Protocol, Compat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_windows: Option<ContextWindows>,
}

/// How much the vendor's models hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContextWindows {
    /// The vendor's page that says so.
    pub source: String,
    /// By name or pattern; prompt and answer together. What is not named is not known.
    pub tokens: BTreeMap<String, u32>,
}

/// Where a vendor serves a protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PresetEndpoint {
    pub protocol: Protocol,
    /// May hold a `{placeholder}` for the operator to fill in.
    pub base_url: String,
    /// Where the vendor has several: `cn`, `intl`. Keys of one are not known in the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// Every preset.
pub fn all() -> &'static [Preset] {
    static ALL: LazyLock<Vec<Preset>> =
        LazyLock::new(|| json::from_str(include_str!("preset/presets.json")).unwrap_or_default());
    &ALL
}

/// The preset with this name.
pub fn named(name: &str) -> Option<&'static Preset> {
    all().iter().find(|preset| preset.name == name)
}

/// The preset of the vendor that serves at `base`.
pub fn at(base: &BaseUrl) -> Option<&'static Preset> {
    let authority = base.authority().to_ascii_lowercase();
    all().iter().find(|preset| preset.hosts.iter().any(|host| is_at(&authority, host)))
}

fn is_at(authority: &str, host: &str) -> bool {
    if host.starts_with(':') {
        return authority.ends_with(host);
    }
    let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
    name.strip_suffix(host).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn name_at(base: &str) -> Option<&'static str> {
        at(&BaseUrl::parse(base).unwrap()).map(|preset| preset.name.as_str())
    }

    #[test]
    fn the_table_can_be_read_and_every_entry_says_where_it_is_from() {
        let presets: Vec<Preset> = serde_json::from_str(include_str!("preset/presets.json")).unwrap();
        assert_eq!(presets, all());
        let names: BTreeSet<&str> = presets.iter().map(|preset| preset.name.as_str()).collect();
        assert_eq!(names.len(), presets.len(), "a name stands twice");
        assert!(!names.contains(NONE));
        for Preset { name, source, endpoints, context_windows, .. } in &presets {
            assert!(source.starts_with("https://") && !endpoints.is_empty(), "{name}");
            let windows = context_windows.as_ref();
            assert!(windows.is_none_or(|windows| windows.source.starts_with("https://")), "{name}");
        }
    }

    #[test]
    fn an_endpoint_of_a_preset_finds_its_preset() {
        for preset in all().iter().filter(|preset| !preset.hosts.is_empty()) {
            for endpoint in &preset.endpoints {
                let base = endpoint.base_url.replace("{resource}", "team");
                assert_eq!(name_at(&base), Some(preset.name.as_str()), "{base}");
            }
        }
    }

    #[test]
    fn hosts_are_told_apart_by_whole_names() {
        for (base, expected) in [
            ("https://us.api.x.ai/v1", Some("xai")),
            ("https://API.DeepSeek.com", Some("deepseek")),
            ("https://api.deepseek.com:8443/beta", Some("deepseek")),
            ("http://gpu-box:11434", Some("ollama")),
            ("https://notapi.x.ai.example", None),
            ("https://myapi.x.ai", None),
            ("https://api.deepseek.com.evil.example", None),
        ] {
            assert_eq!(name_at(base), expected, "{base}");
        }
    }
}
