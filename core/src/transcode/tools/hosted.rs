//! Tools that a vendor runs itself, as the upstream's own of that kind.

use serde_json::{Value, json};

use crate::config::Protocol;
use crate::ir::{Losses, Raw, Tool, ToolKind};

/// What more than one vendor offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    WebSearch,
    WebFetch,
    CodeExecution,
}

/// The upstream's tool in the place of `owner`'s; `None`, with a loss, if it has none.
pub(super) fn map(
    owner: Protocol,
    kind: &str,
    raw: &Raw,
    upstream: Protocol,
    has_functions: bool,
    lost: &mut Losses,
) -> Option<Tool> {
    let raw = raw.value();
    let service = Service::of(kind);
    let feature = service.map_or_else(|| kind.to_owned(), |service| service.feature().to_owned());
    // Gemini refuses its own tools beside functions, but for its newest models:
    // <https://ai.google.dev/gemini-api/docs/function-calling#multi-tool-use>.
    let apart = upstream == Protocol::Gemini && has_functions;
    // A search that must not leave the vendor's cache is none that another vendor could run.
    let offline = raw.get("external_web_access").and_then(Value::as_bool) == Some(false);
    let mapped = match service {
        Some(service) if !apart && !offline => service.tool(owner, &raw, upstream, lost),
        _ => None,
    };
    if mapped.is_some() {
        lost.emulated(format!("tools.{feature}"));
    } else {
        lost.dropped(format!("tools.{feature}"));
    }
    mapped
}

impl Service {
    fn of(kind: &str) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|name| kind.starts_with(name));
        if is(&["web_search", "googleSearch", "google_search", "enterpriseWebSearch"]) {
            Some(Self::WebSearch)
        } else if is(&["web_fetch", "urlContext", "url_context"]) {
            Some(Self::WebFetch)
        } else if is(&["code_execution", "code_interpreter", "codeExecution"]) {
            Some(Self::CodeExecution)
        } else {
            None
        }
    }

    const fn feature(self) -> &'static str {
        match self {
            Self::WebSearch => "web_search",
            Self::WebFetch => "web_fetch",
            Self::CodeExecution => "code_execution",
        }
    }

    fn tool(self, owner: Protocol, raw: &Value, upstream: Protocol, lost: &mut Losses) -> Option<Tool> {
        let (kind, name, mut declaration) = match (upstream, self) {
            // <https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview#server-tools>: the editions
            // that every model knows.
            (Protocol::Messages, Self::WebSearch) => ("web_search_20250305", "web_search", json!({})),
            (Protocol::Messages, Self::WebFetch) => ("web_fetch_20250910", "web_fetch", json!({})),
            (Protocol::Messages, Self::CodeExecution) => {
                ("code_execution_20250825", "code_execution", json!({}))
            }
            (Protocol::Gemini, Self::WebSearch) => {
                ("googleSearch", "googleSearch", json!({"googleSearch": {}}))
            }
            (Protocol::Gemini, Self::WebFetch) => ("urlContext", "urlContext", json!({"urlContext": {}})),
            (Protocol::Gemini, Self::CodeExecution) => {
                ("codeExecution", "codeExecution", json!({"codeExecution": {}}))
            }
            (Protocol::Responses, Self::WebSearch) => {
                ("web_search", "web_search", json!({"type": "web_search"}))
            }
            (Protocol::Responses, Self::CodeExecution) => (
                "code_interpreter",
                "code_interpreter",
                json!({"type": "code_interpreter", "container": {"type": "auto"}}),
            ),
            _ => return None,
        };
        let fields = declaration.as_object_mut()?;
        if upstream == Protocol::Messages {
            fields.insert("type".to_owned(), kind.into());
            fields.insert("name".to_owned(), name.into());
        }
        if self == Self::WebSearch {
            fields.extend(narrowed(owner, raw, upstream, lost));
        }
        let kind = ToolKind::Builtin { owner: upstream, kind: kind.to_owned(), raw: declaration.into() };
        Some(Tool::new(name, kind))
    }
}

/// What a web search is limited to, in the upstream's words.
fn narrowed(owner: Protocol, raw: &Value, upstream: Protocol, lost: &mut Losses) -> Vec<(String, Value)> {
    let given = |pointer: &str| raw.pointer(pointer).filter(|value| !value.is_null()).cloned();
    let domains = match owner {
        Protocol::Responses => given("/filters/allowed_domains"),
        _ => given("/allowed_domains"),
    };
    let place = match owner {
        Protocol::Chat => given("/user_location/approximate"),
        _ => given("/user_location"),
    };
    let place = place.map(|mut place| {
        if let Some(place) = place.as_object_mut() {
            place.entry("type").or_insert_with(|| "approximate".into());
        }
        place
    });
    let mut fields = Vec::new();
    match upstream {
        Protocol::Messages => {
            fields.extend(domains.map(|domains| ("allowed_domains".to_owned(), domains)));
            fields.extend(place.map(|place| ("user_location".to_owned(), place)));
        }
        Protocol::Responses => {
            fields.extend(domains.map(|domains| ("filters".to_owned(), json!({"allowed_domains": domains}))));
            fields.extend(place.map(|place| ("user_location".to_owned(), place)));
        }
        _ if domains.is_some() || place.is_some() => lost.dropped("tools.web_search.filters"),
        _ => {}
    }
    if ["/blocked_domains", "/max_uses"].into_iter().any(|pointer| given(pointer).is_some()) {
        lost.dropped("tools.web_search.filters");
    }
    fields
}
