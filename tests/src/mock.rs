//! A loopback upstream that speaks all six protocols, checks what it receives and plays faults on command.
//!
//! The first path segment of a base URL names a *lane*: `http://127.0.0.1:PORT/<lane>/v1/chat/completions`.
//! Each lane has its own behaviour, counters and captured requests; a lane nobody configured behaves well.

mod answer;
mod ask;
mod behaviour;
mod bench;
mod check;
mod control;
mod error;
mod issued;
mod lane;
mod playback;
mod route;
mod serve;
mod silent;
mod socket;
mod timetable;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

pub use self::behaviour::{Action, Behaviour, Reply, ToolCall};
pub use self::lane::{Aborted, Captured, Lane, Visit};
pub use self::route::{Operation, Protocol};
pub use self::silent::Silent;
pub use self::timetable::Timetable;

use self::lane::Lanes;

/// A running mock upstream; it stops when dropped.
pub struct Mock {
    address: SocketAddr,
    lanes: Arc<Lanes>,
    server: JoinHandle<()>,
    /// Bound and never listening: connections to it are refused for as long as the mock lives.
    refused: TcpSocket,
}

impl Mock {
    /// Starts on a free loopback port.
    pub async fn start() -> io::Result<Self> {
        Self::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts on `address`.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let refused = TcpSocket::new_v4()?;
        refused.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        let lanes = Arc::new(Lanes::new(refused.local_addr()?));
        let server = tokio::spawn(serve::accept(listener, Arc::clone(&lanes)));
        Ok(Self { address, lanes, server, refused })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of a lane, without a version segment.
    pub fn base(&self, lane: &str) -> String {
        format!("http://{}/{lane}", self.address)
    }

    /// A base URL whose port refuses connections.
    pub fn refused(&self) -> io::Result<String> {
        Ok(format!("http://{}/refused", self.refused.local_addr()?))
    }

    /// The lane of that name, made when it does not exist yet.
    pub fn lane(&self, name: &str) -> Arc<Lane> {
        self.lanes.lane(name)
    }

    /// Everything that was wrong with what the lanes received, as `lane: problem`.
    pub fn violations(&self) -> Vec<String> {
        self.lanes.violations()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.server.abort();
    }
}
