//! Which model a test asks for.

use crate::config::{Channel, Protocol};

/// Names of models that make vectors.
const VECTORS: [&str; 4] = ["embed", "bge-", "gte-", "/e5-"];
/// Names of models that make images.
const IMAGES: [&str; 7] = ["image", "dall-e", "imagen", "flux", "stable-diffusion", "seedream", "cogview"];
/// Names of models that answer no conversation either.
const OTHERS: [&str; 16] = [
    "whisper",
    "tts",
    "audio",
    "speech",
    "transcribe",
    "realtime",
    "-live",
    "moderation",
    "guard",
    "rerank",
    "ocr",
    "video",
    "veo",
    "sora",
    "davinci",
    "babbage",
];
/// Parts of names that vendors give to their cheap models.
const CHEAP: [&str; 8] = ["-nano", "-lite", "flash", "-mini", "haiku", "-small", "turbo", "-air"];

/// The upstream's name of the model that was ordered, or of one that the channel's configuration spells out.
pub(super) fn configured(channel: &Channel, protocol: Protocol, ordered: Option<&str>) -> Option<String> {
    let mapped =
        |model: &str| channel.model_map.map(model).map_or_else(|| model.to_owned(), |name| name.to_string());
    if let Some(model) = ordered {
        return Some(mapped(model));
    }
    let named = channel.models.names().map(mapped);
    best(named.chain(channel.model_map.targets().map(str::to_owned)), protocol)
}

/// One that the upstream lists, or the preset knows.
pub(super) fn known(channel: &Channel, protocol: Protocol, listed: &[String]) -> Option<String> {
    let allowed = listed.iter().filter(|model| channel.models.allows(model));
    best(allowed.cloned(), protocol)
        .or_else(|| best(channel.context_windows.names().map(str::to_owned), protocol))
}

/// The first cheap one of those that serve the protocol, or else the first.
fn best(names: impl Iterator<Item = String>, protocol: Protocol) -> Option<String> {
    let mut first = None;
    for name in names.filter(|name| serves(name, protocol)) {
        if holds(&name.to_ascii_lowercase(), &CHEAP) {
            return Some(name);
        }
        first.get_or_insert(name);
    }
    first
}

/// As far as a name tells.
fn serves(name: &str, protocol: Protocol) -> bool {
    let name = name.to_ascii_lowercase();
    let (vectors, images) = (holds(&name, &VECTORS), holds(&name, &IMAGES));
    match protocol {
        Protocol::Embeddings => vectors,
        Protocol::Images => images,
        _ => !vectors && !images && !holds(&name, &OTHERS),
    }
}

fn holds(name: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cheap_model_of_the_right_kind_is_chosen() {
        let openai = [
            "dall-e-3",
            "tts-1",
            "gpt-5",
            "text-embedding-3-small",
            "gpt-5-mini",
            "whisper-1",
            "gpt-image-1",
        ];
        for (names, protocol, expected) in [
            (&openai[..], Protocol::Chat, Some("gpt-5-mini")),
            (&openai[..], Protocol::Embeddings, Some("text-embedding-3-small")),
            (&openai[..], Protocol::Images, Some("dall-e-3")),
            (&["claude-opus-5-5", "claude-sonnet-5-5"][..], Protocol::Messages, Some("claude-opus-5-5")),
            (
                &["gemini-embedding-001", "gemini-3-pro", "gemini-3-flash"][..],
                Protocol::Gemini,
                Some("gemini-3-flash"),
            ),
            (&["bge-m3", "rerank-2"][..], Protocol::Chat, None),
            (&[][..], Protocol::Chat, None),
        ] {
            let chosen = best(names.iter().map(ToString::to_string), protocol);
            assert_eq!(chosen.as_deref(), expected, "{names:?} over {protocol}");
        }
    }
}
