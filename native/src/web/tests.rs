use http::{Method, Request};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;

static SITE: &[File] = &[
    File { name: "assets/app.js", hash: "aa", plain: b"plain", brotli: Some(b"br"), gzip: Some(b"gz") },
    File { name: "favicon.svg", hash: "bb", plain: b"<svg/>", brotli: None, gzip: None },
    File { name: "index.html", hash: "cc", plain: b"<html>", brotli: None, gzip: Some(b"gz") },
];

async fn ask(
    files: &'static [File],
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> (Response<()>, String) {
    let guard = [(HeaderName::from_static("x-guard"), HeaderValue::from_static("on"))];
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router(files, guard).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["x-guard"], "on", "{path}");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
}

async fn get(path: &str, headers: &[(&str, &str)]) -> (Response<()>, String) {
    ask(SITE, Method::GET, path, headers).await
}

#[tokio::test]
async fn the_form_is_chosen_by_what_the_client_accepts() {
    for (accepted, body, coding) in [
        ("gzip, deflate, br, zstd", "br", Some("br")),
        ("gzip", "gz", Some("gzip")),
        ("GZIP;q=0.5, br;q=0", "gz", Some("gzip")),
        ("br;q=0.0,gzip;q=0", "plain", None),
        ("identity", "plain", None),
        ("", "plain", None),
    ] {
        let (response, served) = get("/ui/assets/app.js", &[("accept-encoding", accepted)]).await;
        assert_eq!(served, body, "{accepted}");
        assert_eq!(response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap()), coding);
        assert_eq!(response.headers()[VARY], "accept-encoding");
        assert_eq!(response.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
    }
}

#[tokio::test]
async fn hashed_files_are_kept_and_the_page_is_asked_for_again() {
    let (asset, _) = get("/ui/assets/app.js", &[]).await;
    assert_eq!(asset.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
    for path in ["/ui", "/ui/", "/ui/index.html", "/ui/favicon.svg"] {
        assert_eq!(get(path, &[]).await.0.headers()[CACHE_CONTROL], "no-cache", "{path}");
    }
}

#[tokio::test]
async fn a_known_form_is_not_sent_again_and_every_form_has_its_tag() {
    let brotli = ("accept-encoding", "br");
    let (first, _) = get("/ui/assets/app.js", &[brotli]).await;
    let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
    for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let (again, body) = get("/ui/assets/app.js", &[brotli, ("if-none-match", &known)]).await;
        assert_eq!((again.status(), body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{known}");
        assert_eq!(again.headers()[ETAG], tag.as_str());
        assert!(!again.headers().contains_key(CONTENT_ENCODING));
    }
    let (plain, body) = get("/ui/assets/app.js", &[("if-none-match", &tag)]).await;
    assert_eq!((plain.status(), body.as_str()), (StatusCode::OK, "plain"));
}

#[tokio::test]
async fn only_a_navigation_to_an_unknown_path_gets_the_page() {
    let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let (page, body) = get("/ui/channels/ch_1", &[html]).await;
    assert_eq!((page.status(), body.as_str()), (StatusCode::OK, "<html>"));
    let (lost, _) = get("/ui/assets/old.js", &[("accept", "*/*")]).await;
    assert_eq!(lost.status(), StatusCode::NOT_FOUND);
    for path in ["/ui/../config.json", "/ui/%2e%2e/config.json", "/ui/assets", "/other"] {
        assert_eq!(get(path, &[]).await.0.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_head_request_gets_the_headers_only() {
    let (response, body) = ask(SITE, Method::HEAD, "/ui/favicon.svg", &[]).await;
    assert_eq!((response.status(), body.as_str()), (StatusCode::OK, ""));
    assert_eq!(response.headers()[CONTENT_TYPE], "image/svg+xml");
}

#[tokio::test]
async fn a_build_without_ui_says_how_to_get_one() {
    let (response, body) = ask(&[], Method::GET, "/ui/", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(body.contains("scripts/build-web"), "{body}");
}

#[test]
fn the_embedded_files_can_be_found() {
    assert!(FILES.is_sorted_by(|one, next| one.name < next.name));
    let site = Site { files: FILES, headers: HeaderMap::new() };
    for file in FILES {
        assert_ne!(content_type(file.name), "application/octet-stream", "{}", file.name);
        assert_eq!(site.find(file.name).unwrap().hash, file.hash);
    }
}
