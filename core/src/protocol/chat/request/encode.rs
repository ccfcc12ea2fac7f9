//! The model between the protocols to a request for an upstream.

mod assistant;
mod body;
mod messages;
mod params;
mod parts;
mod reasoning;
mod results;
mod tools;

use crate::config::Protocol;
use crate::ir::{Request, State};
use crate::protocol::convert::{Encoded, Target, Unsupported};

use body::Body;

/// # Errors
/// When the request leans on something the upstream would have to hold already.
pub(in crate::protocol) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Unsupported> {
    check(request)?;
    let mut body = Body::new(target.compat);
    body.field("model", &target.model);
    let messages = messages::encode(request, target.compat, &mut body.lost);
    body.field("messages", &messages);
    tools::encode(request, &mut body);
    params::encode(request, target, &mut body);
    reasoning::encode(&request.reasoning, &mut body);
    params::rest(request, &mut body);
    Ok(body.finish())
}

/// A request whose content is elsewhere cannot be answered without it.
fn check(request: &Request) -> Result<(), Unsupported> {
    let State {
        store,
        previous_response_id,
        conversation,
        background,
        container,
        cached_content,
        prompt,
        ..
    } = &request.state;
    let stored = *store == Some(true) && request.origin == Protocol::Responses;
    let held = [
        (previous_response_id.is_some(), "previous_response_id"),
        (conversation.is_some(), "conversation"),
        (prompt.is_some(), "prompt"),
        (*background == Some(true), "background"),
        (container.is_some(), "container"),
        (cached_content.is_some(), "cachedContent"),
        (stored, "store"),
    ];
    match held.into_iter().find(|(asked, _)| *asked) {
        Some((_, field)) => Err(Unsupported(format!(
            "this channel's upstream speaks Chat Completions, which keeps no state: `{field}` cannot be served"
        ))),
        None => Ok(()),
    }
}
