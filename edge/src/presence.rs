//! Notices when a client leaves.
//!
//! The runtime watches the connection only for a Worker that listens to the request's signal, and it
//! fires the signal only under the `enable_request_signal` compatibility flag:
//! <https://developers.cloudflare.com/workers/configuration/compatibility-flags/#enable-requestsignal-for-incoming-requests>.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use worker::wasm_bindgen::JsCast;
use worker::wasm_bindgen::closure::Closure;
use worker::{Request, web_sys};

const ABORT: &str = "abort";

/// Whether the client of one request is still there.
pub(crate) struct Presence {
    shared: Rc<RefCell<Shared>>,
    signal: web_sys::AbortSignal,
    listener: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct Shared {
    gone: bool,
    waker: Option<Waker>,
}

impl Presence {
    pub(crate) fn of(request: &Request) -> Self {
        let signal = request.inner().signal();
        let shared = Rc::new(RefCell::new(Shared { gone: signal.aborted(), waker: None }));
        let noticed = Rc::clone(&shared);
        let listener = Closure::<dyn FnMut()>::new(move || {
            let waker = {
                let mut shared = noticed.borrow_mut();
                shared.gone = true;
                shared.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        // The runtime's signals take listeners; one that did not would leave us without notice, no worse.
        let _ = signal.add_event_listener_with_callback(ABORT, listener.as_ref().unchecked_ref());
        Self { shared, signal, listener }
    }

    /// Ready once the client has left; until then wakes whoever asked last.
    pub(crate) fn poll_gone(&self, context: &Context<'_>) -> Poll<()> {
        let mut shared = self.shared.borrow_mut();
        if shared.gone {
            return Poll::Ready(());
        }
        match &shared.waker {
            Some(waker) if waker.will_wake(context.waker()) => {}
            _ => shared.waker = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// What `work` comes to; `None`, with `work` dropped, when the client leaves first.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| match self.poll_gone(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => work.as_mut().poll(context).map(Some),
        })
        .await
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let _ =
            self.signal.remove_event_listener_with_callback(ABORT, self.listener.as_ref().unchecked_ref());
    }
}
