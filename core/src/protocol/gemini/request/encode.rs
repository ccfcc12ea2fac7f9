//! Requests as Gemini upstreams read them. <https://ai.google.dev/api/generate-content#request-body>

mod config;
mod contents;
mod document;
mod instructions;
mod media;
mod pairing;
mod results;
mod tools;

#[cfg(test)]
mod tests;

use serde::Serialize;

use self::contents::Content;
use self::document::Document;
use crate::config::Protocol;
use crate::ir::{Losses, Request};
use crate::protocol::convert::{Encoded, Target, Unsupported};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(flatten)]
    rest: Document,
}

pub(in crate::protocol) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Unsupported> {
    supported(request)?;
    let mut lost = Losses::default();
    let leading = instructions::leading(&request.items);
    let (head, items) = request.items.split_at_checked(leading).unwrap_or((&[], &request.items));
    let mut system = instructions::encode(&request.instructions, head, request.origin, &mut lost);
    let mut contents = contents::encode(items, request.origin, target.compat, &mut lost);
    let mut rest = Document::new(target.compat);
    let wish = config::encode(request, target.compat, &mut rest, &mut lost);
    system.extend(wish);
    if contents.is_empty() {
        // There must be something to answer.
        contents.extend((!system.is_empty()).then(|| Content::user(std::mem::take(&mut system))));
        lost.approximated("items.system");
    }
    tools::encode(request, target.compat, &mut rest, &mut lost);
    top_level(request, &mut rest, &mut lost);
    ext(request, &mut rest, &mut lost);
    let system_instruction = (!system.is_empty()).then(|| Content::system(system));
    let body = Body { system_instruction, contents, rest };
    let body = serde_json::to_vec(&body).map_err(|error| Unsupported(error.to_string()))?;
    Ok(Encoded { body: document::with_extra(body, target.compat), headers: Vec::new(), lost })
}

/// What would be answered wrongly if it was left out.
fn supported(request: &Request) -> Result<(), Unsupported> {
    let state = &request.state;
    let unsupported = [
        (state.previous_response_id.is_some(), "previous_response_id"),
        (state.conversation.is_some(), "conversation"),
        (state.prompt.is_some(), "prompt"),
        (state.background == Some(true), "background"),
        (state.container.is_some(), "container"),
        (state.store == Some(true) && request.origin != Protocol::Gemini, "store"),
    ];
    match unsupported.into_iter().find(|(set, _)| *set) {
        Some((_, field)) => Err(Unsupported(format!(
            "`{field}` needs an upstream that keeps things between requests; this one does not"
        ))),
        None => Ok(()),
    }
}

fn top_level(request: &Request, rest: &mut Document, lost: &mut Losses) {
    let own = request.origin == Protocol::Gemini;
    let (identity, state) = (&request.identity, &request.state);
    if let Some(settings) = &identity.safety_settings {
        rest.set_if(own, "safetySettings", "safety_settings", settings, lost);
    }
    if let Some(name) = &state.cached_content {
        rest.set_if(own, "cachedContent", "cached_content", name, lost);
    }
    if !identity.metadata.is_empty() {
        rest.set_if(own, "labels", "metadata", &identity.metadata, lost);
    }
    if let Some(store) = state.store.filter(|_| own) {
        rest.set("store", "store", store, lost);
    }
    // <https://ai.google.dev/gemini-api/docs/flex-inference>
    match identity.service_tier.as_deref() {
        None => {}
        Some("auto") if !own => {}
        Some("default" | "standard_only") => rest.set("serviceTier", "service_tier", "standard", lost),
        Some(tier @ ("flex" | "priority" | "standard")) => {
            rest.set("serviceTier", "service_tier", tier, lost);
        }
        Some(tier) => rest.set_if(own, "serviceTier", "service_tier", tier, lost),
    }
    for (set, feature) in [
        (identity.user.is_some(), "user"),
        (identity.safety_identifier.is_some(), "safety_identifier"),
        (identity.prompt_cache_key.is_some(), "prompt_cache_key"),
        (identity.prompt_cache_retention.is_some(), "prompt_cache_retention"),
        (state.truncation.as_deref().is_some_and(|how| how != "disabled"), "truncation"),
        (state.context_management.is_some(), "context_management"),
        (!state.include.is_empty(), "include"),
        (state.compact, "compact"),
    ] {
        if set {
            lost.dropped(feature);
        }
    }
}

fn ext(request: &Request, rest: &mut Document, lost: &mut Losses) {
    for (field, value) in &request.ext {
        if request.origin == Protocol::Gemini {
            rest.set_at(field, value);
        } else {
            lost.dropped(format!("ext.{field}"));
        }
    }
}
