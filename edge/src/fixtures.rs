//! Tests inside the runtime: `POST /__fixtures/<kind>/<from>/<to>` answers with what becomes of its body when it is
//! converted, `POST /__conformance/config-store` and `/__conformance/database` try the store and the database of an empty
//! deployment. No Worker that is deployed has them.

use causeway_core::testing::database::check_database;
use causeway_core::testing::golden::{self, Kind, PROTOCOLS};
use causeway_core::testing::store::check_config_store;
use worker::{Env, Method, Request, Response, Result};

use crate::control::store::ControlStore;
use crate::environment::Environment;

/// The answer to a request for a test; `None` for any other request.
pub(crate) async fn answer(request: &Request, env: &Env) -> Option<Result<Response>> {
    let path = request.path();
    if let Some(what) = path.strip_prefix("/__conformance/") {
        return Some(conforms(what, env).await);
    }
    let wanted = path.strip_prefix("/__fixtures/").filter(|_| request.method() == Method::Post)?;
    Some(converted(request, wanted).await)
}

async fn conforms(what: &str, env: &Env) -> Result<Response> {
    let Ok(Environment { link, ledger, secrets, .. }) = Environment::read(env) else {
        return Response::error("the deployment is incomplete", 503);
    };
    match what {
        "config-store" => check_config_store(&ControlStore::new(link, secrets)).await,
        "database" => check_database(&ledger).await,
        _ => return Response::error("nothing of that name", 404),
    }
    Response::ok("it does what it has to")
}

async fn converted(request: &Request, wanted: &str) -> Result<Response> {
    let body = request.clone()?.bytes().await?;
    let protocol = |name: &str| PROTOCOLS.into_iter().find(|(known, _)| *known == name).map(|(_, it)| it);
    let mut segments = wanted.split('/');
    let kind = segments.next().unwrap_or_default();
    let (Some(from), Some(to)) = (segments.next().and_then(protocol), segments.next().and_then(protocol))
    else {
        return Response::error("no such protocol", 404);
    };
    let whole = [body.as_slice()];
    let output = match kind {
        "request" => golden::request(from, to, &body).into_bytes(),
        "response" => golden::document(from, Kind::Document, to, whole).into_bytes(),
        "stream" => golden::stream(from, to, whole),
        "error" => golden::error(to, &body).into_bytes(),
        _ => return Response::error("no such kind", 404),
    };
    Response::from_bytes(output)
}
