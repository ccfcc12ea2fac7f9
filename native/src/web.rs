//! The UI's files, embedded in the binary and served below `/ui/`.

#[cfg(test)]
mod tests;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// One file of the UI, and its forms compressed at build time.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Below `/ui/`.
    pub name: &'static str,
    /// Of the content.
    pub hash: &'static str,
    pub plain: &'static [u8],
    pub brotli: Option<&'static [u8]>,
    pub gzip: Option<&'static [u8]>,
}

/// The UI this binary was built with; empty when it was built without one. Sorted by name.
pub static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/ui.rs"));

const INDEX: &str = "index.html";
const NO_UI: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Causeway</title>\
    <h1>This build has no UI</h1><p>Causeway itself works. To add its UI, run \
    <code>scripts/build-web</code>, then build the server again.</p></html>";

/// Serves `files` below `/ui/`; every answer carries `headers`.
pub fn router(
    files: &'static [File],
    headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
) -> Router {
    let site = Site { files, headers: headers.into_iter().collect() };
    Router::new()
        .route("/ui", get(index))
        .route("/ui/", get(index))
        .route("/ui/{*name}", get(file))
        .fallback(missing)
        .with_state(site)
}

#[derive(Clone)]
struct Site {
    files: &'static [File],
    headers: HeaderMap,
}

async fn index(State(site): State<Site>, request: HeaderMap) -> Response {
    site.index(&request)
}

async fn file(State(site): State<Site>, Path(name): Path<String>, request: HeaderMap) -> Response {
    match site.find(&name) {
        Some(file) => site.serve(file, &request),
        // The UI's own routes are no files: a person who opens one gets the UI, a lost script does not.
        None if is_navigation(&request) => site.index(&request),
        None => site.plain(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no such file\n"),
    }
}

async fn missing(State(site): State<Site>) -> Response {
    site.plain(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no such page\n")
}

impl Site {
    fn find(&self, name: &str) -> Option<&'static File> {
        let at = self.files.binary_search_by(|file| file.name.cmp(name)).ok()?;
        self.files.get(at)
    }

    fn index(&self, request: &HeaderMap) -> Response {
        match self.find(INDEX) {
            Some(index) => self.serve(index, request),
            None => self.plain(StatusCode::OK, "text/html; charset=utf-8", NO_UI),
        }
    }

    fn serve(&self, file: &'static File, request: &HeaderMap) -> Response {
        let (coding, content) = choose(file, request);
        // Each form has its own tag: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.3
        let tag = match coding {
            Some(coding) => format!("\"{}-{coding}\"", file.hash),
            None => format!("\"{}\"", file.hash),
        };
        let mut response = if matches(request, &tag) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::from(Bytes::from_static(content)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type(file.name)));
            if let Some(coding) = coding {
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            response
        };
        let headers = response.headers_mut();
        headers.extend(self.headers.clone());
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(ETAG, tag);
        }
        let kept =
            if file.name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
        response
    }

    fn plain(&self, status: StatusCode, content_type: &'static str, text: &'static str) -> Response {
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.extend(self.headers.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn choose(file: &'static File, request: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    let forms = [("br", file.brotli), ("gzip", file.gzip)];
    forms
        .into_iter()
        .find_map(|(coding, content)| Some((Some(coding), content.filter(|_| accepts(request, coding))?)))
        .unwrap_or((None, file.plain))
}

/// Whether the client names `coding` and does not weigh it zero.
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    listed(request, &ACCEPT_ENCODING).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused =
            weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

fn matches(request: &HeaderMap, tag: &str) -> bool {
    listed(request, &IF_NONE_MATCH).any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
}

fn is_navigation(request: &HeaderMap) -> bool {
    listed(request, &ACCEPT).any(|item| item.starts_with("text/html"))
}

/// The items of a list header, in all its lines.
fn listed<'a>(request: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    request
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
