use super::*;
use crate::live::MOST_WATCHERS;

/// An upgrade with these headers beside.
fn ask(server: &Server, headers: &[(&str, &str)]) -> Response<Bytes> {
    let draft = request(Method::GET, "/api/live", NULL).header("host", "gateway.example");
    server.send(headers.iter().fold(draft, |draft, (name, value)| draft.header(name, value)).body_json())
}

const UPGRADE: (&str, &str) = ("upgrade", "websocket");
const KEY: (&str, &str) = ("x-api-key", ADMIN_KEY);

#[test]
fn only_operators_and_the_gateways_own_pages_may_watch() {
    let server = Server::with_channels();
    let sign_in = request(Method::POST, "/api/session", json!({ "key": ADMIN_KEY }));
    let session = server.send(sign_in.body_json());
    let cookie = header(&session, "set-cookie").split(';').next().unwrap().to_owned();
    let cookie = ("cookie", cookie.as_str());
    let own = ("origin", "https://gateway.example");
    for (headers, status, code) in [
        (&[UPGRADE, KEY][..], 101, ""),
        (&[UPGRADE, KEY, own], 101, ""),
        (&[UPGRADE, cookie, own], 101, ""),
        (&[("upgrade", "WebSocket"), cookie, ("sec-fetch-site", "same-origin")], 101, ""),
        (&[UPGRADE], 401, "unauthorized"),
        (&[UPGRADE, own], 401, "unauthorized"),
        (&[UPGRADE, ("x-api-key", "the-key-of-somebody-else")], 401, "wrong_key"),
        (&[UPGRADE, cookie], 403, "cross_origin"),
        (&[UPGRADE, cookie, ("origin", "https://evil.example")], 403, "cross_origin"),
        (&[UPGRADE, cookie, ("origin", "null")], 403, "cross_origin"),
        (&[UPGRADE, KEY, ("origin", "https://evil.example")], 403, "cross_origin"),
        (&[UPGRADE, cookie, own, ("sec-fetch-site", "cross-site")], 403, "cross_origin"),
        (&[KEY], 426, "upgrade_required"),
        (&[KEY, ("upgrade", "h2c")], 426, "upgrade_required"),
    ] {
        let response = ask(&server, headers);
        let (answered, body) = parts(&response);
        assert_eq!(
            (answered.as_u16(), body["error"]["code"].as_str().unwrap_or_default()),
            (status, code),
            "{headers:?}"
        );
    }
    let url = format!("/api/live?key={ADMIN_KEY}");
    let in_url = server.send(request(Method::GET, &url, NULL).header("upgrade", "websocket").body_json());
    assert_eq!(in_url.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(server.call(Method::POST, "/api/live", json!({})).0, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn only_so_many_watch_at_once() {
    let server = Server::with_channels();
    let watchers: Vec<_> = (0..MOST_WATCHERS).map(|_| server.live.join()).collect();
    for headers in [&[UPGRADE, KEY][..], &[KEY]] {
        assert_eq!(parts(&ask(&server, headers)).1["error"]["code"], "too_many_watchers");
    }
    drop(watchers);
    assert_eq!(ask(&server, &[UPGRADE, KEY]).status(), StatusCode::SWITCHING_PROTOCOLS);
}
