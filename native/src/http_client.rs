//! Requests to upstreams over reqwest: one connection pool per way out of the machine.
//!
//! Nothing is done on our own account: no redirect, no cookie, no system proxy, no retry of a request
//! that an upstream may have seen. Deadlines are the gateway's: dropping the future or the body gives
//! the connection up.

mod failure;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_core::config::Transport;
use causeway_core::platform::{HttpClient, TransportError, TransportErrorKind};
use http::header::{ACCEPT_ENCODING, HeaderValue};
use rustls::{ClientConfig, RootCertStore};

/// Pools kept at once; past it the one unused longest is given up.
const MAX_POOLS: usize = 64;
/// A pool nobody used for so long is given up when another one is made.
const POOL_IDLE: Duration = Duration::from_secs(600);
/// An idle connection is closed before most vendors close theirs.
const CONNECTION_IDLE: Duration = Duration::from_secs(90);
const MAX_IDLE_PER_HOST: usize = 128;

/// Implements [`HttpClient`] with one `reqwest::Client` per [`Transport`].
#[derive(Debug)]
pub struct ReqwestClient {
    tls: ClientConfig,
    pools: Mutex<HashMap<Arc<Transport>, Pool>>,
}

#[derive(Debug)]
struct Pool {
    client: reqwest::Client,
    last_used: Instant,
}

/// TLS cannot be set up on this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS: {0}")]
pub struct TlsError(#[from] rustls::Error);

impl ReqwestClient {
    /// Trusts the machine's certificate authorities, or Mozilla's where the machine has none (a bare
    /// container).
    ///
    /// # Errors
    /// When the TLS library refuses its own defaults.
    pub fn new() -> Result<Self, TlsError> {
        Self::trusting(trusted_roots())
    }

    fn trusting(roots: RootCertStore) -> Result<Self, TlsError> {
        let mut tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { tls, pools: Mutex::default() })
    }

    fn client(&self, transport: &Arc<Transport>) -> Result<reqwest::Client, TransportError> {
        let now = Instant::now();
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get_mut(transport) {
            pool.last_used = now;
            return Ok(pool.client.clone());
        }
        let client = self.build(transport)?;
        make_room(&mut pools, now);
        pools.insert(Arc::clone(transport), Pool { client: client.clone(), last_used: now });
        Ok(client)
    }

    fn build(&self, transport: &Transport) -> Result<reqwest::Client, TransportError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(transport.connect_timeout)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(60))
            .pool_idle_timeout(CONNECTION_IDLE)
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .http2_keep_alive_timeout(Duration::from_secs(10));
        if let Some(url) = &transport.proxy {
            let proxy = reqwest::Proxy::all(url.as_ref()).map_err(|error| TransportError {
                kind: TransportErrorKind::Proxy,
                message: format!("the proxy's address is not usable: {}", failure::root_cause(&error)),
            })?;
            builder = builder.proxy(proxy);
        }
        builder.build().map_err(|error| TransportError {
            kind: TransportErrorKind::Other,
            message: format!("cannot set up a client: {}", failure::root_cause(&error)),
        })
    }
}

impl HttpClient for ReqwestClient {
    type Body = reqwest::Body;

    async fn send(
        &self,
        mut request: http::Request<Bytes>,
        transport: &Arc<Transport>,
    ) -> Result<http::Response<Self::Body>, TransportError> {
        let client = self.client(transport)?;
        // Upstreams that compress all the same are decoded.
        request.headers_mut().entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
        let request = reqwest::Request::try_from(request)
            .map_err(|error| failure::classify(error.without_url(), None, transport))?;
        let host = request.url().host_str().map(str::to_owned);
        match client.execute(request).await {
            Ok(response) => Ok(response.into()),
            Err(error) => Err(failure::classify(error.without_url(), host.as_deref(), transport)),
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
