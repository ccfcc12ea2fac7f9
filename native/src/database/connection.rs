//! A connection to SQLite, and statements run on it.

use std::fmt;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway_core::database::{DatabaseError, Row, Statement, Value, migrate};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, TransactionBehavior, params_from_iter};

/// How long a call waits for another process that holds the file.
const PATIENCE: Duration = Duration::from_secs(1);
/// Distinct texts of which the compiled form is kept.
const STATEMENTS: usize = 64;

/// Where a connection leads.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Writer(PathBuf),
    Reader(PathBuf),
    Memory,
}

impl Source {
    pub(super) fn open(&self) -> Result<Connection, DatabaseError> {
        let mut connection = self.connect()?;
        self.set_up(&mut connection).map_err(|error| failure(&error))?;
        if !matches!(self, Self::Reader(_)) {
            migrate(|statements| transact(&mut connection, statements))?;
        }
        Ok(connection)
    }

    /// Empties the log of writes, which may hold what has been deleted since.
    /// <https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>
    pub(super) fn tidy(&self, connection: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Writer(_) => connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);"),
            Self::Reader(_) | Self::Memory => Ok(()),
        }
    }

    pub(super) const fn is_file(&self) -> bool {
        !matches!(self, Self::Memory)
    }

    fn connect(&self) -> Result<Connection, DatabaseError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = match self {
            Self::Writer(path) => {
                make_private(path)?;
                Connection::open_with_flags(path, flags)
            }
            Self::Reader(path) => Connection::open_with_flags(path, flags),
            Self::Memory => Connection::open_in_memory(),
        };
        opened.map_err(|error| failure(&error))
    }

    fn set_up(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        match self {
            // A crash of the process loses nothing that was written; one of the machine may lose the last writes.
            Self::Writer(_) => {
                // Waits for others at its begin, where it still can.
                connection.set_transaction_behavior(TransactionBehavior::Immediate);
                // What is deleted may have been a prompt: nothing of it stays in free pages.
                connection.execute_batch(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;",
                )
            }
            Self::Reader(_) => connection.execute_batch("PRAGMA query_only = ON;"),
            Self::Memory => Ok(()),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Writer(_) => "writer",
            Self::Reader(_) => "reader",
            Self::Memory => "in memory",
        })
    }
}

/// SQLite gives the files beside it the same mode.
fn make_private(path: &Path) -> Result<(), DatabaseError> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(path);
    made.map(drop).map_err(|error| DatabaseError::Unavailable(format!("{}: {error}", path.display())))
}

/// Runs `statements` in one transaction.
pub(super) fn transact(
    connection: &mut Connection,
    statements: &[Statement],
) -> Result<Vec<Vec<Row>>, DatabaseError> {
    answers(connection, statements).map_err(|error| failure(&error))
}

fn answers(connection: &mut Connection, statements: &[Statement]) -> rusqlite::Result<Vec<Vec<Row>>> {
    let transaction = connection.transaction()?;
    let mut answers = Vec::with_capacity(statements.len());
    for alike in statements.chunk_by(|one, next| one.sql == next.sql) {
        let Some(first) = alike.first() else { continue };
        let mut prepared = transaction.prepare_cached(&first.sql)?;
        for statement in alike {
            answers.push(answer(&mut prepared, &statement.params)?);
        }
    }
    transaction.commit()?;
    Ok(answers)
}

fn answer(prepared: &mut rusqlite::Statement<'_>, params: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let columns = prepared.column_count();
    let mut rows = prepared.query(params_from_iter(params.iter().map(Parameter)))?;
    let mut answer = Vec::new();
    while let Some(row) = rows.next()? {
        let values = (0..columns).map(|column| row.get_ref(column).map(value));
        answer.push(Row(values.collect::<rusqlite::Result<_>>()?));
    }
    Ok(answer)
}

struct Parameter<'a>(&'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(*integer),
            Value::Real(real) => ValueRef::Real(*real),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) | ValueRef::Blob(text) => (*String::from_utf8_lossy(text)).into(),
    }
}

/// <https://www.sqlite.org/rescode.html>
fn failure(error: &rusqlite::Error) -> DatabaseError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DatabaseError::Busy,
        Some(ErrorCode::DiskFull) => DatabaseError::Full,
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory,
        ) => DatabaseError::Unavailable(error.to_string()),
        _ => DatabaseError::Broken(error.to_string()),
    }
}
