//! A client that shows answers as they came: raw bytes, header order aside, and how they ended.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::uri::Authority;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Longer than any answer of any test takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The connection ended before the body did.
    pub cut: bool,
}

/// An answer that is still arriving; dropping it closes the connection.
pub struct Arriving {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Incoming,
    /// Its own, which ends with it.
    connection: Option<JoinHandle<()>>,
}

/// A request being put together.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    resets: bool,
}

impl Call {
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: Bytes::new(), resets: false }
    }

    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// A `POST` of JSON.
    pub fn post(url: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, url).body("application/json", body)
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn headers(mut self, headers: &[(&str, &str)]) -> Self {
        self.headers.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    #[must_use]
    pub fn body(mut self, media: &str, body: impl Into<Bytes>) -> Self {
        self.headers.retain(|(name, _)| name != "content-type");
        self.body = body.into();
        self.header("content-type", media)
    }

    /// Whoever drops the answer resets the connection instead of closing it.
    #[must_use]
    pub fn resets(mut self) -> Self {
        self.resets = true;
        self
    }

    /// Sends it on a connection of its own and waits for the whole answer.
    pub async fn send(self) -> io::Result<Answer> {
        within(async { self.open().await?.rest().await }).await
    }

    /// Sends it on a connection of its own and waits for the answer's head.
    pub async fn open(self) -> io::Result<Arriving> {
        let resets = self.resets;
        let (authority, request) = self.request()?;
        let (mut sender, connection) = connect(authority.as_str(), resets).await?;
        let response: Response<Incoming> =
            within(async { sender.send_request(request).await.map_err(io::Error::other) }).await?;
        let (head, body) = response.into_parts();
        Ok(Arriving { status: head.status, headers: head.headers, body, connection: Some(connection) })
    }

    /// Sends it as the beginning of a WebSocket; whatever else it becomes is a refusal.
    pub async fn upgrade(self) -> io::Result<Result<Upgraded, Answer>> {
        let call = self.headers(&[
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]);
        let (authority, request) = call.request()?;
        within(async {
            let (mut sender, connection) = connect(authority.as_str(), false).await?;
            let response = sender.send_request(request).await.map_err(io::Error::other)?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                return Ok(Ok(hyper::upgrade::on(response).await.map_err(io::Error::other)?));
            }
            let (head, body) = response.into_parts();
            let connection = Some(connection);
            Ok(Err(Arriving { status: head.status, headers: head.headers, body, connection }.rest().await?))
        })
        .await
    }

    fn request(self) -> io::Result<(Authority, Request<Full<Bytes>>)> {
        let uri: Uri = self.url.parse().map_err(io::Error::other)?;
        let authority = uri.authority().ok_or_else(|| io::Error::other("no host in the URL"))?.clone();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder().method(self.method).uri(path).header("host", authority.as_str());
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body)).map_err(io::Error::other)?;
        Ok((authority, request))
    }
}

/// A connection that one call after the other uses, as clients do that make many; made anew when it broke.
#[derive(Default)]
pub struct Connection {
    open: Option<(SendRequest<Full<Bytes>>, JoinHandle<()>)>,
}

impl Connection {
    /// Sends `call`, always to the same host, and waits for the whole answer.
    pub async fn send(&mut self, call: Call) -> io::Result<Answer> {
        let (authority, request) = call.request()?;
        within(async {
            let (mut sender, connection) = match self.open.take() {
                Some((sender, connection)) if !sender.is_closed() => (sender, connection),
                _ => connect(authority.as_str(), false).await?,
            };
            sender.ready().await.map_err(io::Error::other)?;
            let response = sender.send_request(request).await.map_err(io::Error::other)?;
            let (head, body) = response.into_parts();
            let arriving = Arriving { status: head.status, headers: head.headers, body, connection: None };
            let answer = arriving.rest().await?;
            if !answer.cut {
                self.open = Some((sender, connection));
            }
            Ok(answer)
        })
        .await
    }
}

async fn connect(authority: &str, resets: bool) -> io::Result<(SendRequest<Full<Bytes>>, JoinHandle<()>)> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    if resets {
        stream.set_zero_linger()?;
    }
    let (sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // Its errors show on the request or on the body.
    let connection = tokio::spawn(async move {
        let _: Result<(), hyper::Error> = connection.with_upgrades().await;
    });
    Ok((sender, connection))
}

impl Arriving {
    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        within(async {
            while let Some(frame) = self.body.frame().await {
                if let Ok(bytes) = frame.map_err(io::Error::other)?.into_data() {
                    return Ok(Some(bytes));
                }
            }
            Ok(None)
        })
        .await
    }

    /// Everything until the end, be it a clean one or not.
    pub async fn rest(mut self) -> io::Result<Answer> {
        let mut body = BytesMut::new();
        let cut = loop {
            match self.next().await {
                Ok(Some(bytes)) => body.extend_from_slice(&bytes),
                Ok(None) => break false,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error),
                Err(_) => break true,
            }
        };
        let (status, headers) = (self.status, std::mem::take(&mut self.headers));
        Ok(Answer { status, headers, body: body.freeze(), cut })
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            connection.abort();
        }
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// `Null` where the body is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub(crate) async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, "no end within the patience of a test");
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(late()))
}
