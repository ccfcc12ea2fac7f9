//! Takes data out of a body, for as long as one is willing to wait.

use std::pin::{Pin, pin};

use bytes::Bytes;
use futures::future::{Either, select};

use crate::platform::ByteBody;

/// What came of waiting for data.
pub(crate) enum Pull {
    Data(Bytes),
    End,
    Broken,
    Late,
}

/// The next data of `body`, or [`Pull::Late`] once `patience` is over. Trailers are passed over.
pub(crate) async fn pull<B: ByteBody>(body: &mut B, patience: impl Future<Output = ()>) -> Pull {
    let mut patience = pin!(patience);
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
        match select(pin!(frame), patience.as_mut()).await {
            Either::Left((Some(Ok(frame)), _)) => {
                if let Ok(data) = frame.into_data() {
                    return Pull::Data(data);
                }
            }
            Either::Left((Some(Err(_)), _)) => return Pull::Broken,
            Either::Left((None, _)) => return Pull::End,
            Either::Right(_) => return Pull::Late,
        }
    }
}

/// Chunks put together; a single one stays as it came.
#[derive(Default)]
pub(crate) struct Gathered {
    first: Bytes,
    rest: Vec<u8>,
}

impl Gathered {
    pub(crate) fn push(&mut self, chunk: Bytes) {
        if chunk.is_empty() {
            return;
        }
        if self.is_empty() {
            self.first = chunk;
            return;
        }
        self.together().extend_from_slice(&chunk);
    }

    /// Appends what `write` writes.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(self.together());
    }

    fn together(&mut self) -> &mut Vec<u8> {
        self.rest.extend_from_slice(&std::mem::take(&mut self.first));
        &mut self.rest
    }

    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of it, in order.
    pub(crate) fn pieces(&self) -> [&[u8]; 2] {
        [&self.first, &self.rest]
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.into() }
    }
}
