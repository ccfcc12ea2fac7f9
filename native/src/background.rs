//! Work that outlives the answer it belongs to, counted so that a shutdown can wait for it.

use causeway_core::platform::Background;
use futures::future::BoxFuture;
use tokio_util::task::TaskTracker;

/// Implements [`Background`] with tokio's tasks. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct TokioBackground(TaskTracker);

impl TokioBackground {
    /// Resolves when everything spawned, now or while it waits, has ended.
    pub async fn finished(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

impl Background for TokioBackground {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.spawn(task);
    }
}

#[cfg(test)]
mod tests {
    use futures::channel::oneshot;
    use futures::{FutureExt, poll};

    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_what_runs_and_for_what_that_spawns() {
        let background = TokioBackground::default();
        let (first, first_may_end) = oneshot::channel::<()>();
        let (second, second_may_end) = oneshot::channel::<()>();
        let again = background.clone();
        background.spawn(
            async move {
                let _ended = first_may_end.await;
                again.spawn(second_may_end.map(drop).boxed());
            }
            .boxed(),
        );
        let mut finished = Box::pin(background.finished());
        assert!(poll!(&mut finished).is_pending());
        drop(first);
        tokio::task::yield_now().await;
        assert!(poll!(&mut finished).is_pending());
        drop(second);
        finished.await;
    }
}
