use super::*;
use crate::config::access::Digest;

const PATH: &str = "/api/route/explain";

/// What each channel comes to, by name, over the client's own protocol first.
fn verdicts(server: &Server, question: Value) -> Vec<(String, String)> {
    let (status, answer) = server.call(Method::POST, PATH, question);
    assert_eq!(status, StatusCode::OK, "{answer}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let candidates = answer["candidates"].as_array().unwrap();
    candidates.iter().map(|one| (text(&one["name"]), text(&one["verdict"]))).collect()
}

#[test]
fn an_explanation_names_every_candidate_and_its_keys() {
    let server = Server::with_channels();
    let question = json!({"protocol": "chat", "model": "m", "pin": "alpha"});
    let (status, answer) = server.call(Method::POST, PATH, question);
    assert_eq!(status, StatusCode::OK);
    let candidate = &answer["candidates"][0];
    assert_eq!(candidate["channel"], "ch_a");
    assert_eq!((&candidate["priority"], &candidate["protocol"]), (&json!(2), &json!("chat")));
    assert_eq!(candidate["keys"][0]["key"], "k_a");
    assert!(answer.get("chosen").is_some() && answer.get("refusal").is_some());
}

#[test]
fn a_refused_key_is_called_so_until_it_is_tested() {
    let server = Server::with_channels();
    server.refuse_key();
    let question = json!({"protocol": "chat", "model": "m", "pin": "alpha"});
    let answer = server.call(Method::POST, PATH, question).1;
    let key = &answer["candidates"][0]["keys"][0];
    assert_eq!(key["verdict"], "refused", "{answer}");
    assert!(key["until"].is_u64());
    assert_eq!(server.cooldown(), "auth", "asking changed nothing");
}

#[test]
fn what_the_configuration_rules_out_is_told() {
    let channel = |name: &str, more: Value| {
        let mut channel = json!({"name": name, "keys": [format!("sk-{name}")],
            "endpoints": [{"protocol": "chat", "baseUrl": format!("https://{name}.example")}]});
        channel.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        channel
    };
    let server = Server::new(json!({"channels": [
        channel("prefix", json!({"routePrefix": "team"})),
        channel("model", json!({"models": ["other"]})),
        channel("paused", json!({"status": "paused"})),
        channel("keyless", json!({"keys": []})),
        channel("blind", json!({"compat": {"vision": false}})),
        channel("small", json!({"contextWindows": {"m": 8000}})),
        channel("fits", json!({})),
    ]}));
    let question = json!({"protocol": "chat", "model": "m",
                          "needs": {"inputTokens": 9000, "vision": true}});
    let expected = [
        ("prefix", "other_prefix"),
        ("model", "other_model"),
        ("paused", "paused"),
        ("keyless", "no_key"),
        ("blind", "capability"),
        ("small", "context_window"),
        ("fits", "chosen"),
    ];
    let expected: Vec<_> = expected.map(|(name, verdict)| (name.to_owned(), verdict.to_owned())).into();
    assert_eq!(verdicts(&server, question), expected);
}

#[test]
fn a_pin_that_names_nothing_is_a_refusal() {
    let question = json!({"protocol": "chat", "model": "m", "pin": "nobody"});
    let answer = Server::with_channels().call(Method::POST, PATH, question).1;
    assert_eq!(
        answer,
        json!({"chosen": null, "refusal": {"reason": "unknown_channel", "retryAt": null}, "candidates": []})
    );
}

#[test]
fn a_question_that_makes_no_sense_is_refused() {
    let server = Server::with_channels();
    for (question, field) in [
        (json!({"protocol": "chat", "model": ""}), "model"),
        (json!({"protocol": "soap", "model": "m"}), "protocol"),
        (json!({"protocol": "chat", "model": "m", "session": "s"}), "clientKey"),
        (json!({"protocol": "chat", "model": "m", "clientKey": "ck_nobody"}), "clientKey"),
        (json!({"protocol": "chat", "model": "m", "needs": {"input": 1}}), "needs.input"),
    ] {
        let (status, answer) = server.call(Method::POST, PATH, question);
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["error"]["fields"][field].is_string(), "{field}: {answer}");
    }
}

#[test]
fn a_question_may_be_asked_for_a_client_key() {
    let mut document = Server::with_channels().stored();
    document["access"] = json!({"clientKeys": [
        {"id": "ck_1", "hash": Digest::of("first").to_string(), "channels": ["ch_a"]},
        {"id": "ck_2", "hash": Digest::of("second").to_string(), "models": ["other"]},
    ]});
    let server = Server::new(document);
    let ask = |key: &str| {
        let question =
            json!({"protocol": "messages", "model": "m", "session": "s", "clientKey": key, "stream": true});
        let (status, answer) = server.call(Method::POST, PATH, question);
        assert_eq!(status, StatusCode::OK, "{answer}");
        let candidates = answer["candidates"].as_array().unwrap().iter();
        let verdicts =
            candidates.map(|one| (one["name"].clone(), one["verdict"].clone())).collect::<Vec<_>>();
        (answer["chosen"]["name"].clone(), answer["refusal"]["reason"].clone(), verdicts)
    };
    let (chosen, refusal, verdicts) = ask("ck_1");
    assert_eq!((chosen, refusal), (json!("alpha"), NULL));
    assert_eq!(verdicts, [(json!("beta"), json!("not_allowed")), (json!("alpha"), json!("chosen"))]);
    let (chosen, refusal, verdicts) = ask("ck_2");
    assert_eq!((chosen, refusal), (NULL, json!("not_allowed")));
    assert!(verdicts.iter().all(|(_, verdict)| verdict == "not_allowed"), "{verdicts:?}");
}
