//! What anybody may know before signing in.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Problem;
use super::{Context, json};
use crate::live::Extent;
use crate::platform::Platform;

const NAME: &str = "Causeway";
const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// What a shell tells about itself.
#[derive(Clone, Debug)]
pub struct Facts {
    pub version: &'static str,
    /// `native` or `edge`.
    pub runtime: &'static str,
    /// The language the operator wants the UI in; `None`: the browser's.
    pub language: Option<String>,
    /// What this runtime can do beyond the rest.
    pub features: Vec<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bootstrap {
    name: &'static str,
    version: &'static str,
    /// `native` or `edge`.
    runtime: &'static str,
    /// The language the operator chose for the UI.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[schema(value_type = Vec<String>)]
    languages: [&'static str; 2],
    #[schema(value_type = Vec<String>)]
    features: Vec<&'static str>,
    live: Extent,
}

/// Tells what serves here.
#[utoipa::path(get, path = "/api/bootstrap", operation_id = "bootstrap", tag = "session", security(()),
    responses((status = 200, description = "Name, version and abilities.", body = Bootstrap)))]
pub(super) fn bootstrap<P: Platform>(context: &Context<'_, P>) -> Result<Response<Bytes>, Problem> {
    let Facts { version, runtime, language, features } = context.facts.clone();
    let body =
        Bootstrap { name: NAME, version, runtime, language, languages: LANGUAGES, features, live: P::LIVE };
    Ok(json::response(StatusCode::OK, &body))
}
