use super::*;
use crate::database::DatabaseError;

fn entries(server: &Server, path: &str) -> Vec<Value> {
    let (status, body) = server.call(Method::GET, path, NULL);
    assert_eq!(status, StatusCode::OK, "{body}");
    body["entries"].as_array().unwrap().clone()
}

fn weigh(server: &Server, weight: u32) -> String {
    let (status, body) = server.call(Method::PATCH, "/api/channels/ch_a", json!({"weight": weight}));
    assert_eq!(status, StatusCode::OK, "{body}");
    server.config.current().version.to_string()
}

#[test]
fn every_write_is_told_with_what_it_changed_and_secrets_masked() {
    let server = Server::with_channels();
    let version = weigh(&server, 5);
    let key = json!({"key": "sk-canary-0123456789", "name": "new"});
    assert_eq!(server.call(Method::POST, "/api/channels/ch_b/keys", key).0, StatusCode::CREATED);
    assert_eq!(
        server.call(Method::POST, "/api/channels/ch_b/keys/k_b/restore", NULL).0,
        StatusCode::NO_CONTENT
    );
    let told = entries(&server, "/api/audit");
    let paths: Vec<_> = told
        .iter()
        .map(|entry| (entry["method"].as_str().unwrap(), entry["path"].as_str().unwrap()))
        .collect();
    assert_eq!(
        paths,
        [
            ("POST", "/api/channels/ch_b/keys/k_b/restore"),
            ("POST", "/api/channels/ch_b/keys"),
            ("PATCH", "/api/channels/ch_a"),
            ("", ""),
        ]
    );
    assert_eq!(told[0]["changes"], json!([]));
    assert_eq!(told[1]["changes"][0]["after"]["keys"][1]["key"], "sk-…6789");
    let change = &told[2]["changes"][0];
    assert_eq!((&change["before"], &change["after"]), (&json!({"weight": 1}), &json!({"weight": 5})));
    assert_eq!((&told[2]["actor"], &told[2]["address"]), (&json!("key"), &json!("192.0.2.1")));
    assert_eq!((&told[2]["version"], &told[2]["restorable"]), (&json!(version), &json!(true)));
    assert_eq!(told[3]["actor"], "outside", "what was there before the first write");
    assert!(!format!("{told:?}").contains("0123456789"), "{told:?}");
}

#[test]
fn reading_asking_and_failing_leave_no_row() {
    let server = Server::with_channels();
    server.call(Method::GET, "/api/channels", NULL);
    server.call(Method::POST, "/api/route/explain", json!({"protocol": "chat", "model": "m"}));
    server.call(Method::POST, "/api/config/import?dryRun=true", json!({"document": {"channels": []}}));
    server.call(Method::PATCH, "/api/channels/ch_a", json!({"weight": 0}));
    server.call(Method::DELETE, "/api/channels/ch_nobody", NULL);
    server.send(request(Method::POST, "/api/session", json!({"key": "guess"})).body_json());
    assert_eq!(entries(&server, "/api/audit"), [NULL; 0]);
    server.call(Method::POST, "/api/config/export", json!({"passphrase": "a long passphrase"}));
    server.send(request(Method::POST, "/api/session", json!({"key": ADMIN_KEY})).body_json());
    let paths: Vec<_> = entries(&server, "/api/audit").iter().map(|entry| entry["path"].clone()).collect();
    assert_eq!(paths, ["/api/session", "/api/config/export"], "who took the secrets, and who came in");
}

#[test]
fn pages_follow_each_other_and_know_their_end() {
    let server = Server::with_channels();
    for weight in 2..=6 {
        server.platform.clock.advance(Duration::from_secs(1));
        weigh(&server, weight);
    }
    let all = entries(&server, "/api/audit");
    assert_eq!(all.len(), 6);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, page) = server.call(Method::GET, &format!("/api/audit?limit=2{cursor}"), NULL);
        paged.extend(page["entries"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
    let at = all[2]["at"].as_u64().unwrap();
    assert_eq!(entries(&server, &format!("/api/audit?since={at}")), all[..3]);
    assert_eq!(entries(&server, &format!("/api/audit?until={at}")), all[3..]);
    for wrong in ["limit=0", "limit=201", "limit=x", "cursor=-1", "since=1e3", "page=2"] {
        let (status, body) = server.call(Method::GET, &format!("/api/audit?{wrong}"), NULL);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {body}");
    }
}

#[test]
fn a_rollback_is_a_new_version_with_the_secrets_of_the_old_one() {
    let server = Server::with_channels();
    let start = server.stored();
    weigh(&server, 2);
    let key = json!({"key": "sk-other-0123456789ab"});
    server.call(Method::PATCH, "/api/channels/ch_b/keys/k_b", key);
    server.call(Method::DELETE, "/api/channels/ch_a", NULL);
    let history = entries(&server, "/api/config/history");
    let first = history.last().unwrap()["version"].clone();
    let (status, body) = server.call(Method::POST, "/api/config/rollback", json!({"version": first}));
    assert_eq!((status, &body["version"]), (StatusCode::OK, &first), "{body}");
    assert_eq!(server.stored(), start);
    assert_eq!(json!(server.config.current().version.as_str()), first);
    let latest = entries(&server, "/api/config/history").remove(0);
    assert_eq!((&latest["path"], &latest["version"]), (&json!("/api/config/rollback"), &first));
    assert_eq!(latest["changes"], body["changes"]);
    assert!(!body.to_string().contains("0123456789"), "{body}");
}

#[test]
fn a_rollback_needs_a_version_that_is_kept_and_the_one_it_was_made_for() {
    let server = Server::with_channels();
    weigh(&server, 2);
    let first = entries(&server, "/api/config/history").pop().unwrap()["version"].clone();
    let rollback =
        |version: Value| server.call(Method::POST, "/api/config/rollback", json!({"version": version}));
    assert_eq!(rollback(json!("0000000000000000")).0, StatusCode::NOT_FOUND);
    let stale =
        with_version(&server, Method::POST, "/api/config/rollback", "stale", json!({"version": first}));
    assert_eq!(stale.0, StatusCode::CONFLICT, "{}", stale.1);
    assert_eq!(stale.1["current"]["version"], server.config.current().version.as_str());
    assert_eq!(rollback(first).0, StatusCode::OK);
}

#[test]
fn what_changed_outside_is_found_at_the_next_write() {
    let server = Server::with_channels();
    weigh(&server, 2);
    let mut edited = server.platform.store.document().unwrap();
    edited.channels[1].weight = 7;
    server.platform.store.change_before_replace(edited);
    weigh(&server, 3);
    let told = entries(&server, "/api/config/history");
    assert_eq!((&told[1]["actor"], &told[1]["path"]), (&json!("outside"), &json!("")));
    assert_eq!(told[1]["changes"][0]["after"], json!({"weight": 7}));
    assert_eq!(told[0]["changes"][0]["after"], json!({"weight": 3}));
}

#[test]
fn no_history_holds_a_plain_secret() {
    let server = Server::with_channels();
    weigh(&server, 2);
    let rows =
        server.platform.database.run(&[crate::database::Statement::new("SELECT * FROM change")]).unwrap();
    let text = format!("{rows:?}");
    assert!(text.contains("sealed:v2:"), "{text}");
    for secret in ["sk-alpha", "sk-beta", "tk-alpha", "hunter22"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn old_versions_lose_their_document_and_then_their_row() {
    let server = Server::with_channels();
    for weight in 2..=103 {
        weigh(&server, weight);
    }
    let told = entries(&server, "/api/config/history?limit=200");
    assert_eq!(told.len(), 103);
    let restorable = |entry: &&Value| entry["restorable"] == true;
    assert_eq!(told.iter().filter(restorable).count(), 100);
    assert_eq!(told.iter().take_while(restorable).count(), 100, "the newest are kept");
}

#[test]
fn without_a_database_writes_are_done_and_say_that_they_were_not_recorded() {
    let server = Server::with_channels();
    server.platform.database.fail(Some(DatabaseError::Busy));
    let draft =
        request(Method::PATCH, "/api/channels/ch_a", json!({"weight": 4})).header("x-api-key", ADMIN_KEY);
    let response = server.send(draft.body_json());
    assert_eq!((response.status(), header(&response, "x-causeway-unrecorded")), (StatusCode::OK, "true"));
    assert_eq!(server.stored()["channels"][0]["weight"], 4);
    for path in ["/api/audit", "/api/config/history"] {
        let (status, body) = server.call(Method::GET, path, NULL);
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("records_unavailable"))
        );
    }
    server.platform.database.fail(None);
    weigh(&server, 5);
    let told = entries(&server, "/api/audit");
    assert_eq!(told.len(), 2, "{told:?}");
}
