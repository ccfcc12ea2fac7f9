//! What an operator does with a channel in one click.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::edit::{Edited, edit, find_channel};
use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::document::ChannelDocument;
use crate::config::{ChannelId, Status};
use crate::platform::{Clock, Coordinator, Platform};

const MAX_PROMOTION_SECONDS: u64 = 7 * 24 * 3600;

/// For how long a channel comes first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Promote {
    /// 0 ends the promotion; at most a week.
    seconds: u64,
}

/// Uses a channel before all others for a while.
#[utoipa::path(post, path = "/api/channels/{id}/promote", operation_id = "promoteChannel", tag = "channels",
    params(("id" = String, Path, description = "The channel's id.")), request_body = Promote,
    responses((status = 204, description = "Done."),
        (status = 400, description = "Too long.", body = ErrorBody),
        (status = 404, description = "No such channel.", body = ErrorBody)))]
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
        (status = 404, description = "No such channel.", body = ErrorBody)))]
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
        (status = 404, description = "No such channel.", body = ErrorBody)))]
pub(super) async fn resume<P: Platform>(
    context: &Context<'_, P>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    change(context, id, |channel| channel.status = Status::Active).await?;
    context.platform.coordinator().reset(&ChannelId::new(id), None).await;
    Ok(json::no_content())
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
