//! The versions of the configuration, and the way back to one.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::audit::{self, ChangeList, ChangeView};
use super::edit::{Edited, edit};
use super::error::{ErrorBody, Problem};
use super::import::check_version;
use super::{Context, journal, json};
use crate::config::Version;
use crate::config::difference::{Difference, between};
use crate::config::document::Document;
use crate::database::Statement;
use crate::platform::{Database, Platform};

const FIND: &str =
    "SELECT document FROM change WHERE version = ?1 AND document IS NOT NULL ORDER BY seq DESC LIMIT 1";

/// A page of the configuration's versions, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionList {
    /// The version in force, for `If-Match`.
    version: Version,
    entries: Vec<ChangeView>,
    /// `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Which version shall be in force again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rollback {
    version: Version,
}

/// What a rollback changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RollbackView {
    /// The configuration's version now, for `If-Match`.
    version: Version,
    /// Secrets masked.
    changes: Vec<Difference>,
}

/// Lists the configuration's versions, the newest first, with who made them and what each changed.
#[utoipa::path(get, path = "/api/config/history", operation_id = "listVersions", tag = "config",
    params(("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "At most so many; 50 without this."),
        ("since" = Option<u64>, Query, description = "Milliseconds since 1970."),
        ("until" = Option<u64>, Query, description = "Milliseconds since 1970; itself not included.")),
    responses((status = 200, description = "A page; `ETag` is the version in force.", body = VersionList),
        (status = 400, description = "A parameter is wrong.", body = ErrorBody),
        (status = 503, description = "The database cannot be reached.", body = ErrorBody)))]
pub(super) async fn list<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let ChangeList { entries, next } = audit::page(context, request, true).await?;
    let version = context.config.current().version.clone();
    let list = VersionList { version, entries, next };
    Ok(json::versioned(StatusCode::OK, &list.version, &list))
}

/// Puts an earlier version in force again, as a new version. The key of the operator stays as it is.
#[utoipa::path(post, path = "/api/config/rollback", operation_id = "rollBack", tag = "config",
    params(("If-Match" = Option<String>, Header, description = "The configuration's version.")),
    request_body = Rollback,
    responses((status = 200, description = "Done.", body = RollbackView),
        (status = 400, description = "That version cannot be in force.", body = ErrorBody),
        (status = 404, description = "No such version is kept.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the version now.", body = ErrorBody),
        (status = 503, description = "The database cannot be reached.", body = ErrorBody)))]
pub(super) async fn rollback<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let Rollback { version } = json::read(request)?;
    let expected = json::if_match(request);
    let earlier = find(context, &version).await?;
    let view = edit(context, |document| {
        check_version(&document.version(), expected.as_ref())?;
        let mut restored = earlier.clone();
        restored.access.admin_key_hash.clone_from(&document.access.admin_key_hash);
        let changes = between(document, &restored);
        *document = restored;
        let view = RollbackView { version: document.version(), changes };
        Ok(Edited { value: view, path: String::new() })
    })
    .await?;
    Ok(json::versioned(StatusCode::OK, &view.version, &view))
}

async fn find<P: Platform>(context: &Context<'_, P>, version: &Version) -> Result<Document, Problem> {
    let statement = Statement::new(FIND).bind(version.as_str());
    let rows = context.platform.database().read(statement).await.map_err(Problem::no_records)?;
    let row = rows.into_iter().next();
    let row = row.ok_or_else(|| Problem::not_found(format!("no version {version} is kept")))?;
    let document: String = row.columns().next().map_err(Problem::no_records)?;
    journal::opened(&document, context.secrets)
        .map_err(|error| Problem::store_invalid(format!("version {version} cannot be restored: {error}")))
}
