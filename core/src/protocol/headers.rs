//! Which headers and query parameters pass from one side to the other. Only what is listed does.

use std::borrow::Cow;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// What passes: whole names and beginnings of names, all in lower case.
pub(super) struct Allowed {
    pub(super) names: &'static [&'static str],
    pub(super) prefixes: &'static [&'static str],
    /// Stays behind although a prefix matches.
    pub(super) except: &'static [&'static str],
}

impl Allowed {
    fn passes(&self, name: &str) -> bool {
        self.names.contains(&name)
            || self.prefixes.iter().any(|prefix| name.starts_with(prefix)) && !self.except.contains(&name)
    }
}

/// What every protocol takes from a client.
///
/// `x-stainless-*` is how the official SDKs tell their version, platform and retry count; vendors tune
/// their answers and their support by it, and it names neither user nor host.
const REQUEST: Allowed = Allowed {
    names: &["accept", "content-type", "user-agent", "idempotency-key"],
    prefixes: &["x-stainless-"],
    except: &[],
};

/// What every protocol gives to a client. The SDKs obey `retry-after-ms` and `x-should-retry`.
const RESPONSE: Allowed = Allowed {
    names: &[
        "content-type",
        "cache-control",
        "retry-after",
        "retry-after-ms",
        "request-id",
        "x-request-id",
        "x-should-retry",
    ],
    prefixes: &["x-ratelimit-"],
    except: &[],
};

/// The client's headers that an upstream may see. A body that is no form is JSON, whatever the client
/// called it.
pub(super) fn request(client: &HeaderMap, allowed: &Allowed) -> HeaderMap {
    let mut headers = filter(client, &REQUEST, allowed);
    let named =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.starts_with("multipart/") || value.contains("json")
        });
    if !named {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers
}

/// The upstream's headers that a client may see.
pub(super) fn response(upstream: &HeaderMap, allowed: &Allowed) -> HeaderMap {
    filter(upstream, &RESPONSE, allowed)
}

fn filter(headers: &HeaderMap, common: &Allowed, own: &Allowed) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(8);
    for (name, value) in headers {
        if common.passes(name.as_str()) || own.passes(name.as_str()) {
            kept.append(name, value.clone());
        }
    }
    kept
}

/// `Authorization: Bearer …`; none when the secret has characters no header can hold.
pub(super) fn bearer(secret: &str) -> Option<(HeaderName, HeaderValue)> {
    credential(header::AUTHORIZATION, &format!("Bearer {secret}"))
}

/// A header that holds a credential, kept out of debug output and header compression.
pub(super) fn credential(name: HeaderName, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// What a client proves itself with: `Authorization: Bearer`, `x-api-key` or `x-goog-api-key`, in this
/// order, or `key` in the query. Pass the query only where the protocol knows that parameter (Gemini).
pub fn client_credential<'a>(headers: &'a HeaderMap, query: Option<&'a str>) -> Option<Cow<'a, str>> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim).filter(|text| !text.is_empty());
    text("authorization")
        .and_then(bearer_token)
        .or_else(|| text("x-api-key"))
        .or_else(|| text("x-goog-api-key"))
        .map(Cow::Borrowed)
        .or_else(|| query_key(query?))
}

fn bearer_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once([' ', '\t'])?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn query_key(query: &str) -> Option<Cow<'_, str>> {
    let (_, value) = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, value)| decoded_is(name, "key") && !value.is_empty())?;
    percent_decode_str(value).decode_utf8().ok()
}

/// The client's query for the upstream: `?beta=true` and `?alt=sse` stay, credentials do not.
pub fn client_query(query: Option<&str>) -> Option<String> {
    let mut kept = String::new();
    for pair in query?.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or(pair);
        if CREDENTIAL_PARAMETERS.iter().any(|secret| decoded_is(name, secret)) {
            continue;
        }
        if !kept.is_empty() {
            kept.push('&');
        }
        kept.push_str(pair);
    }
    (!kept.is_empty()).then_some(kept)
}

/// The parameters by which Google's APIs take a credential.
/// <https://cloud.google.com/apis/docs/system-parameters>
const CREDENTIAL_PARAMETERS: [&str; 3] = ["key", "access_token", "oauth_token"];

fn decoded_is(name: &str, expected: &str) -> bool {
    percent_decode_str(name).decode_utf8().is_ok_and(|decoded| decoded == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_client_may_show_its_key_in_any_of_the_places() {
        for (pairs, query, expected) in [
            (vec![("authorization", "Bearer a")], None, Some("a")),
            (vec![("authorization", "bEARER   a ")], None, Some("a")),
            (vec![("authorization", "Basic a"), ("x-api-key", "b")], None, Some("b")),
            (vec![("authorization", "Bearer "), ("x-goog-api-key", "c")], None, Some("c")),
            (vec![("authorization", "Bearer a"), ("x-api-key", "b")], Some("key=d"), Some("a")),
            (vec![], Some("alt=sse&key=d%2Be"), Some("d+e")),
            (vec![], Some("monkey=d&key="), None),
            (vec![("x-api-key", " ")], None, None),
            (vec![], None, None),
        ] {
            assert_eq!(
                client_credential(&headers(&pairs), query).as_deref(),
                expected,
                "{pairs:?} {query:?}"
            );
        }
    }

    #[test]
    fn a_query_passes_without_credentials() {
        for (query, expected) in [
            (Some("beta=true"), Some("beta=true")),
            (Some("key=a&alt=sse&key=b"), Some("alt=sse")),
            (Some("alt=sse&k%65y=a&access_token=b"), Some("alt=sse")),
            (Some("keyed=1&&x=%20"), Some("keyed=1&x=%20")),
            (Some("key=a"), None),
            (Some("key"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(client_query(query).as_deref(), expected, "{query:?}");
        }
    }

    #[test]
    fn repeated_headers_all_pass() {
        let client = headers(&[("x-stainless-lang", "js"), ("x-stainless-lang", "ts"), ("cookie", "a=b")]);
        let none = Allowed { names: &[], prefixes: &[], except: &[] };
        let kept = request(&client, &none);
        assert_eq!(kept.get_all("x-stainless-lang").iter().count(), 2);
        assert_eq!(kept.get("content-type").unwrap(), "application/json");
        assert_eq!(kept.len(), 3);
    }

    #[test]
    fn a_body_is_called_json_or_a_form() {
        let none = Allowed { names: &[], prefixes: &[], except: &[] };
        for (sent, expected) in [
            ("application/json; charset=utf-8", "application/json; charset=utf-8"),
            ("Multipart/form-data; boundary=b", "Multipart/form-data; boundary=b"),
            ("text/plain", "application/json"),
        ] {
            assert_eq!(request(&headers(&[("content-type", sent)]), &none)["content-type"], expected);
        }
    }

    #[test]
    fn a_credential_hides_itself_and_refuses_line_breaks() {
        let (name, value) = bearer("sk-1").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("authorization", "Bearer sk-1"));
        assert!(!format!("{value:?}").contains("sk-1"));
        assert_eq!(bearer("sk\n1"), None);
    }
}
