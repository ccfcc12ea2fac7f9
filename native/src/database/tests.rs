use std::fs;

use causeway_core::testing::database::check_database;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

fn file() -> (TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("causeway.db");
    (directory, path)
}

async fn version(database: &SqliteDatabase) -> Result<u64, DatabaseError> {
    let rows = database.read(Statement::new("SELECT count(*) FROM schema_version")).await?;
    rows.into_iter().next().unwrap().columns().next()
}

fn insert(text: &str) -> Vec<Statement> {
    vec![Statement::new("INSERT INTO note (text) VALUES (?1)").bind(text)]
}

async fn with_table(path: &Path) -> SqliteDatabase {
    let database = SqliteDatabase::open(path);
    database.write(vec![Statement::new("CREATE TABLE note (text TEXT)")]).await.unwrap();
    database
}

#[tokio::test]
async fn it_does_what_a_database_has_to() {
    let (_directory, path) = file();
    check_database(&SqliteDatabase::in_memory()).await;
    check_database(&SqliteDatabase::open(&path)).await;
}

#[tokio::test]
async fn the_first_question_finds_the_tables() {
    let (_directory, path) = file();
    assert!(version(&SqliteDatabase::open(&path)).await.unwrap() > 0);
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let (_directory, path) = file();
    with_table(&path).await.write(insert("kept")).await.unwrap();
    let again = SqliteDatabase::open(&path);
    again.write(insert("too")).await.unwrap();
    assert_eq!(again.read(Statement::new("SELECT text FROM note")).await.unwrap().len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, path) = file();
    let database = with_table(&path).await;
    database.write(insert("x")).await.unwrap();
    let files: Vec<_> = fs::read_dir(directory.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_told_and_left_alone_until_it_is_replaced() {
    let (_directory, path) = file();
    let damaged = "this is no database ".repeat(500);
    fs::write(&path, &damaged).unwrap();
    let database = SqliteDatabase::open(&path);
    let refused = database.write(insert("x")).await;
    assert!(matches!(refused, Err(DatabaseError::Broken(_))), "{refused:?}");
    assert!(version(&database).await.is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), damaged);

    fs::remove_file(&path).unwrap();
    database.write(vec![Statement::new("CREATE TABLE note (text TEXT)")]).await.unwrap();
    assert!(version(&database).await.unwrap() > 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_told_and_made_later() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let database = SqliteDatabase::open(&missing.join("causeway.db"));
    let refused = database.write(Vec::new()).await;
    assert!(matches!(refused, Err(DatabaseError::Unavailable(_))), "{refused:?}");
    fs::create_dir(&missing).unwrap();
    database.write(Vec::new()).await.unwrap();
    assert!(version(&database).await.unwrap() > 0);
}

#[tokio::test]
async fn who_else_writes_makes_a_write_fail_and_a_read_not_wait() {
    let (_directory, path) = file();
    let database = with_table(&path).await;
    database.write(insert("before")).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; DELETE FROM note;").unwrap();
    assert_eq!(database.read(Statement::new("SELECT text FROM note")).await.unwrap().len(), 1);
    assert_eq!(database.write(insert("meanwhile")).await, Err(DatabaseError::Busy));
    other.execute_batch("COMMIT").unwrap();
    database.write(insert("after")).await.unwrap();
    assert_eq!(database.read(Statement::new("SELECT text FROM note")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_all_as_it_was() {
    let (_directory, path) = file();
    let database = with_table(&path).await;
    let pages = Statement::new("PRAGMA page_count");
    let pages: u64 = database.read(pages).await.unwrap().remove(0).columns().next().unwrap();
    let limit = |pages: u64| vec![Statement::new(format!("PRAGMA max_page_count = {pages}"))];
    database.write(limit(pages)).await.unwrap();
    let large = "x".repeat(1_000_000);
    assert_eq!(database.write([insert("first"), insert(&large)].concat()).await, Err(DatabaseError::Full));
    assert_eq!(database.read(Statement::new("SELECT text FROM note")).await.unwrap(), []);
    database.write(limit(pages + 1000)).await.unwrap();
    database.write(insert(&large)).await.unwrap();
}

#[tokio::test]
async fn who_reads_cannot_write() {
    let (_directory, path) = file();
    let database = with_table(&path).await;
    assert!(database.read(Statement::new("DELETE FROM note RETURNING text")).await.is_err());
}
