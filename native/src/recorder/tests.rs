use causeway_core::config::{ClientKeyId, Protocol};
use causeway_core::database::{DatabaseError, Row, Statement};
use causeway_core::record::outbox::BATCH;
use causeway_core::time::Timestamp;
use tokio::time::Instant;

use super::*;
use crate::database::SqliteDatabase;

fn record(number: usize) -> Record {
    let now = SystemClock.now();
    Record::new(&format!("req_{number}"), now, Protocol::Chat, ClientKeyId::new("ck_1"), "model")
}

/// Counts what is written, and can fail.
#[derive(Clone, Debug, Default)]
struct Counting(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    requests: usize,
    folds: usize,
    failure: Option<DatabaseError>,
}

impl Counting {
    fn requests(&self) -> usize {
        self.0.lock().unwrap().requests
    }

    fn folds(&self) -> usize {
        self.0.lock().unwrap().folds
    }

    fn fail(&self, failure: Option<DatabaseError>) {
        self.0.lock().unwrap().failure = failure;
    }
}

impl Database for Counting {
    async fn write(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, DatabaseError> {
        let mut counted = self.0.lock().unwrap();
        if let Some(failure) = &counted.failure {
            return Err(failure.clone());
        }
        counted.requests +=
            statements.iter().filter(|one| one.sql.starts_with("INSERT INTO request")).count();
        counted.folds += usize::from(statements == fold());
        Ok(vec![Vec::new(); statements.len()])
    }

    async fn read(&self, _: Statement) -> Result<Vec<Row>, DatabaseError> {
        Ok(Vec::new())
    }
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_is_written_within_half_a_second() {
    let database = Counting::default();
    let recorder = NativeRecorder::start(database.clone(), Retention::default(), false);
    let began = Instant::now();
    recorder.append(record(1)).await;
    until(|| database.requests() == 1).await;
    assert!(began.elapsed() <= FLUSH_AFTER + Duration::from_millis(2));
    assert_eq!(recorder.counts(), Counts { written: 1, dropped: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_is_written_at_once() {
    let database = Counting::default();
    let recorder = NativeRecorder::start(database.clone(), Retention::default(), false);
    let began = Instant::now();
    for number in 0..BATCH {
        recorder.append(record(number)).await;
    }
    until(|| database.requests() == BATCH).await;
    assert!(began.elapsed() <= Duration::from_millis(2));
}

#[tokio::test(start_paused = true)]
async fn what_was_written_is_added_up_within_a_minute_and_then_rests() {
    let database = Counting::default();
    let recorder = NativeRecorder::start(database.clone(), Retention::default(), false);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(database.folds(), 1, "what another process left");
    recorder.append(record(1)).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    recorder.append(record(2)).await;
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(database.folds(), 2);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(database.folds(), 2);

    recorder.append(record(3)).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    database.fail(Some(DatabaseError::Busy));
    tokio::time::sleep(Duration::from_secs(50)).await;
    database.fail(None);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(database.folds(), 3, "what failed is tried again");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_is_written_again_and_counts_once() {
    let database = Counting::default();
    let recorder = NativeRecorder::start(database.clone(), Retention::default(), false);
    database.fail(Some(DatabaseError::Busy));
    recorder.append(record(1)).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    recorder.append(record(2)).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(recorder.counts(), Counts::default());
    database.fail(None);
    until(|| database.requests() == 2).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(recorder.counts(), Counts { written: 2, dropped: 0 });
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_or_wait_is_counted() {
    let database = Counting::default();
    let recorder = NativeRecorder::start(database.clone(), Retention::default(), false);
    for number in 0..10_000 {
        recorder.append(record(number)).await;
    }
    until(|| recorder.counts().written > 0).await;
    let Counts { written, dropped } = recorder.counts();
    assert_eq!(written + dropped, 10_000);
    assert!(dropped > 0, "memory is bounded");

    database.fail(Some(DatabaseError::Broken("no such table".into())));
    recorder.append(record(10_000)).await;
    until(|| recorder.counts().dropped == dropped + 1).await;
    database.fail(None);
    recorder.append(record(10_001)).await;
    until(|| recorder.counts().written == written + 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_flush_writes_what_waits() {
    let database = SqliteDatabase::in_memory();
    let recorder = NativeRecorder::start(database.clone(), Retention::default(), false);
    recorder.append(record(1)).await;
    recorder.flush(&database).await;
    let rows = database.read(Statement::new("SELECT id FROM request")).await.unwrap();
    assert_eq!(rows, [Row(vec!["req_1".into()])]);
}

#[tokio::test(start_paused = true)]
async fn retention_of_no_days_records_nothing() {
    let database = Counting::default();
    let retention = Retention { request_days: 0, ..Retention::default() };
    let recorder = NativeRecorder::start(database.clone(), retention, false);
    recorder.append(record(1)).await;
    recorder.flush(&database).await;
    assert_eq!((database.requests(), recorder.counts()), (0, Counts::default()));
}

#[tokio::test]
async fn old_records_are_removed() {
    let database = SqliteDatabase::in_memory();
    let mut old = record(1);
    old.at = Timestamp::from_millis(SystemClock.now().as_millis() - 40 * 24 * 3_600_000);
    let records = [old, record(2)];
    let batch: Batch<'_> = records.iter().collect();
    database.write(batch.into_rows().into_statements()).await.unwrap();
    let _recorder = NativeRecorder::start(database.clone(), Retention::default(), false);
    loop {
        let rows = database.read(Statement::new("SELECT id FROM request")).await.unwrap();
        if rows == [Row(vec!["req_2".into()])] {
            return;
        }
        tokio::task::yield_now().await;
    }
}
