//! Every operation of the OpenAPI document: what it answers to whoever may not, asks wrongly, or asks for what is not
//! there.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "the helpers of a test fail the test")]

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::Mock;
use http::Method;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../docs/openapi.json");

/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    description: Value,
}

impl Operation {
    fn all() -> Vec<Self> {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let mut all = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, description) in operations.as_object().unwrap() {
                let method = method.to_uppercase().parse().unwrap();
                all.push(Self { method, path: path.clone(), description: description.clone() });
            }
        }
        all
    }

    /// With something nobody has for each parameter of the path.
    fn call(&self, gateway: &Gateway) -> Call {
        let path =
            self.path.replace("{format}", "csv").replace("{id}", "nobody").replace("{keyId}", "nothing");
        Call::new(self.method.clone(), format!("{}{path}", gateway.url()))
    }

    fn is_public(&self) -> bool {
        self.description["security"] == serde_json::json!([{}])
    }

    fn has_body(&self) -> bool {
        !self.description["requestBody"].is_null()
    }

    /// The answer is one of those that the document names, and an error has the shape that all have.
    fn check(&self, answer: &Answer, asked: &str) {
        let Self { method, path, description } = self;
        let status = answer.status.as_str();
        let named = &description["responses"][status];
        assert!(
            !named.is_null(),
            "{method} {path} {asked}: {status} is not in the document: {}",
            answer.text()
        );
        if answer.status.as_u16() >= 400 {
            let error = &answer.json()["error"];
            assert!(
                error["code"].is_string() && error["message"].is_string(),
                "{method} {path}: {}",
                answer.text()
            );
        }
    }
}

async fn gateway(mock: &Mock) -> Gateway {
    Gateway::start(&[Channel::every("one", &mock.base("one"))]).await.unwrap()
}

#[tokio::test]
async fn nothing_is_served_without_the_admin_key() {
    let mock = Mock::start().await.unwrap();
    let gateway = gateway(&mock).await;
    for operation in Operation::all().iter().filter(|operation| !operation.is_public()) {
        let key = gateway.key().to_owned();
        for call in [operation.call(&gateway), operation.call(&gateway).header("x-api-key", key)] {
            let answer = call.body("application/json", "{}").send().await.unwrap();
            operation.check(&answer, "without the key");
            assert_eq!(answer.status, 401, "{} {}", operation.method, operation.path);
        }
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_wrong_is_told_as_the_document_says() {
    let mock = Mock::start().await.unwrap();
    let gateway = gateway(&mock).await;
    for operation in Operation::all() {
        let admin = || gateway.admin(operation.call(&gateway));
        let mut calls =
            vec![("a parameter nobody knows", gateway.admin(unknown_parameter(&operation, &gateway)))];
        if operation.has_body() {
            for body in ["", "{", "[]", "7", r#"{"noSuchField": 1}"#] {
                calls.push((body, admin().body("application/json", body)));
            }
            calls.push(("text", admin().body("text/plain", "{}")));
            calls.push(("much", admin().body("application/json", "[".repeat(5 << 20))));
        } else {
            calls.push(("as it is", admin()));
        }
        for (asked, call) in calls {
            let answer = call.send().await.unwrap();
            operation.check(&answer, asked);
            assert!(answer.status.as_u16() != 500, "{} {}", operation.method, operation.path);
            if operation.path.contains("{id}") && !operation.has_body() {
                assert!(
                    [400, 404].contains(&answer.status.as_u16()),
                    "{} {}",
                    operation.method,
                    operation.path
                );
            }
            if operation.has_body() {
                let told = answer.status.is_client_error();
                assert!(told, "{} {} took {asked:?}: {}", operation.method, operation.path, answer.text());
            }
        }
    }
}

/// Where the query matters; elsewhere the call as it is.
fn unknown_parameter(operation: &Operation, gateway: &Gateway) -> Call {
    let call = operation.call(gateway);
    let asks = operation.description["parameters"].as_array();
    let takes_query = asks.is_some_and(|asks| asks.iter().any(|parameter| parameter["in"] == "query"));
    if !takes_query || operation.has_body() {
        return call;
    }
    let path = operation.path.replace("{format}", "csv").replace("{id}", "nobody");
    Call::new(operation.method.clone(), format!("{}{path}?noSuchParameter=1", gateway.url()))
}

#[tokio::test]
async fn other_methods_are_refused_with_those_there_are() {
    let mock = Mock::start().await.unwrap();
    let gateway = gateway(&mock).await;
    let all = Operation::all();
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    for operation in &all {
        for method in &methods {
            if all.iter().any(|other| other.path == operation.path && other.method == *method) {
                continue;
            }
            let other = Operation {
                method: method.clone(),
                path: operation.path.clone(),
                description: operation.description.clone(),
            };
            let answer = gateway.admin(other.call(&gateway)).send().await.unwrap();
            assert_eq!(answer.status, 405, "{method} {}", operation.path);
            assert!(
                answer.header("allow").contains(operation.method.as_str()),
                "{method} {}",
                operation.path
            );
        }
    }
}

#[tokio::test]
async fn a_write_against_a_version_of_before_is_a_conflict() {
    let mock = Mock::start().await.unwrap();
    let gateway = gateway(&mock).await;
    let list = gateway.admin(Call::get(format!("{}/api/channels", gateway.url()))).send().await.unwrap();
    let id = list.json()["channels"][0]["id"].as_str().unwrap().to_owned();
    let named = |path: &str| path.replace("{id}", &id).replace("{keyId}", "nothing");
    let mut conflicts = 0;
    for operation in Operation::all() {
        let asks = operation.description["parameters"].as_array();
        let versioned = asks.is_some_and(|asks| asks.iter().any(|parameter| parameter["name"] == "If-Match"));
        let Some(body) = body_that_fits(&operation).filter(|_| versioned) else { continue };
        let url = format!("{}{}", gateway.url(), named(&operation.path));
        let call = Call::new(operation.method.clone(), url).header("if-match", "\"0000000000000000\"");
        let answer = gateway.admin(call.body("application/json", body)).send().await.unwrap();
        operation.check(&answer, "an old version");
        assert_eq!(answer.status, 409, "{} {}: {}", operation.method, operation.path, answer.text());
        conflicts += 1;
    }
    assert!(conflicts >= 6, "{conflicts}");
}

/// `None`: there is none without something that would have to be made before.
fn body_that_fits(operation: &Operation) -> Option<&'static str> {
    Some(match (operation.method.as_str(), operation.path.as_str()) {
        ("PATCH", "/api/channels/{id}") => r#"{"weight": 2}"#,
        ("POST", "/api/channels/{id}/keys") => r#"{"key": "sk-another-upstream-key"}"#,
        ("PUT", "/api/settings") => r#"{"maxAttempts": 3}"#,
        ("PUT", "/api/prices") => r#"{"prices": []}"#,
        ("POST", "/api/config/import") => r#"{"document": {"channels": []}}"#,
        ("DELETE", "/api/channels/{id}") => "",
        _ => return None,
    })
}
