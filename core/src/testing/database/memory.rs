//! A database in memory.

use std::sync::{Mutex, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

use crate::database::{DatabaseError, Row, Statement, Value, migrate};
use crate::platform::Database;

/// SQLite in memory, which can be told to fail.
#[derive(Debug)]
pub struct MemoryDatabase {
    connection: Mutex<Connection>,
    failure: Mutex<Option<DatabaseError>>,
}

impl MemoryDatabase {
    /// Of the present version.
    ///
    /// # Panics
    /// When the tables cannot be made.
    pub fn new() -> Self {
        let database = Self::empty();
        let migrated = migrate(|statements| database.run(statements));
        assert_eq!(migrated, Ok(()), "the tables can be made");
        database
    }

    /// Without any table.
    ///
    /// # Panics
    /// When SQLite has no memory.
    pub fn empty() -> Self {
        let opened = Connection::open_in_memory().map(Mutex::new);
        #[expect(clippy::expect_used, reason = "a test without memory fails")]
        let connection = opened.expect("SQLite opens in memory");
        Self { connection, failure: Mutex::default() }
    }

    /// From now on every call fails with `failure`, or none.
    pub fn fail(&self, failure: Option<DatabaseError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Runs `statements` in one transaction.
    ///
    /// # Errors
    /// The one it was told to fail with, or SQLite's.
    pub fn run(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>, DatabaseError> {
        if let Some(failure) = &*self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure.clone());
        }
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        transact(&mut connection, statements).map_err(|error| DatabaseError::Broken(error.to_string()))
    }
}

impl Default for MemoryDatabase {
    fn default() -> Self {
        Self::new()
    }
}

impl Database for MemoryDatabase {
    async fn write(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, DatabaseError> {
        self.run(&statements)
    }

    async fn read(&self, statement: Statement) -> Result<Vec<Row>, DatabaseError> {
        self.run(&[statement]).map(|answers| answers.into_iter().flatten().collect())
    }
}

fn transact(connection: &mut Connection, statements: &[Statement]) -> rusqlite::Result<Vec<Vec<Row>>> {
    let transaction = connection.transaction()?;
    let mut answers = Vec::with_capacity(statements.len());
    for statement in statements {
        answers.push(answer(&transaction, statement)?);
    }
    transaction.commit()?;
    Ok(answers)
}

fn answer(connection: &Connection, statement: &Statement) -> rusqlite::Result<Vec<Row>> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    let columns = prepared.column_count();
    let mut rows = prepared.query(params_from_iter(statement.params.iter().map(bound)))?;
    let mut answer = Vec::new();
    while let Some(row) = rows.next()? {
        let values = (0..columns).map(|column| row.get_ref(column).map(value));
        answer.push(Row(values.collect::<rusqlite::Result<_>>()?));
    }
    Ok(answer)
}

fn bound(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(integer) => (*integer).into(),
        Value::Real(real) => (*real).into(),
        Value::Text(text) => text.to_string().into(),
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
