//! Runs futures under virtual time: when nothing can go on, the clock moves to the next sleeper.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::clock::VirtualClock;

/// Runs `future` to its end.
///
/// # Panics
/// When it waits for something that no clock will bring.
#[expect(clippy::panic, reason = "a test that hangs must say so")]
pub fn run<T>(clock: &VirtualClock, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    loop {
        while woken.0.swap(false, Ordering::SeqCst) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
        }
        if !clock.advance_to_next() {
            panic!("the future waits, and nobody sleeps");
        }
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
