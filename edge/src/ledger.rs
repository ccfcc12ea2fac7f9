//! The Durable Object that holds the database.

pub(crate) mod link;
mod sql;

use std::cell::Cell;

use causeway_core::database::{DatabaseError, Row, Statement, migrate};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object, wasm_bindgen};

/// What an answer's status says of an error.
const FULL: u16 = 507;
const BROKEN: u16 = 422;
const UNAVAILABLE: u16 = 503;

#[durable_object]
pub struct LedgerObject {
    state: State,
    /// Whether the tables are known to be of the present version.
    migrated: Cell<bool>,
}

impl DurableObject for LedgerObject {
    fn new(state: State, _env: Env) -> Self {
        Self { state, migrated: Cell::new(false) }
    }

    /// Statements in, the answer of each out, both in JSON.
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let statements: Vec<Statement> = serde_json::from_slice(&request.bytes().await?)?;
        match self.run(&statements) {
            Ok(answers) => Response::ok(serde_json::to_string(&answers)?),
            Err(error) => Response::error(detail(&error), status(&error)),
        }
    }
}

impl LedgerObject {
    fn run(&self, statements: &[Statement]) -> std::result::Result<Vec<Vec<Row>>, DatabaseError> {
        let storage = self.state.storage();
        if !self.migrated.get() {
            migrate(|statements| sql::transact(&storage, statements))?;
            self.migrated.set(true);
        }
        sql::transact(&storage, statements)
    }
}

const fn status(error: &DatabaseError) -> u16 {
    match error {
        DatabaseError::Full => FULL,
        DatabaseError::Broken(_) => BROKEN,
        DatabaseError::Busy | DatabaseError::Unavailable(_) => UNAVAILABLE,
    }
}

fn detail(error: &DatabaseError) -> String {
    match error {
        DatabaseError::Broken(detail) | DatabaseError::Unavailable(detail) => detail.clone(),
        DatabaseError::Full | DatabaseError::Busy => String::new(),
    }
}
