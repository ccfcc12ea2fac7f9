//! Finished requests on their way to an OpenTelemetry collector, as spans and as metrics.
//!
//! One task sends the spans that have gathered every few seconds. A collector that is away costs spans and nothing else: as
//! many as there is room for wait, further ones are dropped and told. Metrics are sums: another task sends them once a
//! minute, and the next ones tell what the last could not. Both send what is left when the server stops.

mod link;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causeway_core::platform::{Clock, Entropy, HttpClient};
use causeway_core::record::Record;
use causeway_core::record::otlp::metrics::Figures;
use causeway_core::record::otlp::{Service, traces};
use http::{HeaderMap, Uri};
use tokio::sync::Notify;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use self::link::Link;
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;

/// Sent at once at most.
const BATCH: usize = 256;
/// More than so many do not wait.
const WAITING: usize = 4 * BATCH;
/// Between two exports of spans.
const PACE: Duration = Duration::from_secs(5);
/// Between two exports of metrics: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#periodic-exporting-metricreader>.
const METRICS_PACE: Duration = Duration::from_secs(60);

/// Where spans and metrics go: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>.
#[derive(Clone, Debug)]
pub struct Collector {
    /// Of spans.
    pub traces: Uri,
    /// `None`: no metrics are sent.
    pub metrics: Option<Uri>,
    /// Credentials among them.
    pub headers: HeaderMap,
    pub service: Service,
}

/// Hands records to the tasks that send them.
#[derive(Debug)]
pub struct Exporter {
    records: Sender<Record>,
    /// Records that there was no room for, and of which nobody has been told yet.
    dropped: Arc<AtomicU64>,
    spans: Task,
    metrics: Option<Metrics>,
}

impl Exporter {
    /// Sends to `collector` as long as the runtime lives.
    pub fn start(collector: Collector, client: impl HttpClient) -> Self {
        let (client, headers, service) = (Arc::new(client), collector.headers, collector.service);
        let (sender, records) = channel(WAITING);
        let dropped = Arc::default();
        let link = Link::new("traces", collector.traces, headers.clone(), Arc::clone(&client));
        let spans = Task::start(|end| export(link, service.clone(), records, Arc::clone(&dropped), end));
        let metrics = collector.metrics.map(|url| {
            let link = Link::new("metrics", url, headers, client);
            Metrics::start(link, service)
        });
        Self { records: sender, dropped, spans, metrics }
    }

    /// Never waits.
    pub fn push(&self, record: &Record) {
        if let Some(metrics) = &self.metrics {
            metrics.figures().add(record);
        }
        if self.records.try_send(record.clone()).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends the spans that wait and, a last time, the metrics.
    pub async fn finish(&self) {
        let metrics = async {
            if let Some(metrics) = &self.metrics {
                metrics.task.finish().await;
            }
        };
        tokio::join!(self.spans.finish(), metrics);
    }
}

/// A task that does what is left to do and ends when it is told to.
#[derive(Debug)]
struct Task {
    end: Arc<Notify>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl Task {
    fn start<W: Future<Output = ()> + Send + 'static>(work: impl FnOnce(Arc<Notify>) -> W) -> Self {
        let end = Arc::default();
        let handle = tokio::spawn(work(Arc::clone(&end)));
        Self { end, handle: Mutex::new(Some(handle)) }
    }

    async fn finish(&self) {
        self.end.notify_one();
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handle) = handle {
            // It only ends, or the runtime does.
            let _ended = handle.await;
        }
    }
}

async fn export(
    mut link: Link<impl HttpClient>,
    service: Service,
    mut records: Receiver<Record>,
    dropped: Arc<AtomicU64>,
    end: Arc<Notify>,
) {
    let mut batch = Vec::new();
    while gather(&mut records, &mut batch, &end).await {
        let full = batch.len() == BATCH;
        let sent = link.send(traces(&batch, &service)).await;
        batch.clear();
        let dropped = dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(requests = dropped, "requests were not traced: too many came at once");
        }
        match records.is_closed() {
            true if !sent => return,
            false if !(sent && full) => pause(&mut records, &end).await,
            _ => {}
        }
    }
}

/// Waits for records; false once no more will come.
async fn gather(records: &mut Receiver<Record>, batch: &mut Vec<Record>, end: &Notify) -> bool {
    tokio::select! {
        biased;
        () = end.notified() => records.close(),
        count = records.recv_many(batch, BATCH) => return count > 0,
    }
    records.recv_many(batch, BATCH).await > 0
}

/// Lets records gather, unless it is the end.
async fn pause(records: &mut Receiver<Record>, end: &Notify) {
    if tokio::time::timeout(PACE, end.notified()).await.is_ok() {
        records.close();
    }
}

/// What is measured, and the task that sends it.
#[derive(Debug)]
struct Metrics {
    figures: Arc<Mutex<Figures>>,
    task: Task,
}

impl Metrics {
    fn start(link: Link<impl HttpClient>, service: Service) -> Self {
        let instance = format!("{:016x}", SystemEntropy.word());
        let figures = Arc::new(Mutex::new(Figures::new(instance, SystemClock.now())));
        let task = Task::start(|end| measure(link, service, Arc::clone(&figures), end));
        Self { figures, task }
    }

    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn measure(
    mut link: Link<impl HttpClient>,
    service: Service,
    figures: Arc<Mutex<Figures>>,
    end: Arc<Notify>,
) {
    let mut ends = false;
    while !ends {
        ends = tokio::time::timeout(METRICS_PACE, end.notified()).await.is_ok();
        let export = {
            let figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
            figures.export(&service, SystemClock.now())
        };
        link.send(export).await;
    }
}
