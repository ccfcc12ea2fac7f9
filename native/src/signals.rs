//! Orders to stop: Ctrl-C and SIGTERM, and what a second one means.

use std::io;

use tokio::sync::watch;

/// Counts the orders. Clones see the same.
#[derive(Clone, Debug)]
pub struct Signals(watch::Receiver<u32>);

impl Signals {
    /// From now on the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the system lets nobody listen for them.
    pub fn listen() -> io::Result<Self> {
        let (sender, receiver) = watch::channel(0);
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let (mut interrupt, mut terminate) =
                (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    sender.send_modify(|orders| *orders += 1);
                }
            });
        }
        #[cfg(not(unix))]
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                sender.send_modify(|orders| *orders += 1);
            }
            std::future::pending::<()>().await;
        });
        Ok(Self(receiver))
    }

    /// Resolves at the first order: finish what is open.
    pub async fn stop(mut self) {
        // The sender lives as long as the process.
        let _orders = self.0.wait_for(|orders| *orders >= 1).await;
    }

    /// Resolves at the second order: end at once.
    pub async fn abort(mut self) {
        let _orders = self.0.wait_for(|orders| *orders >= 2).await;
    }
}
