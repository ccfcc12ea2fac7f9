//! The database: SQLite in `causeway.db`.
//!
//! One thread writes and one reads, each with a connection of its own, so that neither waits for the other
//! (<https://www.sqlite.org/wal.html>) and none of the server's threads waits for the disk. Whatever is wrong with the
//! file is an error of the call and a line in the log, and is looked at anew by the next call: the gateway serves
//! without a database, and goes on with it once it is mended.

mod connection;
#[cfg(test)]
mod tests;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use causeway_core::database::{DatabaseError, Row, Statement};
use causeway_core::platform::Database;

use self::connection::Source;
use self::worker::Worker;

/// Implements [`Database`]. Clones share it.
#[derive(Clone, Debug)]
pub struct SqliteDatabase {
    writer: Worker,
    reader: Worker,
    /// Whether the writer has made the file and its tables.
    made: Arc<AtomicBool>,
}

impl SqliteDatabase {
    /// The database in the file at `path`, which is made if it is missing (mode 0600).
    pub fn open(path: &Path) -> Self {
        let [writer, reader] = [Source::Writer(path.to_owned()), Source::Reader(path.to_owned())];
        let made = Arc::default();
        Self { writer: Worker::start(writer), reader: Worker::start(reader), made }
    }

    /// A database that ends with the process.
    pub fn in_memory() -> Self {
        let only = Worker::start(Source::Memory);
        Self { writer: only.clone(), reader: only, made: Arc::default() }
    }
}

impl Database for SqliteDatabase {
    async fn write(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, DatabaseError> {
        let answers = self.writer.run(statements).await?;
        self.made.store(true, Ordering::Relaxed);
        Ok(answers)
    }

    async fn read(&self, statement: Statement) -> Result<Vec<Row>, DatabaseError> {
        if !self.made.load(Ordering::Relaxed) {
            self.write(Vec::new()).await?;
        }
        let answers = self.reader.run(vec![statement]).await?;
        Ok(answers.into_iter().flatten().collect())
    }
}
