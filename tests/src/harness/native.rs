//! The native binary as a child process.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{ADMIN_KEY, CLIENT_KEY, Environment};

pub(super) struct Native {
    child: Child,
    port: u16,
    config: PathBuf,
    log: PathBuf,
    environment: Vec<(String, String)>,
    /// Removed after the child ended.
    home: TempDir,
}

impl Native {
    pub(super) fn start(document: &Value, environment: Environment<'_>) -> io::Result<Self> {
        let home = TempDir::with_prefix("causeway-test-")?;
        let (config, log) = (home.path().join("config"), home.path().join("gateway.log"));
        fs::create_dir(&config)?;
        fs::write(config.join("config.json"), document.to_string())?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment: Vec<_> = environment.collect();
        let child = spawn(home.path(), &config, &log, port, &environment)?;
        Ok(Self { child, port, config, log, environment, home })
    }

    /// Kills it and starts another one on what it left behind.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.child = spawn(self.home.path(), &self.config, &self.log, self.port, &self.environment)?;
        Ok(())
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn config_dir(&self) -> &Path {
        &self.config
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// At once, as careful editors do.
    pub(super) fn write_config(&self, text: &str) -> io::Result<()> {
        let beside = self.config.join("config.json.edit");
        fs::write(&beside, text)?;
        fs::rename(beside, self.config.join("config.json"))
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(
    home: &Path,
    config: &Path,
    log: &Path,
    port: u16,
    environment: &[(String, String)],
) -> io::Result<Child> {
    let out = File::options().create(true).append(true).open(log)?;
    Command::new(binary()?)
        .env_clear()
        .env("PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("CONFIG_DIR", config)
        .env("PROXY_ACCESS_KEY", CLIENT_KEY)
        .env("ADMIN_ACCESS_KEY", ADMIN_KEY)
        .env("ENABLE_REQUEST_LOGS", "true")
        .env("LOG_LEVEL", "debug")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .spawn()
}

fn binary() -> io::Result<PathBuf> {
    if let Some(path) = std::env::var_os("CAUSEWAY_BIN") {
        return Ok(PathBuf::from(path));
    }
    let own = std::env::current_exe()?;
    let beside = own.ancestors().map(|folder| folder.join("causeway")).find(|path| path.is_file());
    beside.ok_or_else(|| {
        io::Error::other("no `causeway` binary: run `cargo build -p causeway` or set CAUSEWAY_BIN")
    })
}
