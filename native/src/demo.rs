//! `causeway demo`: the gateway with a built-in upstream, to see it work without any vendor's key.

mod answer;
pub(crate) mod store;
pub(crate) mod upstream;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use causeway_core::config::document::{ChannelDocument, Document, EndpointDocument, KeyDocument};
use causeway_core::config::outside::Outside;
use causeway_core::config::secret_key::SecretKey;
use causeway_core::config::validate::compile;
use causeway_core::config::{Protocol, Secret};
use causeway_core::platform::Entropy;

use self::store::MemoryStore;
use crate::app::App;
use crate::database::SqliteDatabase;
use crate::entropy::SystemEntropy;
use crate::env::Environment;
use crate::keys;
use crate::serve::{StartError, listen, shown};
use crate::signals::Signals;
use crate::store::listed;

/// Between two words: slow enough to be seen, fast enough not to be waited for.
const PAUSE: Duration = Duration::from_millis(40);

/// Serves on the loopback interface (or on `BIND_HOST`) until a signal; nothing is kept.
///
/// # Errors
/// When the port or the machine does not allow a start.
pub async fn demo(environment: &Environment) -> Result<(), StartError> {
    let signals = Signals::listen().map_err(StartError::Signals)?;
    let listener = listen(environment, Some(environment.host.as_deref().unwrap_or("127.0.0.1"))).await?;
    let address = shown(listener.local_addr()?);
    let mut document = document(upstream::start(PAUSE).await?);
    let generated = keys::complete(&mut document, &Outside::default(), &SystemEntropy);
    let config = compile(document.clone(), &Outside::default())
        .map_err(|errors| StartError::Config(listed(&errors)))?;
    let secrets = SecretKey::generate(&SystemEntropy).into();
    let (store, database) = (MemoryStore::new(document), SqliteDatabase::in_memory());
    let app = App::new(store, database, config, Outside::default(), secrets, environment)?;
    if let (Some(client), Some(admin)) = (&generated.client, &generated.admin) {
        announce(&mut io::stdout().lock(), &address, environment.web_ui, client, admin)?;
    }
    app.serve(listener, signals.clone().stop(), signals.abort()).await;
    Ok(())
}

/// One channel that leads to the built-in upstream, in every protocol.
pub(crate) fn document(upstream: SocketAddr) -> Document {
    let endpoint = |protocol| EndpointDocument { protocol, base_url: format!("http://{upstream}") };
    let mut document = Document {
        channels: vec![ChannelDocument {
            name: "demo".to_owned(),
            endpoints: Protocol::ALL.map(endpoint).to_vec(),
            keys: vec![KeyDocument { key: Secret::new("demo-upstream-key"), ..KeyDocument::default() }],
            accepts: Protocol::ALL.to_vec(),
            ..ChannelDocument::default()
        }],
        ..Document::default()
    };
    document.assign_ids(&mut |bytes| SystemEntropy.fill(bytes));
    document
}

/// Lines to paste, one a protocol.
fn announce(
    out: &mut impl Write,
    address: &str,
    web_ui: bool,
    client: &Secret,
    admin: &Secret,
) -> io::Result<()> {
    let key = client.expose();
    writeln!(out, "\nCauseway's demo answers on {address}, with a built-in upstream and nothing kept.\n")?;
    if web_ui {
        writeln!(out, "Web UI: {address}/ui/  (admin key {})\n", admin.expose())?;
    }
    let message = r#"{"role":"user","content":"Hello"}"#;
    for (name, path, body) in [
        (
            "OpenAI Chat",
            "/v1/chat/completions",
            format!(r#"{{"model":"demo","stream":true,"messages":[{message}]}}"#),
        ),
        (
            "Claude Messages",
            "/v1/messages",
            format!(r#"{{"model":"demo","max_tokens":100,"stream":true,"messages":[{message}]}}"#),
        ),
        ("OpenAI Responses", "/v1/responses", r#"{"model":"demo","stream":true,"input":"Hello"}"#.to_owned()),
        (
            "Gemini",
            "/v1beta/models/demo:streamGenerateContent?alt=sse",
            r#"{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}"#.to_owned(),
        ),
        ("Images", "/v1/images/generations", r#"{"model":"demo","prompt":"one pixel"}"#.to_owned()),
        ("Embeddings", "/v1/embeddings", r#"{"model":"demo","input":"Hello"}"#.to_owned()),
    ] {
        writeln!(out, "# {name}")?;
        writeln!(out, "curl -N '{address}{path}' -H 'authorization: Bearer {key}' \\")?;
        writeln!(out, "  -H 'content-type: application/json' -d '{body}'\n")?;
    }
    writeln!(out, "# Claude Code")?;
    writeln!(out, "ANTHROPIC_BASE_URL={address} ANTHROPIC_AUTH_TOKEN={key} claude --model demo\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_is_a_valid_configuration_for_every_protocol() {
        let document = document(SocketAddr::from(([127, 0, 0, 1], 1234)));
        let config = compile(document, &Outside::default()).unwrap();
        let channel = &config.channels[0];
        assert_eq!(channel.endpoints.len(), Protocol::ALL.len());
        assert_eq!(channel.accepts, Protocol::ALL);
    }

    #[test]
    fn the_lines_to_paste_hold_address_key_and_valid_json() {
        let mut out = Vec::new();
        let (client, admin) = (Secret::new("cw-1"), Secret::new("cwa-2"));
        announce(&mut out, "http://127.0.0.1:3000", true, &client, &admin).unwrap();
        let said = String::from_utf8(out).unwrap();
        assert_eq!(said.matches("Bearer cw-1'").count(), 6, "{said}");
        assert_eq!(said.matches("cwa-2").count(), 1);
        for body in said.lines().filter_map(|line| line.split_once(" -d '")) {
            let json: serde_json::Value = serde_json::from_str(body.1.trim_end_matches('\'')).unwrap();
            assert!(json.is_object());
        }
    }
}
