//! A thread that runs statements, one call after the other.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use causeway_core::database::{DatabaseError, Row, Statement};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection::{self, Source};

/// Calls that wait. More than this many at once come from something that has gone wrong.
const WAITING: usize = 256;

type Outcome = Result<Vec<Vec<Row>>, DatabaseError>;

/// Hands calls to the thread, which ends with the last of these.
#[derive(Clone, Debug)]
pub(super) struct Worker(SyncSender<Call>);

struct Call {
    statements: Vec<Statement>,
    answer: oneshot::Sender<Outcome>,
}

impl Worker {
    pub(super) fn start(source: Source) -> Self {
        let (sender, calls) = sync_channel(WAITING);
        let name = format!("database {source}");
        if let Err(error) = thread::Builder::new().name(name).spawn(move || Thread::of(source).run(&calls)) {
            tracing::error!(%error, "the database has no thread: nothing is recorded");
        }
        Self(sender)
    }

    pub(super) async fn run(&self, statements: Vec<Statement>) -> Outcome {
        let (answer, answered) = oneshot::channel();
        self.0.try_send(Call { statements, answer }).map_err(|error| match error {
            TrySendError::Full(_) => DatabaseError::Busy,
            TrySendError::Disconnected(_) => gone(),
        })?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> DatabaseError {
    DatabaseError::Unavailable("its thread has ended".to_owned())
}

struct Thread {
    source: Source,
    connection: Option<Connection>,
    /// What the last call failed with.
    failing: Option<DatabaseError>,
}

impl Thread {
    fn of(source: Source) -> Self {
        Self { source, connection: None, failing: None }
    }

    fn run(mut self, calls: &Receiver<Call>) {
        while let Ok(Call { statements, answer }) = calls.recv() {
            let outcome = self.call(&statements);
            self.note(outcome.as_ref().err());
            let _who_asked_has_left = answer.send(outcome);
        }
    }

    fn call(&mut self, statements: &[Statement]) -> Outcome {
        let opened = match self.connection.take() {
            Some(connection) => connection,
            None => self.source.open()?,
        };
        let connection = self.connection.insert(opened);
        let outcome = connection::transact(connection, statements);
        let fails = matches!(outcome, Err(DatabaseError::Broken(_) | DatabaseError::Unavailable(_)));
        if fails && self.source.is_file() {
            // Whoever mends the file may put another one in its place.
            self.connection = None;
        }
        outcome
    }

    /// Tells once that it fails, and that it no longer does.
    fn note(&mut self, failure: Option<&DatabaseError>) {
        match failure {
            Some(error) if self.failing.as_ref() != Some(error) => {
                tracing::error!(database = %self.source, "{error}");
            }
            None if self.failing.is_some() => {
                tracing::info!(database = %self.source, "the database works again")
            }
            _ => {}
        }
        self.failing = failure.cloned();
    }
}
