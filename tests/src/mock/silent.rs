//! A host that does not answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// The most connections tried to fill the queue; the system may round its length up.
const FILLERS: usize = 64;
/// A connection over loopback takes far less.
const PATIENCE: Duration = Duration::from_millis(250);

/// A loopback port on which a connection neither opens nor fails, for as long as this lives: nobody accepts, and the
/// queue is full.
pub struct Silent {
    address: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Silent {
    /// # Errors
    /// Where the system takes connections that nobody accepts without an end.
    pub async fn start() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(1)?;
        let address = listener.local_addr()?;
        let mut queue = Vec::new();
        while queue.len() < FILLERS {
            match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
                Ok(stream) => queue.push(stream?),
                Err(_) => return Ok(Self { address, _listener: listener, _queue: queue }),
            }
        }
        Err(io::Error::other("the queue of connections does not fill"))
    }

    /// A base URL there.
    pub fn base(&self) -> String {
        format!("http://{}/silent", self.address)
    }
}
