//! Presets: what the gateway knows of vendors.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use crate::config::preset::{self, Preset};

/// All presets.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PresetList {
    presets: &'static [Preset],
}

/// Lists the vendors the gateway knows, with their addresses and what they can and cannot do.
#[utoipa::path(get, path = "/api/presets", operation_id = "listPresets", tag = "channels",
    responses((status = 200, description = "All presets.", body = PresetList)))]
pub(super) fn list() -> Response<Bytes> {
    json::response(StatusCode::OK, &PresetList { presets: preset::all() })
}
