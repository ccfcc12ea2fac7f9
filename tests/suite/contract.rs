//! Every operation of the OpenAPI document: what it answers to a good call, to whoever may not, to what is wrong, to
//! what is not there, and to a write that comes too late. An operation is one of these cases by being in the document;
//! only what a good call of it is has to be told here ([`Stage::good`]).
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of a test fail the test"
)]

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Mock, Protocol};
use causeway_tests::sample::{MODEL, Sample};
use http::Method;
use serde_json::{Value, json};

const DOCUMENT: &str = include_str!("../../docs/openapi.json");

/// They take nothing that could be wrong.
const NEVER_WRONG: &[&str] = &[
    "bootstrap",
    "listChannels",
    "listClientKeys",
    "listPresets",
    "readCapture",
    "readMetrics",
    "readOverview",
    "readPrices",
    "readSettings",
    "signOut",
];

/// An operation of the document.
#[derive(Clone)]
struct Operation {
    id: String,
    method: Method,
    path: String,
    description: Value,
}

/// What an operation is asked for.
#[derive(Clone, Default)]
struct Ask {
    query: String,
    body: String,
}

/// Something wrong about a call, and how it is refused.
struct Wrong {
    what: String,
    call: Call,
    status: u16,
}

impl Operation {
    fn all() -> Vec<Self> {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let mut all = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, description) in operations.as_object().unwrap() {
                let id = description["operationId"].as_str().unwrap().to_owned();
                let method = method.to_uppercase().parse().unwrap();
                all.push(Self { id, method, path: path.clone(), description: description.clone() });
            }
        }
        all
    }

    fn is_public(&self) -> bool {
        self.description["security"] == json!([{}])
    }

    fn has_body(&self) -> bool {
        !self.description["requestBody"].is_null()
    }

    fn answers(&self, status: &str) -> bool {
        !self.description["responses"][status].is_null()
    }

    /// The parameters of one kind: `path`, `query`, `header`.
    fn parameters(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let all = self.description["parameters"].as_array().into_iter().flatten();
        all.filter(move |parameter| parameter["in"] == kind)
    }

    fn is_versioned(&self) -> bool {
        self.parameters("header").any(|parameter| parameter["name"] == "If-Match")
    }

    /// Of what is on the stage.
    fn call(&self, stage: &Stage<'_>, ask: Ask) -> Call {
        let id = match self.path.split('/').nth(2) {
            Some("client-keys") => &stage.client_key,
            Some("requests") => &stage.request,
            _ => &stage.channel,
        };
        let path = self.path.replace("{id}", id).replace("{keyId}", &stage.key).replace("{format}", "csv");
        let call = Call::new(self.method.clone(), format!("{}{path}{}", stage.gateway.url(), ask.query));
        if self.has_body() { call.body("application/json", ask.body) } else { call }
    }

    /// A good call with one thing wrong, in every way there is.
    fn wrongs(&self, stage: &Stage<'_>, good: &Ask) -> Vec<Wrong> {
        let mut wrongs = Vec::new();
        let mut wrong = |what: String, call: Call, status| wrongs.push(Wrong { what, call, status });
        let asked = |query: &str| self.call(stage, Ask { query: query.to_owned(), ..good.clone() });
        for name in self.parameters("path").map(|parameter| parameter["name"].as_str().unwrap()) {
            let path = self.path.replace(&format!("{{{name}}}"), "nobody");
            let nobodys = Self { path, ..self.clone() };
            wrong(format!("nobody's {name}"), nobodys.call(stage, good.clone()), 404);
        }
        for parameter in self.parameters("query") {
            let name = parameter["name"].as_str().unwrap();
            if parameter["schema"]["type"] != "string" {
                wrong(format!("a wrong {name}"), asked(&format!("?{name}=wrong")), 400);
            }
            wrong(format!("{name} twice"), asked(&format!("?{name}=&{name}=")), 400);
        }
        if self.parameters("query").next().is_some() {
            wrong("a parameter nobody knows".to_owned(), asked("?noSuchParameter=1"), 400);
        }
        if self.has_body() {
            let with = |body: String| self.call(stage, Ask { body, ..good.clone() });
            for body in ["", "{", "[]", "7", "null", r#"{"noSuchField": 1}"#] {
                wrong(format!("a body of {body:?}"), with(body.to_owned()), 400);
            }
            let fields: Value = serde_json::from_str(&good.body).unwrap();
            for name in fields.as_object().unwrap().keys() {
                let mut fields = fields.clone();
                fields[name] = json!([[0]]);
                wrong(format!("a wrong {name}"), with(fields.to_string()), 400);
            }
            wrong("text".to_owned(), with(good.body.clone()).body("text/plain", "{}"), 415);
            wrong("much".to_owned(), with("[".repeat(5 << 20)), 413);
        }
        if self.answers("101") {
            wrong("no upgrade".to_owned(), asked(""), 426);
        }
        wrongs
    }

    /// The answer is one of those that the document names, and an error has the shape that all have.
    fn check(&self, answer: &Answer, asked: &str) {
        let Self { method, path, description, .. } = self;
        let status = answer.status.as_str();
        let named = &description["responses"][status];
        let text = answer.text();
        assert!(!named.is_null(), "{method} {path} {asked}: {status} is not in the document: {text}");
        if answer.status.as_u16() >= 400 {
            let error = &answer.json()["error"];
            assert!(error["code"].is_string() && error["message"].is_string(), "{method} {path}: {text}");
        }
        if let Some(types) = named["content"].as_object() {
            let media = answer.header("content-type").split(';').next().unwrap_or_default();
            assert!(types.contains_key(media), "{method} {path} {asked}: {media:?} is not in the document");
        }
    }
}

/// A gateway with one of everything that an operation can be about.
struct Stage<'a> {
    gateway: &'a Gateway,
    /// Where channels may lead.
    base: String,
    channel: String,
    key: String,
    client_key: String,
    /// It was captured.
    request: String,
    /// Of the whole configuration.
    version: Value,
}

impl<'a> Stage<'a> {
    /// All but the request is new, and called `name`.
    async fn set(gateway: &'a Gateway, mock: &Mock, request: &str, name: &str) -> Self {
        let base = mock.base("one");
        let second = json!({ "key": "sk-second" });
        let mut channel = Channel::every(name, &base).json();
        channel["keys"].as_array_mut().unwrap().push(second);
        let channel = api(gateway, Method::POST, "channels", channel).await;
        let client_key = api(gateway, Method::POST, "client-keys", json!({ "name": name })).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            gateway,
            base,
            channel: text(&channel["id"]),
            key: text(&channel["keys"][0]["id"]),
            client_key: text(&client_key["clientKey"]["id"]),
            request: request.to_owned(),
            version: api(gateway, Method::GET, "config/history", Value::Null).await["version"].clone(),
        }
    }

    /// What `operation` is asked for when nothing is wrong.
    async fn good(&self, operation: &str) -> Ask {
        let query = |query: &str| Ask { query: query.to_owned(), ..Ask::default() };
        let body = |body: Value| Ask { body: body.to_string(), ..Ask::default() };
        let channel = |name: &str| Channel::every(name, &self.base).json();
        match operation {
            "bootstrap"
            | "deleteChannel"
            | "deleteClientKey"
            | "deleteKey"
            | "duplicateChannel"
            | "listChannels"
            | "listClientKeys"
            | "listPresets"
            | "pauseChannel"
            | "readCapture"
            | "readCapturedRequest"
            | "readChannel"
            | "readClientKey"
            | "readMetrics"
            | "readOverview"
            | "readPrices"
            | "readRequest"
            | "readSettings"
            | "restoreKey"
            | "resumeChannel"
            | "rotateClientKey"
            | "signOut"
            | "watch" => Ask::default(),
            "addKey" => body(json!({ "key": "sk-third", "name": "third" })),
            "createChannel" => body(channel("made")),
            "createClientKey" => body(json!({ "name": "made", "models": ["mock-*"] })),
            "editChannel" => body(json!({ "weight": 2, "limits": { "concurrency": 3 } })),
            "editClientKey" => body(json!({ "name": "renamed", "status": "paused" })),
            "editKey" => body(json!({ "name": "renamed", "status": "paused" })),
            "explainRoute" => body(json!({ "protocol": "chat", "model": MODEL, "stream": true })),
            "exportConfig" => query("?secrets=none"),
            "exportEncryptedConfig" => body(json!({ "passphrase": "a passphrase of the test" })),
            "exportRequests" => query("?status=2xx&protocol=chat"),
            "importConfig" => {
                body(json!({ "mode": "merge", "document": { "channels": [channel("imported")] } }))
            }
            "listAudit" | "listSessions" | "listVersions" => query("?limit=2&since=0"),
            "listRequests" => query("?limit=2&since=0&protocol=chat"),
            "listUpstreamModels" => query("?protocol=chat"),
            "promoteChannel" => body(json!({ "seconds": 60 })),
            "readPasted" => body(json!({ "text": "https://relay.example sk-pasted-0123456789abcdef" })),
            "readSeries" | "readStats" => query("?range=24h&by=model"),
            "reorderChannels" => body(json!({ "ids": self.channels().await })),
            "replacePrices" => body(json!({ "prices": [{ "model": MODEL, "input": 1.5 }] })),
            "replaceSettings" => body(json!({ "maxAttempts": 3, "breaker": { "window": 30 } })),
            "rollBack" => body(json!({ "version": self.version })),
            "signIn" => body(json!({ "key": self.gateway.admin_key() })),
            "startCapture" => body(json!({ "requests": 1, "filter": { "channel": self.channel } })),
            "stopCapture" => query("?keep=true"),
            "testChannel" => body(json!({ "checks": ["models", "request"], "protocols": ["chat"] })),
            other => panic!("say here what a good call of {other} is"),
        }
    }

    async fn channels(&self) -> Vec<Value> {
        let list = api(self.gateway, Method::GET, "channels", Value::Null).await;
        list["channels"].as_array().unwrap().iter().map(|channel| channel["id"].clone()).collect()
    }
}

/// What an operator is answered, where that is good.
async fn api(gateway: &Gateway, method: Method, path: &str, body: Value) -> Value {
    let call = Call::new(method, format!("{}/api/{path}", gateway.url()));
    let call = if body.is_null() { call } else { call.body("application/json", body.to_string()) };
    let answer = gateway.admin(call).send().await.unwrap();
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    answer.json()
}

/// A gateway, and a request it has served and captured.
async fn gateway(mock: &Mock) -> (Gateway, String) {
    let gateway = Gateway::start(&[Channel::every("one", &mock.base("one"))]).await.unwrap();
    api(&gateway, Method::POST, "capture", json!({ "requests": 1 })).await;
    let sample = Sample::of(Protocol::Chat, false);
    let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let request = answer.header("x-causeway-request-id").to_owned();
    for path in [format!("requests/{request}"), format!("requests/{request}/capture")] {
        let url = format!("{}/api/{path}", gateway.url());
        let kept = async || Ok(gateway.admin(Call::get(&url)).send().await?.status == 200);
        assert!(gateway.until(kept).await.unwrap(), "{path} is not kept");
    }
    (gateway, request)
}

#[tokio::test]
async fn every_operation_answers_a_good_call_as_the_document_says() {
    let mock = Mock::start().await.unwrap();
    let (gateway, request) = gateway(&mock).await;
    for operation in Operation::all() {
        let stage = Stage::set(&gateway, &mock, &request, &operation.id).await;
        let ask = stage.good(&operation.id).await;
        let call = gateway.admin(operation.call(&stage, ask));
        let answer = if operation.answers("101") {
            let Err(refusal) = call.upgrade().await.unwrap() else { continue };
            refusal
        } else {
            call.send().await.unwrap()
        };
        operation.check(&answer, "rightly");
        assert!(answer.status.is_success(), "{} was refused: {}", operation.id, answer.text());
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_served_without_the_admin_key() {
    let mock = Mock::start().await.unwrap();
    let (gateway, request) = gateway(&mock).await;
    let stage = Stage::set(&gateway, &mock, &request, "strangers").await;
    for operation in Operation::all().iter().filter(|operation| !operation.is_public()) {
        let ask = stage.good(&operation.id).await;
        let call = || operation.call(&stage, ask.clone());
        for call in [call(), call().header("x-api-key", gateway.key())] {
            let answer = call.send().await.unwrap();
            operation.check(&answer, "without the key");
            assert_eq!(answer.status, 401, "{} {}", operation.method, operation.path);
        }
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_wrong_is_told_as_the_document_says() {
    let mock = Mock::start().await.unwrap();
    let (gateway, request) = gateway(&mock).await;
    let stage = Stage::set(&gateway, &mock, &request, "mistakes").await;
    let mut never_wrong = Vec::new();
    for operation in Operation::all() {
        let wrongs = operation.wrongs(&stage, &stage.good(&operation.id).await);
        if wrongs.is_empty() {
            never_wrong.push(operation.id.clone());
        }
        for Wrong { what, call, status } in wrongs {
            let answer = gateway.admin(call).send().await.unwrap();
            operation.check(&answer, &what);
            assert_eq!(answer.status, status, "{} took {what}: {}", operation.id, answer.text());
        }
    }
    never_wrong.sort();
    assert_eq!(never_wrong, NEVER_WRONG);
}

#[tokio::test]
async fn other_methods_are_refused_with_those_there_are() {
    let mock = Mock::start().await.unwrap();
    let (gateway, request) = gateway(&mock).await;
    let stage = Stage::set(&gateway, &mock, &request, "other-methods").await;
    let all = Operation::all();
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    for operation in &all {
        for method in &methods {
            if all.iter().any(|other| other.path == operation.path && other.method == *method) {
                continue;
            }
            let other = Operation { method: method.clone(), ..operation.clone() };
            let answer = gateway.admin(other.call(&stage, Ask::default())).send().await.unwrap();
            assert_eq!(answer.status, 405, "{method} {}", operation.path);
            let allowed = answer.header("allow");
            assert!(allowed.contains(operation.method.as_str()), "{method} {}", operation.path);
        }
    }
}

#[tokio::test]
async fn a_write_against_a_version_of_before_is_a_conflict() {
    let mock = Mock::start().await.unwrap();
    let (gateway, request) = gateway(&mock).await;
    let stage = Stage::set(&gateway, &mock, &request, "conflicts").await;
    for operation in Operation::all().iter().filter(|operation| operation.is_versioned()) {
        let call = operation.call(&stage, stage.good(&operation.id).await);
        let call = call.header("if-match", "\"0000000000000000\"");
        let answer = gateway.admin(call).send().await.unwrap();
        operation.check(&answer, "an old version");
        assert_eq!(answer.status, 409, "{}: {}", operation.id, answer.text());
        assert!(answer.json()["current"].is_object(), "{}: {}", operation.id, answer.text());
    }
}
