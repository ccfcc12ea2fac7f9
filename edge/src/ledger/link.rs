//! The way from an isolate to the object.

use causeway_core::codec::json;
use causeway_core::database::{DatabaseError, Row, Statement};
use causeway_core::platform::Database;
use causeway_core::record::batch::Rows;
use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::{Method, ObjectNamespace, Request, RequestInit, Response, Result};

use super::{BROKEN, FULL, LIVE, RECORDS, STATEMENTS};

/// There is one object for all that a deployment records.
const NAME: &str = "ledger";

/// Implements [`Database`] with calls to the object.
#[derive(Clone, Debug)]
pub(crate) struct LedgerLink(pub(crate) ObjectNamespace);

impl LedgerLink {
    /// Writes a batch of records.
    ///
    /// # Errors
    /// When none of them was written.
    pub(crate) async fn record(&self, rows: &Rows) -> std::result::Result<(), DatabaseError> {
        let body = serde_json::to_string(rows).map_err(|error| unavailable(&error.into()))?;
        self.ask(RECORDS, body).await.map(drop)
    }

    /// A WebSocket that tells what happens, or why there is none; whoever gets it may watch.
    pub(crate) async fn watch(&self) -> Result<Response> {
        let init = RequestInit::new();
        init.headers.set("upgrade", "websocket")?;
        let request = Request::new_with_init(&format!("https://{NAME}{LIVE}"), &init)?;
        self.0.get_by_name(NAME)?.fetch_with_request(request).await
    }

    async fn ask(&self, path: &str, body: String) -> std::result::Result<Vec<Vec<Row>>, DatabaseError> {
        self.call(path, body).await.unwrap_or_else(|error| Err(unavailable(&error)))
    }

    async fn call(
        &self,
        path: &str,
        body: String,
    ) -> Result<std::result::Result<Vec<Vec<Row>>, DatabaseError>> {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(body.into()));
        let request = Request::new_with_init(&format!("https://{NAME}{path}"), &init)?;
        let mut answer = self.0.get_by_name(NAME)?.fetch_with_request(request).await?;
        let text = answer.text().await?;
        Ok(match answer.status_code() {
            200 => Ok(json::from_str(&text)?),
            FULL => Err(DatabaseError::Full),
            BROKEN => Err(DatabaseError::Broken(text)),
            _ => Err(DatabaseError::Unavailable(text)),
        })
    }
}

/// An answer of the database that is on its way. Behind a pointer, so that not every place that waits for one has a copy
/// of the way to it.
type Answer<'a, T> = BoxFuture<'a, std::result::Result<T, DatabaseError>>;

impl Database for LedgerLink {
    fn write(
        &self,
        statements: Vec<Statement>,
    ) -> impl Future<Output = std::result::Result<Vec<Vec<Row>>, DatabaseError>> + Send {
        let answer: Answer<'_, _> = Box::pin(SendFuture::new(async move {
            let body = serde_json::to_string(&statements).map_err(|error| unavailable(&error.into()))?;
            self.ask(STATEMENTS, body).await
        }));
        answer
    }

    fn read(
        &self,
        statement: Statement,
    ) -> impl Future<Output = std::result::Result<Vec<Row>, DatabaseError>> + Send {
        let answer: Answer<'_, _> = Box::pin(async move {
            let answers = self.write(vec![statement]).await?;
            Ok(answers.into_iter().flatten().collect())
        });
        answer
    }
}

fn unavailable(error: &worker::Error) -> DatabaseError {
    DatabaseError::Unavailable(error.to_string())
}
