//! Every write leaves a row: who did what, and what it changed. Rows with a version are the configuration's history.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::Request;

use super::Context;
use super::session::Actor;
use crate::config::Version;
use crate::config::difference::{Difference, between};
use crate::config::document::Document;
use crate::config::seal::SealError;
use crate::config::secret_key::SecretKeys;
use crate::database::{DatabaseError, Statement};
use crate::platform::{Clock, Database, Entropy, Platform};

/// So many rows are kept, and of so many versions the whole document.
const ROWS: u64 = 10_000;
const DOCUMENTS: u64 = 100;
/// A longer list of changes is kept without the fields.
const LONGEST_CHANGES: usize = 256 * 1024;
/// A longer document does not fit into a column.
const LONGEST_DOCUMENT: usize = 1_900_000;

const INSERT: &str = "INSERT INTO change (at, actor, address, method, path, changes, version, document) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const LAST: &str = "SELECT version, document FROM change WHERE version IS NOT NULL ORDER BY seq DESC LIMIT 1";
const FORGET: &str = "DELETE FROM change WHERE seq <= (SELECT max(seq) FROM change) - ?1";
const THIN_OUT: &str = "UPDATE change SET document = NULL WHERE document IS NOT NULL AND seq <= \
                        (SELECT seq FROM change WHERE document IS NOT NULL ORDER BY seq DESC LIMIT 1 OFFSET ?1)";

/// What the request at hand changed; one for each request.
#[derive(Debug, Default)]
pub struct Journal {
    /// Of the configuration.
    replaced: Mutex<Option<Replaced>>,
    /// Of something else.
    other: Mutex<Vec<Difference>>,
}

#[derive(Debug)]
struct Replaced {
    before: Document,
    after: Document,
}

impl Journal {
    /// Notes that `after` was stored in the place of `before`.
    pub(super) fn note(&self, before: Document, after: &Document) {
        let mut noted = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        let before = noted.take().map_or(before, |earlier| earlier.before);
        *noted = Some(Replaced { before, after: after.clone() });
    }

    /// Notes something that is no part of the configuration.
    pub(super) fn tell(&self, difference: Difference) {
        self.other.lock().unwrap_or_else(PoisonError::into_inner).push(difference);
    }

    fn take_other(&self) -> Vec<Difference> {
        std::mem::take(&mut self.other.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self) -> Option<Replaced> {
        let noted = self.replaced.lock().unwrap_or_else(PoisonError::into_inner).take();
        noted.filter(|Replaced { before, after }| before.version() != after.version())
    }
}

/// Writes the row of a request that was served. A request that changed nothing has one unless it is only `asking`.
pub(super) async fn record<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    actor: Actor,
    asking: bool,
) -> Result<(), DatabaseError> {
    let replaced = context.journal.take();
    if replaced.is_none() && asking {
        return Ok(());
    }
    let mut statements = Vec::new();
    let mut row = Row {
        actor,
        address: context.client_address.map(|address| address.to_string()),
        method: request.method().as_str(),
        path: request.uri().path(),
        changes: told(context.journal.take_other()),
        version: None,
        document: None,
    };
    if let Some(Replaced { before, after }) = replaced {
        statements.extend(unseen(context, &before).await?);
        row.changes = told(between(&before, &after));
        row.version = Some(after.version());
        row.document = kept(context, after);
    }
    statements.push(row.insert(context));
    statements.push(Statement::new(FORGET).bind(ROWS));
    statements.push(Statement::new(THIN_OUT).bind(DOCUMENTS));
    context.platform.database().write(statements).await.map(drop)
}

/// The row of a change that came from elsewhere, such as an edit of the file: it shows when the next write finds
/// another configuration than the last one left.
async fn unseen<P: Platform>(
    context: &Context<'_, P>,
    before: &Document,
) -> Result<Option<Statement>, DatabaseError> {
    let last = context.platform.database().read(Statement::new(LAST)).await?.into_iter().next();
    let (version, document) = match last {
        Some(last) => {
            let mut columns = last.columns();
            (Some(columns.next::<String>()?), columns.next::<Option<String>>()?)
        }
        None => (None, None),
    };
    if version.as_deref() == Some(before.version().as_str()) {
        return Ok(None);
    }
    let known = document.and_then(|document| opened(&document, context.secrets).ok());
    let row = Row {
        actor: Actor::Outside,
        address: None,
        method: "",
        path: "",
        changes: told(known.map(|known| between(&known, before)).unwrap_or_default()),
        version: Some(before.version()),
        document: kept(context, before.clone()),
    };
    Ok(Some(row.insert(context)))
}

struct Row<'a> {
    actor: Actor,
    address: Option<String>,
    method: &'a str,
    path: &'a str,
    changes: String,
    version: Option<Version>,
    document: Option<String>,
}

impl Row<'_> {
    fn insert<P: Platform>(self, context: &Context<'_, P>) -> Statement {
        Statement::new(INSERT)
            .bind(context.platform.clock().now().as_millis())
            .bind(self.actor.as_str())
            .bind(self.address)
            .bind(self.method)
            .bind(self.path)
            .bind(self.changes)
            .bind(self.version.map(|version| version.to_string()))
            .bind(self.document)
    }
}

fn told(mut differences: Vec<Difference>) -> String {
    let text =
        |differences: &[Difference]| serde_json::to_string(differences).unwrap_or_else(|_| "[]".into());
    let whole = text(&differences);
    if whole.len() <= LONGEST_CHANGES {
        return whole;
    }
    for difference in &mut differences {
        difference.before.clear();
        difference.after.clear();
    }
    text(&differences)
}

/// `None`: too long to be kept.
fn kept<P: Platform>(context: &Context<'_, P>, document: Document) -> Option<String> {
    let mut random = |bytes: &mut [u8]| context.platform.entropy().fill(bytes);
    sealed(document, context.secrets, &mut random).filter(|text| text.len() <= LONGEST_DOCUMENT)
}

/// As a row has it.
fn sealed(mut document: Document, secrets: &SecretKeys, random: &mut dyn FnMut(&mut [u8])) -> Option<String> {
    document.seal_keys(&secrets.newest, random).ok()?;
    serde_json::to_string(&document).ok()
}

/// The document of a row.
pub(super) fn opened(document: &str, secrets: &SecretKeys) -> Result<Document, SealError> {
    let mut document = Document::parse(document.as_bytes()).map_err(|_| SealError::Malformed)?;
    document.open_keys(secrets)?;
    Ok(document)
}

/// What came of sealing the history anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    pub documents: u64,
    /// Documents that no key at hand opens.
    pub shut: u64,
}

/// Seals every document of the history with the newest of `secrets`.
///
/// # Errors
/// Those of the database; then all is as it was.
pub async fn reseal(
    database: &impl Database,
    secrets: &SecretKeys,
    random: &mut (dyn FnMut(&mut [u8]) + Send),
) -> Result<Resealed, DatabaseError> {
    let mut resealed = Resealed::default();
    let mut statements = Vec::new();
    for row in
        database.read(Statement::new("SELECT seq, document FROM change WHERE document IS NOT NULL")).await?
    {
        let mut columns = row.columns();
        let (seq, document) = (columns.next::<u64>()?, columns.next::<String>()?);
        let opened = opened(&document, secrets).ok();
        let Some(sealed) = opened.and_then(|document| sealed(document, secrets, random)) else {
            resealed.shut += 1;
            continue;
        };
        resealed.documents += 1;
        statements
            .push(Statement::new("UPDATE change SET document = ?1 WHERE seq = ?2").bind(sealed).bind(seq));
    }
    database.write(statements).await?;
    Ok(resealed)
}
