//! What models cost.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::edit::{Edited, edit};
use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::Version;
use crate::platform::Platform;
use crate::price::{Price, built_in};

/// The operator's own prices, and those that hold where they say nothing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PricesView {
    prices: Vec<Price>,
    /// Also for dated snapshots of these models.
    built_in: Vec<Price>,
    /// For `If-Match`.
    version: Version,
}

/// All prices of the operator's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PricesWrite {
    prices: Vec<Price>,
}

impl PricesView {
    fn of(prices: &[Price]) -> Self {
        Self { prices: prices.to_vec(), built_in: built_in().collect(), version: version(prices) }
    }
}

/// Reads the prices.
#[utoipa::path(get, path = "/api/prices", operation_id = "readPrices", tag = "prices",
    responses((status = 200, description = "The prices; `ETag` is their version.", body = PricesView)))]
pub(super) fn read<P>(context: &Context<'_, P>) -> Response<Bytes> {
    let view = PricesView::of(&context.config.current().document.prices);
    json::versioned(StatusCode::OK, &view.version, &view)
}

/// Replaces the operator's own prices. What was recorded before keeps its cost.
#[utoipa::path(put, path = "/api/prices", operation_id = "replacePrices", tag = "prices",
    params(("If-Match" = Option<String>, Header, description = "The version that shall be replaced.")),
    request_body = PricesWrite,
    responses((status = 200, description = "The prices as they are now.", body = PricesView),
        (status = 400, description = "A field is wrong.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the prices now.", body = ErrorBody)))]
pub(super) async fn replace<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let PricesWrite { prices } = json::read(request)?;
    let expected = json::if_match(request);
    edit(context, |document| {
        if expected.as_ref().is_some_and(|expected| *expected != version(&document.prices)) {
            return Err(Problem::conflict(Some(PricesView::of(&document.prices))));
        }
        document.prices.clone_from(&prices);
        Ok(Edited { value: (), path: String::new() })
    })
    .await?;
    let view = PricesView::of(&prices);
    Ok(json::versioned(StatusCode::OK, &view.version, &view))
}

/// Serializing prices cannot fail: their numbers are finite.
fn version(prices: &[Price]) -> Version {
    Version::of(&serde_json::to_vec(prices).unwrap_or_default())
}
