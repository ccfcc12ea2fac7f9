use std::collections::BTreeMap;
use std::future::pending;

use causeway_core::config::Secret;
use causeway_core::config::secret_key::SecretKey;
use causeway_core::config::validate::compile;
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, Method};

use super::*;
use crate::demo::store::MemoryStore;
use crate::demo::{document, upstream};
use crate::entropy::SystemEntropy;
use crate::env::Variables;
use crate::keys;

struct Running {
    address: String,
    client_key: Secret,
    http: reqwest::Client,
}

impl Running {
    /// An app in front of the demo's upstream.
    async fn start<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let environment = Environment::read(&Variables::from(variables)).unwrap();
        let mut document = document(upstream::start(Duration::ZERO).await.unwrap());
        let generated = keys::complete(&mut document, &Outside::default(), &SystemEntropy);
        let config = compile(document.clone(), &Outside::default()).unwrap();
        let (store, database) = (MemoryStore::new(document), SqliteDatabase::in_memory());
        let app = App::new(
            store,
            database,
            config,
            Outside::default(),
            SecretKey::parse(&"01".repeat(32)).unwrap().into(),
            &environment,
        )
        .unwrap();
        let listener = server::listen(Some("127.0.0.1"), 0).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(app.serve(listener, pending(), pending()));
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { address, client_key: generated.client.unwrap(), http }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, HeaderMap, String) {
        let mut request = self.http.request(method, format!("{}{path}", self.address)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.text().await.unwrap())
    }

    async fn call(&self, path: &str, body: &str) -> (u16, HeaderMap, String) {
        let key = format!("Bearer {}", self.client_key.expose());
        self.ask(Method::POST, path, &[("authorization", &key), ("content-type", "application/json")], body)
            .await
    }
}

#[tokio::test]
async fn every_protocol_is_answered_whole_and_streamed() {
    let running = Running::start([]).await;
    let hello = r#""messages":[{"role":"user","content":"Hello"}]"#;
    let gemini = r#"{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}"#;
    let calls = BTreeMap::from([
        ("/v1/chat/completions", format!(r#"{{"model":"demo",{hello}}}"#)),
        ("/v1/messages", format!(r#"{{"model":"demo","max_tokens":9,{hello}}}"#)),
        ("/v1/responses", r#"{"model":"demo","input":"Hello"}"#.to_owned()),
        ("/v1beta/models/demo:generateContent", gemini.to_owned()),
        ("/v1/images/generations", r#"{"model":"demo","prompt":"x"}"#.to_owned()),
        ("/v1/embeddings", r#"{"model":"demo","input":"x"}"#.to_owned()),
    ]);
    for (path, body) in &calls {
        let (status, headers, answer) = running.call(path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        assert_eq!(headers[CONTENT_TYPE], "application/json", "{path}");
        assert_eq!(headers["x-causeway-channel"], "demo", "{path}");
    }
    for (path, body) in [
        ("/v1/chat/completions", calls["/v1/chat/completions"].replacen('{', r#"{"stream":true,"#, 1)),
        ("/v1/messages", calls["/v1/messages"].replacen('{', r#"{"stream":true,"#, 1)),
        ("/v1/responses", calls["/v1/responses"].replacen('{', r#"{"stream":true,"#, 1)),
        ("/v1beta/models/demo:streamGenerateContent?alt=sse", gemini.to_owned()),
    ] {
        let (status, headers, answer) = running.call(path, &body).await;
        assert_eq!((status, &headers[CONTENT_TYPE]), (200, &"text/event-stream".parse().unwrap()), "{path}");
        assert!(answer.contains("Causeway.") && answer.ends_with("\n\n"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_ui_the_api_and_the_models_share_one_address() {
    let running = Running::start([]).await;
    for (method, path, status) in [
        (Method::HEAD, "/", 200),
        (Method::GET, "/health", 200),
        (Method::GET, "/ui/", 200),
        (Method::POST, "/ui/", 405),
        (Method::GET, "/uix", 404),
        (Method::GET, "/api/bootstrap", 200),
        (Method::GET, "/api/channels", 401),
        (Method::POST, "/v1/messages", 401),
    ] {
        assert_eq!(running.ask(method, path, &[("accept", "text/html")], "").await.0, status, "{path}");
    }
}

#[tokio::test]
async fn a_ui_switched_off_is_not_there() {
    let running = Running::start([("ENABLE_WEB_UI", "false")]).await;
    assert_eq!(running.ask(Method::GET, "/ui/", &[("accept", "text/html")], "").await.0, 404);
    assert!(!running.ask(Method::GET, "/api/bootstrap", &[], "").await.2.contains("webUi"));
}

#[tokio::test]
async fn pages_of_other_origins_may_call_only_when_the_operator_says_so() {
    let origin = ("origin", "https://chat.example");
    let preflight =
        [origin, ("access-control-request-method", "POST"), ("access-control-request-headers", "x-api-key")];
    let allowed = |headers: &HeaderMap| headers.get("access-control-allow-origin").cloned();

    let closed = Running::start([]).await;
    let (status, headers, _) = closed.ask(Method::OPTIONS, "/v1/messages", &preflight, "").await;
    assert!(status >= 400 && allowed(&headers).is_none());

    let open = Running::start([("ENABLE_CORS", "true"), ("CORS_ORIGIN", origin.1)]).await;
    let (status, headers, _) = open.ask(Method::OPTIONS, "/v1/messages", &preflight, "").await;
    assert_eq!((status, allowed(&headers).unwrap()), (204, origin.1.parse().unwrap()));
    // Also an error can be read by the page.
    let (status, headers, _) =
        open.ask(Method::POST, "/v1/messages", &[(ORIGIN.as_str(), origin.1)], "").await;
    assert_eq!((status, allowed(&headers).unwrap()), (401, origin.1.parse().unwrap()));
    let (_, headers, _) = open.ask(Method::OPTIONS, "/api/channels", &preflight, "").await;
    assert!(allowed(&headers).is_none());
}
