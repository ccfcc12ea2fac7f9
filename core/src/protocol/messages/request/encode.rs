//! Writes a request. <https://platform.claude.com/docs/en/api/messages/create>

mod body;
mod content;
mod ids;
mod schema;
mod settings;
mod system;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod turns;

use http::{HeaderName, HeaderValue};

use self::body::Body;
use self::thinking::Plan;
use self::turns::Conversation;
use crate::ir::{self, Losses, State};
use crate::protocol::convert::{Encoded, Target, Unsupported};

const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// Compaction blocks are known only with it.
/// <https://platform.claude.com/docs/en/build-with-claude/compaction>
const COMPACTION: HeaderValue = HeaderValue::from_static("compact-2026-01-12");

/// # Errors
/// When the request rests on something that another vendor keeps.
pub(in crate::protocol) fn encode(
    request: &ir::Request,
    target: &Target<'_>,
) -> Result<Encoded, Unsupported> {
    check(&request.state)?;
    let mut lost = Losses::default();
    let conversation = Conversation::of(request, target.compat, &mut lost);
    let plan = Plan::of(request, target.compat, conversation.forbids_thinking(), &mut lost);

    let mut body = Body::new(target.compat, lost);
    body.set("model", &target.model);
    body.set("max_tokens", &plan.max_tokens);
    if target.stream {
        body.set("stream", &true);
    }
    if !conversation.system.is_empty() {
        body.set("system", &conversation.system);
    }
    body.set("messages", &conversation.turns);
    tools::encode(request, target.compat, plan.on, &mut body);
    settings::encode(request, &plan, &mut body);

    let headers = if conversation.compacted { vec![(BETA, COMPACTION)] } else { Vec::new() };
    Ok(body.finish(headers))
}

/// Claude keeps nothing between requests.
fn check(state: &State) -> Result<(), Unsupported> {
    let kept = [
        (state.previous_response_id.is_some(), "`previous_response_id`: send the whole conversation instead"),
        (state.conversation.is_some(), "`conversation`: send the whole conversation instead"),
        (state.prompt.is_some(), "a stored `prompt`: send its text instead"),
        (state.cached_content.is_some(), "`cachedContent`: send the content itself instead"),
        (state.background == Some(true), "`background: true`"),
        (state.store == Some(true), "`store: true`"),
    ];
    match kept.into_iter().find(|(asked, _)| *asked) {
        Some((_, what)) => Err(Unsupported(format!("this model's upstream does not support {what}"))),
        None => Ok(()),
    }
}
