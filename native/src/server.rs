//! The accept loop: HTTP/1.1 connections from clients, bounded in number, drained at the end.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use causeway_core::platform::BoxError;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

/// Connections waiting in the kernel while the limit is reached or the loop is busy.
const BACKLOG: u32 = 1024;

/// Bounds on connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open at once; more wait in the kernel's queue.
    pub connections: usize,
    /// From accepting a connection to the end of its first request's headers.
    pub first_headers: Duration,
    /// From the end of an answer to the end of the next request's headers. Longer than the idle time of
    /// the usual load balancers (60 s), so that they never send into a closing connection.
    pub idle: Duration,
    /// From the order to stop until what still runs is cut off.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            first_headers: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            grace: Duration::from_secs(30),
        }
    }
}

/// How the serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every request got its whole answer.
    Complete,
    /// So many connections were cut off when the grace was over, or `abort` came.
    Cut(usize),
}

/// Listens on `host`, or on all interfaces, IPv6 and IPv4 alike.
///
/// # Errors
/// When the address is taken or not one of this machine.
pub async fn listen(host: Option<&str>, port: u16) -> io::Result<TcpListener> {
    let Some(host) = host else {
        return match bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))) {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
            }
            outcome => outcome,
        };
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
    for address in tokio::net::lookup_host((host, port)).await? {
        match bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart must not wait for the last connections of the previous run.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    // Accepted connections inherit it (on Linux and the BSDs): a client that vanished without a word is
    // noticed after two minutes, and its upstream connection given up.
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(15));
    if let Err(error) = SockRef::from(&listener).set_tcp_keepalive(&keepalive) {
        tracing::debug!(%error, "vanished clients are noticed late");
    }
    Ok(listener)
}

/// Answers requests with `respond` until `stop` resolves, then lets the open ones end within the grace
/// or until `abort` resolves.
pub async fn serve<R, F, B>(
    listener: TcpListener,
    limits: Limits,
    respond: R,
    stop: impl Future<Output = ()>,
    abort: impl Future<Output = ()>,
) -> Drained
where
    R: Fn(http::Request<Incoming>, IpAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = http::Response<B>> + Send + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let connections = TaskTracker::new();
    // Dropping the sender cuts off what still runs.
    let (stopping, stopped) = watch::channel(false);
    let accept = accept_loop(&listener, limits, respond, &connections, stopped);
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    drop(listener);
    connections.close();
    stopping.send_replace(true);
    let drained = tokio::select! {
        () = connections.wait() => Drained::Complete,
        () = tokio::time::sleep(limits.grace) => Drained::Cut(connections.len()),
        () = abort => Drained::Cut(connections.len()),
    };
    drop(stopping);
    connections.wait().await;
    drained
}

async fn accept_loop<R, F, B>(
    listener: &TcpListener,
    limits: Limits,
    respond: R,
    connections: &TaskTracker,
    stopped: watch::Receiver<bool>,
) where
    R: Fn(http::Request<Incoming>, IpAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = http::Response<B>> + Send + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.idle).keep_alive(true).half_close(false);
    while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
        let (stream, peer) = accept(listener).await;
        let (http, respond, stopped) = (http.clone(), respond.clone(), stopped.clone());
        connections.spawn(async move {
            let _slot = slot;
            connection(&http, stream, peer.ip().to_canonical(), limits.first_headers, respond, stopped).await;
        });
    }
}

/// Out of file handles or a peer that left while it waited: neither ends the server.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if concerns_one_peer(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections; trying again in a second");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn concerns_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

async fn connection<R, F, B>(
    http: &http1::Builder,
    stream: TcpStream,
    peer: IpAddr,
    first_headers: Duration,
    respond: R,
    mut stopped: watch::Receiver<bool>,
) where
    R: Fn(http::Request<Incoming>, IpAddr) -> F,
    F: Future<Output = http::Response<B>>,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + 'static,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps Nagle's algorithm");
    }
    let asked = AtomicBool::new(false);
    let service = service_fn(|request| {
        asked.store(true, Ordering::Relaxed);
        let answer = respond(request, peer);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let mut first = pin!(tokio::time::sleep(first_headers));
    let mut waits_for_first = true;
    let mut drains = false;
    let outcome = loop {
        tokio::select! {
            outcome = serving.as_mut() => break outcome,
            () = first.as_mut(), if waits_for_first => {
                waits_for_first = false;
                if !asked.load(Ordering::Relaxed) {
                    return;
                }
            }
            change = stopped.changed() => match change {
                Ok(()) if !drains => {
                    drains = true;
                    serving.as_mut().graceful_shutdown();
                }
                Ok(()) => {}
                Err(_) => return,
            },
        }
    };
    if let Err(error) = outcome {
        // A client that leaves in the middle of an answer is ordinary.
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}
