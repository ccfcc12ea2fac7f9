//! What holds for all channels.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::edit::{Edited, edit};
use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::Version;
use crate::config::document::SettingsDocument;
use crate::config::outside::Outside;
use crate::config::validate::default_settings;
use crate::platform::Platform;

/// The settings, and what applies where they say nothing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SettingsView {
    /// As they are written: what is left out has its default.
    settings: SettingsDocument,
    /// Every field's default, as the environment has it.
    defaults: SettingsDocument,
    /// For `If-Match`.
    version: Version,
}

impl SettingsView {
    fn of(written: &SettingsDocument, outside: &Outside) -> Self {
        Self { settings: written.clone(), defaults: default_settings(outside), version: written.version() }
    }
}

/// Reads the settings.
#[utoipa::path(get, path = "/api/settings", operation_id = "readSettings", tag = "routing",
    responses((status = 200, description = "The settings; `ETag` is their version.", body = SettingsView)))]
pub(super) fn read<P>(context: &Context<'_, P>) -> Response<Bytes> {
    let view = SettingsView::of(&context.config.current().document.settings, context.outside);
    json::versioned(StatusCode::OK, &view.version, &view)
}

/// Replaces the settings: a field that is left out goes back to its default.
#[utoipa::path(put, path = "/api/settings", operation_id = "replaceSettings", tag = "routing",
    params(("If-Match" = Option<String>, Header, description = "The version that shall be replaced.")),
    request_body = SettingsDocument,
    responses((status = 200, description = "The settings as they are now.", body = SettingsView),
        (status = 400, description = "A field is wrong.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the settings now.", body = ErrorBody)))]
pub(super) async fn replace<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let settings: SettingsDocument = json::read(request)?;
    let expected = json::if_match(request);
    edit(context, |document| {
        if expected.as_ref().is_some_and(|expected| *expected != document.settings.version()) {
            return Err(Problem::conflict(Some(SettingsView::of(&document.settings, context.outside))));
        }
        document.settings = settings.clone();
        Ok(Edited { value: (), path: "settings.".to_owned() })
    })
    .await?;
    let view = SettingsView::of(&settings, context.outside);
    Ok(json::versioned(StatusCode::OK, &view.version, &view))
}
