//! The keys of a channel, named by id: a secret never stands in a path.

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::channels::check_version;
use super::channels::view::KeyView;
use super::channels::write::KeyWrite;
use super::edit::{Edited, edit, find_channel, no_channel};
use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::document::{ChannelDocument, KeyDocument};
use crate::config::{ChannelId, KeyId};
use crate::platform::{Coordinator, Entropy, Platform};

/// Adds a key to a channel.
#[utoipa::path(post, path = "/api/channels/{id}/keys", operation_id = "addKey", tag = "keys",
    params(("id" = String, Path, description = "The channel's id."),
        ("If-Match" = Option<String>, Header, description = "The channel's version.")),
    request_body = KeyWrite,
    responses((status = 201, description = "Added.", body = KeyView),
        (status = 400, description = "A field is wrong.", body = ErrorBody),
        (status = 404, description = "No such channel.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the channel now.", body = ErrorBody)))]
pub(super) async fn add<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let write: KeyWrite = json::read(request)?;
    if write.id.is_some() {
        return Err(Problem::invalid_field("id", "is given by the gateway"));
    }
    let expected = json::if_match(request);
    let view = edit(context, |document| {
        let (index, channel) = find_channel(document, id)?;
        check_version(channel, expected.as_ref())?;
        let mut key = KeyDocument::default();
        write.clone().apply(&mut key);
        key.assign_id(&mut |bytes| context.platform.entropy().fill(bytes));
        let value = KeyView::of(&key);
        let position = channel.keys.len();
        channel.keys.push(key);
        Ok(Edited { value, path: format!("channels[{index}].keys[{position}].") })
    })
    .await?;
    Ok(json::response(StatusCode::CREATED, &view))
}

/// Changes the given fields of a key.
#[utoipa::path(patch, path = "/api/channels/{id}/keys/{keyId}", operation_id = "editKey", tag = "keys",
    params(("id" = String, Path, description = "The channel's id."),
        ("keyId" = String, Path, description = "The key's id."),
        ("If-Match" = Option<String>, Header, description = "The channel's version.")),
    request_body = KeyWrite,
    responses((status = 200, description = "The key as it is now.", body = KeyView),
        (status = 400, description = "A field is wrong.", body = ErrorBody),
        (status = 404, description = "No such channel or key.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the channel now.", body = ErrorBody)))]
pub(super) async fn update<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
    key_id: &str,
) -> Result<Response<Bytes>, Problem> {
    let write: KeyWrite = json::read(request)?;
    if write.id.as_deref().is_some_and(|id| id != key_id) {
        return Err(Problem::invalid_field("id", "cannot be changed"));
    }
    let expected = json::if_match(request);
    let view = edit(context, |document| {
        let (index, channel) = find_channel(document, id)?;
        check_version(channel, expected.as_ref())?;
        let (position, key) = find_key(channel, key_id)?;
        write.clone().apply(key);
        Ok(Edited { value: KeyView::of(key), path: format!("channels[{index}].keys[{position}].") })
    })
    .await?;
    Ok(json::response(StatusCode::OK, &view))
}

/// Deletes a key.
#[utoipa::path(delete, path = "/api/channels/{id}/keys/{keyId}", operation_id = "deleteKey", tag = "keys",
    params(("id" = String, Path, description = "The channel's id."),
        ("keyId" = String, Path, description = "The key's id."),
        ("If-Match" = Option<String>, Header, description = "The channel's version.")),
    responses((status = 204, description = "Deleted."),
        (status = 404, description = "No such channel or key.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the channel now.", body = ErrorBody)))]
pub(super) async fn delete<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
    key_id: &str,
) -> Result<Response<Bytes>, Problem> {
    let expected = json::if_match(request);
    edit(context, |document| {
        let (_, channel) = find_channel(document, id)?;
        check_version(channel, expected.as_ref())?;
        let (position, _) = find_key(channel, key_id)?;
        channel.keys.remove(position);
        Ok(Edited { value: (), path: String::new() })
    })
    .await?;
    Ok(json::no_content())
}

/// Forgets what was held against a key.
#[utoipa::path(post, path = "/api/channels/{id}/keys/{keyId}/restore", operation_id = "restoreKey", tag = "keys",
    params(("id" = String, Path, description = "The channel's id."),
        ("keyId" = String, Path, description = "The key's id.")),
    responses((status = 204, description = "Done."),
        (status = 404, description = "No such channel or key.", body = ErrorBody)))]
pub(super) async fn restore<P: Platform>(
    context: &Context<'_, P>,
    id: &str,
    key_id: &str,
) -> Result<Response<Bytes>, Problem> {
    let config = context.config.current();
    let channel = ChannelId::new(id);
    let key = KeyId::new(key_id);
    let keys = &config.channel(&channel).ok_or_else(|| no_channel(id))?.keys;
    if !keys.iter().any(|other| other.id == key) {
        return Err(no_key(key_id));
    }
    context.platform.coordinator().reset(&channel, Some(&key)).await;
    Ok(json::no_content())
}

fn find_key<'a>(channel: &'a mut ChannelDocument, id: &str) -> Result<(usize, &'a mut KeyDocument), Problem> {
    channel.keys.iter_mut().enumerate().find(|(_, key)| key.id == id).ok_or_else(|| no_key(id))
}

fn no_key(id: &str) -> Problem {
    Problem::not_found(format!("no key of this channel has the id {id}"))
}
