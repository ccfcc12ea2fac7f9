use super::*;

fn import(server: &Server, query: &str, body: Value) -> (StatusCode, Value) {
    server.call(Method::POST, &format!("/api/config/import{query}"), body)
}

fn ccx() -> Value {
    json!({"upstream": [
        {"name": "Alpha", "baseUrl": "https://relay.example", "apiKeys": ["sk-canary-relay-0001"], "remark": "x"},
    ]})
}

#[test]
fn an_export_holds_no_secret_and_comes_back_with_those_of_the_present() {
    let server = Server::with_channels();
    let before = server.stored();
    let response = server.send(
        request(Method::GET, "/api/config/export?secrets=none", NULL)
            .header("x-api-key", ADMIN_KEY)
            .body_json(),
    );
    let (status, export) = parts(&response);
    assert_eq!(status, StatusCode::OK);
    assert!(header(&response, "content-disposition").contains("attachment"));
    let text = export.to_string();
    for secret in ["sk-alpha", "sk-beta", "tk-alpha", "hunter22", "0123456789"] {
        assert!(!text.contains(secret), "{text}");
    }
    server.call(Method::PATCH, "/api/channels/ch_a", json!({"weight": 9}));
    let body = json!({"document": export, "mode": "replace"});
    let (status, answer) = import(&server, "", body);
    assert_eq!((status, &answer["applied"]), (StatusCode::OK, &json!(true)), "{answer}");
    assert_eq!(answer["plan"]["notCarried"], json!([]));
    assert_eq!(answer["plan"]["changes"][0]["before"], json!({"weight": 9}));
    assert_eq!(answer["plan"]["same"], json!(["beta"]));
    assert_eq!(server.stored(), before);
}

#[test]
fn an_encrypted_export_brings_its_secrets_elsewhere_with_the_passphrase_alone() {
    let server = Server::with_channels();
    let passphrase = "correct horse battery";
    let (status, export) = server.call(Method::POST, "/api/config/export", json!({"passphrase": passphrase}));
    assert_eq!(status, StatusCode::OK, "{export}");
    let text = export.to_string();
    for secret in ["sk-alpha", "sk-beta", "tk-alpha", "hunter22", passphrase] {
        assert!(!text.contains(secret), "{text}");
    }
    let elsewhere = Server::new(json!({}));
    for (passphrase, problem) in [(NULL, "is missing"), (json!("another passphrase"), "does not open")] {
        let (status, answer) = import(&elsewhere, "", json!({"document": export, "passphrase": passphrase}));
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["error"]["fields"]["passphrase"].as_str().unwrap().contains(problem), "{answer}");
    }
    let (status, answer) = import(&elsewhere, "", json!({"document": export, "passphrase": passphrase}));
    assert_eq!((status, &answer["plan"]["notCarried"]), (StatusCode::OK, &json!([])), "{answer}");
    assert_eq!(elsewhere.stored(), server.stored());
    assert!(!answer.to_string().contains("0123456789"), "{answer}");
}

#[test]
fn a_dry_run_tells_what_an_import_then_does() {
    let server = Server::with_channels();
    let before = server.stored();
    let (status, would) = import(&server, "?dryRun=true", json!({"document": ccx()}));
    assert_eq!((status, &would["applied"]), (StatusCode::OK, &json!(false)), "{would}");
    assert_eq!(server.stored(), before);
    assert_eq!(would["plan"]["format"], "ccx");
    assert_eq!(would["plan"]["notCarried"][0]["path"], "upstream[0].remark");
    let changed = &would["plan"]["changes"][0];
    assert_eq!((&changed["change"], &changed["id"]), (&json!("changed"), &json!("ch_a")), "{would}");
    let version = would["version"].as_str().unwrap();
    let (status, done) =
        with_version(&server, Method::POST, "/api/config/import", version, json!({"document": ccx()}));
    assert_eq!((status, &done["applied"]), (StatusCode::OK, &json!(true)), "{done}");
    assert_eq!(done["plan"]["notCarried"], would["plan"]["notCarried"]);
    assert_eq!(server.config.current().version.as_str(), done["version"]);
    assert!(!format!("{would}{done}").contains("canary"));
    let (status, late) =
        with_version(&server, Method::POST, "/api/config/import", version, json!({"document": ccx()}));
    assert_eq!((status, &late["current"]["version"]), (StatusCode::CONFLICT, &done["version"]), "{late}");
}

#[test]
fn what_cannot_be_imported_names_the_field() {
    let server = Server::with_channels();
    let before = server.stored();
    for (query, body, field) in [
        ("", json!({"document": {"a": 1}}), "document"),
        ("", json!({"document": {"channels": [{"nmae": "x"}]}}), "document.channels[0].nmae"),
        ("", json!({"format": "yaml", "document": {}}), "format"),
        ("", json!({"document": ccx(), "modes": "merge"}), "modes"),
        ("?dry=true", json!({"document": ccx()}), "dry"),
        ("?dryRun=maybe", json!({"document": ccx()}), "dryRun"),
        (
            "",
            json!({"document": {"upstream": [], "circuitBreaker": {"windowSize": 1}}}),
            "settings.breaker.window",
        ),
    ] {
        let (status, answer) = import(&server, query, body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{field}: {answer}");
        assert!(answer["error"]["fields"].get(field).is_some(), "{field}: {answer}");
    }
    for (method, query, body, field) in [
        (Method::GET, "?secrets=plain", NULL, "secrets"),
        (Method::GET, "?passphrase=x", NULL, "passphrase"),
        (Method::POST, "", json!({"passphrase": "short"}), "passphrase"),
    ] {
        let (status, answer) = server.call(method, &format!("/api/config/export{query}"), body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{field}: {answer}");
        assert!(answer["error"]["fields"].get(field).is_some(), "{field}: {answer}");
    }
    assert_eq!(server.stored(), before);
}
