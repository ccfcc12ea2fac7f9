//! Finished requests on their way to an OpenTelemetry collector.
//!
//! One task sends what has gathered every few seconds. A collector that is away costs spans and nothing else: as many as
//! there is room for wait, further ones are dropped and told.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use causeway_core::config::Transport;
use causeway_core::platform::HttpClient;
use causeway_core::record::Record;
use causeway_core::record::otlp::{Service, traces};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Uri};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Sent at once at most.
const BATCH: usize = 256;
/// More than so many do not wait.
const WAITING: usize = 4 * BATCH;
/// Between two exports.
const PACE: Duration = Duration::from_secs(5);
/// A collector answers within this.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where spans go: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>.
#[derive(Clone, Debug)]
pub struct Collector {
    /// With the path of traces.
    pub url: Uri,
    /// Credentials among them.
    pub headers: HeaderMap,
    pub service: Service,
}

/// Hands records to the task that sends them.
#[derive(Debug)]
pub struct Exporter {
    records: Sender<Record>,
    /// Records that there was no room for, and of which nobody has been told yet.
    dropped: Arc<AtomicU64>,
}

impl Exporter {
    /// Sends to `collector` as long as the runtime lives.
    pub fn start(collector: Collector, client: impl HttpClient) -> Self {
        let (sender, records) = channel(WAITING);
        let dropped = Arc::default();
        tokio::spawn(export(collector, client, records, Arc::clone(&dropped)));
        Self { records: sender, dropped }
    }

    /// Never waits.
    pub fn push(&self, record: &Record) {
        if self.records.try_send(record.clone()).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn export(
    collector: Collector,
    client: impl HttpClient,
    mut records: Receiver<Record>,
    dropped: Arc<AtomicU64>,
) {
    let transport = Arc::new(Transport { proxy: None, connect_timeout: PATIENCE });
    let mut failing = false;
    let mut batch = Vec::new();
    while records.recv_many(&mut batch, BATCH).await > 0 {
        let full = batch.len() == BATCH;
        let outcome = send(&collector, &client, &transport, &batch).await;
        match &outcome {
            Err(error) if !failing => {
                tracing::warn!(spans_of = batch.len(), "traces cannot be exported: {error}")
            }
            Ok(()) if failing => tracing::info!("traces are exported again"),
            _ => {}
        }
        failing = outcome.is_err();
        batch.clear();
        let dropped = dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(requests = dropped, "requests were not traced: too many came at once");
        }
        if failing || !full {
            tokio::time::sleep(PACE).await;
        }
    }
}

async fn send(
    collector: &Collector,
    client: &impl HttpClient,
    transport: &Arc<Transport>,
    batch: &[Record],
) -> Result<(), String> {
    let mut request = Request::new(Bytes::from(traces(batch, &collector.service)));
    *request.method_mut() = http::Method::POST;
    request.uri_mut().clone_from(&collector.url);
    request.headers_mut().clone_from(&collector.headers);
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let answered = tokio::time::timeout(PATIENCE, client.send(request, transport)).await;
    let response =
        answered.map_err(|_| "no answer within 10 s".to_owned())?.map_err(|error| error.to_string())?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(format!("the collector answers {}", response.status()))
    }
}
