//! The way from an isolate to the object.

use causeway_core::database::{DatabaseError, Row, Statement};
use causeway_core::platform::Database;
use worker::{Method, ObjectNamespace, Request, RequestInit, Result};

use super::{BROKEN, FULL};

/// There is one object for all that a deployment records.
const NAME: &str = "ledger";

/// Implements [`Database`] with calls to the object.
#[derive(Clone, Debug)]
pub(crate) struct LedgerLink(pub(crate) ObjectNamespace);

impl LedgerLink {
    async fn call(
        &self,
        statements: &[Statement],
    ) -> Result<std::result::Result<Vec<Vec<Row>>, DatabaseError>> {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(serde_json::to_string(statements)?.into()));
        let request = Request::new_with_init(&format!("https://{NAME}/"), &init)?;
        let mut answer = self.0.get_by_name(NAME)?.fetch_with_request(request).await?;
        let text = answer.text().await?;
        Ok(match answer.status_code() {
            200 => Ok(serde_json::from_str(&text)?),
            FULL => Err(DatabaseError::Full),
            BROKEN => Err(DatabaseError::Broken(text)),
            _ => Err(DatabaseError::Unavailable(text)),
        })
    }
}

impl Database for LedgerLink {
    #[worker::send]
    async fn write(&self, statements: Vec<Statement>) -> std::result::Result<Vec<Vec<Row>>, DatabaseError> {
        let answered = self.call(&statements).await;
        answered.unwrap_or_else(|error| Err(DatabaseError::Unavailable(error.to_string())))
    }

    #[worker::send]
    async fn read(&self, statement: Statement) -> std::result::Result<Vec<Row>, DatabaseError> {
        let answers = self.write(vec![statement]).await?;
        Ok(answers.into_iter().flatten().collect())
    }
}
