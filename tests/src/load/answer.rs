//! Reads one answer off a connection: its length, its events, nothing else.

use std::io;
use std::time::{Duration, Instant};

use bytes::{Buf as _, BytesMut};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

const HEAD_LIMIT: usize = 64 * 1024;

pub(super) struct Answer {
    pub(super) status: u16,
    /// Of the body.
    pub(super) bytes: u64,
    pub(super) events: u64,
    pub(super) first_byte: Duration,
    pub(super) keep_alive: bool,
}

/// Holds what was read beyond an answer's end.
#[derive(Default)]
pub(super) struct Reader {
    buffer: BytesMut,
}

/// How a body ends.
enum Length {
    Known(usize),
    Chunked,
    Close,
}

struct Head {
    status: u16,
    length: Length,
    close: bool,
}

/// Counts blank lines, which end events; a line end may be LF or CR LF.
#[derive(Default)]
struct Events {
    count: u64,
    /// The current line has something on it.
    filled: bool,
    /// A line of the current event was filled.
    any: bool,
}

impl Reader {
    pub(super) async fn read(
        &mut self,
        socket: &mut TcpStream,
        stream: bool,
        sent: Instant,
    ) -> io::Result<Answer> {
        if self.buffer.is_empty() {
            self.more(socket).await?;
        }
        let first_byte = sent.elapsed();
        let head = loop {
            if let Some(head) = self.head()? {
                break head;
            }
            self.more(socket).await?;
        };
        let mut events = stream.then(Events::default);
        let bytes = match head.length {
            Length::Known(length) => self.take(socket, length, &mut events).await?,
            Length::Chunked => self.chunks(socket, &mut events).await?,
            Length::Close => self.until_close(socket, &mut events).await?,
        };
        let events = events.map_or(0, |events| events.count);
        Ok(Answer { status: head.status, bytes, events, first_byte, keep_alive: !head.close })
    }

    async fn more(&mut self, socket: &mut TcpStream) -> io::Result<()> {
        self.buffer.reserve(16 * 1024);
        if socket.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    fn head(&mut self) -> io::Result<Option<Head>> {
        let Some(end) = find(&self.buffer, b"\r\n\r\n") else {
            return if self.buffer.len() > HEAD_LIMIT { Err(broken("head too long")) } else { Ok(None) };
        };
        let text = self.buffer.split_to(end + 4);
        let text = std::str::from_utf8(&text).map_err(io::Error::other)?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let mut head =
            Head { status: status.ok_or_else(|| broken("no status"))?, length: Length::Close, close: false };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = Length::Known(value.parse().map_err(io::Error::other)?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked")
            {
                head.length = Length::Chunked;
            } else if name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close") {
                head.close = true;
            }
        }
        head.close |= matches!(head.length, Length::Close);
        Ok(Some(head))
    }

    async fn take(
        &mut self,
        socket: &mut TcpStream,
        length: usize,
        events: &mut Option<Events>,
    ) -> io::Result<u64> {
        let mut left = length;
        while left > 0 {
            if self.buffer.is_empty() {
                self.more(socket).await?;
            }
            let now = left.min(self.buffer.len());
            if let Some(events) = events {
                events.see(self.buffer.get(..now).unwrap_or_default());
            }
            self.buffer.advance(now);
            left -= now;
        }
        u64::try_from(length).map_err(io::Error::other)
    }

    async fn chunks(&mut self, socket: &mut TcpStream, events: &mut Option<Events>) -> io::Result<u64> {
        let mut bytes = 0;
        loop {
            let end = loop {
                match find(&self.buffer, b"\r\n") {
                    Some(end) => break end,
                    None => self.more(socket).await?,
                }
            };
            let line = self.buffer.split_to(end + 2);
            let size = std::str::from_utf8(&line).map_err(io::Error::other)?.trim();
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16);
            let size = size.map_err(io::Error::other)?;
            bytes += self.take(socket, size, events).await?;
            self.take(socket, 2, &mut None).await?;
            if size == 0 {
                return Ok(bytes);
            }
        }
    }

    async fn until_close(&mut self, socket: &mut TcpStream, events: &mut Option<Events>) -> io::Result<u64> {
        let mut bytes = 0;
        loop {
            if self.buffer.is_empty() {
                match self.more(socket).await {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(bytes),
                    Err(error) => return Err(error),
                }
            }
            bytes += self.take(socket, self.buffer.len(), events).await?;
        }
    }
}

impl Events {
    fn see(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' if self.filled => self.filled = false,
                b'\n' => {
                    self.count += u64::from(std::mem::take(&mut self.any));
                }
                b'\r' => {}
                _ => (self.filled, self.any) = (true, true),
            }
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
