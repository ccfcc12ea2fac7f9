//! Which form an answer must have, told from the request.

use http::{HeaderMap, header};

use crate::protocol::Operation;

use super::inbound::Inbound;
use super::observer::Observer;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One JSON document.
    Document,
    /// Server-Sent Events.
    Events,
    /// One JSON array, streamed element by element: Gemini without `alt=sse`.
    Elements,
}

impl Shape {
    /// What the client asked for.
    pub(crate) fn of(inbound: &Inbound<'_>) -> Self {
        let Inbound { operation, query, .. } = *inbound;
        match (inbound.peek.stream, operation) {
            (false, _) => Self::Document,
            (true, Operation::GeminiStream) if wants_array(query) => Self::Elements,
            (true, _) => Self::Events,
        }
    }

    /// What an upstream's headers say came instead, where they leave no doubt. Many upstreams label
    /// streams wrongly, so that everything else is left to the observer.
    /// Whoever converts takes either form.
    pub(crate) fn contradicted_by(self, headers: &HeaderMap, converted: bool) -> Option<&'static str> {
        if is_html(headers) {
            return Some("a web page");
        }
        let stream = content_type(headers).starts_with("text/event-stream");
        let unasked = self == Self::Document && stream && !converted;
        unasked.then_some("a stream that was not asked for")
    }

    pub(crate) fn observer(self, operation: Operation) -> Observer {
        match self {
            Self::Document => Observer::of_document(operation),
            Self::Events => Observer::of_events(operation),
            Self::Elements => Observer::of_elements(operation),
        }
    }

    /// For an upstream that named none.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Document | Self::Elements => "application/json",
        }
    }
}

pub(crate) fn is_html(headers: &HeaderMap) -> bool {
    content_type(headers).starts_with("text/html")
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    content_type(headers).starts_with("application/json")
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Gemini streams server-sent events only to who asks for them.
fn wants_array(query: Option<&str>) -> bool {
    !query.unwrap_or_default().split('&').any(|pair| pair == "alt=sse")
}
