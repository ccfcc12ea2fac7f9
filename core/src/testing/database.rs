//! What every database has to do, and one in memory.

// SQLite is C: it is not built for the Worker, which has its own.
#[cfg(not(target_family = "wasm"))]
mod memory;

#[cfg(not(target_family = "wasm"))]
pub use memory::MemoryDatabase;

use crate::config::{ClientKeyId, Protocol};
use crate::database::{Row, Statement, Value};
use crate::platform::Database;
use crate::record::batch::Batch;
use crate::record::{Record, fold};
use crate::time::Timestamp;

/// What every database has to do. `database` is of the present version and used by nobody else; the panic says what it
/// got wrong.
pub async fn check_database(database: &impl Database) {
    let prepare = "CREATE TABLE conformance (number INTEGER UNIQUE, real REAL, text TEXT)";
    let prepared = database.write(vec![Statement::new(prepare)]).await;
    assert!(prepared.is_ok(), "a table can be made: {prepared:?}");
    check_values(database).await;
    check_transactions(database).await;
    check_sums(database).await;
    let dropped = database.write(vec![Statement::new("DROP TABLE conformance")]).await;
    assert!(dropped.is_ok(), "a table can be dropped: {dropped:?}");
    let schema = database.read(Statement::new("SELECT count(*) FROM schema_version")).await;
    let version = schema.ok().and_then(|rows| rows.into_iter().next()?.columns().next::<u64>().ok());
    assert!(version > Some(0), "it is of the present version");
}

async fn check_values(database: &impl Database) {
    const FAR: i64 = 9_007_199_254_740_991;
    let rows = [
        (Value::Integer(FAR), Value::Real(0.5), Value::Text("two\nlines, 'quoted' \u{1f600}".into())),
        (Value::Integer(-FAR), Value::Real(-1.0e-9), Value::Text("".into())),
        (Value::Null, Value::Null, Value::Null),
    ];
    let insert = "INSERT INTO conformance VALUES (?1, ?2, ?3)";
    let inserts = rows
        .iter()
        .cloned()
        .map(|(number, real, text)| Statement { sql: insert.into(), params: vec![number, real, text] });
    let written = database.write(inserts.collect()).await;
    assert_eq!(written, Ok(vec![vec![]; rows.len()]), "every statement has its answer");
    let select = "SELECT number, real, text FROM conformance ORDER BY rowid";
    let read = database.read(Statement::new(select)).await;
    let expected = rows.map(|(number, real, text)| Row(vec![number, real, text]));
    assert_eq!(read, Ok(expected.to_vec()), "what was written is read");
    let returned =
        Statement::new("UPDATE conformance SET real = 2 WHERE number = ?1 RETURNING number, real").bind(FAR);
    let answers = database.write(vec![returned]).await.unwrap_or_default();
    let row = answers.into_iter().flatten().next().map(Row::columns);
    let number = row.and_then(|mut columns| Some((columns.next().ok()?, columns.next().ok()?)));
    assert_eq!(number, Some((FAR, 2.0)), "what a write returns is read, each column as its type");
}

/// The longest statements there are, run for two requests.
async fn check_sums(database: &impl Database) {
    let at = Timestamp::from_millis(1_795_000_000_000);
    for id in ["req_1", "req_2"] {
        let record = Record::new(id, at, Protocol::Chat, ClientKeyId::new("ck_1"), "model");
        let batch: Batch<'_> = [&record].into_iter().collect();
        let written = database.write(batch.into_rows().into_statements()).await;
        assert!(written.is_ok(), "a request can be recorded: {written:?}");
        let folded = database.write(fold()).await;
        assert!(folded.is_ok(), "sums can be folded: {folded:?}");
    }
    let sums = "SELECT span, requests FROM rollup WHERE dimension = 'all' ORDER BY span";
    let sums = database.read(Statement::new(sums)).await;
    let two = |span: u64| Row(vec![span.into(), 2_u64.into()]);
    assert_eq!(sums, Ok([0, 60_000, 3_600_000, 86_400_000].map(two).to_vec()), "every period holds both");
    let places = database.read(Statement::new("SELECT at, place FROM request ORDER BY seq")).await;
    let at = |place: u64| Row(vec![at.into(), place.into()]);
    assert_eq!(places, Ok([0, 1].map(at).to_vec()), "one stands behind the other");
    let forget = ["DELETE FROM request", "DELETE FROM rollup"].map(Statement::new);
    let forgotten = database.write(forget.into()).await;
    assert!(forgotten.is_ok(), "both can be deleted: {forgotten:?}");
}

async fn check_transactions(database: &impl Database) {
    let count = async || {
        let rows = database.read(Statement::new("SELECT count(*) FROM conformance")).await;
        rows.ok().and_then(|rows| rows.into_iter().next()?.columns().next::<u64>().ok())
    };
    let insert = |number: i64| Statement::new("INSERT INTO conformance (number) VALUES (?1)").bind(number);
    let before = count().await;
    let failed = database.write(vec![insert(1), insert(1)]).await;
    assert!(failed.is_err(), "a broken constraint is an error");
    assert_eq!(count().await, before, "of statements of which one fails none is done");
    let wrong = database.read(Statement::new("SELECT nothing FROM nowhere")).await;
    assert!(wrong.is_err(), "a wrong statement is an error");
    let done = database.write(vec![insert(1), insert(2)]).await;
    assert!(done.is_ok(), "it goes on after errors: {done:?}");
    assert_eq!(count().await, before.map(|before| before + 2), "and does all of a good write");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_in_memory_does_what_a_database_has_to() {
        futures::executor::block_on(check_database(&MemoryDatabase::new()));
    }
}
