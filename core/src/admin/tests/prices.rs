use super::*;
use crate::ir::Usage;
use crate::time::Timestamp;

const PATH: &str = "/api/prices";

#[test]
fn prices_are_replaced_as_a_whole_and_in_force_at_once() {
    let server = Server::with_channels();
    let (_, before) = server.call(Method::GET, PATH, NULL);
    assert_eq!(before["prices"], json!([]));
    let known = before["builtIn"].as_array().unwrap();
    assert!(known.iter().any(|price| price["model"] == "claude-opus-5-5" && price["cacheWrite1h"] == 8.0));
    let prices = json!([{"model": "m", "input": 2.5, "output": 10.0, "source": "https://m.example/prices"},
                        {"model": "m", "over": 200000, "input": 5.0, "output": 15.0}]);
    let (status, view) = server.call(Method::PUT, PATH, json!({"prices": prices}));
    assert_eq!((status, &view["prices"]), (StatusCode::OK, &prices), "{view}");
    assert_eq!(server.call(Method::GET, PATH, NULL).1, view);
    let config = server.config.current();
    let usage = Usage { input: Some(1_000), output: Some(100), ..Usage::default() };
    assert_eq!(config.prices.cost(&usage, &config.channels[0], "m", Timestamp::default()).micros, 3_500);
    let stale = before["version"].as_str().unwrap();
    let (status, answer) = with_version(&server, Method::PUT, PATH, stale, json!({"prices": []}));
    assert_eq!((status, &answer["current"]["prices"]), (StatusCode::CONFLICT, &prices));
    assert_eq!(server.call(Method::PUT, PATH, json!({"prices": []})).1, before);
}

#[test]
fn a_wrong_price_is_named_as_the_request_spells_it() {
    let server = Server::with_channels();
    for (price, field) in [
        (json!({"model": "m", "input": -1}), "prices[0].input"),
        (json!({"model": "", "input": 1}), "prices[0].model"),
        (json!({"model": "m", "inputs": 1}), "prices[0].inputs"),
    ] {
        let (status, answer) = server.call(Method::PUT, PATH, json!({"prices": [price]}));
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["error"]["fields"][field].is_string(), "{field}: {answer}");
    }
}

#[test]
fn a_channel_says_what_it_takes_of_list_prices() {
    let server = Server::with_channels();
    let (_, channel) = server.call(Method::PATCH, "/api/channels/ch_a", json!({"costMultiplier": 0.5}));
    assert_eq!(channel["costMultiplier"], 0.5);
    let config = server.config.current();
    let alpha = config.channels.iter().find(|channel| &*channel.name == "alpha").unwrap();
    assert_eq!(alpha.cost_multiplier, 500_000);
    let (_, channel) = server.call(Method::PATCH, "/api/channels/ch_a", json!({"costMultiplier": null}));
    assert_eq!(channel["costMultiplier"], 1.0);
    let (status, answer) = server.call(Method::PATCH, "/api/channels/ch_a", json!({"costMultiplier": -1}));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"]["fields"]["costMultiplier"].is_string(), "{answer}");
}
