use super::*;

fn names(list: &Value) -> Vec<&str> {
    list["channels"].as_array().unwrap().iter().map(|channel| channel["name"].as_str().unwrap()).collect()
}

#[test]
fn a_list_without_channels_is_an_empty_list() {
    let server = Server::new(json!({}));
    assert_eq!(server.call(Method::GET, "/api/channels", NULL), (StatusCode::OK, json!({"channels": []})));
}

#[test]
fn the_list_tells_state_in_order_and_masks_keys() {
    let server = Server::with_channels();
    let (_, list) = server.call(Method::GET, "/api/channels", NULL);
    assert_eq!(names(&list), ["beta", "alpha"]);
    let alpha = &list["channels"][1];
    assert_eq!(alpha["keys"], json!([{"id": "k_a", "masked": "sk-…6789", "status": "active"}]));
    assert_eq!(alpha["accepts"], json!(["messages", "chat", "responses", "gemini"]));
    assert_eq!(alpha["health"]["breaker"], "closed");
    assert_eq!(alpha["health"]["id"], "ch_a");
    assert!(alpha.get("headers").is_none() && alpha.get("proxyUrl").is_none());
}

#[test]
fn no_answer_holds_a_secret() {
    let server = Server::with_channels();
    let write = json!({"weight": 3});
    let answers = [
        server.call(Method::GET, "/api/channels", NULL),
        server.call(Method::GET, "/api/channels/ch_a", NULL),
        server.call(Method::PATCH, "/api/channels/ch_a", write.clone()),
        with_version(&server, Method::PATCH, "/api/channels/ch_a", "stale", write),
        server.call(Method::PATCH, "/api/channels/ch_a/keys/k_a", json!({"key": "sk-alpha-0123456789"})),
        server.call(Method::POST, "/api/channels/ch_a/keys", json!({"key": "sk-alpha-0123456789"})),
    ];
    for (status, body) in answers {
        for secret in ["sk-alpha-0", "tk-alpha-0", "hunter22"] {
            assert!(!body.to_string().contains(secret), "{status} {body}");
        }
    }
}

#[test]
fn one_channel_reads_whole_with_lists_where_lists_are() {
    let server = Server::with_channels();
    let (status, channel) = server.call(Method::GET, "/api/channels/ch_a", NULL);
    assert_eq!(status, StatusCode::OK);
    for list in ["endpoints", "keys", "accepts", "models"] {
        assert!(channel[list].is_array(), "{list}");
    }
    assert_eq!(channel["modelMap"], json!({}));
    assert_eq!(channel["timeouts"], json!({}));
    assert_eq!(channel["headers"], json!({"x-title": "team", "x-team-token": "tk-…6789"}));
    assert_eq!(channel["proxyUrl"], "http://…@proxy.example:3128");
    let response = server
        .send(request(Method::GET, "/api/channels/ch_a", NULL).header("x-api-key", ADMIN_KEY).body_json());
    assert_eq!(header(&response, "etag"), format!("\"{}\"", channel["version"].as_str().unwrap()));
    assert_eq!(server.call(Method::GET, "/api/channels/ch_x", NULL).0, StatusCode::NOT_FOUND);
}

#[test]
fn a_created_channel_comes_last_and_serves_at_once() {
    let server = Server::with_channels();
    let body = json!({
        "name": "gamma", "models": ["m-*"], "keys": [{"key": "sk-gamma-0123456789", "name": "team"}],
        "endpoints": [{"protocol": "gemini", "baseUrl": "https://gamma.example"}]
    });
    let draft = request(Method::POST, "/api/channels", body).header("x-api-key", ADMIN_KEY);
    let response = server.send(draft.body_json());
    let (status, channel) = parts(&response);
    assert_eq!((status, &channel["priority"]), (StatusCode::CREATED, &json!(3)), "{channel}");
    assert_eq!(header(&response, "location"), format!("/api/channels/{}", channel["id"].as_str().unwrap()));
    assert!(channel["id"].as_str().unwrap().starts_with("ch_"));
    assert!(channel["keys"][0]["id"].as_str().unwrap().starts_with("k_"));
    assert_eq!(names(&server.call(Method::GET, "/api/channels", NULL).1), ["beta", "alpha", "gamma"]);
    assert_eq!(server.config.current().channels[2].keys[0].secret.expose(), "sk-gamma-0123456789");
}

#[test]
fn wrong_fields_are_told_all_at_once_as_the_request_spells_them() {
    let server = Server::with_channels();
    let body = json!({"name": "alpha", "weight": 0, "keys": [{"name": "empty"}],
                      "endpoints": [{"protocol": "chat", "baseUrl": "nowhere"}]});
    let (status, answer) = server.call(Method::POST, "/api/channels", body);
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let fields = answer["error"]["fields"].as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["endpoints[0].baseUrl", "keys[0].key", "name", "weight"]);
    let before = server.stored();
    let (status, answer) = server.call(Method::POST, "/api/channels/ch_a/keys", json!({"key": "two words"}));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"]["fields"]["key"].is_string(), "{answer}");
    assert_eq!(server.stored(), before);
}

#[test]
fn a_patch_changes_what_it_names_and_null_goes_back_to_the_default() {
    let server = Server::with_channels();
    let before = server.stored()["channels"][0].clone();
    let (status, channel) =
        server.call(Method::PATCH, "/api/channels/ch_a", json!({"weight": 5, "priority": null}));
    assert_eq!((status, &channel["weight"], &channel["priority"]), (StatusCode::OK, &json!(5), &json!(1)));
    let mut expected = before;
    expected["weight"] = json!(5);
    expected["priority"] = json!(1);
    assert_eq!(server.stored()["channels"][0], expected);
    let (_, channel) =
        server.call(Method::PATCH, "/api/channels/ch_a", json!({"proxyUrl": null, "headers": null}));
    assert!(channel.get("proxyUrl").is_none());
    assert_eq!(channel["headers"], json!({}));
}

#[test]
fn what_was_read_can_be_written_back_without_losing_a_secret() {
    let server = Server::with_channels();
    let before = server.stored();
    let (_, read) = server.call(Method::GET, "/api/channels/ch_a", NULL);
    let body = json!({
        "headers": read["headers"], "proxyUrl": read["proxyUrl"], "endpoints": read["endpoints"],
        "timeouts": read["timeouts"], "keys": [{"id": "k_a"}]
    });
    assert_eq!(server.call(Method::PATCH, "/api/channels/ch_a", body).0, StatusCode::OK);
    assert_eq!(server.stored(), before);
    let foreign = json!({"keys": [{"id": "k_b"}]});
    let (status, answer) = server.call(Method::PATCH, "/api/channels/ch_a", foreign);
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"]["fields"]["keys[0].id"].is_string());
}

#[test]
fn a_write_for_an_old_version_is_refused_with_the_current_state() {
    let server = Server::with_channels();
    let (_, read) = server.call(Method::GET, "/api/channels/ch_a", NULL);
    let version = read["version"].as_str().unwrap();
    let (status, _) =
        with_version(&server, Method::PATCH, "/api/channels/ch_a", version, json!({"weight": 2}));
    assert_eq!(status, StatusCode::OK);
    for (method, path, body) in [
        (Method::PATCH, "/api/channels/ch_a", json!({"weight": 9})),
        (Method::DELETE, "/api/channels/ch_a", NULL),
        (Method::POST, "/api/channels/ch_a/keys", json!({"key": "sk-other-key"})),
        (Method::DELETE, "/api/channels/ch_a/keys/k_a", NULL),
    ] {
        let (status, answer) = with_version(&server, method, path, version, body);
        assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("conflict")));
        assert_eq!(answer["current"]["weight"], 2);
    }
    assert_eq!(server.stored()["channels"][0]["weight"], 2);
}

#[test]
fn a_change_elsewhere_in_the_document_is_no_conflict() {
    let server = Server::with_channels();
    let (_, read) = server.call(Method::GET, "/api/channels/ch_a", NULL);
    let version = read["version"].as_str().unwrap();
    let mut rival = server.platform.store.document().unwrap();
    rival.channels[1].weight = 7;
    server.platform.store.change_before_replace(rival);
    let (status, _) =
        with_version(&server, Method::PATCH, "/api/channels/ch_a", version, json!({"weight": 2}));
    assert_eq!(status, StatusCode::OK);
    let stored = server.stored();
    assert_eq!((&stored["channels"][0]["weight"], &stored["channels"][1]["weight"]), (&json!(2), &json!(7)));
    let config = server.config.current();
    assert_eq!(config.version, server.platform.store.document().unwrap().version());
}

#[test]
fn a_change_of_the_same_channel_in_between_is_a_conflict() {
    let server = Server::with_channels();
    let (_, read) = server.call(Method::GET, "/api/channels/ch_a", NULL);
    let mut rival = server.platform.store.document().unwrap();
    rival.channels[0].weight = 7;
    server.platform.store.change_before_replace(rival);
    let version = read["version"].as_str().unwrap();
    let (status, answer) =
        with_version(&server, Method::PATCH, "/api/channels/ch_a", version, json!({"weight": 2}));
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(answer["current"]["weight"], 7);
}

#[test]
fn a_write_that_others_overtake_again_and_again_is_a_conflict_as_the_document_says() {
    let document = serde_json::to_value(crate::admin::openapi()).unwrap();
    let channel =
        json!({"name": "made", "endpoints": [{"protocol": "chat", "baseUrl": "https://made.example"}]});
    for (path, body) in [
        ("/api/channels", channel),
        ("/api/channels/reorder", json!({"ids": ["ch_b", "ch_a"]})),
        ("/api/channels/{id}/promote", json!({"seconds": 60})),
        ("/api/channels/{id}/pause", NULL),
        ("/api/channels/{id}/resume", NULL),
        ("/api/channels/{id}/duplicate", NULL),
        ("/api/client-keys", json!({"name": "made"})),
    ] {
        let server = Server::with_channels();
        for weight in 2..20 {
            let mut rival = server.platform.store.document().unwrap();
            rival.channels[1].weight = weight;
            server.platform.store.change_before_replace(rival);
        }
        let (status, answer) = server.call(Method::POST, &path.replace("{id}", "ch_a"), body);
        assert_eq!(status, StatusCode::CONFLICT, "{path}: {answer}");
        assert!(document["paths"][path]["post"]["responses"]["409"].is_object(), "{path}");
    }
}

#[test]
fn a_store_that_fails_changes_nothing_and_says_so() {
    let server = Server::with_channels();
    server.platform.store.set_unavailable(true);
    let (status, answer) = server.call(Method::PATCH, "/api/channels/ch_a", json!({"weight": 2}));
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("store_unavailable"))
    );
    assert_eq!(server.config.current().channels[1].weight, 1);
}

#[test]
fn channels_are_reordered_only_as_a_whole() {
    let server = Server::with_channels();
    let (status, list) = server.call(Method::POST, "/api/channels/reorder", json!({"ids": ["ch_a", "ch_b"]}));
    assert_eq!(status, StatusCode::OK);
    assert_eq!(names(&list), ["alpha", "beta"]);
    for ids in [
        json!([]),
        json!(["ch_a"]),
        json!(["ch_a", "ch_a"]),
        json!(["ch_a", "ch_x"]),
        json!(["ch_a", "ch_b", "ch_b"]),
    ] {
        let (status, answer) = server.call(Method::POST, "/api/channels/reorder", json!({"ids": ids}));
        assert_eq!(status, StatusCode::BAD_REQUEST, "{ids}");
        assert!(answer["error"]["fields"]["ids"].is_string());
    }
}

#[test]
fn a_channel_is_promoted_paused_resumed_and_deleted() {
    let server = Server::with_channels();
    let promoted = |seconds: u64| {
        let (status, _) =
            server.call(Method::POST, "/api/channels/ch_a/promote", json!({"seconds": seconds}));
        assert_eq!(status, StatusCode::NO_CONTENT);
        server.config.current().channels[1].promoted_until
    };
    assert_eq!(promoted(300), Some(server.platform.clock.now() + Duration::from_secs(300)));
    assert_eq!(promoted(0), None);
    let (status, _) = server.call(Method::POST, "/api/channels/ch_a/promote", json!({"seconds": u64::MAX}));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let status_of =
        |server: &Server| server.call(Method::GET, "/api/channels/ch_a", NULL).1["status"].clone();
    assert_eq!(server.call(Method::POST, "/api/channels/ch_a/pause", NULL).0, StatusCode::NO_CONTENT);
    assert_eq!(status_of(&server), "paused");
    assert_eq!(server.call(Method::POST, "/api/channels/ch_a/resume", NULL).0, StatusCode::NO_CONTENT);
    assert_eq!(status_of(&server), "active");
    server.refuse_key();
    assert_eq!(server.cooldown(), "auth");
    assert_eq!(server.call(Method::POST, "/api/channels/ch_a/resume", NULL).0, StatusCode::NO_CONTENT);
    assert_eq!(server.cooldown(), NULL, "resuming forgives");
    assert_eq!(server.call(Method::DELETE, "/api/channels/ch_a", NULL).0, StatusCode::NO_CONTENT);
    assert_eq!(server.call(Method::DELETE, "/api/channels/ch_a", NULL).0, StatusCode::NOT_FOUND);
    assert_eq!(names(&server.call(Method::GET, "/api/channels", NULL).1), ["beta"]);
}

#[test]
fn keys_are_added_changed_restored_and_deleted_by_id() {
    let server = Server::with_channels();
    let body = json!({"key": "sk-second-0123456789", "name": "second"});
    let (status, key) = server.call(Method::POST, "/api/channels/ch_a/keys", body);
    assert_eq!(
        (status, &key["masked"], &key["name"]),
        (StatusCode::CREATED, &json!("sk-…6789"), &json!("second"))
    );
    let path = format!("/api/channels/ch_a/keys/{}", key["id"].as_str().unwrap());
    let (status, key) = server.call(Method::PATCH, &path, json!({"status": "paused", "name": null}));
    assert_eq!((status, &key["status"]), (StatusCode::OK, &json!("paused")));
    assert!(key.get("name").is_none());
    assert_eq!(server.config.current().channels[1].keys[1].secret.expose(), "sk-second-0123456789");
    server.refuse_key();
    assert_eq!(server.cooldown(), "auth");
    assert_eq!(
        server.call(Method::POST, "/api/channels/ch_a/keys/k_a/restore", NULL).0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(server.cooldown(), NULL, "restoring forgives");
    assert_eq!(
        server.call(Method::POST, "/api/channels/ch_a/keys/k_b/restore", NULL).0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(server.call(Method::DELETE, &path, NULL).0, StatusCode::NO_CONTENT);
    assert_eq!(server.call(Method::DELETE, &path, NULL).0, StatusCode::NOT_FOUND);
    assert_eq!(server.config.current().channels[1].keys.len(), 1);
}

#[test]
fn a_compat_sheet_is_written_whole_and_checked() {
    let server = Server::with_channels();
    let write = json!({"preset": "deepseek", "onLoss": "refuse", "embeddingSpace": "team",
                       "compat": {"vision": true, "omit": ["seed"], "extraBody": {"n": 1}}});
    let (status, channel) = server.call(Method::PATCH, "/api/channels/ch_a", write.clone());
    assert_eq!(status, StatusCode::OK, "{channel}");
    for (field, value) in write.as_object().unwrap() {
        assert_eq!(channel[field], *value, "{field}");
    }
    let (_, channel) =
        server.call(Method::PATCH, "/api/channels/ch_a", json!({"compat": null, "preset": null}));
    assert_eq!((&channel["compat"], &channel["onLoss"]), (&json!({}), &json!("refuse")));
    assert!(channel.get("preset").is_none());
    let wrong = json!({"preset": "nobody", "compat": {"efforts": ["huge"], "omit": ["model"]}});
    let (status, answer) = server.call(Method::PATCH, "/api/channels/ch_a", wrong);
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let fields = answer["error"]["fields"].as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["compat.efforts[0]", "compat.omit[0]", "preset"]);
}

#[test]
fn presets_are_listed_with_addresses_and_sheets() {
    let server = Server::new(json!({}));
    let (status, list) = server.call(Method::GET, "/api/presets", NULL);
    assert_eq!(status, StatusCode::OK);
    let deepseek = list["presets"].as_array().unwrap().iter().find(|one| one["name"] == "deepseek").unwrap();
    assert_eq!(deepseek["endpoints"][0]["baseUrl"], "https://api.deepseek.com");
    assert_eq!(deepseek["compat"]["chat"]["reasoningStyle"], "thinking");
}
