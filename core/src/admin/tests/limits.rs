use super::*;
use crate::config::Limits;

const PATH: &str = "/api/channels/ch_a";

#[test]
fn limits_and_windows_are_written_read_and_set_back() {
    let server = Server::with_channels();
    let before = server.stored();
    let write = json!({
        "limits": {"tokensPerMinute": 90000}, "keyLimits": {"requestsPerMinute": 60, "concurrency": 4},
        "contextWindows": {"deepseek-*": 131072, "*": 200000},
        "keys": [{"id": "k_a", "quotaGroup": "org", "limits": {"concurrency": 2}}]
    });
    let (status, channel) = server.call(Method::PATCH, PATH, write.clone());
    assert_eq!(status, StatusCode::OK, "{channel}");
    for field in ["limits", "keyLimits", "contextWindows"] {
        assert_eq!(channel[field], write[field]);
    }
    assert_eq!(channel["keys"][0]["quotaGroup"], "org");
    assert_eq!(channel["keys"][0]["limits"], json!({"concurrency": 2}));
    let config = server.config.current();
    let channel = config.channels.iter().find(|channel| &*channel.name == "alpha").unwrap();
    let limits = Limits { requests_per_minute: Some(60), tokens_per_minute: None, concurrency: Some(2) };
    assert_eq!(channel.keys[0].limits, limits);
    let again = server.call(Method::GET, PATH, NULL).1;
    let back = json!({"limits": again["limits"], "keyLimits": again["keyLimits"],
                      "contextWindows": again["contextWindows"], "keys": [{"id": "k_a"}]});
    assert_eq!(server.call(Method::PATCH, PATH, back).1, again);
    let unset = json!({"limits": null, "keyLimits": {}, "contextWindows": null,
                       "keys": [{"id": "k_a", "quotaGroup": null, "limits": null}]});
    assert_eq!(server.call(Method::PATCH, PATH, unset).0, StatusCode::OK);
    assert_eq!(server.stored(), before);
}

#[test]
fn a_channel_without_limits_reads_with_empty_objects() {
    let channel = Server::with_channels().call(Method::GET, PATH, NULL).1;
    for field in ["limits", "keyLimits", "contextWindows"] {
        assert_eq!(channel[field], json!({}), "{field}");
    }
    assert!(channel["keys"][0].get("limits").is_none());
}

#[test]
fn a_key_is_added_and_changed_with_its_limits() {
    let server = Server::with_channels();
    let write =
        json!({"key": "sk-new-0123456789abc", "quotaGroup": "org", "limits": {"requestsPerMinute": 5}});
    let (status, key) = server.call(Method::POST, &format!("{PATH}/keys"), write);
    assert_eq!((status, &key["quotaGroup"]), (StatusCode::CREATED, &json!("org")));
    let path = format!("{PATH}/keys/{}", key["id"].as_str().unwrap());
    let (_, key) = server.call(Method::PATCH, &path, json!({"limits": {"concurrency": 1}}));
    assert_eq!(key["limits"], json!({"concurrency": 1}), "a value replaces the field whole");
    let (_, key) = server.call(Method::PATCH, &path, json!({"limits": null, "quotaGroup": null}));
    assert!(key.get("limits").is_none() && key.get("quotaGroup").is_none());
}

#[test]
fn wrong_limits_are_told_as_the_request_spells_them() {
    let server = Server::with_channels();
    for (body, field) in [
        (json!({"limits": {"requestsPerMinute": 0}}), "limits.requestsPerMinute"),
        (json!({"limits": {"rpm": 1}}), "limits.rpm"),
        (json!({"keyLimits": {"concurrency": 0}}), "keyLimits.concurrency"),
        (json!({"contextWindows": {"m": 128}}), "contextWindows.m"),
        (json!({"keys": [{"id": "k_a", "quotaGroup": ""}]}), "keys[0].quotaGroup"),
    ] {
        let (status, answer) = server.call(Method::PATCH, PATH, body);
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["error"]["fields"][field].is_string(), "{field}: {answer}");
    }
    let (_, answer) =
        server.call(Method::PATCH, &format!("{PATH}/keys/k_a"), json!({"limits": {"tokensPerMinute": 0}}));
    assert!(answer["error"]["fields"]["limits.tokensPerMinute"].as_str().unwrap().contains("pause"));
}
