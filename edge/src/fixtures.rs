//! Converts fixtures inside the runtime: `POST /__fixtures/<kind>/<from>/<to>` answers with what becomes of
//! its body. No Worker that is deployed has it.

use causeway_core::testing::golden::{self, Kind, PROTOCOLS};
use worker::{Method, Request, Response, Result};

/// The answer to a request for a conversion; `None` for any other request.
pub(crate) async fn answer(request: &Request) -> Option<Result<Response>> {
    let path = request.path();
    let wanted = path.strip_prefix("/__fixtures/").filter(|_| request.method() == Method::Post)?;
    Some(converted(request, wanted).await)
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
