//! New connections: straight to the upstream, or through a channel's proxy.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use causeway_core::config::Transport;
use causeway_core::platform::{BoxError, TransportError, TransportErrorKind};
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use rustls::ClientConfig;
use tower::Service;

use super::hop::Hop;

/// <https://www.rfc-editor.org/rfc/rfc1928#section-3>
const SOCKS_PORT: u16 = 1080;

type Connecting<S> = Pin<Box<dyn Future<Output = Result<S, BoxError>> + Send>>;

/// Cheap to clone, as is done for every request.
#[derive(Clone)]
pub(super) struct Connector(Arc<Connect>);

struct Connect {
    carrier: HttpsConnector<Carrier>,
    /// For all of it: name, connection, proxy and TLS.
    within: Duration,
}

/// What carries bytes to the upstream, TLS or not.
#[derive(Clone)]
enum Carrier {
    Straight(HttpConnector),
    Http(HttpsConnector<HttpConnector>, Intercept),
    Socks(SocksV5<HttpConnector>),
}

#[derive(Debug, thiserror::Error)]
#[error("not connected within {0:?}")]
pub(super) struct TooSlow(Duration);

/// The proxy of a channel that has one.
///
/// # Errors
/// When its address is none.
pub(super) fn proxy(transport: &Transport) -> Result<Option<Intercept>, TransportError> {
    let Some(url) = &transport.proxy else { return Ok(None) };
    let any = Uri::from_static("http://upstream.invalid");
    match Matcher::builder().all(url.as_ref()).build().intercept(&any) {
        Some(proxy) => Ok(Some(proxy)),
        None => Err(TransportError {
            kind: TransportErrorKind::Proxy,
            message: "the proxy's address is not usable".to_owned(),
        }),
    }
}

impl Connector {
    pub(super) fn new(proxy: Option<Intercept>, tls: &ClientConfig, within: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        tcp.set_connect_timeout(Some(within));
        let carrier = match proxy {
            None => Carrier::Straight(tcp),
            Some(proxy) if proxy.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks")) => {
                Carrier::Socks(socks(&proxy, tcp))
            }
            Some(proxy) => Carrier::Http(HttpsConnector::from((tcp, tls.clone())), proxy),
        };
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self(Arc::new(Connect { carrier: HttpsConnector::from((carrier, tls)), within }))
    }
}

fn socks(proxy: &Intercept, tcp: HttpConnector) -> SocksV5<HttpConnector> {
    let connector = SocksV5::new(with_port(proxy.uri(), SOCKS_PORT), tcp)
        .local_dns(proxy.uri().scheme_str() == Some("socks5"));
    match proxy.raw_auth() {
        Some((user, password)) => connector.with_auth(user.to_owned(), password.to_owned()),
        None => connector,
    }
}

/// The address, with `port` if it names none.
fn with_port(uri: &Uri, port: u16) -> Uri {
    let mut parts = uri.clone().into_parts();
    if let Some(authority) = &parts.authority
        && authority.port().is_none()
        && let Ok(whole) = format!("{authority}:{port}").parse()
    {
        parts.authority = Some(whole);
    }
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Hop>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, upstream: Uri) -> Self::Future {
        let connecting = self.0.carrier.clone().call(upstream);
        let within = self.0.within;
        Box::pin(async move {
            match tokio::time::timeout(within, connecting).await {
                Ok(connected) => connected,
                Err(_) => Err(TooSlow(within).into()),
            }
        })
    }
}

impl Service<Uri> for Carrier {
    type Response = Hop;
    type Error = BoxError;
    type Future = Connecting<Hop>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, upstream: Uri) -> Self::Future {
        match self {
            Self::Straight(tcp) => {
                let connecting = tcp.call(upstream);
                Box::pin(async move { Ok(Hop::carrying(MaybeHttpsStream::Http(connecting.await?))) })
            }
            Self::Socks(socks) => {
                let port = if upstream.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
                let connecting = socks.call(with_port(&upstream, port));
                Box::pin(async move { Ok(Hop::carrying(MaybeHttpsStream::Http(connecting.await?))) })
            }
            Self::Http(connector, proxy) if upstream.scheme() == Some(&Scheme::HTTPS) => {
                let tunnel = Tunnel::new(proxy.uri().clone(), connector.clone());
                let mut tunnel = match proxy.basic_auth() {
                    Some(credentials) => tunnel.with_auth(credentials.clone()),
                    None => tunnel,
                };
                let connecting = tunnel.call(upstream);
                Box::pin(async move { Ok(Hop::carrying(connecting.await?)) })
            }
            Self::Http(connector, proxy) => {
                let connecting = connector.call(proxy.uri().clone());
                Box::pin(async move { Ok(Hop::forwarding(connecting.await?)) })
            }
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connector").field("within", &self.0.within).finish_non_exhaustive()
    }
}
