//! Channels: list, read, create, change, delete, reorder.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use self::view::{ChannelList, ChannelSummary, ChannelView};
use self::write::ChannelWrite;
use super::edit::{Edited, edit, find_channel, no_channel};
use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::document::{ChannelDocument, Document};
use crate::config::{Channel, Version};
use crate::platform::{Coordinator, Entropy, Platform};
use crate::sorted;

pub(super) mod view;
pub(super) mod write;

/// An order of channels.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reorder {
    /// Every channel's id once, first tried first.
    ids: Vec<String>,
}

/// Lists all channels with their state, in the order they are tried.
#[utoipa::path(get, path = "/api/channels", operation_id = "listChannels", tag = "channels",
    params(("If-None-Match" = Option<String>, Header, description = "`ETag` of the last answer.")),
    responses((status = 200, description = "All channels.", body = ChannelList),
        (status = 304, description = "As before.")))]
pub(super) async fn list<P: Platform>(context: &Context<'_, P>) -> Result<Response<Bytes>, Problem> {
    let config = context.config.current();
    let health = context.platform.coordinator().health(&config).await;
    let health = sorted::map(health.into_iter().map(|health| (health.id.clone(), health)));
    let written = &config.document.channels;
    let written = sorted::map(written.iter().map(|channel| (channel.id.as_str(), channel)));
    let summary = |channel: &Arc<Channel>| {
        let written = written.get(channel.id.as_str())?;
        Some(ChannelSummary::of(channel, written, health.get(&channel.id).cloned()))
    };
    let channels = config.channels.iter().filter_map(summary).collect();
    Ok(json::response(StatusCode::OK, &ChannelList { channels }))
}

/// Reads the configuration of a channel, without its secrets.
#[utoipa::path(get, path = "/api/channels/{id}", operation_id = "readChannel", tag = "channels",
    params(("id" = String, Path, description = "The channel's id.")),
    responses((status = 200, description = "The channel; `ETag` is its version.", body = ChannelView),
        (status = 404, description = "No such channel.", body = ErrorBody)))]
pub(super) fn read<P>(context: &Context<'_, P>, id: &str) -> Result<Response<Bytes>, Problem> {
    let config = context.config.current();
    let channel =
        config.document.channels.iter().find(|channel| channel.id == id).ok_or_else(|| no_channel(id))?;
    let view = ChannelView::of(channel);
    Ok(json::versioned(StatusCode::OK, view.version(), &view))
}

/// Creates a channel.
#[utoipa::path(post, path = "/api/channels", operation_id = "createChannel", tag = "channels",
    request_body = ChannelWrite,
    responses((status = 201, description = "Created; `Location` names it.", body = ChannelView),
        (status = 400, description = "A field is wrong.", body = ErrorBody),
        (status = 409, description = "Others kept changing the configuration meanwhile.", body = ErrorBody)))]
pub(super) async fn create<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let write: ChannelWrite = json::read(request)?;
    let view = edit(context, |document| {
        let mut channel = ChannelDocument::default();
        if !write.sets_priority() {
            channel.priority = last_priority(document);
        }
        write.clone().apply(&mut channel)?;
        channel.assign_ids(&mut |bytes| context.platform.entropy().fill(bytes));
        let value = ChannelView::of(&channel);
        let index = document.channels.len();
        document.channels.push(channel);
        Ok(Edited { value, path: format!("channels[{index}].") })
    })
    .await?;
    Ok(created(&view))
}

/// Changes the given fields of a channel.
#[utoipa::path(patch, path = "/api/channels/{id}", operation_id = "editChannel", tag = "channels",
    params(("id" = String, Path, description = "The channel's id."),
        ("If-Match" = Option<String>, Header, description = "The version the change was made for.")),
    request_body = ChannelWrite,
    responses((status = 200, description = "The channel as it is now.", body = ChannelView),
        (status = 400, description = "A field is wrong.", body = ErrorBody),
        (status = 404, description = "No such channel.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the channel now.", body = ErrorBody)))]
pub(super) async fn update<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let write: ChannelWrite = json::read(request)?;
    let expected = json::if_match(request);
    let view = edit(context, |document| {
        let (index, channel) = find_channel(document, id)?;
        check_version(channel, expected.as_ref())?;
        write.clone().apply(channel)?;
        channel.assign_ids(&mut |bytes| context.platform.entropy().fill(bytes));
        Ok(Edited { value: ChannelView::of(channel), path: format!("channels[{index}].") })
    })
    .await?;
    Ok(json::versioned(StatusCode::OK, view.version(), &view))
}

/// Deletes a channel and its keys.
#[utoipa::path(delete, path = "/api/channels/{id}", operation_id = "deleteChannel", tag = "channels",
    params(("id" = String, Path, description = "The channel's id."),
        ("If-Match" = Option<String>, Header, description = "The version that shall go.")),
    responses((status = 204, description = "Deleted."),
        (status = 404, description = "No such channel.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the channel now.", body = ErrorBody)))]
pub(super) async fn delete<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let expected = json::if_match(request);
    edit(context, |document| {
        let (index, channel) = find_channel(document, id)?;
        check_version(channel, expected.as_ref())?;
        document.channels.remove(index);
        Ok(Edited { value: (), path: String::new() })
    })
    .await?;
    Ok(json::no_content())
}

/// Gives the channels priorities 1, 2, 3 … in the given order.
#[utoipa::path(post, path = "/api/channels/reorder", operation_id = "reorderChannels", tag = "channels",
    request_body = Reorder,
    responses((status = 200, description = "All channels in their new order.", body = ChannelList),
        (status = 400, description = "Not every channel is named once.", body = ErrorBody),
        (status = 409, description = "Others kept changing the configuration meanwhile.", body = ErrorBody)))]
pub(super) async fn reorder<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let Reorder { ids } = json::read(request)?;
    edit(context, |document| reorder_document(document, &ids)).await?;
    list(context).await
}

/// The answer to whoever made a channel.
pub(super) fn created(view: &ChannelView) -> Response<Bytes> {
    json::created(&format!("/api/channels/{}", view.id()), view.version(), view)
}

/// After all others.
pub(super) fn last_priority(document: &Document) -> u32 {
    let last = document.channels.iter().map(|channel| channel.priority).max();
    last.map_or(1, |last| last.saturating_add(1))
}

fn reorder_document(document: &mut Document, ids: &[String]) -> Result<Edited<()>, Problem> {
    let mut positions: BTreeMap<&str, u32> = BTreeMap::new();
    for (id, position) in ids.iter().zip(1..) {
        positions.insert(id, position);
    }
    let complete = positions.len() == ids.len() && ids.len() == document.channels.len();
    for channel in &mut document.channels {
        match positions.get(channel.id.as_str()) {
            Some(position) if complete => channel.priority = *position,
            _ => return Err(Problem::invalid_field("ids", "does not name every channel exactly once")),
        }
    }
    sorted::sort_by_key(&mut document.channels, |channel| channel.priority);
    Ok(Edited { value: (), path: String::new() })
}

/// Refuses a write that was made for another version.
pub(super) fn check_version(channel: &ChannelDocument, expected: Option<&Version>) -> Result<(), Problem> {
    match expected {
        Some(expected) if *expected != channel.version() => {
            Err(Problem::conflict(Some(ChannelView::of(channel))))
        }
        _ => Ok(()),
    }
}
