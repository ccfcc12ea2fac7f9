use std::time::Duration;

use super::*;

fn sign_in(server: &Server, key: &str) -> Response<Bytes> {
    server.send(request(Method::POST, "/api/session", json!({"key": key})).body_json())
}

fn cookie(server: &Server) -> String {
    let response = sign_in(server, ADMIN_KEY);
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    header(&response, "set-cookie").split(';').next().unwrap().to_owned()
}

fn list(server: &Server, name: &str, value: &str) -> StatusCode {
    server.send(request(Method::GET, "/api/channels", json!(null)).header(name, value).body_json()).status()
}

#[test]
fn the_admin_key_is_taken_as_bearer_or_x_api_key() {
    let server = Server::with_channels();
    assert_eq!(list(&server, "authorization", &format!("Bearer {ADMIN_KEY}")), StatusCode::OK);
    assert_eq!(list(&server, "authorization", &format!("bearer {ADMIN_KEY}")), StatusCode::OK);
    assert_eq!(list(&server, "x-api-key", ADMIN_KEY), StatusCode::OK);
    assert_eq!(list(&server, "x-api-key", "wrong"), StatusCode::UNAUTHORIZED);
    assert_eq!(list(&server, "authorization", ADMIN_KEY), StatusCode::UNAUTHORIZED);
    assert_eq!(list(&server, "accept", "*/*"), StatusCode::UNAUTHORIZED);
}

#[test]
fn a_session_lives_a_week_and_ends_with_the_admin_key() {
    let mut server = Server::with_channels();
    let cookie = cookie(&server);
    assert_eq!(list(&server, "cookie", &format!("a=b; {cookie}")), StatusCode::OK);
    server.platform.clock.advance(Duration::from_secs(7 * 86_400 - 1));
    assert_eq!(list(&server, "cookie", &cookie), StatusCode::OK);
    server.platform.clock.advance(Duration::from_secs(1));
    assert_eq!(list(&server, "cookie", &cookie), StatusCode::UNAUTHORIZED);

    let cookie = self::cookie(&server);
    assert_eq!(list(&server, "cookie", &cookie), StatusCode::OK);
    server.outside.access.set_admin("another-key-of-the-operator");
    let document = server.platform.store.document().unwrap();
    server.config.install(compile(document, &server.outside).unwrap());
    assert_eq!(list(&server, "cookie", &cookie), StatusCode::UNAUTHORIZED);
}

#[test]
fn a_cookie_cannot_be_made_up() {
    let server = Server::with_channels();
    let cookie = cookie(&server);
    let (name_and_expiry, tag) = cookie.split_once('.').unwrap();
    let (name, expiry) = name_and_expiry.split_once('=').unwrap();
    let later = expiry.parse::<u64>().unwrap() + 1;
    for forged in [
        format!("{name}={later}.{tag}"),
        format!("{name}={expiry}."),
        format!("{name}={expiry}.{}", "A".repeat(tag.len())),
        format!("{name}={expiry}"),
        format!("{name}="),
        format!("other={expiry}.{tag}"),
    ] {
        assert_eq!(list(&server, "cookie", &forged), StatusCode::UNAUTHORIZED, "{forged}");
    }
}

#[test]
fn the_cookie_is_guarded_and_secure_where_the_page_is() {
    let server = Server::with_channels();
    let body = json!({"key": ADMIN_KEY});
    let plain = server.send(request(Method::POST, "/api/session", body.clone()).body_json());
    let cookie = header(&plain, "set-cookie");
    for part in ["Path=/api", "HttpOnly", "SameSite=Strict", "Max-Age=604800"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"));
    let forwarded = request(Method::POST, "/api/session", body.clone()).header("x-forwarded-proto", "https");
    assert!(header(&server.send(forwarded.body_json()), "set-cookie").ends_with("; Secure"));
    let direct = request(Method::POST, "https://gateway.example/api/session", body);
    assert!(header(&server.send(direct.body_json()), "set-cookie").ends_with("; Secure"));
    let out = server.send(request(Method::DELETE, "/api/session", json!(null)).body_json());
    assert!(header(&out, "set-cookie").starts_with("causeway_session=; "));
    assert!(header(&out, "set-cookie").contains("Max-Age=0"));
}

#[test]
fn a_cookie_writes_only_from_the_gateways_own_pages() {
    let server = Server::with_channels();
    let cookie = cookie(&server);
    let allowed = |headers: &[(&str, &str)]| {
        let draft = request(Method::POST, "/api/channels/ch_a/pause", json!(null)).header("cookie", &cookie);
        let draft = headers.iter().fold(draft, |draft, (name, value)| draft.header(name, value));
        server.send(draft.body_json()).status() == StatusCode::NO_CONTENT
    };
    assert!(allowed(&[("sec-fetch-site", "same-origin")]));
    assert!(allowed(&[("origin", "http://gateway:3000"), ("host", "gateway:3000")]));
    assert!(!allowed(&[]));
    assert!(!allowed(&[("sec-fetch-site", "cross-site")]));
    assert!(!allowed(&[("sec-fetch-site", "same-site"), ("origin", "http://g"), ("host", "g")]));
    assert!(!allowed(&[("origin", "http://gateway:3001"), ("host", "gateway:3000")]));
    assert!(!allowed(&[("origin", "null"), ("host", "null")]));
}

#[test]
fn guessing_is_slowed_down() {
    let server = Server::with_channels();
    for guess in 0..11 {
        assert_eq!(sign_in(&server, &format!("guess {guess}")).status(), StatusCode::UNAUTHORIZED);
    }
    let refused = sign_in(&server, ADMIN_KEY);
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "retry-after"), "60");
    assert_eq!(parts(&refused).1["error"]["code"], "throttled");
    assert_eq!(list(&server, "x-api-key", ADMIN_KEY), StatusCode::TOO_MANY_REQUESTS);
    server.platform.clock.advance(Duration::from_secs(60));
    assert_eq!(sign_in(&server, ADMIN_KEY).status(), StatusCode::NO_CONTENT);
}
