use super::*;
use crate::capture::store;
use crate::config::ClientKeyId;

fn server() -> Server {
    let server = Server::with_channels();
    let mut outside = Outside::default();
    outside.access.set_admin(ADMIN_KEY);
    outside.access.add_client(ClientKeyId::new("ck_team"), "team", "cw-a-key-of-the-team");
    let document = Document::clone(&server.config.current().document);
    server.config.install(compile(document, &outside).unwrap());
    server
}

fn read(server: &Server) -> Value {
    let (status, body) = server.call(Method::GET, "/api/capture", NULL);
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

#[test]
fn capture_is_off_until_it_is_switched_on_and_after_it_was_switched_off() {
    let server = server();
    let off = json!({"on": false, "kept": 0, "bytes": 0, "maxBytes": 67_108_864});
    assert_eq!(read(&server), off);
    let order = json!({"requests": 3, "minutes": 10, "filter": {"channel": "ch_a", "clientKey": "ck_team", "model": "m"}});
    let (status, on) = server.call(Method::POST, "/api/capture", order.clone());
    assert_eq!(status, StatusCode::OK, "{on}");
    let until = server.platform.clock.now() + Duration::from_secs(600);
    assert_eq!(on["order"], json!({"requestsLeft": 3, "until": until, "filter": order["filter"]}));
    assert_eq!((&on["on"], read(&server)), (&json!(true), on.clone()));
    assert!(server.capture.is_on());

    server.platform.clock.advance(Duration::from_secs(600));
    assert_eq!(read(&server), off);
    server.call(Method::POST, "/api/capture", json!({"minutes": 1}));
    assert_eq!(server.call(Method::DELETE, "/api/capture", NULL).0, StatusCode::NO_CONTENT);
    assert_eq!(read(&server), off);
    assert!(!server.capture.is_on());
}

#[test]
fn what_is_left_out_of_an_order_is_its_bound_and_more_is_refused() {
    for (order, expected) in [
        (json!({"requests": 5}), Ok((5, 240))),
        (json!({"minutes": 5}), Ok((500, 5))),
        (json!({}), Err("requests")),
        (json!({"requests": 0}), Err("requests")),
        (json!({"requests": 501}), Err("requests")),
        (json!({"requests": 5, "minutes": 241}), Err("minutes")),
        (json!({"requests": -1}), Err("requests")),
        (json!({"requests": 5, "filter": {"channel": "ch_nobody"}}), Err("filter.channel")),
        (json!({"requests": 5, "filter": {"clientKey": "ck_nobody"}}), Err("filter.clientKey")),
        (json!({"requests": 5, "filter": {"model": ""}}), Err("filter.model")),
        (json!({"requests": 5, "filter": {"key": "k_a"}}), Err("filter.key")),
    ] {
        let server = server();
        let (status, body) = server.call(Method::POST, "/api/capture", order.clone());
        match expected {
            Ok((requests, minutes)) => {
                let until = server.platform.clock.now() + Duration::from_secs(60 * minutes);
                let told = &body["order"];
                assert_eq!(
                    (&told["requestsLeft"], &told["until"]),
                    (&json!(requests), &json!(until)),
                    "{order}"
                );
            }
            Err(field) => {
                assert_eq!(status, StatusCode::BAD_REQUEST, "{order}: {body}");
                assert!(body["error"]["fields"][field].is_string(), "{order}: {body}");
                assert!(!server.capture.is_on());
            }
        }
    }
}

#[test]
fn what_was_captured_is_read_until_it_is_deleted() {
    let server = server();
    server.call(Method::POST, "/api/capture", json!({"requests": 2}));
    let rows = server.platform.database.run(&[store::order()]).unwrap().remove(0);
    let order = store::read_order(rows).unwrap();
    let content = r#"{"id":"req_1","attempts":[]}"#.to_owned();
    let now = server.platform.clock.now();
    server.platform.database.run(&store::keep(&order.id, "req_1", now, content)).unwrap();
    let state = read(&server);
    assert_eq!(
        (&state["kept"], &state["bytes"], &state["order"]["requestsLeft"]),
        (&json!(1), &json!(28), &json!(1))
    );
    let path = "/api/requests/req_1/capture";
    assert_eq!(
        server.call(Method::GET, path, NULL),
        (StatusCode::OK, json!({"id": "req_1", "attempts": []}))
    );
    assert_eq!(server.call(Method::GET, "/api/requests/req_2/capture", NULL).0, StatusCode::NOT_FOUND);

    assert_eq!(server.call(Method::DELETE, "/api/capture?keep=true", NULL).0, StatusCode::NO_CONTENT);
    assert_eq!((&read(&server)["on"], &read(&server)["kept"]), (&json!(false), &json!(1)));
    assert_eq!(server.call(Method::DELETE, "/api/capture?keep=perhaps", NULL).0, StatusCode::BAD_REQUEST);
    server.call(Method::DELETE, "/api/capture", NULL);
    assert_eq!(server.call(Method::GET, path, NULL).0, StatusCode::NOT_FOUND);
}

#[test]
fn who_switched_it_on_and_for_what_is_told() {
    let server = server();
    server.call(Method::POST, "/api/capture", json!({"requests": 2, "filter": {"model": "m"}}));
    server.call(Method::DELETE, "/api/capture", NULL);
    let (_, audit) = server.call(Method::GET, "/api/audit", NULL);
    let [stopped, started] = audit["entries"].as_array().unwrap().as_slice() else { panic!("{audit}") };
    assert_eq!((&stopped["method"], &stopped["path"]), (&json!("DELETE"), &json!("/api/capture")));
    let until = server.platform.clock.now() + Duration::from_secs(240 * 60);
    assert_eq!((&started["actor"], &started["restorable"]), (&json!("key"), &json!(false)));
    assert_eq!(
        started["changes"],
        json!([{"part": "capture", "id": "", "name": "", "change": "changed", "before": {},
                "after": {"requests": 2, "until": until, "model": "m"}}])
    );
}

#[test]
fn without_a_database_nothing_is_switched_on() {
    let server = server();
    server.platform.database.fail(Some(crate::database::DatabaseError::Busy));
    for (method, body) in
        [(Method::GET, NULL), (Method::POST, json!({"requests": 1})), (Method::DELETE, NULL)]
    {
        assert_eq!(server.call(method, "/api/capture", body).0, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(!server.capture.is_on());
}
