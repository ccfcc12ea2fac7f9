//! The same command over HTTP, for suites in other languages.
//!
//! `POST /_control/lanes/{lane}` `{"script": [...], "timetable": {...}, "default": {...}, "keys": {"sk-…": {"script",
//! "timetable", "default"}}}` sets behaviour (and forgets nothing seen unless `"reset": true`); `GET /_control/lanes/{lane}` tells what was seen; `GET /_control`
//! tells of all lanes; `DELETE /_control` and `DELETE /_control/lanes/{lane}` forget.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::lane::{Aborted, Captured, Lane, Lanes, Visit};
use super::playback::Answer;
use super::timetable::Timetable;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders {
    #[serde(default)]
    reset: bool,
    #[serde(default)]
    script: Option<Vec<Behaviour>>,
    #[serde(default)]
    timetable: Option<Timetable>,
    #[serde(default)]
    default: Option<Behaviour>,
    #[serde(default)]
    keys: BTreeMap<String, PlanOrders>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanOrders {
    #[serde(default)]
    script: Option<Vec<Behaviour>>,
    #[serde(default)]
    timetable: Option<Timetable>,
    #[serde(default)]
    default: Option<Behaviour>,
}

/// `path` starts after `/_control`.
pub(super) fn answer(lanes: &Lanes, method: &Method, path: &str, body: &[u8]) -> Response<Answer> {
    let lane = path.strip_prefix("/lanes/").map(|name| lanes.lane(name));
    match (method.as_str(), lane) {
        ("POST", Some(lane)) => match serde_json::from_slice::<Orders>(body) {
            Ok(orders) => {
                obey(&lane, orders);
                json_response(StatusCode::OK, &json!({}))
            }
            Err(error) => json_response(StatusCode::BAD_REQUEST, &json!({ "error": error.to_string() })),
        },
        ("GET", Some(lane)) => json_response(StatusCode::OK, &seen(&lane)),
        ("DELETE", Some(lane)) => {
            lane.reset();
            json_response(StatusCode::OK, &json!({}))
        }
        ("GET", None) => json_response(
            StatusCode::OK,
            &json!({
                "lanes": lanes.names(),
                "violations": lanes.violations(),
                "refused": format!("http://{}/refused", lanes.refused),
            }),
        ),
        ("DELETE", None) => {
            lanes.reset();
            json_response(StatusCode::OK, &json!({}))
        }
        _ => json_response(StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": "GET, POST or DELETE" })),
    }
}

fn obey(lane: &Lane, orders: Orders) {
    if orders.reset {
        lane.reset();
    }
    if let Some(script) = orders.script {
        lane.script(script);
    }
    if let Some(timetable) = orders.timetable {
        lane.timetable(timetable);
    }
    if let Some(default) = orders.default {
        lane.always(default);
    }
    for (key, plan) in orders.keys {
        if let Some(script) = plan.script {
            lane.script_key(&key, script);
        }
        if let Some(timetable) = plan.timetable {
            lane.timetable_key(&key, timetable);
        }
        if let Some(default) = plan.default {
            lane.always_key(&key, default);
        }
    }
}

fn seen(lane: &Lane) -> Value {
    let requests: Vec<_> = lane.requests().iter().map(request).collect();
    let visits: Vec<_> = lane.log(|visits| visits.iter().map(visit).collect());
    let aborted: Vec<_> = lane.aborted().iter().map(abort).collect();
    json!({
        "count": lane.count(),
        "mostAtOnce": lane.most_at_once(),
        "keys": lane.key_counts(),
        "requests": requests,
        "visits": visits,
        "aborted": aborted,
        "violations": lane.violations(),
        "seals": lane.seals(),
    })
}

fn request(request: &Captured) -> Value {
    let headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    json!({
        "operation": request.operation,
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": headers,
        "body": String::from_utf8_lossy(&request.body),
        "bodyBase64": STANDARD.encode(&request.body),
        "key": request.key,
        "atUs": request.at_us,
    })
}

fn visit(visit: &Visit) -> Value {
    json!({ "key": visit.key, "atUs": visit.at_us, "ok": visit.ok, "untilUs": visit.until_us })
}

fn abort(aborted: &Aborted) -> Value {
    json!({
        "key": aborted.key,
        "atUs": aborted.at_us,
        "afterUs": aborted.after_us,
        "eventsSent": aborted.events_sent,
    })
}

fn json_response(status: StatusCode, value: &Value) -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(Some(Bytes::from(value.to_string()))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
