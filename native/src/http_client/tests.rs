use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use causeway_core::platform::TransportErrorKind::{Closed, Connect, Proxy, Timeout, Tls};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;

/// Accepts one connection and hands it over after its request's headers were read.
async fn upstream<F>(
    play: impl FnOnce(TcpStream, String) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<F::Output>)
where
    F: Future<Output: Send> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        play(stream, String::from_utf8_lossy(&head).into_owned()).await
    });
    (address, task)
}

fn client() -> PooledClient {
    PooledClient::trusting(RootCertStore::empty()).unwrap()
}

fn direct() -> Arc<Transport> {
    Arc::new(Transport { proxy: None, connect_timeout: Duration::from_secs(10) })
}

fn through(proxy: impl AsRef<str>) -> Arc<Transport> {
    Arc::new(Transport { proxy: Some(proxy.as_ref().into()), connect_timeout: Duration::from_secs(10) })
}

fn post(uri: String) -> http::Request<Bytes> {
    http::Request::post(uri).body(Bytes::from_static(b"{}")).unwrap()
}

async fn closed_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_request_asks_for_no_compression_and_keeps_its_headers() {
    let (address, task) = upstream(async |mut stream, head| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        head.to_lowercase()
    })
    .await;
    let mut request = post(format!("http://{address}/v1/messages?beta=true"));
    request.headers_mut().insert("x-api-key", HeaderValue::from_static("k"));

    let response = client().send(request, &direct()).await.unwrap();

    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
    let head = task.await.unwrap();
    assert!(head.starts_with("post /v1/messages?beta=true http/1.1\r\n"), "{head}");
    for line in ["x-api-key: k", "accept-encoding: identity", "content-length: 2"] {
        assert!(head.contains(&format!("{line}\r\n")), "{line} in {head}");
    }
}

#[tokio::test]
async fn an_answer_compressed_unasked_is_decoded() {
    // "hello" by gzip, without a name or a time.
    let gzip: &[u8] =
        &[31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 203, 72, 205, 201, 201, 7, 0, 134, 166, 16, 54, 5, 0, 0, 0];
    let (address, _task) = upstream(async move |mut stream, _| {
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", gzip.len());
        stream.write_all(&[head.as_bytes(), gzip].concat()).await.unwrap();
    })
    .await;

    let response = client().send(post(format!("http://{address}/")), &direct()).await.unwrap();

    assert!(!response.headers().contains_key("content-encoding"));
    assert!(!response.headers().contains_key("content-length"));
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
}

#[tokio::test]
async fn a_redirect_is_handed_over_and_not_followed() {
    let (address, _task) = upstream(async |mut stream, _| {
        let answer =
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;

    let response = client().send(post(format!("http://{address}/")), &direct()).await.unwrap();

    assert_eq!(response.status(), 307);
}

#[tokio::test]
async fn a_refused_connection_is_a_connect_error_that_names_the_host() {
    let address = closed_address().await;

    let error = client().send(post(format!("http://{address}/?key=secret")), &direct()).await.unwrap_err();

    assert_eq!(error.kind, Connect);
    assert!(error.message.starts_with("127.0.0.1: "), "{}", error.message);
    assert!(!error.message.contains("secret"), "{}", error.message);
}

#[tokio::test]
async fn a_connection_that_ends_before_the_headers_is_closed_early() {
    for half in ["", "HTTP/1.1 200 OK\r\ncontent-"] {
        let (address, _task) = upstream(async move |mut stream, _| {
            stream.write_all(half.as_bytes()).await.unwrap();
        })
        .await;

        let error = client().send(post(format!("http://{address}/")), &direct()).await.unwrap_err();

        assert_eq!(error.kind, Closed, "{error}");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_ends_in_an_error() {
    let (address, _task) = upstream(async |mut stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
    })
    .await;

    let response = client().send(post(format!("http://{address}/")), &direct()).await.unwrap();

    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    });

    let error = client().send(post(format!("https://{address}/")), &direct()).await.unwrap_err();

    assert_eq!(error.kind, Tls, "{error}");
    drop(task);
}

#[tokio::test]
async fn an_unusable_proxy_is_an_error_and_never_a_direct_call() {
    let (address, upstream) = upstream(async |_, _| ()).await;
    let closed = closed_address().await;
    for proxy in
        [format!("http://user:pass@{closed}"), format!("socks5://user:pass@{closed}"), "://".to_owned()]
    {
        for scheme in ["http", "https"] {
            let error =
                client().send(post(format!("{scheme}://{address}/")), &through(&proxy)).await.unwrap_err();

            assert_eq!(error.kind, Proxy, "{proxy}: {error}");
            assert!(!error.message.contains("pass"), "{}", error.message);
        }
    }
    assert!(!upstream.is_finished());
}

#[tokio::test]
async fn a_proxy_that_refuses_the_tunnel_is_a_proxy_error() {
    let (address, _task) = upstream(async |mut stream, _| {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream
    })
    .await;

    let request = post("https://upstream.invalid/".to_owned());
    let error = client().send(request, &through(format!("http://{address}"))).await.unwrap_err();

    assert_eq!(error.kind, Proxy, "{error}");
}

#[tokio::test]
async fn a_usable_proxy_carries_the_request_with_its_credentials() {
    let (address, task) = upstream(async |mut stream, head| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        head
    })
    .await;

    let request = post("http://upstream.invalid/v1".to_owned());
    let response = client().send(request, &through(format!("http://user:pass@{address}"))).await.unwrap();

    assert_eq!(response.status(), 200);
    let head = task.await.unwrap();
    assert!(head.starts_with("POST http://upstream.invalid/v1 HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("proxy-authorization: basic "), "{head}");
}

#[tokio::test]
async fn a_socks_proxy_is_told_the_name_and_the_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut step = async |length: usize, answer: &[u8]| {
            let mut said = vec![0; length];
            stream.read_exact(&mut said).await.unwrap();
            stream.write_all(answer).await.unwrap();
            said
        };
        // RFC 1928 and RFC 1929: methods, user and password, where to; then HTTP.
        let mut methods = step(2, b"").await;
        methods = step(usize::from(methods[1]), b"\x05\x02").await;
        assert!(methods.contains(&2), "{methods:?}");
        assert_eq!(step(11, b"\x01\x00").await, b"\x01\x04user\x04pass");
        let to = step(7 + "upstream.invalid".len(), b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50").await;
        assert_eq!(to, b"\x05\x01\x00\x03\x10upstream.invalid\x00\x50");
        let head = step(9, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(head, b"POST /v1 ");
    });

    let request = post("http://upstream.invalid/v1".to_owned());
    let response = client().send(request, &through(format!("socks5h://user:pass@{address}"))).await.unwrap();

    assert_eq!(response.status(), 200);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_of_tls_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let transport = Arc::new(Transport { proxy: None, connect_timeout: Duration::from_secs(3) });

    let error = client().send(post(format!("https://{address}/")), &transport).await.unwrap_err();

    assert_eq!(error.kind, Timeout, "{error}");
    assert_eq!(error.message, "127.0.0.1: not connected within 3s");
}

#[tokio::test]
async fn dropping_the_body_closes_the_upstream_connection() {
    let (address, task) = upstream(async |mut stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n").await.unwrap();
        let mut rest = Vec::new();
        match stream.read_to_end(&mut rest).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
            Err(error) => Err(error),
        }
    })
    .await;
    let client = client();
    let response = client.send(post(format!("http://{address}/")), &direct()).await.unwrap();
    let mut body = response.into_body();
    assert!(body.frame().await.unwrap().is_ok());

    drop(body);

    task.await.unwrap().unwrap();
}

#[test]
fn the_pools_stay_bounded_and_the_ones_in_use_are_kept() {
    let client = client();
    let transport = |port: usize| through(format!("http://127.0.0.1:{port}"));
    for port in 1..=MAX_POOLS * 2 {
        client.way(&direct()).unwrap();
        client.way(&transport(port)).unwrap();
    }

    let pools = client.pools.lock().unwrap();

    assert_eq!(pools.len(), MAX_POOLS);
    assert!(pools.contains_key(&direct()));
    assert!(pools.contains_key(&transport(MAX_POOLS * 2)));
    assert!(!pools.contains_key(&transport(1)));
}

#[test]
fn a_pool_nobody_used_for_long_is_given_up() {
    let client = client();
    client.way(&direct()).unwrap();
    let mut pools = client.pools.lock().unwrap();
    let later = Instant::now() + POOL_IDLE;

    make_room(&mut pools, later);

    assert!(pools.is_empty());
}
