//! The body of every answer.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::platform::{BoxError, Platform};

use super::export::Pieces;
use super::relay::Relay;

/// An answer in one piece, or one that is still coming.
pub enum Body<P: Platform> {
    Whole(Bytes),
    Relay(Box<Relay<P>>),
    Export(Box<Pieces<P>>),
    /// None: the connection becomes a WebSocket, which a [`Feed`](super::Feed) serves.
    Live,
}

impl<P: Platform> From<Bytes> for Body<P> {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes)
    }
}

impl<P: Platform> http_body::Body for Body<P> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Relay(relay) => Pin::new(relay.as_mut()).poll_frame(context),
            Self::Export(pieces) => Pin::new(pieces.as_mut()).poll_frame(context),
            Self::Live => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Relay(relay) => relay.is_end_stream(),
            Self::Export(_) => false,
            Self::Live => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Relay(_) | Self::Export(_) | Self::Live => SizeHint::default(),
        }
    }
}
