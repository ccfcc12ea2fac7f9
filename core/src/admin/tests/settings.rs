use std::time::Duration;

use super::*;

const PATH: &str = "/api/settings";

#[test]
fn settings_tell_what_is_written_and_what_applies_without() {
    let (status, view) = Server::with_channels().call(Method::GET, PATH, NULL);
    assert_eq!((status, &view["settings"]), (StatusCode::OK, &json!({})));
    assert_eq!(
        view["defaults"],
        json!({
            "timeouts": {"connectTimeoutMs": 10000, "responseHeaderTimeoutMs": 120000,
                         "firstContentTimeoutMs": 90000, "idleTimeoutMs": 90000, "totalTimeoutMs": 300000},
            "maxAttempts": 10, "maxWaitMs": 10000,
            "breaker": {"window": 20, "failureRate": 0.7, "consecutiveFailures": 5,
                        "openMinMs": 30000, "openMaxMs": 600000}
        })
    );
}

#[test]
fn replaced_settings_are_in_force_and_what_is_left_out_goes_back() {
    let server = Server::with_channels();
    let settings = json!({"maxAttempts": 3, "maxWaitMs": 0, "breaker": {"consecutiveFailures": 2},
                          "timeouts": {"idleTimeoutMs": 5000}});
    let (status, view) = server.call(Method::PUT, PATH, settings.clone());
    assert_eq!((status, &view["settings"]), (StatusCode::OK, &settings), "{view}");
    assert_eq!(server.stored()["settings"], settings);
    let config = server.config.current();
    assert_eq!((config.settings.max_attempts, config.settings.max_wait), (3, Duration::ZERO));
    assert_eq!(config.channels[0].timeouts.idle, Duration::from_secs(5));
    server.call(Method::PUT, PATH, json!({"maxAttempts": 4, "maxWaitMs": null}));
    assert_eq!(server.stored()["settings"], json!({"maxAttempts": 4}));
    server.call(Method::PUT, PATH, json!({}));
    assert!(server.stored().get("settings").is_none());
}

#[test]
fn defaults_can_be_written_as_they_are_read() {
    let server = Server::with_channels();
    let defaults = server.call(Method::GET, PATH, NULL).1["defaults"].clone();
    let (status, view) = server.call(Method::PUT, PATH, defaults.clone());
    assert_eq!((status, &view["settings"]), (StatusCode::OK, &defaults));
}

#[test]
fn wrong_settings_are_told_as_the_request_spells_them() {
    let server = Server::with_channels();
    let before = server.stored();
    for (body, field) in [
        (json!({"maxWaitMs": 300_001}), "maxWaitMs"),
        (json!({"maxWaitMs": -1}), "maxWaitMs"),
        (json!({"breaker": {"failureRate": 2}}), "breaker.failureRate"),
        (json!({"breaker": {"rate": 0.5}}), "breaker.rate"),
        (json!({"waitMs": 5}), "waitMs"),
    ] {
        let (status, answer) = server.call(Method::PUT, PATH, body);
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["error"]["fields"][field].is_string(), "{field}: {answer}");
    }
    assert_eq!(server.stored(), before);
}

#[test]
fn settings_of_an_old_version_are_refused_with_those_of_now() {
    let server = Server::with_channels();
    let response = server.send(request(Method::GET, PATH, NULL).header("x-api-key", ADMIN_KEY).body_json());
    let (_, read) = parts(&response);
    let version = read["version"].as_str().unwrap();
    assert_eq!(header(&response, "etag"), format!("\"{version}\""));
    let write = |wait: u32| with_version(&server, Method::PUT, PATH, version, json!({"maxWaitMs": wait}));
    assert_eq!(write(1).0, StatusCode::OK);
    let (status, answer) = write(2);
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("conflict")));
    assert_eq!(answer["current"], server.call(Method::GET, PATH, NULL).1);
    server.call(Method::PATCH, "/api/channels/ch_a", json!({"weight": 2}));
    let now = answer["current"]["version"].as_str().unwrap();
    assert_eq!(with_version(&server, Method::PUT, PATH, now, json!({})).0, StatusCode::OK);
}
