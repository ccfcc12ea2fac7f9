//! Statements on an object's own SQLite: <https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/>.

use causeway_core::database::{DatabaseError, Row, Statement, Value};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{self, JsCast, JsValue};
use worker::{SqlStorage, SqlStorageValue, Storage, js_sys};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = js_sys::Object)]
    type Transactions;

    /// Calls `work`, and undoes what it did if it throws.
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Transactions,
        work: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<(), JsValue>;
}

/// Runs `statements` in one transaction.
pub(super) fn transact(storage: &Storage, statements: &[Statement]) -> Result<Vec<Vec<Row>>, DatabaseError> {
    let sql = storage.sql();
    let mut outcome = Ok(Vec::new());
    let mut work = || {
        outcome = statements.iter().map(|statement| answer(&sql, statement)).collect();
        outcome.as_ref().map(drop).map_err(|error| JsValue::from_str(&error.to_string()))
    };
    let transactions: &Transactions = storage.as_raw().unchecked_ref();
    let done = transactions.transaction_sync(&mut work);
    let answers = outcome.map_err(|error| failure(error.to_string()))?;
    done.map_err(|error| failure(error.as_string().unwrap_or_default()))?;
    Ok(answers)
}

fn answer(sql: &SqlStorage, statement: &Statement) -> worker::Result<Vec<Row>> {
    let params: Vec<_> = statement.params.iter().map(parameter).collect();
    let rows = sql.exec(&statement.sql, params)?.raw();
    rows.map(|row| Ok(Row(row?.into_iter().map(value).collect()))).collect()
}

fn parameter(value: &Value) -> SqlStorageValue {
    match value {
        Value::Null => SqlStorageValue::Null,
        Value::Integer(integer) => SqlStorageValue::Integer(*integer),
        Value::Real(real) => SqlStorageValue::Float(*real),
        Value::Text(text) => SqlStorageValue::String(text.to_string()),
    }
}

/// Core's tables hold no bytes.
fn value(value: SqlStorageValue) -> Value {
    match value {
        SqlStorageValue::Null | SqlStorageValue::Blob(_) => Value::Null,
        SqlStorageValue::Boolean(truth) => truth.into(),
        SqlStorageValue::Integer(integer) => integer.into(),
        SqlStorageValue::Float(real) => real.into(),
        SqlStorageValue::String(text) => text.into(),
    }
}

/// The runtime puts SQLite's code into the text.
fn failure(text: String) -> DatabaseError {
    if text.contains("SQLITE_FULL") { DatabaseError::Full } else { DatabaseError::Broken(text) }
}
