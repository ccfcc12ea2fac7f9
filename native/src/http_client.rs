//! Requests to upstreams over hyper: one connection pool per way out of the machine.
//!
//! Nothing is done on our own account: no redirect, no cookie, no system proxy, no retry of a request
//! that an upstream may have seen. Deadlines are the gateway's: dropping the future or the body gives
//! the connection up.

mod body;
mod connector;
mod failure;
mod hop;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_core::config::Transport;
use causeway_core::platform::{HttpClient, TransportError};
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderValue, PROXY_AUTHORIZATION};
use http::uri::Scheme;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

pub use self::body::Body;
use self::connector::Connector;

/// Pools kept at once; past it the one unused longest is given up.
const MAX_POOLS: usize = 64;
/// A pool nobody used for so long is given up when another one is made.
const POOL_IDLE: Duration = Duration::from_secs(600);
/// An idle connection is closed before most vendors close theirs.
const CONNECTION_IDLE: Duration = Duration::from_secs(90);
const MAX_IDLE_PER_HOST: usize = 128;
/// How often a request is sent anew that an upstream sent back unseen, as one does that restarts.
const SENT_BACK: usize = 2;

/// Implements [`HttpClient`] with one pool of connections per [`Transport`].
#[derive(Debug)]
pub struct PooledClient {
    tls: ClientConfig,
    pools: Mutex<HashMap<Arc<Transport>, Pool>>,
}

#[derive(Debug)]
struct Pool {
    way: Arc<Way>,
    last_used: Instant,
}

/// Connections that are open, and how more are made.
#[derive(Debug)]
struct Way {
    client: Client<Connector, Full<Bytes>>,
    /// For the proxy, with each request that it reads itself.
    credentials: Option<HeaderValue>,
}

/// TLS cannot be set up on this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS: {0}")]
pub struct TlsError(#[from] rustls::Error);

impl PooledClient {
    /// Trusts the machine's certificate authorities, or Mozilla's where the machine has none (a bare
    /// container).
    ///
    /// # Errors
    /// When the TLS library refuses its own defaults.
    pub fn new() -> Result<Self, TlsError> {
        Self::trusting(trusted_roots())
    }

    fn trusting(roots: RootCertStore) -> Result<Self, TlsError> {
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls, pools: Mutex::default() })
    }

    fn way(&self, transport: &Arc<Transport>) -> Result<Arc<Way>, TransportError> {
        let now = Instant::now();
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get_mut(transport) {
            pool.last_used = now;
            return Ok(Arc::clone(&pool.way));
        }
        let way = Arc::new(Way::of(transport, &self.tls)?);
        make_room(&mut pools, now);
        pools.insert(Arc::clone(transport), Pool { way: Arc::clone(&way), last_used: now });
        Ok(way)
    }
}

impl Way {
    fn of(transport: &Transport, tls: &ClientConfig) -> Result<Self, TransportError> {
        let proxy = connector::proxy(transport)?;
        let credentials = proxy.as_ref().and_then(|proxy| proxy.basic_auth()).cloned();
        let connector = Connector::new(proxy, tls, transport.connect_timeout);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(CONNECTION_IDLE)
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .build(connector);
        Ok(Self { client, credentials })
    }

    /// Sends a request, over HTTP/2 again as long as the upstream sends it back unseen.
    async fn send(
        &self,
        mut request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<hyper::body::Incoming>, hyper_util::client::legacy::Error> {
        if request.uri().scheme() == Some(&Scheme::HTTP) {
            if let Some(credentials) = &self.credentials {
                request.headers_mut().insert(PROXY_AUTHORIZATION, credentials.clone());
            }
            return self.client.request(request).await;
        }
        for _ in 0..SENT_BACK {
            match self.client.request(request.clone()).await {
                Err(error) if failure::is_unseen(&error) => {}
                answer => return answer,
            }
        }
        self.client.request(request).await
    }
}

impl HttpClient for PooledClient {
    type Body = Body;

    async fn send(
        &self,
        request: http::Request<Bytes>,
        transport: &Arc<Transport>,
    ) -> Result<http::Response<Self::Body>, TransportError> {
        let way = self.way(transport)?;
        let mut request = request.map(Full::new);
        let headers = request.headers_mut();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        // Upstreams that compress all the same are decoded.
        headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
        let upstream = request.uri().clone();
        match way.send(request).await {
            Ok(response) => Ok(body::decoded(response)),
            Err(error) => Err(failure::classify(&error, upstream.host(), transport)),
        }
    }
}

fn make_room(pools: &mut HashMap<Arc<Transport>, Pool>, now: Instant) {
    pools.retain(|_, pool| now.duration_since(pool.last_used) < POOL_IDLE);
    while pools.len() >= MAX_POOLS {
        let oldest = pools.iter().min_by_key(|(_, pool)| pool.last_used).map(|(key, _)| Arc::clone(key));
        match oldest {
            Some(key) => pools.remove(&key),
            None => break,
        };
    }
}

fn trusted_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "a certificate authority of this machine cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::info!("this machine has no certificate authorities; Mozilla's list is used");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
