//! Which web pages of other origins may call the model APIs: none, unless the operator says so.
//!
//! Never the management API: its cookie is for its own UI. <https://fetch.spec.whatwg.org/#http-cors-protocol>

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request};

const EXPOSED: &str = "retry-after, x-causeway-channel, x-causeway-loss, x-causeway-request-id";
const METHODS: &str = "GET, HEAD, POST";

/// The origins that may call.
#[derive(Clone, Debug)]
pub struct Cors(Vec<String>);

impl Cors {
    /// Origins as browsers write them, or `*` for all.
    pub const fn new(origins: Vec<String>) -> Self {
        Self(origins)
    }

    /// What to allow the page that sent `request`, if anything.
    pub fn allowed<B>(&self, request: &Request<B>) -> Option<HeaderValue> {
        if self.0.is_empty() || request.uri().path().starts_with("/api/") {
            return None;
        }
        let origin = request.headers().get(ORIGIN)?;
        self.0.iter().find_map(|allowed| match allowed.as_str() {
            "*" => Some(HeaderValue::from_static("*")),
            one => (one.as_bytes() == origin.as_bytes()).then(|| origin.clone()),
        })
    }

    /// Whether the browser only asks whether it may ask.
    pub fn is_preflight<B>(request: &Request<B>) -> bool {
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The answer to a preflight. Every header asked for is allowed: keys are the only credentials, and
    /// the SDKs send headers of their own.
    pub fn preflight(allowed: HeaderValue, asked: &HeaderMap, answer: &mut HeaderMap) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        if let Some(headers) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        }
        answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
        answer.append(VARY, HeaderValue::from_static("origin, access-control-request-headers"));
    }

    /// Lets the page read an answer.
    pub fn open(allowed: HeaderValue, answer: &mut HeaderMap) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        answer.append(VARY, HeaderValue::from_static("origin"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, origin: Option<&str>) -> Request<()> {
        let request = Request::builder().uri(path);
        let request = match origin {
            Some(origin) => request.header(ORIGIN, origin),
            None => request,
        };
        request.body(()).unwrap()
    }

    #[test]
    fn only_the_operators_origins_may_call_and_never_the_management_api() {
        let listed = ["https://a.example", "http://localhost:5173"];
        for (origins, path, origin, allowed) in [
            (&[][..], "/v1/messages", Some("https://a.example"), None),
            (&listed[..], "/v1/messages", Some("https://a.example"), Some("https://a.example")),
            (&listed[..], "/v1/messages", Some("http://localhost:5173"), Some("http://localhost:5173")),
            (&listed[..], "/v1/messages", Some("https://a.example.evil"), None),
            (&listed[..], "/v1/messages", Some("null"), None),
            (&listed[..], "/v1/messages", None, None),
            (&["*"][..], "/v1/messages", Some("https://b.example"), Some("*")),
            (&["*"][..], "/api/channels", Some("https://b.example"), None),
        ] {
            let cors = Cors::new(origins.iter().map(|&origin| origin.to_owned()).collect());
            let given = cors.allowed(&request(path, origin));
            assert_eq!(given.as_ref().map(|value| value.to_str().unwrap()), allowed, "{path} {origin:?}");
        }
    }

    #[test]
    fn a_preflight_is_told_apart_and_allows_the_headers_it_names() {
        let mut asked = request("/v1/messages", Some("https://a.example"));
        assert!(!Cors::is_preflight(&asked));
        *asked.method_mut() = Method::OPTIONS;
        assert!(!Cors::is_preflight(&asked));
        let names = HeaderValue::from_static("anthropic-version,x-api-key,x-stainless-lang");
        asked.headers_mut().insert(ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("POST"));
        asked.headers_mut().insert(ACCESS_CONTROL_REQUEST_HEADERS, names.clone());
        assert!(Cors::is_preflight(&asked));

        let mut answer = HeaderMap::new();
        Cors::preflight(HeaderValue::from_static("*"), asked.headers(), &mut answer);

        assert_eq!(answer[ACCESS_CONTROL_ALLOW_HEADERS], names);
        assert!(answer[ACCESS_CONTROL_ALLOW_METHODS].to_str().unwrap().contains("POST"));
        assert!(!answer.contains_key("access-control-allow-credentials"));
    }
}
