//! Statements for a gateway's one SQL database, and what comes back.
//!
//! The text is core's and the same everywhere; a shell runs it, by SQLite on the server and in a Durable Object.
//! What both take: at most 100 parameters a statement and 100 columns a table, values below 2 MB, and integers
//! within 2^53 on either side of zero. Transactions are the shell's: no text begins or ends one.

mod schema;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use self::schema::migrate;
pub use self::value::{Column, Value};

/// One SQL statement with its parameters, `?1` being the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    pub sql: Cow<'static, str>,
    pub params: Vec<Value>,
}

impl Statement {
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), params: Vec::new() }
    }

    /// Adds the next parameter.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.params.push(value.into());
        self
    }
}

/// One row of an answer, in the order of the statement's columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// Reads the columns from the left.
    pub fn columns(self) -> Columns {
        Columns { values: self.0.into_iter(), read: 0 }
    }
}

/// What is left of a row.
#[derive(Debug)]
pub struct Columns {
    values: std::vec::IntoIter<Value>,
    read: usize,
}

impl Columns {
    /// The next column.
    ///
    /// # Errors
    /// [`DatabaseError::Broken`] when there is none, or it holds something else.
    #[expect(
        clippy::should_implement_trait,
        reason = "each column has a type of its own, so it is no iterator"
    )]
    pub fn next<T: Column>(&mut self) -> Result<T, DatabaseError> {
        self.read += 1;
        let value = self.values.next().and_then(T::read);
        value.ok_or_else(|| DatabaseError::Broken(format!("column {} is not what was asked for", self.read)))
    }
}

/// Why statements were not run; of those of a [`write`](crate::platform::Database::write) none was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// There is no database, or no way to it: it may come back.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// Another process holds it: the same may succeed later.
    #[error("the database is locked")]
    Busy,
    /// Nothing can be written before room is made.
    #[error("the disk is full")]
    Full,
    /// The file is damaged, or the statement is wrong: the same will fail again.
    #[error("the database failed: {0}")]
    Broken(String),
}
