use super::*;
use crate::allowance::{Amount, Expected};
use crate::config::ClientKeyId;
use crate::config::access::{Digest, check_strength};

const PATH: &str = "/api/client-keys";

fn create(server: &Server, body: Value) -> Value {
    let (status, answer) = server.call(Method::POST, PATH, body);
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer
}

#[test]
fn a_secret_is_made_shown_once_and_stored_as_a_hash() {
    let server = Server::with_channels();
    let made = create(&server, json!({"name": "ci"}));
    let secret = made["key"].as_str().unwrap();
    assert_eq!((check_strength(secret), &secret[..3]), (Ok(()), "cw-"));
    let id = made["clientKey"]["id"].as_str().unwrap();
    assert_eq!(server.config.current().access.client(secret).unwrap().id.as_str(), id);
    let path = format!("{PATH}/{id}");
    let texts = [server.call(Method::GET, PATH, NULL), server.call(Method::GET, &path, NULL)];
    let texts = texts.map(|(status, body)| format!("{status} {body}"));
    for text in texts.iter().chain([&server.stored().to_string()]) {
        assert!(text.contains(id) && !text.contains(secret), "{text}");
        assert!(!text.starts_with("200") || !text.contains("sha256:"), "{text}");
    }
    let (status, rotated) = server.call(Method::POST, &format!("{path}/rotate"), NULL);
    assert_eq!(status, StatusCode::OK);
    let access = &server.config.current().access;
    assert!(access.client(secret).is_none(), "the old secret opens nothing");
    assert_eq!(access.client(rotated["key"].as_str().unwrap()).unwrap().id.as_str(), id);
}

#[test]
fn what_a_key_may_do_is_written_read_and_set_back() {
    let server = Server::with_channels();
    let given = json!({"name": "ci", "key": "kQ7-f83jd_02LmPz", "status": "paused", "expiresAt": 99,
        "models": ["gpt-*", "!gpt-3"], "channels": ["ch_a"], "limits": {"requestsPerMinute": 60},
        "budgets": [{"period": "day", "tokens": 1000}, {"period": "month", "costMicros": 5000000}]});
    let made = create(&server, given.clone());
    assert_eq!(made["key"], given["key"]);
    let path = format!("{PATH}/{}", made["clientKey"]["id"].as_str().unwrap());
    let read = server.call(Method::GET, &path, NULL).1;
    for field in ["name", "status", "expiresAt", "models", "channels", "limits", "budgets"] {
        assert_eq!(read[field], given[field], "{field}");
    }
    let unset = json!({"status": null, "expiresAt": null, "models": null, "channels": [], "limits": {},
        "budgets": null});
    let (status, read) = server.call(Method::PATCH, &path, unset);
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&read["status"], &read["models"], &read["budgets"]),
        (&json!("active"), &json!([]), &json!([]))
    );
    assert!(read.get("expiresAt").is_none() && read["limits"] == json!({}) && read["name"] == "ci");
    let (_, read) = server.call(Method::PATCH, &path, json!({"key": "another-key-of-16"}));
    assert!(server.config.current().access.client("another-key-of-16").is_some());
    assert!(read.get("key").is_none());
    assert_eq!(server.call(Method::DELETE, &path, NULL).0, StatusCode::NO_CONTENT);
    assert!(server.config.current().access.client("another-key-of-16").is_none());
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let body = if method == Method::PATCH { json!({}) } else { NULL };
        assert_eq!(server.call(method, &path, body).0, StatusCode::NOT_FOUND);
    }
}

#[test]
fn a_wrong_field_is_named_as_the_request_spells_it() {
    let server = Server::with_channels();
    create(&server, json!({"name": "first", "key": "kQ7-f83jd_02LmPz"}));
    for (body, field) in [
        (json!({}), "name"),
        (json!({"name": " "}), "name"),
        (json!({"name": "a", "key": "short"}), "key"),
        (json!({"name": "a", "key": "kQ7-f83jd_02LmPz"}), "key"),
        (json!({"name": "a", "key": ADMIN_KEY}), "key"),
        (json!({"name": "a", "channels": ["ch_a", "ch_gone"]}), "channels[1]"),
        (json!({"name": "a", "models": [""]}), "models[0]"),
        (json!({"name": "a", "limits": {"concurrency": 0}}), "limits.concurrency"),
        (json!({"name": "a", "budgets": [{"period": "day"}]}), "budgets[0]"),
        (json!({"name": "a", "budgets": [{"period": "year", "tokens": 1}]}), "budgets[0].period"),
        (json!({"name": "a", "expires": 1}), "expires"),
    ] {
        let (status, answer) = server.call(Method::POST, PATH, body.clone());
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer["error"]["fields"][field].is_string(), "{field}: {answer}");
    }
    assert_eq!(server.stored()["access"]["clientKeys"].as_array().unwrap().len(), 1);
}

#[test]
fn a_write_for_another_version_conflicts() {
    let server = Server::with_channels();
    let made = create(&server, json!({"name": "ci"}))["clientKey"].clone();
    let (path, version) =
        (format!("{PATH}/{}", made["id"].as_str().unwrap()), made["version"].as_str().unwrap());
    let (status, changed) = with_version(&server, Method::PATCH, &path, version, json!({"name": "cd"}));
    assert_eq!((status, &changed["name"]), (StatusCode::OK, &json!("cd")));
    for (method, path, body) in [
        (Method::PATCH, path.clone(), json!({"name": "x"})),
        (Method::DELETE, path.clone(), NULL),
        (Method::POST, format!("{path}/rotate"), NULL),
    ] {
        let (status, answer) = with_version(&server, method, &path, version, body);
        assert_eq!((status, &answer["current"]["name"]), (StatusCode::CONFLICT, &json!("cd")), "{answer}");
    }
}

#[test]
fn keys_of_the_environment_are_shown_with_what_all_have_used() {
    let mut server = Server::with_channels();
    server.outside.access.add_client(
        ClientKeyId::new("ck_environment"),
        "PROXY_ACCESS_KEY",
        "kQ7-f83jd_02LmPz",
    );
    let made = create(&server, json!({"name": "ci"}));
    let config = server.config.current();
    let used = Amount { tokens: 7, micros: 12 };
    let expected = Some(Expected { prompt: 1, most: used });
    let now = server.platform.clock().now();
    for key in &config.access.client_keys {
        let admission = server.allowances.lock().unwrap().admit(key, expected, now).unwrap();
        server.allowances.lock().unwrap().settle(&admission, true, Some(used), now);
    }
    let (_, list) = server.call(Method::GET, PATH, NULL);
    let keys = list["clientKeys"].as_array().unwrap();
    assert_eq!((&keys[0]["id"], &keys[0]["environment"]), (&made["clientKey"]["id"], &json!(false)));
    assert_eq!((&keys[1]["id"], &keys[1]["environment"]), (&json!("ck_environment"), &json!(true)));
    for key in keys {
        assert_eq!(key["lastUsedAt"], json!(now));
        let spent = ["day", "week", "month", "total"]
            .map(|period| json!({"period": period, "tokens": 7, "costMicros": 12}));
        assert_eq!(key["spent"], json!(spent));
    }
    let (status, _) = server.call(Method::PATCH, &format!("{PATH}/ck_environment"), json!({"name": "x"}));
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(server.call(Method::GET, &format!("{PATH}/ck_environment"), NULL).0, StatusCode::OK);
    let digest = Digest::of("kQ7-f83jd_02LmPz").to_string();
    assert!(!list.to_string().contains(&digest));
}
