//! A file of records on its way to an operator.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body::{Body, Frame};

use super::Gateway;
use crate::admin::Export;
use crate::database::{DatabaseError, Row};
use crate::platform::{BoxError, Database, Platform};

/// Reads the next piece once the one before has gone; implements [`Body`]. Where the database fails, it breaks off.
pub struct Pieces<P: Platform> {
    gateway: Arc<Gateway<P>>,
    export: Export,
    /// What goes before the first piece.
    heading: Bytes,
    reading: Option<BoxFuture<'static, Result<Vec<Row>, DatabaseError>>>,
}

impl<P: Platform> Pieces<P> {
    pub(crate) fn new(gateway: &Arc<Gateway<P>>, export: Export) -> Self {
        Self { gateway: Arc::clone(gateway), heading: export.heading(), export, reading: None }
    }
}

impl<P: Platform> Body for Pieces<P> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { gateway, export, heading, reading } = self.get_mut();
        if !heading.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(heading)))));
        }
        loop {
            let Some(statement) = export.statement() else { return Poll::Ready(None) };
            let under_way = reading.get_or_insert_with(|| {
                let gateway = Arc::clone(gateway);
                Box::pin(async move { gateway.platform.database().read(statement).await })
            });
            let read = ready!(under_way.as_mut().poll(context));
            *reading = None;
            let piece = export.take(read?);
            if !piece.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
        }
    }
}
