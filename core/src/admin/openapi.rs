//! The API's description, made from the types it is served with.

use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::AnyOf;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, PathItem, Ref, RefOr, ResponseBuilder, Schema};

use super::{
    actions, audit, bootstrap, capture, channels, check, client_keys, explain, export, history, import, keys,
    live, metrics, overview, paste, presets, prices, requests, session, settings, stats, upstream,
};
use crate::admin::session::COOKIE_NAME;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Causeway management API",
        description = "Everything an operator does, for the UI and for scripts. JSON in camelCase; times are \
                       milliseconds since 1970.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        bootstrap::bootstrap,
        session::sign_in,
        session::sign_out,
        channels::list,
        channels::create,
        channels::reorder,
        channels::read,
        channels::update,
        channels::delete,
        presets::list,
        paste::drafts,
        actions::promote,
        actions::pause,
        actions::resume,
        actions::duplicate,
        check::test,
        upstream::models,
        keys::add,
        keys::update,
        keys::delete,
        keys::restore,
        client_keys::list,
        client_keys::create,
        client_keys::read,
        client_keys::update,
        client_keys::delete,
        client_keys::rotate,
        prices::read,
        prices::replace,
        settings::read,
        settings::replace,
        explain::explain,
        requests::list,
        requests::read,
        requests::export::export,
        requests::sessions::list,
        capture::of_request,
        capture::read,
        capture::start,
        capture::stop,
        live::open,
        overview::read,
        metrics::read,
        stats::read,
        stats::series::read,
        export::plain,
        export::encrypted,
        import::import,
        history::list,
        history::rollback,
        audit::list,
    ),
    components(schemas(live::LiveWish)),
    security(("cookie" = []), ("bearer" = []), ("apiKey" = []))
)]
struct Api;

/// The description both shells serve; `docs/openapi.json` is its checked-in copy.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = Api::openapi();
    let components = api.components.get_or_insert_default();
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE_NAME)));
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key")));
    components.add_security_scheme("cookie", cookie);
    components.add_security_scheme("bearer", bearer);
    components.add_security_scheme("apiKey", header);
    // A value may be one of several: what they require in common leaves the rest open.
    if let Some(RefOr::T(Schema::OneOf(one))) = components.schemas.get_mut("Current") {
        let any = AnyOf { items: std::mem::take(&mut one.items), ..AnyOf::new() };
        components.schemas.insert("Current".to_owned(), RefOr::T(Schema::AnyOf(any)));
    }
    for item in api.paths.paths.values_mut() {
        let PathItem { get, put, post, delete, patch, .. } = item;
        get.iter_mut().for_each(|read| answer_as_all(read, false));
        [put, post, delete, patch].into_iter().flatten().for_each(|write| answer_as_all(write, true));
    }
    api
}

/// Adds the answers that every operation may give.
fn answer_as_all(operation: &mut Operation, writes: bool) {
    let public = operation.security.as_ref().is_some_and(|needs| *needs == [SecurityRequirement::default()]);
    let (locked, body) = (!public, operation.request_body.is_some());
    for (given, status, description) in [
        (locked, "401", "Neither a session nor the admin key."),
        (locked, "429", "Too many wrong keys; `Retry-After` tells the wait."),
        (locked && writes, "403", "A session used from another site."),
        (locked && writes, "500", "What is stored is broken; it needs a repair first."),
        (locked && writes, "503", "The configuration or the database cannot be reached."),
        (body, "400", "The body is wrong; `fields` names each place."),
        (body, "413", "The body is too long."),
        (body, "415", "The body is not JSON."),
    ] {
        if given && !operation.responses.responses.contains_key(status) {
            let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
            let response = ResponseBuilder::new().description(description).content("application/json", body);
            operation.responses.responses.insert(status.to_owned(), response.build().into());
        }
    }
}
