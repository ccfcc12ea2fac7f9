//! The built Worker in workerd, by way of `edge/serve.mjs`: a program that all gateways of a test binary share, since
//! it takes longer to start than a Worker does.

use std::fs;
use std::io::{self, Read as _};
use std::net::{Shutdown, TcpStream as Blocking};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;

use super::{ADMIN_KEY, CLIENT_KEY, Environment, PATIENCE};

const SECRET_KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

pub(super) struct Workerd {
    worker: Worker,
    bindings: Value,
    /// Removed after the Worker ended.
    home: TempDir,
}

impl Workerd {
    pub(super) async fn start(document: &Value, environment: Environment<'_>) -> io::Result<Self> {
        let home = TempDir::with_prefix("causeway-test-")?;
        let own =
            [("PROXY_ACCESS_KEY", CLIENT_KEY), ("ADMIN_ACCESS_KEY", ADMIN_KEY), ("SECRET_KEY", SECRET_KEY)];
        let bindings = own.iter().chain(environment).map(|(name, value)| ((*name).to_owned(), json!(value)));
        let bindings = Value::Object(bindings.collect::<Map<_, _>>());
        let worker = Worker::start(home.path(), &bindings, Some(document)).await?;
        Ok(Self { worker, bindings, home })
    }

    /// Ends it and starts another one on what it left behind.
    pub(super) async fn restart(&mut self) -> io::Result<()> {
        self.worker.end();
        self.worker = Worker::start(self.home.path(), &self.bindings, None).await?;
        Ok(())
    }

    pub(super) fn url(&self) -> String {
        self.worker.url.clone()
    }

    /// With all that workerd keeps.
    pub(super) fn state_dir(&self) -> &Path {
        self.home.path()
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(log_file(self.home.path())).unwrap_or_default()
    }
}

/// One isolate in a workerd of its own; it ends when dropped.
struct Worker {
    url: String,
    /// It lives as long as this.
    connection: Blocking,
}

impl Worker {
    /// `document` becomes the configuration; without one the Worker goes on with what it has.
    async fn start(home: &Path, bindings: &Value, document: Option<&Value>) -> io::Result<Self> {
        let mut connection = TcpStream::connect(host().await?).await?;
        let order =
            json!({ "bindings": bindings, "document": document, "state": home, "log": log_file(home) });
        connection.write_all(format!("{order}\n").as_bytes()).await?;
        let url = line(&mut connection).await?;
        let connection = connection.into_std()?;
        connection.set_nonblocking(false)?;
        if url.is_empty() {
            return Err(io::Error::other("the Worker did not start: has scripts/build-edge built it?"));
        }
        Ok(Self { url, connection })
    }

    fn end(&mut self) {
        // It may have ended by itself; either way nothing is left to do.
        let _ = self.connection.shutdown(Shutdown::Write);
        let _ = self.connection.read_to_end(&mut Vec::new());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where the program listens that starts Workers. It ends with this process, which holds its standard input.
async fn host() -> io::Result<&'static str> {
    static HOST: OnceCell<(Child, String)> = OnceCell::const_new();
    let start = async || {
        let edge = Path::new(env!("CARGO_MANIFEST_DIR")).join("edge");
        let mut child = Command::new(edge.join("node_modules/.bin/node"))
            .arg(edge.join("serve.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| io::Error::other(format!("{error}: has scripts/setup edge been run?")))?;
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        let address = line(output).await?;
        Ok::<_, io::Error>((child, address))
    };
    Ok(&HOST.get_or_try_init(start).await?.1)
}

/// The next line; empty when there is none.
async fn line(from: impl AsyncRead + Unpin) -> io::Result<String> {
    let mut line = String::new();
    tokio::time::timeout(PATIENCE, BufReader::new(from).read_line(&mut line)).await??;
    Ok(line.trim().to_owned())
}

fn log_file(home: &Path) -> PathBuf {
    home.join("gateway.log")
}
