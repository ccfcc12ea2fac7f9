//! `causeway health`: whether the server on this machine answers, for a container's health check.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::env::Environment;

const PATIENCE: Duration = Duration::from_secs(3);

/// Why it does not count as healthy.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("no server answers on {address}: {source}")]
    Unreachable { address: String, source: io::Error },
    #[error("the server on {address} answers {answer:?}")]
    Wrong { address: String, answer: String },
}

/// Asks the server that the same environment would start.
///
/// # Errors
/// When none answers in three seconds, or not as one does that serves.
pub fn health(environment: &Environment) -> Result<(), Failed> {
    let host = environment.host.as_deref().filter(|host| !["0.0.0.0", "::"].contains(host));
    let address = format!("{}:{}", host.unwrap_or("127.0.0.1"), environment.port);
    let answer =
        status_line(&address).map_err(|source| Failed::Unreachable { address: address.clone(), source })?;
    let healthy = answer.split(' ').nth(1) == Some("200");
    if healthy { Ok(()) } else { Err(Failed::Wrong { address, answer }) }
}

/// The first line of the answer to `GET /health`, at most 128 bytes of it.
fn status_line(address: &str) -> io::Result<String> {
    let resolved = address.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&resolved, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(
        format!("GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut line = String::new();
    BufReader::new(io::Read::take(stream, 128)).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::env::Variables;

    /// Asked of a server whose answer begins with `line`.
    fn asked(line: &'static str) -> Result<(), Failed> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = String::new();
            BufReader::new(&stream).read_line(&mut asked).unwrap();
            stream.write_all(line.as_bytes()).unwrap();
            asked
        });
        let environment = Environment::read(&Variables::from([("PORT", port.as_str())])).unwrap();
        let outcome = health(&environment);
        assert_eq!(server.join().unwrap(), "GET /health HTTP/1.1\r\n");
        outcome
    }

    #[test]
    fn only_who_answers_200_is_healthy() {
        asked("HTTP/1.1 200 OK\r\n").unwrap();
        for line in ["HTTP/1.1 503 Service Unavailable\r\n", "SSH-2.0-200\r\n", ""] {
            assert!(matches!(asked(line), Err(Failed::Wrong { .. })), "{line}");
        }
    }

    #[test]
    fn nobody_there_is_told_with_the_address() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let environment = Environment::read(&Variables::from([("PORT", free.as_str())])).unwrap();
        let told = health(&environment).unwrap_err().to_string();
        assert!(told.contains(&format!("127.0.0.1:{free}")), "{told}");
    }
}
