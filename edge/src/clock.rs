//! Time in a Worker.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use causeway_core::platform::Clock;
use causeway_core::time::Timestamp;
use worker::send::{SendFuture, SendWrapper};
use worker::wasm_bindgen::{JsCast, closure::Closure};
use worker::web_sys::WorkerGlobalScope;
use worker::{Date, js_sys};

/// `Date.now` and `setTimeout`. In production the time stands still between I/O, so it measures waiting
/// and never computing: <https://developers.cloudflare.com/workers/runtime-apis/performance/>.
#[derive(Debug)]
pub(crate) struct WorkerClock;

impl Clock for WorkerClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(Date::now().as_millis())
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        SendFuture::new(Sleep::new(duration))
    }
}

/// A timer that follows its future from task to task (it wakes whoever polled last) and is cleared
/// when dropped.
struct Sleep {
    shared: Rc<RefCell<Shared>>,
    duration: Duration,
    timer: Option<Timer>,
}

#[derive(Default)]
struct Shared {
    elapsed: bool,
    waker: Option<Waker>,
}

struct Timer {
    id: i32,
    // Called by the runtime: must live as long as the timer.
    _callback: SendWrapper<Closure<dyn FnMut()>>,
}

impl Sleep {
    fn new(duration: Duration) -> Self {
        Self { shared: Rc::default(), duration, timer: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        {
            let mut shared = self.shared.borrow_mut();
            if shared.elapsed {
                return Poll::Ready(());
            }
            match &shared.waker {
                Some(waker) if waker.will_wake(context.waker()) => {}
                _ => shared.waker = Some(context.waker().clone()),
            }
        }
        if self.timer.is_none() {
            let shared = Rc::clone(&self.shared);
            self.timer = Timer::start(self.duration, move || {
                let waker = {
                    let mut shared = shared.borrow_mut();
                    shared.elapsed = true;
                    shared.waker.take()
                };
                if let Some(waker) = waker {
                    waker.wake();
                }
            });
            if self.timer.is_none() {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Timer {
    /// `None` when the runtime has no timers to give, which the Workers runtime always has.
    fn start(duration: Duration, callback: impl FnMut() + 'static) -> Option<Self> {
        let callback = Closure::<dyn FnMut()>::new(callback);
        let millis = i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
        let id = scope()
            .set_timeout_with_callback_and_timeout_and_arguments_0(callback.as_ref().unchecked_ref(), millis)
            .ok()?;
        Some(Self { id, _callback: SendWrapper::new(callback) })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        scope().clear_timeout_with_handle(self.id);
    }
}

fn scope() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}
