//! Answers of the management API in gzip, for whoever takes it: a list of a hundred channels is a tenth of its size.

use std::io::{self, Write};

use bytes::Bytes;
use causeway_core::gateway::Body;
use causeway_core::platform::Platform;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, VARY};
use http::{HeaderMap, HeaderValue, Request, Response};

/// Less is not worth it: it goes in one packet either way.
const SHORTEST: usize = 1024;

/// Whether the answer to `request` may be compressed. Those of the model APIs go as their upstreams sent them.
pub fn is_wanted<B>(request: &Request<B>) -> bool {
    request.uri().path().starts_with("/api/") && takes_gzip(request.headers())
}

/// <https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3>
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// The answer in gzip, where it is long enough and there as a whole.
pub fn compressed<P: Platform>(answer: Response<Body<P>>) -> Response<Body<P>> {
    let smaller = match answer.body() {
        Body::Whole(body) if body.len() >= SHORTEST => gzip(body).ok(),
        _ => None,
    };
    let Some(smaller) = smaller else { return answer };
    let (mut head, _) = answer.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    // A strong tag promises the same bytes to everybody.
    if let Some(tag) = head.headers.get_mut(ETAG)
        && tag.as_bytes().starts_with(b"\"")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        *tag = weak;
    }
    Response::from_parts(head, Body::Whole(smaller))
}

fn gzip(body: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::app::NativePlatform;
    use crate::demo::store::MemoryStore;

    type Answer = Response<Body<NativePlatform<MemoryStore>>>;

    fn body(answer: &Answer) -> &[u8] {
        match answer.body() {
            Body::Whole(body) => body,
            _ => panic!("the answer is not whole"),
        }
    }

    #[test]
    fn gzip_goes_to_those_who_take_it_and_to_the_management_api_alone() {
        for (path, accepted, wanted) in [
            ("/api/channels", "gzip, deflate, br", true),
            ("/api/channels", "br;q=1.0, GZIP;q=0.5", true),
            ("/api/channels", "br, gzip;q=0", false),
            ("/api/channels", "identity", false),
            ("/v1/models", "gzip", false),
        ] {
            let request = Request::get(path).header(ACCEPT_ENCODING, accepted).body(()).unwrap();
            assert_eq!(is_wanted(&request), wanted, "{path} {accepted}");
        }
        assert!(!is_wanted(&Request::get("/api/channels").body(()).unwrap()));
    }

    #[test]
    fn an_answer_is_the_same_when_it_is_unpacked() {
        let long = "{\"name\":\"channel\"}".repeat(1_000);
        let answer = Answer::new(Body::Whole(long.clone().into()));
        let (mut head, whole) = answer.into_parts();
        head.headers.insert(ETAG, HeaderValue::from_static("\"v1\""));
        let answer = compressed(Response::from_parts(head, whole));
        assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(answer.headers()[ETAG], "W/\"v1\"");
        assert!(body(&answer).len() < long.len() / 10);
        let mut unpacked = String::new();
        GzDecoder::new(body(&answer)).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, long);
    }

    #[test]
    fn a_short_answer_stays_as_it_is() {
        let answer = compressed(Answer::new(Body::Whole("{}".into())));
        assert!(!answer.headers().contains_key(CONTENT_ENCODING));
        assert_eq!(body(&answer), b"{}");
    }
}
