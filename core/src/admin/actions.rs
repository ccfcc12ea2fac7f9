//! What an operator does with a channel in one click.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::channels::view::ChannelView;
use super::channels::{created, last_priority};
use super::edit::{Edited, edit, find_channel};
use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::document::{ChannelDocument, Document};
use crate::config::validate::MAX_NAME;
use crate::config::{ChannelId, Status};
use crate::platform::{Clock, Coordinator, Entropy, Platform};

const MAX_PROMOTION_SECONDS: u64 = 7 * 24 * 3600;

/// For how long a channel comes first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Promote {
    /// 0 ends the promotion; at most a week.
    #[schema(maximum = 604_800)]
    seconds: u64,
}

/// Uses a channel before all others for a while.
#[utoipa::path(post, path = "/api/channels/{id}/promote", operation_id = "promoteChannel", tag = "channels",
    params(("id" = String, Path, description = "The channel's id.")), request_body = Promote,
    responses((status = 204, description = "Done."),
        (status = 400, description = "Too long.", body = ErrorBody),
        (status = 404, description = "No such channel.", body = ErrorBody),
        (status = 409, description = "Others kept changing the configuration meanwhile.", body = ErrorBody)))]
pub(super) async fn promote<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let Promote { seconds } = json::read(request)?;
    if seconds > MAX_PROMOTION_SECONDS {
        return Err(Problem::invalid_field("seconds", format!("is over {MAX_PROMOTION_SECONDS}")));
    }
    let until = context.platform.clock().now() + Duration::from_secs(seconds);
    change(context, id, |channel| channel.promoted_until = (seconds > 0).then_some(until)).await?;
    Ok(json::no_content())
}

/// Lets no traffic through a channel.
#[utoipa::path(post, path = "/api/channels/{id}/pause", operation_id = "pauseChannel", tag = "channels",
    params(("id" = String, Path, description = "The channel's id.")),
    responses((status = 204, description = "Done."),
        (status = 404, description = "No such channel.", body = ErrorBody),
        (status = 409, description = "Others kept changing the configuration meanwhile.", body = ErrorBody)))]
pub(super) async fn pause<P: Platform>(
    context: &Context<'_, P>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    change(context, id, |channel| channel.status = Status::Paused).await?;
    Ok(json::no_content())
}

/// Lets traffic through a channel again and forgets what was held against it.
#[utoipa::path(post, path = "/api/channels/{id}/resume", operation_id = "resumeChannel", tag = "channels",
    params(("id" = String, Path, description = "The channel's id.")),
    responses((status = 204, description = "Done."),
        (status = 404, description = "No such channel.", body = ErrorBody),
        (status = 409, description = "Others kept changing the configuration meanwhile.", body = ErrorBody)))]
pub(super) async fn resume<P: Platform>(
    context: &Context<'_, P>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    change(context, id, |channel| channel.status = Status::Active).await?;
    context.platform.coordinator().reset(&ChannelId::new(id), None).await;
    Ok(json::no_content())
}

/// Copies a channel with its keys.
///
/// The copy is paused, so that it gets no traffic before it was looked at; it comes after all others, and its name
/// is the original's with a number. It has a version and ids of its own; keys keep their quota groups.
#[utoipa::path(post, path = "/api/channels/{id}/duplicate", operation_id = "duplicateChannel", tag = "channels",
    params(("id" = String, Path, description = "The channel's id.")),
    responses((status = 201, description = "Created; `Location` names it.", body = ChannelView),
        (status = 404, description = "No such channel.", body = ErrorBody),
        (status = 409, description = "Others kept changing the configuration meanwhile.", body = ErrorBody)))]
pub(super) async fn duplicate<P: Platform>(
    context: &Context<'_, P>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let view = edit(context, |document| {
        let mut copy = find_channel(document, id)?.1.clone();
        copy.id.clear();
        copy.keys.iter_mut().for_each(|key| key.id.clear());
        copy.assign_ids(&mut |bytes| context.platform.entropy().fill(bytes));
        copy.name = free_name(document, &copy.name);
        copy.status = Status::Paused;
        copy.promoted_until = None;
        copy.priority = last_priority(document);
        let value = ChannelView::of(&copy);
        let path = format!("channels[{}].", document.channels.len());
        document.channels.push(copy);
        Ok(Edited { value, path })
    })
    .await?;
    Ok(created(&view))
}

/// `name-2`, `name-3`, … : the first that no channel has, cut to fit.
fn free_name(document: &Document, name: &str) -> String {
    let numbered = |number: usize| {
        let number = format!("-{number}");
        let room = name.floor_char_boundary(MAX_NAME.saturating_sub(number.len()));
        format!("{}{number}", name.get(..room).unwrap_or_default())
    };
    let taken = |name: &String| document.channels.iter().any(|other| other.name.eq_ignore_ascii_case(name));
    (2..).map(numbered).find(|name| !taken(name)).unwrap_or_default()
}

async fn change<P: Platform>(
    context: &Context<'_, P>,
    id: &str,
    change: impl Fn(&mut ChannelDocument) + Send + Sync,
) -> Result<(), Problem> {
    edit(context, |document| {
        let (index, channel) = find_channel(document, id)?;
        change(channel);
        Ok(Edited { value: (), path: format!("channels[{index}].") })
    })
    .await
}
