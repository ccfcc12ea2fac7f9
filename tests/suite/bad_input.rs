//! Bad input gets a clear error in the client's protocol, reaches no upstream and harms nobody else.

use std::io::{self, Write as _};

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Mock, Operation, Protocol};
use causeway_tests::sample::Sample;
use causeway_tests::wire;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A gateway that takes bodies of up to 1 MB.
async fn small_gateway() -> io::Result<(Mock, Gateway)> {
    let mock = Mock::start().await?;
    let channels = [Channel::every("a", &mock.base("a"))];
    let gateway = Gateway::start_own(&channels, &[("MAX_REQUEST_BODY_SIZE_MB", "1")]).await?;
    Ok((mock, gateway))
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn assert_refused(case: &str, sample: &Sample, statuses: &[u16], answer: &Answer) {
    let status = answer.status.as_u16();
    let name = sample.name();
    assert!(statuses.contains(&status), "{name}, {case}: {status} {}", answer.text());
    assert!(answer.header("content-type").starts_with("application/json"), "{name}, {case}");
    assert_eq!(wire::error_problem(sample.protocol, status, &answer.json()), None, "{name}, {case}");
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused_in_every_protocol() {
    let (mock, gateway) = small_gateway().await.unwrap();
    let deep = |open: &str| open.repeat(900_000 / open.len());
    for sample in Sample::all().into_iter().filter(|sample| sample.media == "application/json") {
        let cut = sample.body.get(..sample.body.len() / 2).unwrap_or_default().as_bytes().to_vec();
        let mut bad_utf8 = sample.body.clone().into_bytes();
        let end = bad_utf8.len() - 1;
        bad_utf8.splice(end..end, *b",\"x\":\"\xff\xfe\"");
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("empty", Vec::new()),
            ("cut short", cut),
            ("followed by more", format!("{} x", sample.body).into_bytes()),
            ("a list", b"[]".to_vec()),
            ("a number", b"17".to_vec()),
            ("a text", b"\"model\"".to_vec()),
            ("no JSON", b"model=mock-large".to_vec()),
            ("very deep lists", deep("[").into_bytes()),
            ("very deep objects", deep("{\"a\":").into_bytes()),
            ("not UTF-8", bad_utf8),
        ];
        for (case, body) in cases {
            let answer =
                sample.call(gateway.url(), gateway.key()).body("application/json", body).send().await;
            assert_refused(case, &sample, &[400], &answer.unwrap());
        }
    }
    assert_eq!(mock.lane("a").count(), 0, "nothing of it reached the upstream");
}

#[tokio::test]
async fn a_model_is_wanted_where_the_body_names_it() {
    let (mock, gateway) = small_gateway().await.unwrap();
    let operations = [Operation::Messages, Operation::CountTokens, Operation::Chat, Operation::Responses];
    for operation in operations.into_iter().chain([Operation::Embeddings]) {
        let sample = Sample::operation(operation, false);
        let model = r#""model":"mock-large""#;
        assert!(sample.body.contains(model));
        for instead in
            [r#""x":0"#, r#""model":7"#, r#""model":null"#, r#""model":"""#, r#""model":["mock-large"]"#]
        {
            let body = sample.body.replace(model, instead);
            let answer =
                sample.call(gateway.url(), gateway.key()).body("application/json", body).send().await;
            let answer = answer.unwrap();
            assert_refused(instead, &sample, &[400], &answer);
            assert!(wire::error_message(&answer.json()).contains("model"), "{}", answer.text());
        }
    }
    assert_eq!(mock.lane("a").count(), 0);
}

#[tokio::test]
async fn a_content_type_that_cannot_be_is_refused() {
    let (mock, gateway) = small_gateway().await.unwrap();
    for protocol in Protocol::ALL {
        let sample = Sample::of(protocol, false);
        for media in ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"] {
            let call = sample.call(gateway.url(), gateway.key()).body(media, sample.body.clone());
            assert_refused(media, &sample, &[400, 415], &call.send().await.unwrap());
        }
    }
    let edit = Sample::operation(Operation::ImageEdit, false);
    for media in ["multipart/form-data", "multipart/form-data; boundary=another"] {
        let call = edit.call(gateway.url(), gateway.key()).body(media, edit.body.clone());
        assert_refused(media, &edit, &[400, 415], &call.send().await.unwrap());
    }
    assert_eq!(mock.lane("a").count(), 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_compressed_or_not() {
    let (mock, gateway) = small_gateway().await.unwrap();
    for protocol in Protocol::ALL {
        let sample = Sample::of(protocol, false);
        let padded = |size: usize| format!("{}{}", sample.body, " ".repeat(size));
        let call = || sample.call(gateway.url(), gateway.key());
        let plain = call().body("application/json", padded(2 << 20)).send().await.unwrap();
        assert_refused("plain", &sample, &[413], &plain);
        let bomb = gzip(padded(64 << 20).as_bytes()).unwrap();
        assert!(bomb.len() < 128 << 10);
        let bomb =
            call().body("application/json", bomb).header("content-encoding", "gzip").send().await.unwrap();
        assert_refused("bomb", &sample, &[413], &bomb);
    }
    assert_eq!(mock.lane("a").count(), 0);
}

#[tokio::test]
async fn a_compressed_body_is_read_and_a_broken_one_refused() {
    let (mock, gateway) = small_gateway().await.unwrap();
    let sample = Sample::of(Protocol::Responses, false);
    let call = |body: Vec<u8>, coding: &str| {
        let call = sample.call(gateway.url(), gateway.key()).body("application/json", body);
        call.header("content-encoding", coding).send()
    };
    let good = gzip(sample.body.as_bytes()).unwrap();
    let answer = call(good.clone(), "gzip").await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = mock.lane("a").last().unwrap();
    assert_eq!(seen.body, sample.body.as_bytes());
    assert!(!seen.headers.contains_key("content-encoding"));
    let half = good.get(..good.len() / 2).unwrap_or_default().to_vec();
    for (case, body, coding) in
        [("cut", half, "gzip"), ("not gzip", b"{}".to_vec(), "gzip"), ("unknown", b"{}".to_vec(), "x-own")]
    {
        assert_refused(case, &sample, &[400, 415], &call(body, coding).await.unwrap());
    }
    assert_eq!(mock.lane("a").count(), 1);
}

#[tokio::test]
async fn slow_and_broken_senders_hold_up_nobody() {
    let (mock, gateway) = small_gateway().await.unwrap();
    let address = gateway.url().trim_start_matches("http://").to_owned();
    let heads = [
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\n",
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"mod",
    ];
    let mut held = Vec::new();
    for head in heads.iter().cycle().take(60) {
        let mut socket = TcpStream::connect(&address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        held.push(socket);
    }
    for sample in Sample::all() {
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!(answer.status, 200, "{}: {}", sample.name(), answer.text());
    }
    drop(held);
    let nonsense: [&[u8]; 4] =
        [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"\r\n\r\n\r\n\0\0\0"];
    for bytes in nonsense {
        let mut socket = TcpStream::connect(&address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // A refusal or a closed connection are both fine.
        let _ = socket.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{bytes:?}");
    }
    let health = Call::get(format!("{}/health", gateway.url())).send().await.unwrap();
    assert_eq!(health.status, 200);
    assert_eq!(mock.violations(), Vec::<String>::new());
}
