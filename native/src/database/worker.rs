//! A thread that runs statements, one call after the other.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use causeway_core::database::{DatabaseError, Row, Statement};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection::{self, Source};

/// Calls that wait. More than this many at once come from something that has gone wrong.
const WAITING: usize = 256;

/// After so long without a call there is time to tidy up.
const QUIET: Duration = Duration::from_secs(60);

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
        while let Some(Call { statements, answer }) = self.next(calls) {
            let outcome = self.call(&statements);
            self.note(outcome.as_ref().err());
            let _who_asked_has_left = answer.send(outcome);
        }
    }

    fn next(&self, calls: &Receiver<Call>) -> Option<Call> {
        match calls.recv_timeout(QUIET) {
            Ok(call) => Some(call),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                self.tidy();
                calls.recv().ok()
            }
        }
    }

    fn tidy(&self) {
        if let Some(connection) = &self.connection
            && let Err(error) = self.source.tidy(connection)
        {
            tracing::debug!(database = %self.source, %error, "its log stays as it is");
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_deleted_is_in_no_file_once_it_is_quiet() {
        let directory = tempfile::tempdir().unwrap();
        let mut thread = Thread::of(Source::Writer(directory.path().join("causeway.db")));
        let mut run = |sql: &'static str| thread.call(&[Statement::new(sql)]).unwrap();
        run("CREATE TABLE note (text TEXT)");
        run("INSERT INTO note VALUES ('a prompt that was captured')");
        run("DELETE FROM note");
        let files =
            || fs::read_dir(directory.path()).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
        let holds = |file: Vec<u8>| file.windows(8).any(|bytes| bytes == b"a prompt");
        assert!(files().any(holds), "the log of writes keeps it for a while");
        thread.tidy();
        assert!(!files().any(holds));
    }
}
