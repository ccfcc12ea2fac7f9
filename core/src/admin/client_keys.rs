//! The keys of clients: list, read, create, change, delete, rotate. A secret is shown once, when it is made.

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use self::view::{ClientKeyList, ClientKeyView, NewClientKey};
use self::write::ClientKeyWrite;
use super::edit::{Edited, edit};
use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::allowance::MOST;
use crate::config::access::{Digest, check_strength, random_key};
use crate::config::document::{ClientKeyDocument, Document};
use crate::config::{ClientKeyId, Config, Secret};
use crate::gateway::spending;
use crate::platform::{Clock, Entropy, Platform};

pub(super) mod view;
mod write;

/// Lists all client keys with what they have used, those of the environment last.
#[utoipa::path(get, path = "/api/client-keys", operation_id = "listClientKeys", tag = "client keys",
    responses((status = 200, description = "All client keys.", body = ClientKeyList)))]
pub(super) async fn list<P: Platform>(context: &Context<'_, P>) -> Response<Bytes> {
    let config = context.config.current();
    let ids: Vec<_> = config.access.client_keys.iter().map(|key| key.id.clone()).collect();
    hear(context, &ids).await;
    let written = config.document.access.client_keys.iter().map(|key| view(context, key, false));
    let foreign = from_environment(&config).map(|key| view(context, &key, true));
    let client_keys = written.chain(foreign).collect();
    json::response(StatusCode::OK, &ClientKeyList { client_keys })
}

/// Reads a client key.
#[utoipa::path(get, path = "/api/client-keys/{id}", operation_id = "readClientKey", tag = "client keys",
    params(("id" = String, Path, description = "The client key's id.")),
    responses((status = 200, description = "The key; `ETag` is its version.", body = ClientKeyView),
        (status = 404, description = "No such client key.", body = ErrorBody)))]
pub(super) async fn read<P: Platform>(
    context: &Context<'_, P>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let config = context.config.current();
    if let Some(key) = config.access.client_key(id) {
        hear(context, std::slice::from_ref(&key.id)).await;
    }
    let written = config.document.access.client_keys.iter().find(|key| key.id == id);
    let view = match written {
        Some(key) => view(context, key, false),
        None => {
            let foreign = from_environment(&config).find(|key| key.id == id);
            view(context, &foreign.ok_or_else(|| no_client_key(id))?, true)
        }
    };
    Ok(json::versioned(StatusCode::OK, view.version(), &view))
}

/// Creates a client key. Its secret is in this answer and never again.
#[utoipa::path(post, path = "/api/client-keys", operation_id = "createClientKey", tag = "client keys",
    request_body = ClientKeyWrite,
    responses((status = 201, description = "Created; `Location` names it.", body = NewClientKey),
        (status = 400, description = "A field is wrong.", body = ErrorBody),
        (status = 409, description = "Others kept changing the configuration meanwhile.", body = ErrorBody)))]
pub(super) async fn create<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let write: ClientKeyWrite = json::read(request)?;
    let key = write.secret().cloned().unwrap_or_else(|| new_secret(context));
    let hash = hash(context, &key)?;
    let client_key = edit(context, |document| {
        let mut client_key = ClientKeyDocument { hash: hash.clone(), ..ClientKeyDocument::default() };
        write.clone().apply(&mut client_key, &document.channels)?;
        client_key.assign_id(&mut |bytes| context.platform.entropy().fill(bytes));
        let value = view(context, &client_key, false);
        let index = document.access.client_keys.len();
        document.access.client_keys.push(client_key);
        Ok(Edited { value, path: format!("access.clientKeys[{index}].") })
    })
    .await?;
    let new = NewClientKey { key, client_key };
    let place = format!("/api/client-keys/{}", new.client_key.id());
    Ok(json::created(&place, new.client_key.version(), &new))
}

/// Changes the given fields of a client key.
#[utoipa::path(patch, path = "/api/client-keys/{id}", operation_id = "editClientKey", tag = "client keys",
    params(("id" = String, Path, description = "The client key's id."),
        ("If-Match" = Option<String>, Header, description = "The version the change was made for.")),
    request_body = ClientKeyWrite,
    responses((status = 200, description = "The key as it is now.", body = ClientKeyView),
        (status = 400, description = "A field is wrong.", body = ErrorBody),
        (status = 404, description = "The configuration has no such client key.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the key now.", body = ErrorBody)))]
pub(super) async fn update<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let write: ClientKeyWrite = json::read(request)?;
    let hash = write.secret().map(|key| hash(context, key)).transpose()?;
    let view = edit(context, |document| {
        let (index, mut client_key) = find(context, request, document, id)?;
        write.clone().apply(&mut client_key, &document.channels)?;
        if let Some(hash) = &hash {
            client_key.hash.clone_from(hash);
        }
        Ok(replaced(context, document, index, client_key))
    })
    .await?;
    Ok(json::versioned(StatusCode::OK, view.version(), &view))
}

/// Deletes a client key: from now on it opens nothing.
#[utoipa::path(delete, path = "/api/client-keys/{id}", operation_id = "deleteClientKey", tag = "client keys",
    params(("id" = String, Path, description = "The client key's id."),
        ("If-Match" = Option<String>, Header, description = "The version that shall go.")),
    responses((status = 204, description = "Deleted."),
        (status = 404, description = "The configuration has no such client key.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the key now.", body = ErrorBody)))]
pub(super) async fn delete<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    edit(context, |document| {
        let (index, _) = find(context, request, document, id)?;
        document.access.client_keys.remove(index);
        Ok(Edited { value: (), path: String::new() })
    })
    .await?;
    Ok(json::no_content())
}

/// Gives a client key a new secret; the old one opens nothing any more. The secret is in this answer and never again.
#[utoipa::path(post, path = "/api/client-keys/{id}/rotate", operation_id = "rotateClientKey", tag = "client keys",
    params(("id" = String, Path, description = "The client key's id."),
        ("If-Match" = Option<String>, Header, description = "The version the change was made for.")),
    responses((status = 200, description = "Done.", body = NewClientKey),
        (status = 404, description = "The configuration has no such client key.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the key now.", body = ErrorBody)))]
pub(super) async fn rotate<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let key = new_secret(context);
    let hash = hash(context, &key)?;
    let client_key = edit(context, |document| {
        let (index, client_key) = find(context, request, document, id)?;
        let client_key = ClientKeyDocument { hash: hash.clone(), ..client_key };
        Ok(replaced(context, document, index, client_key))
    })
    .await?;
    let new = NewClientKey { key, client_key };
    Ok(json::versioned(StatusCode::OK, new.client_key.version(), &new))
}

/// Hears what others served with `keys`, where that was not asked for lately.
async fn hear<P: Platform>(context: &Context<'_, P>, keys: &[ClientKeyId]) {
    let now = context.platform.clock().now();
    let stale = |key: &&ClientKeyId| spending::lock(context.allowances).is_stale(key, now);
    let stale: Vec<ClientKeyId> = keys.iter().filter(stale).cloned().collect();
    for keys in stale.chunks(MOST) {
        spending::sync(context.allowances, context.platform, keys).await;
    }
}

fn view<P: Platform>(context: &Context<'_, P>, key: &ClientKeyDocument, environment: bool) -> ClientKeyView {
    let allowances = spending::lock(context.allowances);
    let spending = allowances.spending(&ClientKeyId::new(key.id.as_str()));
    ClientKeyView::of(key, environment, spending, context.platform.clock().now())
}

/// The keys that are not in the document, in its form.
fn from_environment(config: &Config) -> impl Iterator<Item = ClientKeyDocument> {
    let written = &config.document.access.client_keys;
    let foreign = config.access.client_keys.iter().skip(written.len());
    foreign.map(|key| ClientKeyDocument {
        id: key.id.to_string(),
        name: key.name.clone(),
        hash: key.digest.to_string(),
        ..ClientKeyDocument::default()
    })
}

/// A copy of the key with this id and its position; it is there in the version that the request is meant for.
fn find<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    document: &Document,
    id: &str,
) -> Result<(usize, ClientKeyDocument), Problem> {
    let mut keys = document.access.client_keys.iter().enumerate();
    let (index, key) = keys.find(|(_, key)| key.id == id).ok_or_else(|| no_client_key(id))?;
    match json::if_match(request) {
        Some(expected) if expected != key.version() => {
            Err(Problem::conflict(Some(view(context, key, false))))
        }
        _ => Ok((index, key.clone())),
    }
}

fn replaced<P: Platform>(
    context: &Context<'_, P>,
    document: &mut Document,
    index: usize,
    key: ClientKeyDocument,
) -> Edited<ClientKeyView> {
    let value = view(context, &key, false);
    if let Some(place) = document.access.client_keys.get_mut(index) {
        *place = key;
    }
    Edited { value, path: format!("access.clientKeys[{index}].") }
}

fn new_secret<P: Platform>(context: &Context<'_, P>) -> Secret {
    random_key("cw-", &mut |bytes| context.platform.entropy().fill(bytes))
}

/// The stored form of a secret that nobody else has.
fn hash<P>(context: &Context<'_, P>, key: &Secret) -> Result<String, Problem> {
    check_strength(key.expose()).map_err(|problem| Problem::invalid_field("key", problem))?;
    let access = &context.config.current().access;
    if access.client(key.expose()).is_some() || access.is_admin(key.expose()) {
        return Err(Problem::invalid_field("key", "is in use already"));
    }
    Ok(Digest::of(key.expose()).to_string())
}

fn no_client_key(id: &str) -> Problem {
    Problem::not_found(format!("no client key has the id {id}"))
}
