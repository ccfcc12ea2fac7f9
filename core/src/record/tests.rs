use std::time::Duration;

use http::StatusCode;

use super::batch::Batch;
use super::query::{self, Cursor, Filter, StatusFilter};
use super::retention::Retention;
use super::rollup::{Dimension, Tally};
use super::stats::{self, Range};
use super::{Attempt, Record, fold};
use crate::config::{ChannelId, ClientKeyId, KeyId, Protocol};
use crate::database::{Column, DatabaseError, Row, Statement};
use crate::ir::Usage;
use crate::schedule::{Class, Rule};
use crate::testing::database::MemoryDatabase;
use crate::time::Timestamp;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Some full hour.
const START: u64 = 500_000 * HOUR;

fn attempt(channel: &str, class: Class) -> Attempt {
    Attempt {
        at: Timestamp::from_millis(START + 5),
        channel: ChannelId::new(channel),
        key: KeyId::new(format!("k_{channel}")),
        endpoint: "https://upstream.example".into(),
        protocol: Protocol::Messages,
        model: "sent".into(),
        class,
        rule: Rule::Priority,
        considered: [].into(),
        status: None,
        first_byte: Some(Timestamp::from_millis(START + 50)),
        first_content: None,
        duration: Duration::from_millis(90),
        message: Some(format!("said by {channel}")),
    }
}

/// A request that failed at `a` and was served by `b`.
fn record(id: &str) -> Record {
    let at = Timestamp::from_millis(START);
    let mut record = Record::new(id, at, Protocol::Chat, ClientKeyId::new("ck_1"), "asked");
    record.attempts = vec![attempt("a", Class::Overload), attempt("b", Class::Success)];
    record.first_content = Some(Duration::from_millis(60));
    record.duration = Duration::from_millis(95);
    record.usage = Some(Usage { input: Some(10), output: Some(3), ..Usage::default() });
    record
}

fn write(database: &MemoryDatabase, records: &[Record]) -> Result<(), DatabaseError> {
    let mut batch = Batch::default();
    records.iter().for_each(|record| batch.add(record));
    database.run(&batch.into_rows().into_statements()).map(drop)
}

fn table(database: &MemoryDatabase, dimension: Dimension, range: Range) -> Vec<(String, Tally)> {
    let rows = database.run(&[range.table(dimension, 10)]).unwrap().remove(0);
    let read = |row: Row| {
        let mut columns = row.columns();
        (columns.next().unwrap(), Tally::read(&mut columns).unwrap())
    };
    rows.into_iter().map(read).collect()
}

fn count(database: &MemoryDatabase, table: &str) -> u64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let answer = database.run(&[Statement::new(sql)]).unwrap().remove(0).remove(0);
    u64::read(answer.0[0].clone()).unwrap()
}

fn last_hour() -> Range {
    let now = Timestamp::from_millis(START + HOUR / 2);
    Range::of(Duration::from_secs(3600), now, now)
}

#[test]
fn a_batch_leaves_requests_attempts_and_sums() {
    let database = MemoryDatabase::new();
    let mut failed = record("req_2");
    failed.status = StatusCode::BAD_GATEWAY;
    failed.attempts.pop();
    failed.usage = None;
    let mut gone = record("req_3");
    gone.attempts[1].class = Class::ClientGone;
    write(&database, &[record("req_1"), failed, gone]).unwrap();
    assert_eq!(count(&database, "request"), 3);
    let attempts = "SELECT sum(json_array_length(attempt_log)), sum(attempts) FROM request";
    let attempts = database.run(&[Statement::new(attempts)]).unwrap().remove(0).remove(0);
    assert_eq!(attempts.0, [5_u64.into(), 5_u64.into()]);

    let all = table(&database, Dimension::All, last_hour());
    let [(_, Tally { sums: [requests, failed, gone, attempts, failed_attempts, input, ..], duration, .. })] =
        all.as_slice()
    else {
        panic!("{all:?}");
    };
    assert_eq!([requests, failed, gone, attempts, failed_attempts, input], [&3, &1, &1, &5, &3, &20]);
    assert_eq!(duration.count(), 1, "how long failures take says nothing of answers");

    for (channel, sums) in [("b", [2, 0, 1, 2, 0]), ("a", [1, 1, 0, 3, 3])] {
        let channels = table(&database, Dimension::Channel, last_hour());
        let (_, tally) = channels.iter().find(|(value, _)| value == channel).unwrap();
        assert_eq!(
            tally.sums[..5],
            sums,
            "requests go to who ended them, attempts to who made them: {channel}"
        );
    }
}

#[test]
fn sums_of_later_batches_are_added() {
    let database = MemoryDatabase::new();
    write(&database, &[record("req_1")]).unwrap();
    write(&database, &[record("req_2")]).unwrap();
    let tally = &table(&database, Dimension::Model, last_hour())[0];
    assert_eq!((tally.0.as_str(), tally.1.sums[0]), ("asked", 2));
    let series = database.run(&[last_hour().series()]).unwrap().remove(0);
    assert_eq!(series.len(), 1, "buckets without requests are left out");
    let mut columns = series[0].clone().columns();
    assert_eq!(columns.next::<u64>(), Ok(START));
    assert_eq!(Tally::read(&mut columns).unwrap().sums[0], 2);
}

#[test]
fn hours_and_days_hold_what_their_minutes_hold() {
    let database = MemoryDatabase::new();
    let records = (0..90).map(|minute| {
        let mut record = record(&format!("req_{minute}"));
        record.at = Timestamp::from_millis(START + minute * 60_000);
        record
    });
    write(&database, &records.collect::<Vec<_>>()).unwrap();
    let range = |since, until, width| Range {
        since: Timestamp::from_millis(since),
        until: Timestamp::from_millis(until),
        width,
    };
    let day = START / DAY * DAY;
    let dimensions =
        [Dimension::All, Dimension::Channel, Dimension::Key, Dimension::ClientKey, Dimension::Protocol];
    database.run(&fold()).unwrap();
    for dimension in dimensions {
        let [minutes, hours, days] = [
            // A minute short of whole hours on either side.
            range(START - HOUR + 60_000, START + 3 * HOUR - 60_000, 60_000),
            range(START - HOUR, START + 3 * HOUR, HOUR),
            range(day - DAY, day + 2 * DAY, HOUR),
        ]
        .map(|range| table(&database, dimension, range));
        assert!(!minutes.is_empty());
        assert_eq!(minutes, hours);
        assert_eq!(hours, days);
    }
}

#[test]
fn requests_of_one_millisecond_find_a_place_whatever_else_is_written() {
    let database = MemoryDatabase::new();
    let capture = "INSERT INTO capture (request, at, bytes, content) VALUES (?1, 1, 1, '')";
    for number in 0..30_u64 {
        if number % 3 != 1 {
            database.run(&[Statement::new(capture).bind(number)]).unwrap();
        }
        let pair = [record(&format!("req_{number}_a")), record(&format!("req_{number}_b"))];
        write(&database, &pair[number as usize % 2..]).unwrap();
    }
    let places = "SELECT place FROM request ORDER BY rowid";
    let places = database.run(&[Statement::new(places)]).unwrap().remove(0);
    let expected: Vec<_> = (0..45_u64).map(|place| Row(vec![place.into()])).collect();
    assert_eq!(places, expected);
}

#[test]
fn what_is_fresh_counts_like_what_was_folded() {
    let (fresh, folded) = (MemoryDatabase::new(), MemoryDatabase::new());
    let now = Timestamp::from_millis(START + 90 * 60_000);
    let ranges = [1, 24, 30 * 24].map(|hours| Range::of(Duration::from_secs(hours * 3600), now, now));
    let told = |database: &MemoryDatabase| {
        let of_range = |range: Range| {
            let values = [Dimension::Model, Dimension::Channel].map(|by| range.series_of_values(by, 10));
            [vec![range.series()], values.into(), vec![range.table(Dimension::Key, 10)]].concat()
        };
        let statements: Vec<_> = ranges.into_iter().flat_map(of_range).chain([stats::ever(100)]).collect();
        let mut answers = database.run(&statements).unwrap();
        answers.last_mut().unwrap().sort_by_key(|row| format!("{row:?}"));
        answers
    };
    for minute in (0..90).step_by(7) {
        let mut record = record(&format!("req_{minute}"));
        record.at = Timestamp::from_millis(START + minute * 60_000);
        record.model = format!("model-{}", minute % 2);
        for database in [&fresh, &folded] {
            write(database, std::slice::from_ref(&record)).unwrap();
        }
        if minute % 3 == 0 {
            folded.run(&fold()).unwrap();
        }
        assert_eq!(told(&fresh), told(&folded), "after {minute} minutes");
    }
    folded.run(&fold()).unwrap();
    assert_eq!(told(&fresh), told(&folded));
    let left = folded.run(&[Statement::new("SELECT 1 FROM rollup WHERE span = 1")]).unwrap().remove(0);
    assert_eq!(left, []);
}

#[test]
fn the_series_of_each_value_add_up_to_its_row() {
    let database = MemoryDatabase::new();
    let records = (0..90).map(|minute| {
        let mut record = record(&format!("req_{minute}"));
        record.at = Timestamp::from_millis(START + minute * 60_000);
        record.model = format!("model-{}", minute.isqrt());
        record.attempts[1].class = if minute % 3 == 0 { Class::Transport } else { Class::Success };
        record
    });
    write(&database, &records.collect::<Vec<_>>()).unwrap();
    let now = Timestamp::from_millis(START + 90 * 60_000);
    for (hours, buckets) in [(2, 36), (24, 2), (30 * 24, 1)] {
        let range = Range::for_values(Duration::from_secs(hours * 3600), now, now);
        let rows = database.run(&[range.series_of_values(Dimension::Model, 4)]).unwrap().remove(0);
        let mut sums: Vec<(String, [u64; 2])> = Vec::new();
        let mut filled = Vec::new();
        for row in rows {
            let mut columns = row.columns();
            let (value, bucket): (String, u64) = (columns.next().unwrap(), columns.next().unwrap());
            if sums.last().is_none_or(|(last, _)| *last != value) {
                sums.push((value, [0, 0]));
            }
            let (_, [requests, failed]) = sums.last_mut().unwrap();
            *requests += columns.next::<u64>().unwrap();
            *failed += columns.next::<u64>().unwrap();
            filled.push(bucket);
        }
        let row = |(value, tally): (String, Tally)| (value, [tally.sums[0], tally.sums[1]]);
        let rows: Vec<_> = table(&database, Dimension::Model, range).into_iter().take(4).map(row).collect();
        assert_eq!(sums, rows, "{hours} h");
        filled.sort_unstable();
        filled.dedup();
        assert!(filled.len() <= buckets, "{hours} h: {filled:?}");
    }
}

#[test]
fn models_that_nobody_serves_are_one_value() {
    let database = MemoryDatabase::new();
    let records: Vec<Record> = (0..20)
        .map(|number| {
            let mut record = record(&format!("req_{number}"));
            record.model = format!("made-up-{number}");
            record.attempts.clear();
            record.status = StatusCode::NOT_FOUND;
            record
        })
        .collect();
    write(&database, &records).unwrap();
    let models = table(&database, Dimension::Model, last_hour());
    assert_eq!(models.len(), 1);
    assert_eq!((models[0].0.as_str(), models[0].1.sums[0]), ("", 20));
}

#[test]
fn whoever_has_no_key_is_listed_and_not_added_up() {
    let database = MemoryDatabase::new();
    let mut stranger = record("req_1");
    stranger.client_key = ClientKeyId::new("");
    write(&database, &[stranger]).unwrap();
    assert_eq!((count(&database, "request"), count(&database, "rollup")), (1, 0));
}

#[test]
fn what_is_too_old_is_removed_bit_by_bit() {
    let database = MemoryDatabase::new();
    let records: Vec<Record> = (0..1200).map(|number| record(&format!("req_{number}"))).collect();
    write(&database, &records).unwrap();
    let mut late = record("req_late");
    late.at = Timestamp::from_millis(START + 48 * HOUR);
    write(&database, &[late]).unwrap();
    let retention = Retention { request_days: 2, stats_days: 3, ..Retention::default() };
    let now = Timestamp::from_millis(START + 48 * HOUR + 1);
    let mut rounds = 0;
    while !database.run(&retention.requests(now)).unwrap().pop().unwrap().is_empty() {
        rounds += 1;
    }
    assert_eq!(rounds, 3);
    assert_eq!(count(&database, "request"), 1);

    database.run(&fold()).unwrap();
    let sums = count(&database, "rollup");
    database.run(&retention.stats(now)).unwrap();
    assert_eq!(count(&database, "rollup"), sums, "nothing is three days old");
    database.run(&retention.stats(Timestamp::from_millis(START + 150 * HOUR))).unwrap();
    let left =
        database.run(&[Statement::new("SELECT count(*) FROM rollup WHERE span > 0")]).unwrap().remove(0);
    assert_eq!(left[0].0, [0_u64.into()], "only what counts for ever is left");
}

#[test]
fn a_record_takes_no_more_than_a_row_may_hold() {
    let database = MemoryDatabase::new();
    let mut large = record("req_1");
    large.model = "ä".repeat(100_000);
    large.status = StatusCode::BAD_GATEWAY;
    large.attempts[1].class = Class::ServerError;
    large.attempts[1].message = Some("much was said ".repeat(100_000));
    for field in 0..10_000 {
        large.lost.dropped(format!("ext.field_{field}"));
    }
    write(&database, &[large]).unwrap();
    let size = "SELECT length(model) + length(error) + length(lost) + length(attempt_log) FROM request";
    let size = database.run(&[Statement::new(size)]).unwrap().remove(0).remove(0);
    assert!(u64::read(size.0[0].clone()).unwrap() < 6000, "{size:?}");
}

/// How SQLite would answer.
fn plan(database: &MemoryDatabase, mut statement: Statement) -> String {
    statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql).into();
    let steps = database.run(&[statement]).unwrap().remove(0);
    let details = steps.into_iter().map(|step| String::read(step.0[3].clone()).unwrap());
    details.collect::<Vec<_>>().join("; ")
}

#[test]
fn every_page_is_read_in_the_order_of_the_table() {
    let database = MemoryDatabase::new();
    let text = |text: &str| Some(text.to_owned());
    let time = |at| Some(Timestamp::from_millis(at));
    let failed = |status| Filter { status: Some(status), ..Filter::default() };
    for filter in [
        Filter::default(),
        Filter { since: time(1), until: time(9), ..Filter::default() },
        Filter { protocol: Some(Protocol::Chat), ..Filter::default() },
        Filter { text: text("gpt"), channel: text("ch_a"), ..Filter::default() },
        failed(StatusFilter::Failed),
        failed(StatusFilter::Gone),
        failed(StatusFilter::Hundred(2)),
        failed(StatusFilter::Exactly(429)),
        Filter { channel: text("ch_a"), model: text("m"), ..failed(StatusFilter::Failed) },
        Filter { client_key: text("ck_1"), session: text("s"), ..Filter::default() },
        Filter { client_key: text("ck_1"), in_session: true, ..Filter::default() },
        Filter { text: text("req_1"), ..Filter::default() },
    ] {
        let place = |millis| Some(Cursor { at: Timestamp::from_millis(millis), place: 3 });
        for (cursor, end) in [(None, None), (place(5), None), (place(5), place(2))] {
            let page = plan(&database, filter.page(cursor, end, 50));
            assert!(
                page.contains("request") && !page.contains("TEMP B-TREE"),
                "{filter:?} with {cursor:?}: {page}"
            );
            let Some(end) = filter.end(cursor) else { continue };
            let end = plan(&database, end);
            assert!(end.contains("request") && !end.contains("TEMP B-TREE"), "{filter:?}: {end}");
        }
    }
}

#[test]
fn a_page_holds_what_all_conditions_leave() {
    let database = MemoryDatabase::new();
    let records: Vec<Record> = (0..300)
        .map(|number| {
            let at = START + number / 3;
            let mut record = record(&format!("req_{at:012x}{number:012x}"));
            record.at = Timestamp::from_millis(at);
            record.model = format!("model-{}", number % 5);
            record.protocol = if number % 2 == 0 { Protocol::Chat } else { Protocol::Gemini };
            record
        })
        .collect();
    write(&database, &records).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let id = Some(records[7].id.clone());
    for (filter, expected) in [
        (Filter::default(), 300),
        (Filter { model: text("model-3"), ..Filter::default() }, 60),
        (Filter { model: text("model-3"), protocol: Some(Protocol::Chat), ..Filter::default() }, 30),
        (Filter { text: text("EL-3"), protocol: Some(Protocol::Chat), ..Filter::default() }, 30),
        (Filter { text: id.clone(), ..Filter::default() }, 1),
        (Filter { text: id, protocol: Some(Protocol::Chat), ..Filter::default() }, 0),
        (Filter { text: text("req_7"), ..Filter::default() }, 0),
        (Filter { since: Some(Timestamp::from_millis(START + 50)), ..Filter::default() }, 150),
        (Filter { channel: text("b"), status: Some(StatusFilter::Hundred(2)), ..Filter::default() }, 300),
        (Filter { channel: text("a"), ..Filter::default() }, 0),
    ] {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = database.run(&[filter.page(cursor, None, 7)]).unwrap().remove(0);
            let Some(last) = page.last().and_then(Cursor::of) else { break };
            cursor = Some(last);
            found.extend(page.into_iter().map(|row| String::read(row.0[1].clone()).unwrap()));
        }
        assert_eq!(found.len(), expected, "{filter:?}");
        assert!(found.is_sorted_by(|newer, older| newer > older), "{filter:?}: {found:?}");
    }
}

#[test]
fn failed_are_answers_that_broke_off_and_not_those_that_clients_left() {
    let database = MemoryDatabase::new();
    let ended = |id: &str, status: u16, class: Option<Class>| {
        let mut record = record(id);
        record.status = StatusCode::from_u16(status).unwrap();
        record.attempts = class.map(|class| attempt("a", class)).into_iter().collect();
        record
    };
    let records = [
        ended("req_1_served", 200, Some(Class::Success)),
        ended("req_2_refused", 404, None),
        ended("req_3_cut", 200, Some(Class::Transport)),
        ended("req_4_left_before", 499, None),
        ended("req_5_left_within", 200, Some(Class::ClientGone)),
        ended("req_6_failed", 503, Some(Class::Overload)),
    ];
    write(&database, &records).unwrap();
    for (status, expected) in [
        (StatusFilter::Failed, ["req_6_failed", "req_3_cut", "req_2_refused"].as_slice()),
        (StatusFilter::Gone, &["req_5_left_within", "req_4_left_before"]),
    ] {
        let filter = Filter { status: Some(status), ..Filter::default() };
        let page = database.run(&[filter.page(None, None, 10)]).unwrap().remove(0);
        let found: Vec<_> = page.iter().map(|row| String::read(row.0[1].clone()).unwrap()).collect();
        assert_eq!(found, expected);
    }
    let all = &table(&database, Dimension::All, last_hour())[0].1;
    assert_eq!(all.sums[..3], [6, 3, 2], "sums tell the same");
}

#[test]
fn sums_and_single_requests_are_looked_up() {
    let database = MemoryDatabase::new();
    for statement in [
        last_hour().series(),
        last_hour().table(Dimension::Model, 10),
        last_hour().series_of_values(Dimension::Channel, 10),
        query::request("req_1"),
    ] {
        let plan = plan(&database, statement);
        assert!(plan.contains("SEARCH") && !plan.contains("SCAN r"), "{plan}");
    }
    let in_session = Filter { in_session: true, ..Filter::default() };
    let sessions = plan(&database, in_session.sessions(None, 10));
    for step in ["SCAN request", "SEARCH request USING INTEGER PRIMARY KEY"] {
        assert!(sessions.contains(step), "{step} is not in {sessions}");
    }
    for statement in Retention::default().requests(Timestamp::from_millis(START)) {
        let plan = plan(&database, statement);
        assert!(plan.contains("SEARCH request USING INTEGER PRIMARY KEY (rowid<?)"), "{plan}");
    }
    for statement in Retention::default().stats(Timestamp::from_millis(START)) {
        let plan = plan(&database, statement);
        assert!(plan.contains("dimension=? AND at<?"), "{plan}");
    }
}
