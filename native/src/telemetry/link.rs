//! The way to one address of a collector.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use causeway_core::config::Transport;
use causeway_core::platform::HttpClient;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};

/// A collector answers within this.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends exports of one kind.
pub(super) struct Link<C> {
    /// What is sent, for the log.
    what: &'static str,
    url: Uri,
    headers: HeaderMap,
    client: Arc<C>,
    transport: Arc<Transport>,
    failing: bool,
}

impl<C: HttpClient> Link<C> {
    pub(super) fn new(what: &'static str, url: Uri, mut headers: HeaderMap, client: Arc<C>) -> Self {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let transport = Arc::new(Transport { proxy: None, connect_timeout: PATIENCE });
        Self { what, url, headers, client, transport, failing: false }
    }

    /// Whether `export` arrived. The log tells when that begins to fail and when it works again.
    pub(super) async fn send(&mut self, export: Vec<u8>) -> bool {
        let outcome = self.post(export).await;
        match &outcome {
            Err(error) if !self.failing => tracing::warn!("{} cannot be exported: {error}", self.what),
            Ok(()) if self.failing => tracing::info!("{} are exported again", self.what),
            _ => {}
        }
        self.failing = outcome.is_err();
        outcome.is_ok()
    }

    async fn post(&self, export: Vec<u8>) -> Result<(), String> {
        let mut request = Request::new(Bytes::from(export));
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(&self.url);
        request.headers_mut().clone_from(&self.headers);
        let answered = tokio::time::timeout(PATIENCE, self.client.send(request, &self.transport)).await;
        let response =
            answered.map_err(|_| "no answer within 10 s".to_owned())?.map_err(|error| error.to_string())?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(format!("the collector answers {}", response.status()))
        }
    }
}
