//! The gateway as a Cloudflare Worker.

mod background;
mod clock;
mod entropy;
mod environment;
mod headers;
mod http_client;
mod recorder;
mod store;

use worker::event;

#[cfg(target_feature = "atomics")]
compile_error!("`worker::send` is sound only while the isolate has one thread");

#[event(fetch, respond_with_errors)]
async fn fetch(
    request: worker::HttpRequest,
    _env: worker::Env,
    _context: worker::Context,
) -> worker::Result<http::Response<String>> {
    let mut response = http::Response::new(format!("{}\n", request.uri().path()));
    *response.status_mut() = http::StatusCode::NOT_FOUND;
    Ok(response)
}
