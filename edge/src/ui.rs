//! The UI's files below `/ui/`, from the Worker's static assets:
//! <https://developers.cloudflare.com/workers/static-assets/binding/>.

use causeway_core::admin::headers::security_headers;
use http::header::{ACCEPT, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use worker::{Env, Fetcher, Method, Request, RequestInit, Response, Result};

/// The assets' binding. Compression, entity tags and media types are its work.
const ASSETS: &str = "ASSETS";
const INDEX: &str = "/";

/// Whether this deployment has a UI.
pub(crate) fn exists(env: &Env) -> bool {
    env.assets(ASSETS).is_ok()
}

/// The file a request asks for, as the assets name it; `None` when it asks for no file of the UI.
pub(crate) fn asset(request: &Request) -> Option<String> {
    let reads = matches!(request.method(), Method::Get | Method::Head);
    reads.then(|| within(&request.path()).map(str::to_owned)).flatten()
}

/// # Errors
/// When the deployment has no assets, or the runtime fails to read them.
pub(crate) async fn serve(request: &Request, asset: &str, env: &Env) -> Result<Response> {
    let assets = env.assets(ASSETS)?;
    let mut answer = read(&assets, asset, request).await?;
    // The UI's own routes are no files: a person who opens one gets the UI, a lost script does not.
    if answer.status() == StatusCode::NOT_FOUND && is_navigation(request) {
        answer = read(&assets, INDEX, request).await?;
    }
    let immutable = asset.starts_with("/assets/") && answer.headers().contains_key(ETAG);
    let kept = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    answer.headers_mut().extend(security_headers());
    Response::try_from(answer)
}

/// The assets see paths without the `/ui` in front. Their index has no name: asked for by one, it redirects.
fn within(path: &str) -> Option<&str> {
    match path.strip_prefix("/ui")? {
        "" | "/" | "/index.html" => Some(INDEX),
        rest => rest.starts_with('/').then_some(rest),
    }
}

async fn read(assets: &Fetcher, asset: &str, request: &Request) -> Result<worker::HttpResponse> {
    let mut init = RequestInit::new();
    init.with_method(request.method());
    if let Some(known) = request.headers().get(IF_NONE_MATCH.as_str())? {
        init.headers.set(IF_NONE_MATCH.as_str(), &known)?;
    }
    // Only the path counts: the host is any one.
    assets.fetch(format!("https://ui{asset}"), Some(init)).await
}

fn is_navigation(request: &Request) -> bool {
    let accept = request.headers().get(ACCEPT.as_str()).ok().flatten();
    accept.is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_ui_are_assets() {
        for (path, expected) in [
            ("/ui", Some("/")),
            ("/ui/", Some("/")),
            ("/ui/index.html", Some("/")),
            ("/ui/assets/app.js", Some("/assets/app.js")),
            ("/uix", None),
            ("/v1/models", None),
        ] {
            assert_eq!(within(path), expected, "{path}");
        }
    }
}
