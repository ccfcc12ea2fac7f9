//! The mock upstream by itself: `mock-upstream [--address 127.0.0.1:0]`. Prints its address as JSON.

use std::io::{self, Write as _};
use std::net::SocketAddr;

use causeway_tests::mock::Mock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut address = SocketAddr::from(([127, 0, 0, 1], 0));
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("--address", Some(value)) => address = value.parse().map_err(io::Error::other)?,
            _ => return Err(io::Error::other("usage: mock-upstream [--address IP:PORT]")),
        }
    }
    let mock = Mock::bind(address).await?;
    let line =
        serde_json::json!({ "mock": format!("http://{}", mock.address()), "refused": mock.refused()? });
    writeln!(io::stdout(), "{line}")?;
    std::future::pending().await
}
