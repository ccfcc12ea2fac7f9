//! Every question about records, asked of a server that keeps a million of them.
//!
//! `cargo bench -p causeway --bench records [requests]` prints a table: milliseconds of the first answer, and the median
//! and the slowest of ten more.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench may fail, and prints its table")]

use std::future::pending;
use std::ops::Range;
use std::time::{Duration, Instant};

use causeway::app::App;
use causeway::database::SqliteDatabase;
use causeway::env::{Environment, Variables};
use causeway::recorder::NativeRecorder;
use causeway::server;
use causeway::store::FileStore;
use causeway_core::config::outside::Outside;
use causeway_core::config::secret_key::SecretKey;
use causeway_core::config::validate::compile;
use causeway_core::config::{ChannelId, ClientKeyId, KeyId, Protocol};
use causeway_core::ir::Usage;
use causeway_core::platform::{Database, Recorder};
use causeway_core::price::Cost;
use causeway_core::record::batch::Batch;
use causeway_core::record::retention::Retention;
use causeway_core::record::{Attempt, Record};
use causeway_core::schedule::{Class, Rule, SessionKey};
use causeway_core::time::Timestamp;
use http::StatusCode;

const ADMIN_KEY: &str = "cwa-key-of-the-bench-0123456789";
/// The records lie within so many days.
const DAYS: u64 = 30;
const BATCH: u64 = 500;
/// So many come together, once the database is large.
const AT_ONCE: u64 = 20_000;
/// No more than may wait.
const HANDED_OVER: u64 = 4000;

#[tokio::main]
async fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let home = tempfile::tempdir().unwrap();
    let database = SqliteDatabase::open(&home.path().join("causeway.db"));
    let now = Timestamp::from_millis(
        std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap(),
    );
    let apart = DAYS * 24 * 3_600_000 / count.max(1);
    let took =
        fill(&database, 0..count, |number| now.as_millis().saturating_sub((count - number) * apart)).await;
    println!(
        "{count} requests of {DAYS} days written, {:.1} µs each",
        took.as_secs_f64() * 1e6 / count as f64
    );
    let last = count..count + AT_ONCE;
    let took = fill(&database, last, |number| now.as_millis() + (number - count) / 10).await;
    println!("{AT_ONCE} of one second written, {:.1} µs each", took.as_secs_f64() * 1e6 / AT_ONCE as f64);
    let took = hand_over(&database, count + AT_ONCE, now).await;
    println!("handed over by who served them, {} ns each\n", took.as_nanos() / HANDED_OVER as u128);

    let address = serve(home.path(), database).await;
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let http = reqwest::Client::new();
    println!("| question | first ms | median ms | slowest ms | bytes |\n|---|---|---|---|---|");
    let month = now.as_millis() - DAYS * 24 * 3_600_000;
    let known = id(count / 2, Timestamp::from_millis(now.as_millis() - (count - count / 2) * apart));
    for path in [
        "overview".to_owned(),
        "stats?range=1h&by=model".to_owned(),
        "stats?range=24h&by=model".to_owned(),
        "stats?range=7d&by=channel".to_owned(),
        "stats?range=30d&by=model".to_owned(),
        "stats?range=30d&by=clientKey".to_owned(),
        "stats?range=30d&by=key".to_owned(),
        "stats/series?range=6h&by=model".to_owned(),
        "stats/series?range=24h&by=channel".to_owned(),
        "stats/series?range=14d&by=clientKey".to_owned(),
        "requests".to_owned(),
        "requests?limit=200".to_owned(),
        format!("requests?cursor={}-{}", month + 15 * 24 * 3_600_000, count / 2),
        format!("requests?since={month}&until={}", month + 3_600_000),
        "requests?status=failed".to_owned(),
        "requests?status=429".to_owned(),
        "requests?status=2xx".to_owned(),
        "requests?protocol=gemini".to_owned(),
        "requests?channel=ch_3".to_owned(),
        "requests?channel=ch_nobody".to_owned(),
        "requests?model=model-7".to_owned(),
        "requests?model=model-7&channel=ch_nobody&status=failed".to_owned(),
        "requests?clientKey=ck_11".to_owned(),
        "requests?session=00000000000000aa".to_owned(),
        "requests?q=model-1".to_owned(),
        "requests?q=found+nowhere".to_owned(),
        format!("requests?q={known}"),
        format!("requests/{known}"),
        "sessions".to_owned(),
        "sessions?limit=200".to_owned(),
        "sessions?clientKey=ck_11".to_owned(),
        "sessions?clientKey=ck_nobody".to_owned(),
        format!("sessions?since={month}&until={}", month + 3_600_000),
    ] {
        let mut times = Vec::new();
        let mut bytes = 0;
        for _ in 0..11 {
            let asked = Instant::now();
            let answer = http.get(format!("{address}/api/{path}")).header("x-api-key", ADMIN_KEY).send();
            let answer = answer.await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            bytes = answer.bytes().await.unwrap().len();
            times.push(asked.elapsed().as_secs_f64() * 1e3);
        }
        let first = times.remove(0);
        times.sort_by(f64::total_cmp);
        let (median, slowest) = (times.get(5).copied().unwrap_or(0.0), times.last().copied().unwrap_or(0.0));
        println!("| {path} | {first:.1} | {median:.1} | {slowest:.1} | {bytes} |");
    }
    export(&http, &address).await;
}

/// Reads all of them as a file, and tells how much memory the server took for it.
async fn export(http: &reqwest::Client, address: &str) {
    let before = resident();
    let asked = Instant::now();
    let url = format!("{address}/api/requests/export.csv");
    let mut answer = http.get(url).header("x-api-key", ADMIN_KEY).send().await.unwrap();
    let (mut bytes, mut most) = (0, 0);
    while let Some(chunk) = answer.chunk().await.unwrap() {
        bytes += chunk.len();
        most = most.max(resident());
    }
    let seconds = asked.elapsed().as_secs_f64();
    let (bytes, more) = (bytes >> 20, most.saturating_sub(before));
    println!("\nexport.csv: {bytes} MiB in {seconds:.1} s; {more} kB more resident than before");
}

/// Kilobytes of memory in use, where the system tells.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

async fn fill(database: &SqliteDatabase, numbers: Range<u64>, at: impl Fn(u64) -> u64) -> Duration {
    let mut took = Duration::ZERO;
    for first in numbers.clone().step_by(BATCH as usize) {
        let numbers = first..numbers.end.min(first + BATCH);
        let records: Vec<Record> =
            numbers.map(|number| record(number, Timestamp::from_millis(at(number)))).collect();
        let began = Instant::now();
        let batch: Batch<'_> = records.iter().collect();
        database.write(batch.into_rows().into_statements()).await.unwrap();
        took += began.elapsed();
    }
    took
}

/// What recording costs whoever serves a request.
async fn hand_over(database: &SqliteDatabase, first: u64, now: Timestamp) -> Duration {
    let recorder = NativeRecorder::start(database.clone(), Retention::default(), false);
    let records: Vec<Record> = (first..first + HANDED_OVER).map(|number| record(number, now)).collect();
    let began = Instant::now();
    for record in records {
        recorder.append(record).await;
    }
    let took = began.elapsed();
    recorder.flush(database).await;
    took
}

fn id(number: u64, at: Timestamp) -> String {
    format!("req_{:012x}{number:012x}", at.as_millis())
}

/// One of forty models, ten channels with four keys each, fifty client keys; one in twenty failed.
fn record(number: u64, at: Timestamp) -> Record {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let protocol = Protocol::ALL.into_iter().nth((mixed % 4) as usize).unwrap();
    let client_key = ClientKeyId::new(format!("ck_{}", mixed / 7 % 50));
    let mut record = Record::new(&id(number, at), at, protocol, client_key, "");
    record.model = format!("model-{}", mixed / 11 % 40);
    record.session = Some(SessionKey(mixed / 13 % 10_000));
    let failed = (mixed / 17).is_multiple_of(20);
    let status = [429, 500, 503].into_iter().nth((mixed % 3) as usize).filter(|_| failed).unwrap_or(200);
    record.status = StatusCode::from_u16(status).unwrap();
    record.duration = Duration::from_millis(500 + mixed / 19 % 20_000);
    record.first_content = (!failed).then(|| Duration::from_millis(200 + mixed / 23 % 3_000));
    let tokens = |of: u64| Some(mixed / of % 10_000);
    record.usage =
        Some(Usage { input: tokens(29), output: tokens(31), cache_read: tokens(37), ..Usage::default() });
    let micros = mixed / 41 % 10_000;
    record.cost = Some(Cost { micros, list_micros: micros, unpriced: false });
    let channel = mixed / 43 % 10;
    record.attempts.push(Attempt {
        at,
        channel: ChannelId::new(format!("ch_{channel}")),
        key: KeyId::new(format!("k_{channel}_{}", mixed % 4)),
        endpoint: "https://upstream.example/v1".into(),
        protocol,
        model: record.model.clone(),
        class: if failed { Class::Overload } else { Class::Success },
        rule: Rule::Priority,
        considered: [].into(),
        status: None,
        first_byte: Some(at + Duration::from_millis(150)),
        first_content: None,
        duration: record.duration,
        message: failed.then(|| "the upstream is over capacity, try again later".to_owned()),
    });
    record
}

async fn serve(home: &std::path::Path, database: SqliteDatabase) -> String {
    let environment = Environment::read(&Variables::from([("ENABLE_REQUEST_LOGS", "false")])).unwrap();
    let mut outside = Outside::default();
    outside.access.set_admin(ADMIN_KEY);
    let store = FileStore::open(home, None).unwrap();
    let config = compile(Default::default(), &outside).unwrap();
    let app = App::new(
        store,
        database,
        config,
        outside,
        SecretKey::parse(&"01".repeat(32)).unwrap().into(),
        &environment,
    )
    .unwrap();
    let listener = server::listen(Some("127.0.0.1"), 0).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(app.serve(listener, pending(), pending()));
    address
}
