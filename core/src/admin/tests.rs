use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::executor::block_on;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::{Answer, Context, Export, Facts, Throttle, handle};
use crate::allowance::Allowances;
use crate::capture::Switch;
use crate::config::Protocol;
use crate::config::document::Document;
use crate::config::handle::ConfigHandle;
use crate::config::outside::Outside;
use crate::config::secret_key::SecretKeys;
use crate::config::validate::compile;
use crate::live::Hub;
use crate::platform::{Clock, Coordinator, Platform};
use crate::schedule::{Ask, Class, Outcome};
use crate::testing::platform::FakePlatform;
use crate::testing::run::run;
use crate::testing::store::MemoryStore;

mod audit;
mod capture;
mod channels;
mod client_keys;
mod config;
mod limits;
mod live;
mod prices;
mod requests;
mod routing;
mod session;
mod sessions;
mod settings;
mod tools;

const NULL: Value = Value::Null;
const ADMIN_KEY: &str = "the-key-of-the-operator";

/// The API over a memory store.
struct Server {
    platform: FakePlatform,
    config: ConfigHandle,
    outside: Outside,
    secrets: SecretKeys,
    facts: Facts,
    throttle: Mutex<Throttle>,
    allowances: Mutex<Allowances>,
    live: Arc<Hub>,
    capture: Switch,
}

impl Server {
    fn new(document: Value) -> Self {
        let mut document = Document::parse(document.to_string().as_bytes()).unwrap();
        let mut next = 0u8;
        document.assign_ids(&mut |bytes| {
            next += 1;
            bytes.fill(next);
        });
        let mut outside = Outside::default();
        outside.access.set_admin(ADMIN_KEY);
        let config = compile(document.clone(), &outside).unwrap();
        let features = vec!["reload"];
        Self {
            platform: FakePlatform::with_store(MemoryStore::new(document)),
            config: ConfigHandle::new(config),
            outside,
            secrets: SecretKeys::parse(&"09".repeat(32)).unwrap(),
            facts: Facts { version: "1.2.3", runtime: "native", language: None, features },
            throttle: Mutex::default(),
            allowances: Mutex::default(),
            live: Arc::default(),
            capture: Switch::default(),
        }
    }

    /// Two channels with a key each.
    fn with_channels() -> Self {
        Self::new(json!({"channels": [
            {"id": "ch_a", "name": "alpha", "priority": 2,
             "endpoints": [{"protocol": "chat", "baseUrl": "https://alpha.example"}],
             "keys": [{"id": "k_a", "key": "sk-alpha-0123456789"}],
             "headers": {"x-title": "team", "x-team-token": "tk-alpha-0123456789"},
             "proxyUrl": "http://user:hunter22@proxy.example:3128"},
            {"id": "ch_b", "name": "beta", "priority": 1,
             "endpoints": [{"protocol": "messages", "baseUrl": "https://beta.example"}],
             "keys": [{"id": "k_b", "key": "sk-beta-0123456789ab"}]},
        ]}))
    }

    fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.whole(block_on(must_be_send(handle(&self.context(), request))))
    }

    /// The same, with the clock going on whenever all wait.
    fn run(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.whole(run(&self.platform.clock, handle(&self.context(), request)))
    }

    fn context(&self) -> Context<'_, FakePlatform> {
        Context {
            platform: &self.platform,
            config: &self.config,
            outside: &self.outside,
            facts: &self.facts,
            secrets: &self.secrets,
            session_secret: &[9; 32],
            throttle: &self.throttle,
            allowances: &self.allowances,
            live: &self.live,
            capture: &self.capture,
            client_address: Some([192, 0, 2, 1].into()),
            journal: super::journal::Journal::default(),
        }
    }

    fn whole(&self, response: Response<Answer>) -> Response<Bytes> {
        response.map(|answer| match answer {
            Answer::Whole(body) => body,
            Answer::Export(export) => self.file(*export),
            Answer::Live => Bytes::new(),
        })
    }

    /// All of a file.
    fn file(&self, mut export: Export) -> Bytes {
        let mut file = export.heading().to_vec();
        while let Some(statement) = export.statement() {
            file.extend(export.take(self.platform.database.run(&[statement]).unwrap().remove(0)));
        }
        file.into()
    }

    /// Calls with the admin key; `body` null sends none.
    fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let response = self.send(request(method, path, body).header("x-api-key", ADMIN_KEY).body_json());
        parts(&response)
    }

    fn stored(&self) -> Value {
        serde_json::to_value(self.platform.store.document().unwrap()).unwrap()
    }

    /// The upstream refuses the key of channel `alpha`.
    fn refuse_key(&self) {
        let ask = Ask { pin: Some("alpha"), ..Ask::of(Protocol::Chat, "m") };
        let outcome = Outcome::of(Class::Auth);
        let (config, coordinator) = (self.config.current(), self.platform.coordinator());
        block_on(async {
            let lease = coordinator.acquire(&config, &ask).await.unwrap();
            coordinator.report(&config, &lease, &outcome).await;
        });
    }

    /// Why the first key of channel `alpha` is not used.
    fn cooldown(&self) -> Value {
        let (_, list) = self.call(Method::GET, "/api/channels", NULL);
        let alpha = list["channels"].as_array().unwrap().iter().find(|channel| channel["name"] == "alpha");
        alpha.unwrap()["health"]["keys"][0]["cooldown"]["class"].clone()
    }
}

/// Calls with the admin key and an `If-Match`.
fn with_version(
    server: &Server,
    method: Method,
    path: &str,
    version: &str,
    body: Value,
) -> (StatusCode, Value) {
    let draft = request(method, path, body)
        .header("x-api-key", ADMIN_KEY)
        .header("if-match", &format!("\"{version}\""));
    parts(&server.send(draft.body_json()))
}

struct Draft(http::request::Builder, Value);

impl Draft {
    fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value), self.1)
    }

    fn body_json(self) -> Request<Bytes> {
        if self.1.is_null() {
            return self.0.body(Bytes::new()).unwrap();
        }
        self.0.header("content-type", "application/json").body(Bytes::from(self.1.to_string())).unwrap()
    }
}

fn request(method: Method, path: &str, body: Value) -> Draft {
    Draft(Request::builder().method(method).uri(path), body)
}

fn parts(response: &Response<Bytes>) -> (StatusCode, Value) {
    let body = if response.body().is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(response.body()).unwrap()
    };
    (response.status(), body)
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The shells run it on threads.
fn must_be_send<F: Future + Send>(future: F) -> F {
    future
}

#[test]
fn bootstrap_is_public_and_tells_what_serves() {
    let (status, body) =
        parts(&Server::with_channels().send(request(Method::GET, "/api/bootstrap", json!(null)).body_json()));
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        body,
        json!({"name": "Causeway", "version": "1.2.3", "runtime": "native",
               "languages": ["en", "zh-CN"], "features": ["reload"], "live": "full"})
    );
}

#[test]
fn unknown_paths_and_wrong_methods_are_told_in_json() {
    let server = Server::with_channels();
    for path in
        ["/api/", "/api/nothing", "/api/channels/", "/api/channels/ch_a/keys/k_a/x", "/api/channels//keys"]
    {
        let (status, body) = server.call(Method::GET, path, json!(null));
        assert_eq!((status, &body["error"]["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{path}");
    }
    let response = server.send(request(Method::PUT, "/api/channels/ch_a", json!(null)).body_json());
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header(&response, "allow"), "GET, PATCH, DELETE");
}

#[test]
fn no_answer_may_be_kept_or_guessed_at() {
    let server = Server::with_channels();
    for path in ["/api/bootstrap", "/api/channels", "/api/nothing"] {
        let response = server.send(request(Method::GET, path, json!(null)).body_json());
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    }
}

#[test]
fn what_a_reader_has_is_not_sent_again() {
    let server = Server::with_channels();
    let get = |path: &str, known: &str| {
        let draft = request(Method::GET, path, NULL).header("x-api-key", ADMIN_KEY);
        server.send(draft.header("if-none-match", known).body_json())
    };
    for path in ["/api/requests", "/api/overview", "/api/channels", "/api/channels/ch_a", "/api/settings"] {
        let first = get(path, "\"of-another-time\"");
        let tag = header(&first, "etag").to_owned();
        assert_eq!(first.status(), StatusCode::OK, "{path}");
        for known in [tag.clone(), format!("\"other\", {tag}"), format!("W/{}", tag.trim_start_matches("W/"))]
        {
            server.platform.clock.advance(Duration::from_millis(1));
            let again = get(path, &known);
            assert_eq!(
                (again.status(), header(&again, "etag")),
                (StatusCode::NOT_MODIFIED, tag.as_str()),
                "{path} {known}"
            );
            assert!(again.body().is_empty() && header(&again, "content-type").is_empty(), "{path}");
        }
    }
    let tag = header(&get("/api/channels", ""), "etag").to_owned();
    server.refuse_key();
    assert_eq!(get("/api/channels", &tag).status(), StatusCode::OK);
    assert_eq!(get("/api/nothing", "*").status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_body_has_to_be_json_and_fields_have_to_be_known() {
    let server = Server::with_channels();
    let text = Request::post("/api/channels").header("x-api-key", ADMIN_KEY).body(Bytes::from("{}")).unwrap();
    assert_eq!(server.send(text).status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let typo = json!({"name": "x", "endpoints": [{"protocol": "chat", "baseURL": "https://x.example"}]});
    let (status, body) = server.call(Method::POST, "/api/channels", typo);
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["error"]["code"], "invalid");
    assert!(
        body["error"]["fields"]["endpoints[0].baseURL"].as_str().unwrap().contains("unknown field"),
        "{body}"
    );
    let huge = json!({"name": "x".repeat(2_000_000)});
    assert_eq!(server.call(Method::POST, "/api/channels", huge).0, StatusCode::PAYLOAD_TOO_LARGE);
}
