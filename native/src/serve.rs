//! `causeway serve`: from the environment to a gateway that answers.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use causeway_core::config::document::Document;
use causeway_core::config::outside::Outside;
use causeway_core::config::validate::compile;
use causeway_core::platform::{ConfigStore, StoreError};
use tokio::net::TcpListener;

use crate::app::App;
use crate::database::SqliteDatabase;
use crate::entropy::SystemEntropy;
use crate::env::Environment;
use crate::http_client::TlsError;
use crate::keys::{self, Generated};
use crate::server;
use crate::signals::Signals;
use crate::store::{FileStore, OpenError, listed};
use crate::watch::{Watcher, watch};

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: String, source: io::Error },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the configuration is invalid: {0}")]
    Config(String),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

/// Serves until a signal.
///
/// # Errors
/// When the port, the configuration or the machine does not allow a start.
pub async fn serve(environment: &Environment) -> Result<(), StartError> {
    let signals = Signals::listen().map_err(StartError::Signals)?;
    let outside = keys::outside(environment);
    let store = FileStore::open(&environment.config_dir, environment.secret_keys.clone())?;
    // Before keys are made: keys that cannot be shown would be lost.
    let listener = listen(environment, environment.host.as_deref()).await?;
    let address = shown(listener.local_addr()?);
    let (document, generated) = first_document(&store, &outside).await?;
    let config = compile(document, &outside).map_err(|errors| StartError::Config(listed(&errors)))?;
    let secrets = store.secrets().clone();
    let database = SqliteDatabase::open(&environment.config_dir.join("causeway.db"));
    let app = App::new(store.clone(), database, config, outside.clone(), secrets, environment)?;

    let gateway = Arc::clone(app.gateway());
    let watching = tokio::spawn(watch(Watcher::new(store), move |document| {
        // What the management API wrote is in force already.
        let edited = document.version() != gateway.config().current().version;
        if edited {
            gateway.config().install(compile(document, &outside)?);
        }
        Ok(edited)
    }));
    announce(&mut io::stdout().lock(), &address, environment.web_ui, &generated)?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "listening on {address}");
    app.serve(listener, signals.clone().stop(), signals.abort()).await;
    watching.abort();
    Ok(())
}

/// Listens on the environment's port.
pub(crate) async fn listen(environment: &Environment, host: Option<&str>) -> Result<TcpListener, StartError> {
    server::listen(host, environment.port).await.map_err(|source| StartError::Listen {
        address: format!("{}:{}", host.unwrap_or("all interfaces"), environment.port),
        source,
    })
}

/// What a person types to reach `address`.
pub(crate) fn shown(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip.is_unspecified() => format!("http://localhost:{}", address.port()),
        _ => format!("http://{address}"),
    }
}

/// The stored document, with the first keys when it has none.
async fn first_document(store: &FileStore, outside: &Outside) -> Result<(Document, Generated), StoreError> {
    let stored = store.load().await?;
    let mut document = stored.clone().unwrap_or_default();
    let generated = keys::complete(&mut document, outside, &SystemEntropy);
    if stored.as_ref() != Some(&document) {
        let version = stored.map(|stored| stored.version());
        store.replace(version.as_ref(), &document).await?;
    }
    Ok((document, generated))
}

/// Shows new keys, the only time they can be shown.
fn announce(out: &mut impl Write, address: &str, web_ui: bool, generated: &Generated) -> io::Result<()> {
    if *generated == Generated::default() {
        return Ok(());
    }
    writeln!(out, "\nCauseway is ready.\n\n  Address     {address}")?;
    if web_ui {
        writeln!(out, "  Web UI      {address}/ui/")?;
    }
    if let Some(key) = &generated.client {
        writeln!(out, "  Client key  {}", key.expose())?;
    }
    if let Some(key) = &generated.admin {
        writeln!(out, "  Admin key   {}", key.expose())?;
    }
    writeln!(out, "\nNew keys are shown this once: only their hashes are kept.\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use causeway_core::config::Secret;

    use super::*;
    use causeway_core::config::secret_key::SecretKeys;

    #[test]
    fn new_keys_are_shown_with_the_address_and_old_ones_never() {
        let mut out = Vec::new();
        announce(&mut out, "http://localhost:3000", true, &Generated::default()).unwrap();
        assert!(out.is_empty());
        let generated = Generated { client: Some(Secret::new("cw-1")), admin: Some(Secret::new("cwa-2")) };
        announce(&mut out, "http://localhost:3000", true, &generated).unwrap();
        let said = String::from_utf8(out).unwrap();
        for part in ["http://localhost:3000/ui/", "cw-1", "cwa-2"] {
            assert_eq!(said.matches(part).count(), 1, "{said}");
        }
    }

    #[test]
    fn an_address_is_shown_as_a_person_types_it() {
        for (address, text) in [
            ("[::]:3000", "http://localhost:3000"),
            ("0.0.0.0:80", "http://localhost:80"),
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(shown(address.parse().unwrap()), text);
        }
    }

    #[tokio::test]
    async fn the_first_start_stores_hashes_and_the_second_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path(), SecretKeys::parse(&"07".repeat(32))).unwrap();
        let (first, generated) = first_document(&store, &Outside::default()).await.unwrap();
        assert!(generated.client.is_some() && generated.admin.is_some());
        let written = std::fs::read_to_string(store.path()).unwrap();
        assert!(!written.contains(generated.client.unwrap().expose()));

        let (second, generated) = first_document(&store, &Outside::default()).await.unwrap();
        assert_eq!((second, generated), (first, Generated::default()));
        assert_eq!(std::fs::read_to_string(store.path()).unwrap(), written);
    }
}
