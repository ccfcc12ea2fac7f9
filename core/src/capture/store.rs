//! The order in force and what it brought, in the database that all processes share.

use std::time::Duration;

use super::Order;
use super::order::CaptureFilter;
use crate::database::{Columns, DatabaseError, Row, Statement};
use crate::time::Timestamp;

/// So many bytes are kept of all requests together; the oldest go first.
pub(crate) const MOST_BYTES: u64 = 64 * 1024 * 1024;

const ORDER: &str = "capture_order.id, until, most - taken, channel, client_key, model";
const GIVE: &str = "INSERT INTO capture_order (id, until, most, taken, channel, client_key, model) \
    VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)";
const KEEP: &str = "INSERT OR IGNORE INTO capture (request, at, bytes, content) SELECT ?1, ?2, ?3, ?4 \
    WHERE EXISTS (SELECT 1 FROM capture_order WHERE id = ?5 AND taken < most)";
const TAKE: &str = "UPDATE capture_order SET taken = taken + 1 WHERE id = ?1 AND taken < most";
const MAKE_ROOM: &str = "DELETE FROM capture WHERE seq IN (SELECT seq FROM \
    (SELECT seq, sum(bytes) OVER (ORDER BY seq DESC) AS newer FROM capture) WHERE newer > ?1)";

/// The order in force, or the last one: rows for [`read_order`].
pub(crate) fn order() -> Statement {
    Statement::new(format!("SELECT {ORDER} FROM capture_order"))
}

/// What [`order`] found.
pub(crate) fn read_order(rows: Vec<Row>) -> Option<Order> {
    read(&mut rows.into_iter().next()?.columns()).ok()
}

fn read(columns: &mut Columns) -> Result<Order, DatabaseError> {
    Ok(Order {
        id: columns.next()?,
        until: columns.next()?,
        left: columns.next()?,
        filter: CaptureFilter {
            channel: columns.next()?,
            client_key: columns.next()?,
            model: columns.next()?,
        },
    })
}

/// Puts `order` in the place of the last one.
pub(crate) fn give(order: &Order) -> Vec<Statement> {
    let Order { id, until, left, filter } = order;
    let give = Statement::new(GIVE).bind(id.as_str()).bind(*until).bind(*left);
    let give =
        give.bind(filter.channel.as_deref()).bind(filter.client_key.as_deref()).bind(filter.model.as_deref());
    vec![revoke(), give]
}

/// Ends the order in force: also what is under way for it is not kept.
pub(crate) fn revoke() -> Statement {
    Statement::new("DELETE FROM capture_order")
}

/// Removes all that was captured.
pub(crate) fn clear() -> Statement {
    Statement::new("DELETE FROM capture")
}

/// Keeps what was captured of a request for the order of this id, unless that is revoked, or has all it wanted
/// already.
pub(crate) fn keep(order: &str, request: &str, at: Timestamp, content: String) -> Vec<Statement> {
    let bytes = content.len() as u64;
    vec![
        Statement::new(KEEP).bind(request).bind(at).bind(bytes).bind(content).bind(order),
        Statement::new(TAKE).bind(order),
        Statement::new(MAKE_ROOM).bind(MOST_BYTES),
    ]
}

/// What was captured of a request: its content, or no row.
pub(crate) fn content(request: &str) -> Statement {
    Statement::new("SELECT content FROM capture WHERE request = ?1").bind(request)
}

/// How things are.
#[derive(Debug)]
pub(crate) struct Standing {
    /// How many requests are kept, and their bytes.
    pub(crate) kept: u64,
    pub(crate) bytes: u64,
    pub(crate) order: Option<Order>,
}

/// One row for [`read_standing`].
pub(crate) fn standing() -> Statement {
    let kept = "(SELECT count(*) FROM capture), (SELECT ifnull(sum(bytes), 0) FROM capture)";
    Statement::new(format!("SELECT {kept}, {ORDER} FROM (SELECT 1) LEFT JOIN capture_order"))
}

/// What [`standing`] found.
pub(crate) fn read_standing(rows: Vec<Row>) -> Result<Standing, DatabaseError> {
    let row = rows.into_iter().next().unwrap_or(Row(Vec::new()));
    let mut columns = row.columns();
    let (kept, bytes) = (columns.next()?, columns.next()?);
    Ok(Standing { kept, bytes, order: read(&mut columns).ok() })
}

/// Removes what is older than `kept`.
pub(crate) fn forget(kept: Duration, now: Timestamp) -> Statement {
    let oldest = now.as_millis().saturating_sub(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX));
    Statement::new("DELETE FROM capture WHERE at < ?1").bind(oldest)
}
