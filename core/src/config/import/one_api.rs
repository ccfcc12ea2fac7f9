//! The channels of one-api and of new-api, which grew out of it: rows of the table `channels`, or the list that
//! their API gives. Of two channels the one with the higher priority is served first there.

use serde_json::{Map, Value};

use super::fields::{Fields, Reason};
use super::{ImportError, Imported, ImportedChannel, NotCarried};
use crate::codec::json;
use crate::config::document::{ChannelDocument, EndpointDocument, KeyDocument};
use crate::config::{Protocol, Secret, Status};

/// A kind of upstream, by its number.
struct Kind {
    number: u64,
    protocol: Protocol,
    /// Where it is, unless the row says so.
    base: &'static str,
    /// Follows the base, the row's too: where its paths begin, if that is not at `/v1`.
    path: &'static str,
}

const fn chat(number: u64, base: &'static str) -> Kind {
    Kind { number, protocol: Protocol::Chat, base, path: "" }
}

/// Numbers that mean the same in both.
const SHARED: &[Kind] = &[
    chat(1, "https://api.openai.com"),
    chat(6, "https://api.openaimax.com"),
    chat(7, "https://api.ohmygpt.com"),
    chat(8, ""),
    chat(10, "https://api.aiproxy.io"),
    chat(12, "https://api.api2gpt.com"),
    chat(13, "https://api.aigc2d.com"),
    Kind { number: 14, protocol: Protocol::Messages, base: "https://api.anthropic.com", path: "" },
    Kind {
        number: 17,
        protocol: Protocol::Chat,
        base: "https://dashscope.aliyuncs.com",
        path: "/compatible-mode/v1",
    },
    chat(20, "https://openrouter.ai/api"),
    Kind {
        number: 24,
        protocol: Protocol::Gemini,
        base: "https://generativelanguage.googleapis.com",
        path: "",
    },
    chat(25, "https://api.moonshot.cn"),
    chat(31, "https://api.lingyiwanwu.com"),
];

/// Numbers of one-api's own.
const ONE_API: &[Kind] = &[
    chat(4, "https://api.closeai-proxy.xyz"),
    chat(5, "https://api.openai-sb.com"),
    chat(28, "https://api.mistral.ai"),
    chat(29, "https://api.groq.com/openai"),
    chat(30, "http://localhost:11434"),
    chat(32, "https://api.stepfun.com"),
    chat(36, "https://api.deepseek.com"),
    chat(39, "https://api.together.xyz"),
    Kind { number: 40, protocol: Protocol::Chat, base: "https://ark.cn-beijing.volces.com", path: "/api/v3" },
    chat(41, "https://api.novita.ai/v3/openai"),
];

/// Numbers of new-api's own.
const NEW_API: &[Kind] = &[
    chat(4, "http://localhost:11434"),
    Kind { number: 26, protocol: Protocol::Chat, base: "https://open.bigmodel.cn", path: "/api/paas/v4" },
    Kind { number: 27, protocol: Protocol::Chat, base: "https://api.perplexity.ai", path: "#" },
    chat(40, "https://api.siliconflow.cn"),
    chat(42, "https://api.mistral.ai"),
    chat(43, "https://api.deepseek.com"),
    Kind { number: 45, protocol: Protocol::Chat, base: "https://ark.cn-beijing.volces.com", path: "/api/v3" },
    chat(47, ""),
    chat(48, "https://api.x.ai"),
];

const REASONS: &[Reason<'_>] = &[
    (&["group"], "groups of users have no counterpart here; client keys name the channels they may use"),
    (
        &["balance", "balance_updated_time", "used_quota", "response_time", "test_time", "created_time"],
        "is a figure of the past, not configuration",
    ),
    (&["tag", "remark", "other_info", "test_model"], "channels here have no notes for people"),
    (&["status_code_mapping"], "what an error means is told by its class, not by a table"),
    (&["param_override"], "can be set for all requests by `compat.extraBody` and `compat.omit`"),
    (&["system_prompt"], "what clients send goes on as it is"),
];

/// The rows, however they are wrapped.
pub(super) fn rows(file: &Value) -> Option<&[Value]> {
    let inner = file.get("data").unwrap_or(file);
    let wrapped = inner.get("items").or_else(|| inner.get("channels")).unwrap_or(inner);
    wrapped.as_array().map(Vec::as_slice)
}

pub(super) fn read(file: &Value, imported: &mut Imported) -> Result<(), ImportError> {
    let rows = rows(file).ok_or(ImportError::Unknown)?;
    // Only new-api's rows have these columns.
    let is_new = rows.iter().any(|row| row.get("channel_info").is_some() || row.get("auto_ban").is_some());
    let own = if is_new { NEW_API } else { ONE_API };
    let highest =
        rows.iter().filter_map(|row| row.get("priority")?.as_i64()).max().unwrap_or_default().max(0);
    for (index, value) in rows.iter().enumerate() {
        let mut row = Fields::of(value, format!("[{index}]"));
        let number = row.number("type").unwrap_or_default();
        match SHARED.iter().chain(own).find(|kind| kind.number == number) {
            Some(kind) => {
                let channel = channel(&mut row, kind, highest);
                row.finish(REASONS, &mut imported.notes);
                imported.channels.push(ImportedChannel { path: format!("[{index}]"), channel });
            }
            None => {
                let why = format!("is no channel here: upstreams of the type {number} are not known");
                imported.notes.push(NotCarried::new(format!("[{index}]"), why));
            }
        }
    }
    Ok(())
}

fn channel(row: &mut Fields<'_>, kind: &Kind, highest: i64) -> ChannelDocument {
    row.skip(&["id", "auto_ban", "created_time", "test_time", "response_time"]);
    let base = row.text("base_url").unwrap_or(kind.base).trim_end_matches('/');
    let priority = row.value("priority").and_then(Value::as_i64).unwrap_or_default();
    let weight = row.number("weight").and_then(|weight| u32::try_from(weight).ok());
    let mut channel = ChannelDocument {
        name: row.text("name").unwrap_or_default().to_owned(),
        endpoints: endpoints(kind, base),
        keys: keys(row),
        priority: u32::try_from(highest.saturating_sub(priority).saturating_add(1)).unwrap_or(u32::MAX),
        weight: weight.unwrap_or(1).max(1),
        ..ChannelDocument::default()
    };
    if row.number("status").is_some_and(|status| status != 1) {
        channel.status = Status::Paused;
    }
    for model in row.text("models").unwrap_or_default().split(',').map(str::trim) {
        if !model.is_empty() && !channel.models.iter().any(|other| other == model) {
            channel.models.push(model.to_owned());
        }
    }
    for (name, target) in written_object(row, "model_mapping") {
        match target.as_str() {
            Some(target) => {
                channel.model_map.insert(name, target.to_owned());
            }
            None => row.note("model_mapping", format!("`{name}` is not mapped to a text")),
        }
    }
    for (name, value) in written_object(row, "header_override") {
        match value.as_str() {
            Some(value) if !value.contains('{') => {
                channel.headers.insert(name, Secret::new(value));
            }
            _ => row.note("header_override", format!("`{name}` has no fixed text")),
        }
    }
    for (name, value) in written_object(row, "setting") {
        match value.as_str() {
            Some(proxy) if name == "proxy" && !proxy.is_empty() => {
                channel.proxy_url = Some(Secret::new(proxy))
            }
            _ => row.note("setting", format!("`{name}` has no counterpart here")),
        }
    }
    if let Some(organization) = row.text("openai_organization") {
        channel.headers.insert("openai-organization".to_owned(), Secret::new(organization));
    }
    channel
}

/// A channel there serves whatever its upstream does.
fn endpoints(kind: &Kind, base: &str) -> Vec<EndpointDocument> {
    let base_url = format!("{base}{}", if base.ends_with(kind.path) { "" } else { kind.path });
    let protocols: &[Protocol] = match (kind.protocol, kind.number) {
        (Protocol::Chat, 1 | 8) => &[Protocol::Chat, Protocol::Embeddings, Protocol::Images],
        (Protocol::Chat, _) => &[Protocol::Chat, Protocol::Embeddings],
        (other, _) => return vec![EndpointDocument { protocol: other, base_url }],
    };
    let endpoint = |protocol: &Protocol| EndpointDocument { protocol: *protocol, base_url: base_url.clone() };
    protocols.iter().map(endpoint).collect()
}

/// One a line. Those that were switched off are listed beside them, by their position.
fn keys(row: &mut Fields<'_>) -> Vec<KeyDocument> {
    let off = row.value("channel_info").and_then(|info| info.get("multi_key_status_list"));
    let is_off = |at: usize| {
        let status = off.and_then(|list| list.get(at.to_string()));
        status.and_then(Value::as_u64).is_some_and(|status| status != 1)
    };
    let Some(text) = row.text("key") else {
        row.note("key", "is missing: lists of the API leave it out, the table has it");
        return Vec::new();
    };
    if text.starts_with(['[', '{']) {
        row.note("key", "is an account's document, which is not used here");
        return Vec::new();
    }
    let key = |(at, key): (usize, &str)| KeyDocument {
        key: Secret::new(key.trim()),
        status: if is_off(at) { Status::Paused } else { Status::Active },
        ..KeyDocument::default()
    };
    text.lines().enumerate().filter(|(_, key)| !key.trim().is_empty()).map(key).collect()
}

/// An object that its column holds as text.
fn written_object(row: &mut Fields<'_>, name: &'static str) -> Map<String, Value> {
    let Some(text) = row.text(name) else { return Map::new() };
    match json::from_str(text) {
        Ok(Value::Object(fields)) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        Ok(_) | Err(_) => {
            row.note(name, "does not hold a JSON object");
            Map::new()
        }
    }
}
