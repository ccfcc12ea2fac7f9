//! LiteLLM's proxy configuration, as JSON: deployments, of which those with one address and one key are a channel.
//! <https://docs.litellm.ai/docs/proxy/configs>

use serde_json::Value;

use super::fields::{Fields, Reason};
use super::{Imported, ImportedChannel, NotCarried};
use crate::config::document::{ChannelDocument, EndpointDocument, KeyDocument};
use crate::config::{Limits, Protocol, Secret, Status};

/// By the prefix of the model: what the upstream speaks, and where it is unless `api_base` says so.
const PROVIDERS: &[(&str, Protocol, &str)] = &[
    ("openai", Protocol::Chat, "https://api.openai.com"),
    ("anthropic", Protocol::Messages, "https://api.anthropic.com"),
    ("gemini", Protocol::Gemini, "https://generativelanguage.googleapis.com"),
    ("deepseek", Protocol::Chat, "https://api.deepseek.com"),
    ("groq", Protocol::Chat, "https://api.groq.com/openai"),
    ("mistral", Protocol::Chat, "https://api.mistral.ai"),
    ("xai", Protocol::Chat, "https://api.x.ai"),
    ("openrouter", Protocol::Chat, "https://openrouter.ai/api"),
    ("together_ai", Protocol::Chat, "https://api.together.xyz"),
    ("fireworks_ai", Protocol::Chat, "https://api.fireworks.ai/inference"),
    ("cerebras", Protocol::Chat, "https://api.cerebras.ai"),
    ("moonshot", Protocol::Chat, "https://api.moonshot.ai"),
    ("perplexity", Protocol::Chat, "https://api.perplexity.ai#"),
    ("ollama", Protocol::Chat, "http://localhost:11434"),
    ("ollama_chat", Protocol::Chat, "http://localhost:11434"),
    ("hosted_vllm", Protocol::Chat, ""),
    ("openai_like", Protocol::Chat, ""),
    ("lm_studio", Protocol::Chat, ""),
];

/// Its keys may stand for variables of its environment.
const VARIABLE: &str = "os.environ/";

const REASONS: &[Reason<'_>] = &[
    (&["litellm_settings", "router_settings"], "how requests are routed is set here in its own terms"),
    (&["general_settings"], "keys of clients and operators are made here"),
    (&["environment_variables"], "the environment is not part of the configuration"),
    (
        &["input_cost_per_token", "output_cost_per_token", "input_cost_per_second"],
        "prices stand in the price book",
    ),
    (
        &["timeout", "stream_timeout", "max_retries"],
        "a channel has `timeouts`, and failed requests go elsewhere",
    ),
];

/// What one entry of the list says.
struct Deployment {
    channel: ChannelDocument,
    /// What clients ask for, and what the upstream calls it.
    alias: String,
    model: String,
    path: String,
}

pub(super) fn read(file: &Value, imported: &mut Imported) {
    let mut root = Fields::of(file, "");
    let mut channels: Vec<ImportedChannel> = Vec::new();
    for (index, value) in root.items("model_list").iter().enumerate() {
        let path = format!("model_list[{index}]");
        let Some(deployment) = deployment(value, path, &mut imported.notes) else { continue };
        let at = channels.iter().position(|other| takes(&other.channel, &deployment)).unwrap_or_else(|| {
            let (path, channel) = (deployment.path.clone(), deployment.channel.clone());
            channels.push(ImportedChannel { path, channel });
            channels.len() - 1
        });
        if let Some(ImportedChannel { channel, .. }) = channels.get_mut(at) {
            add(channel, &deployment);
        }
    }
    imported.channels = channels;
    root.finish(REASONS, &mut imported.notes);
}

fn deployment(value: &Value, path: String, notes: &mut Vec<NotCarried>) -> Option<Deployment> {
    let mut entry = Fields::of(value, path.as_str());
    let alias = entry.text("model_name").unwrap_or_default().to_owned();
    let mode = entry.value("model_info").and_then(|info| info.get("mode")?.as_str()).unwrap_or_default();
    let params_path = entry.path("litellm_params");
    let params = entry.value("litellm_params").unwrap_or(&Value::Null);
    let about = entry.value("model_info").and_then(Value::as_object);
    if about.is_some_and(|about| about.keys().any(|name| name != "mode" && name != "id")) {
        entry.note("model_info", "is known from presets and the price book");
    }
    entry.finish(REASONS, notes);
    let mut params = Fields::of(params, params_path);
    let model = params.text("model").unwrap_or_default();
    let own = params.text("custom_llm_provider");
    let (provider, model) = match own {
        Some(provider) => (provider, model),
        None => model.split_once('/').unwrap_or_else(|| (guessed(model), model)),
    };
    let Some((_, protocol, base)) = PROVIDERS.iter().find(|(name, ..)| *name == provider) else {
        notes.push(NotCarried::new(
            path,
            format!("is no channel here: the provider `{provider}` is not known"),
        ));
        return None;
    };
    let protocol = match (*protocol, mode) {
        (Protocol::Chat, "embedding") => Protocol::Embeddings,
        (Protocol::Chat, "image_generation") => Protocol::Images,
        (protocol, _) => protocol,
    };
    let base = params.text("api_base").or_else(|| params.text("base_url")).unwrap_or(base);
    let number = |value: Option<u64>| value.and_then(|value| u32::try_from(value).ok());
    let mut channel = ChannelDocument {
        name: provider.to_owned(),
        endpoints: vec![EndpointDocument { protocol, base_url: base.to_owned() }],
        priority: number(params.number("order")).unwrap_or(1),
        weight: number(params.number("weight")).unwrap_or(1).max(1),
        limits: Limits {
            requests_per_minute: number(params.number("rpm")),
            tokens_per_minute: number(params.number("tpm")),
            concurrency: number(params.number("max_parallel_requests")),
        },
        ..ChannelDocument::default()
    };
    match params.text("api_key") {
        Some(key) if key.starts_with(VARIABLE) => {
            channel.status = Status::Paused;
            params.note("api_key", format!("stands for {key}, which is not set here: the channel is paused"));
        }
        Some(key) => channel.keys.push(KeyDocument { key: Secret::new(key), ..KeyDocument::default() }),
        None => {}
    }
    for (name, value) in params.pairs("extra_headers") {
        channel.headers.insert(name.to_owned(), Secret::new(value));
    }
    let wildcard = alias.contains('*') || model.contains('*');
    if alias.is_empty() || model.is_empty() || (wildcard && alias != model) {
        params.note("model", "cannot be mapped: names here are mapped to names, not to patterns");
        params.finish(REASONS, notes);
        return None;
    }
    let model = model.to_owned();
    params.finish(REASONS, notes);
    Some(Deployment { channel, alias, model, path })
}

/// LiteLLM knows these without a prefix.
fn guessed(model: &str) -> &'static str {
    if model.starts_with("claude") {
        "anthropic"
    } else if ["gpt-", "o1", "o3", "o4", "text-embedding-"].iter().any(|prefix| model.starts_with(prefix)) {
        "openai"
    } else {
        ""
    }
}

/// Whether the deployment differs from the channel in nothing but its model, which the channel does not have yet.
fn takes(channel: &ChannelDocument, deployment: &Deployment) -> bool {
    let other = &deployment.channel;
    let known = channel.models.contains(&deployment.alias);
    let limited = |channel: &ChannelDocument| channel.limits != Limits::default();
    let same = channel.endpoints == other.endpoints
        && channel.keys == other.keys
        && channel.headers == other.headers
        && (channel.priority, channel.weight, channel.status) == (other.priority, other.weight, other.status);
    // Limits are those of one deployment: two of them together would have one allowance.
    same && !known && !limited(channel) && !limited(other)
}

fn add(channel: &mut ChannelDocument, deployment: &Deployment) {
    channel.models.push(deployment.alias.clone());
    if deployment.alias != deployment.model {
        channel.model_map.insert(deployment.alias.clone(), deployment.model.clone());
    }
}
