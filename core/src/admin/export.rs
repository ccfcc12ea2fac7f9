//! The configuration as a file to keep.

use bytes::Bytes;
use http::header::CONTENT_DISPOSITION;
use http::{HeaderValue, Request, Response, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::{ErrorBody, Problem};
use super::parameters::Parameters;
use super::{Context, json};
use crate::config::export::{Export, SHORTEST_PASSPHRASE};
use crate::config::{Config, Secret};
use crate::platform::{Clock, Entropy, Platform};

/// How an export is encrypted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportWrite {
    /// At least 12 characters. Nobody can open the file without it.
    passphrase: Secret,
}

/// Writes the configuration without credentials: keys keep their ids, so that an import here finds them again.
#[utoipa::path(get, path = "/api/config/export", operation_id = "exportConfig", tag = "config",
    params(("secrets" = Option<String>, Query, description = "`none`, which is what it is without this.")),
    responses((status = 200, description = "The file; `ETag` is the configuration's version.", body = Export),
        (status = 400, description = "A parameter is wrong.", body = ErrorBody)))]
pub(super) fn plain<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let parameters = Parameters::read(request, &["secrets"])?;
    if parameters.text("secrets").is_some_and(|secrets| secrets != "none") {
        let why = "is not `none`; an encrypted export is a POST, with its passphrase in the body";
        return Err(Problem::invalid_field("secrets", why));
    }
    let config = context.config.current();
    let export = Export::plain(&config.document, context.platform.clock().now());
    Ok(file(&config, &export))
}

/// Writes the whole configuration, its credentials sealed under a passphrase.
#[utoipa::path(post, path = "/api/config/export", operation_id = "exportEncryptedConfig", tag = "config",
    request_body = ExportWrite,
    responses((status = 200, description = "The file; `ETag` is the configuration's version.", body = Export),
        (status = 400, description = "The passphrase is too short.", body = ErrorBody)))]
pub(super) fn encrypted<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let ExportWrite { passphrase } = json::read(request)?;
    if passphrase.expose().chars().count() < SHORTEST_PASSPHRASE {
        let why = format!("is shorter than {SHORTEST_PASSPHRASE} characters");
        return Err(Problem::invalid_field("passphrase", why));
    }
    let config = context.config.current();
    let now = context.platform.clock().now();
    let mut random = |bytes: &mut [u8]| context.platform.entropy().fill(bytes);
    let export = Export::encrypted(&config.document, passphrase.expose(), now, &mut random)
        .map_err(|error| Problem::store_invalid(error.to_string()))?;
    Ok(file(&config, &export))
}

fn file(config: &Config, export: &Export) -> Response<Bytes> {
    let mut response = json::versioned(StatusCode::OK, &config.version, export);
    let disposition = HeaderValue::from_static("attachment; filename=\"causeway-config.json\"");
    response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    response
}
