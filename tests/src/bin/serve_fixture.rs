//! Mock and gateway together, for suites in other languages: `serve-fixture [--attached]`. Prints
//! `{url, key, adminKey, mock}` and serves until it is told to end, or, attached, until its standard input ends.
//!
//! Channels `openai`, `anthropic` and `google` stand before the mock's lanes of the same names.

use std::io::{self, Write as _};

use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Mock, Protocol};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> io::Result<()> {
    let mock = Mock::start().await?;
    let openai = [Protocol::Chat, Protocol::Responses, Protocol::Images, Protocol::Embeddings]
        .into_iter()
        .fold(Channel::new("openai").key("sk-openai-1"), |channel, protocol| {
            channel.endpoint(protocol, &mock.base("openai"))
        });
    let channels = [
        openai,
        Channel::new("anthropic").key("sk-ant-1").endpoint(Protocol::Messages, &mock.base("anthropic")),
        Channel::new("google").key("gm-google-1").endpoint(Protocol::Gemini, &mock.base("google")),
    ];
    let gateway = Gateway::start(&channels).await?;
    let line = serde_json::json!({
        "url": gateway.url(),
        "key": gateway.key(),
        "adminKey": gateway.admin_key(),
        "mock": format!("http://{}", mock.address()),
    });
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;
    let mut end = signal(SignalKind::terminate())?;
    tokio::select! {
        () = attached() => {}
        _ = end.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    // A thread may still be reading standard input; the gateway must not outlive this process.
    drop(gateway);
    std::process::exit(0)
}

/// Whoever started an attached process holds its standard input for as long as it is there.
async fn attached() {
    if !std::env::args().any(|argument| argument == "--attached") {
        return std::future::pending().await;
    }
    // However reading ends, nobody is there any more.
    let _ = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await;
}
