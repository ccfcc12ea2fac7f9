//! From the document to the configuration: everything is parsed once, every problem is told at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::document::{BreakerDocument, Document, SettingsDocument, TimeoutsDocument};
use super::outside::Outside;
use super::{Breaker, Config, FieldErrors, Settings, Timeouts};
use crate::price::Book;
use crate::sorted;

mod access;
mod channel;
mod compat;
mod limits;

pub(crate) use self::channel::MAX_NAME;

/// What applies where the document says nothing.
pub const DEFAULT_TIMEOUTS: Timeouts = Timeouts {
    response_header: Duration::from_secs(120),
    first_content: Duration::from_secs(90),
    idle: Duration::from_secs(90),
    total: Duration::from_secs(300),
};
/// To open a connection to an upstream.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Over all channels and keys.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 10;
/// For a limit or a cooldown that ends soon.
pub const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(10);
pub const DEFAULT_BREAKER: Breaker = Breaker {
    window: 20,
    failure_rate: 0.7,
    consecutive_failures: 5,
    open_min: Duration::from_secs(30),
    open_max: Duration::from_secs(600),
};

/// Checks the whole of `document` and gives what the gateway runs on.
pub fn compile(document: Document, outside: &Outside) -> Result<Config, FieldErrors> {
    let mut problems = Problems::default();
    let (settings, connect_timeout) = settings(&document.settings, outside, &mut problems);
    let defaults = channel::Defaults { timeouts: settings.timeouts, connect_timeout };
    let mut channels = Vec::with_capacity(document.channels.len());
    for (index, written) in document.channels.iter().enumerate() {
        let path = format!("channels[{index}]");
        channels.push(Arc::new(channel::compile(written, &defaults, &path, &mut problems)));
    }
    channel::check_unique(&document.channels, &mut problems);
    sorted::sort_by_key(&mut channels, |channel| channel.priority);
    let access = access::compile(&document.access, &outside.access, &channels, &mut problems);
    let prices = Book::new(&document.prices, |index, field, problem| {
        problems.add(format!("prices[{index}].{field}"), problem);
    });
    problems.into_result()?;
    let restricts = channels.iter().any(|channel| channel.restricts());
    let (version, document) = (document.version(), Arc::new(document));
    Ok(Config { version, document, channels, access, settings, prices, restricts })
}

/// The settings of a document that sets none, every field spelled out.
pub fn default_settings(outside: &Outside) -> SettingsDocument {
    let unset = SettingsDocument::default();
    let (Settings { timeouts, max_attempts, max_wait, breaker }, connect) =
        settings(&unset, outside, &mut Problems::default());
    let ms = |duration: Duration| Some(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
    SettingsDocument {
        timeouts: TimeoutsDocument {
            connect_timeout_ms: ms(connect),
            response_header_timeout_ms: ms(timeouts.response_header),
            first_content_timeout_ms: ms(timeouts.first_content),
            idle_timeout_ms: ms(timeouts.idle),
            total_timeout_ms: ms(timeouts.total),
        },
        max_attempts: Some(max_attempts),
        max_wait_ms: ms(max_wait),
        breaker: BreakerDocument {
            window: Some(breaker.window),
            failure_rate: Some(breaker.failure_rate),
            consecutive_failures: Some(breaker.consecutive_failures),
            open_min_ms: ms(breaker.open_min),
            open_max_ms: ms(breaker.open_max),
        },
    }
}

/// Collects what is wrong, one message a path.
#[derive(Debug, Default)]
struct Problems(FieldErrors);

impl Problems {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.entry(path.into()).or_insert_with(|| message.into());
    }

    /// Keeps the value, or notes why there is none.
    fn take<T>(&mut self, path: impl Into<String>, result: Result<T, impl Into<String>>) -> Option<T> {
        result.map_err(|message| self.add(path, message)).ok()
    }

    fn into_result(self) -> Result<(), FieldErrors> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

fn settings(written: &SettingsDocument, outside: &Outside, problems: &mut Problems) -> (Settings, Duration) {
    let total = outside.total_timeout.unwrap_or(DEFAULT_TIMEOUTS.total);
    let (timeouts, connect_timeout) = timeouts(
        &written.timeouts,
        &Timeouts { total, ..DEFAULT_TIMEOUTS },
        DEFAULT_CONNECT_TIMEOUT,
        "settings.timeouts",
        problems,
    );
    let max_attempts = written.max_attempts.unwrap_or(DEFAULT_MAX_ATTEMPTS);
    if !(1..=50).contains(&max_attempts) {
        problems.add("settings.maxAttempts", "is not between 1 and 50");
    }
    let max_attempts = outside.attempts_cap.map_or(max_attempts, |cap| max_attempts.min(cap));
    let max_wait = written.max_wait_ms.map_or(DEFAULT_MAX_WAIT, Duration::from_millis);
    if max_wait > Duration::from_secs(300) {
        problems.add("settings.maxWaitMs", "is not between 0 and 300000");
    }
    let breaker = breaker(&written.breaker, problems);
    (Settings { timeouts, max_attempts, max_wait, breaker }, connect_timeout)
}

fn breaker(written: &BreakerDocument, problems: &mut Problems) -> Breaker {
    let default = DEFAULT_BREAKER;
    let breaker = Breaker {
        window: written.window.unwrap_or(default.window),
        failure_rate: written.failure_rate.unwrap_or(default.failure_rate),
        consecutive_failures: written.consecutive_failures.unwrap_or(default.consecutive_failures),
        open_min: written.open_min_ms.map_or(default.open_min, Duration::from_millis),
        open_max: written.open_max_ms.map_or(default.open_max, Duration::from_millis),
    };
    if !(3..=1000).contains(&breaker.window) {
        problems.add("settings.breaker.window", "is not between 3 and 1000");
    }
    if !(0.01..=1.0).contains(&breaker.failure_rate) {
        problems.add("settings.breaker.failureRate", "is not between 0.01 and 1");
    }
    if !(1..=100).contains(&breaker.consecutive_failures) {
        problems.add("settings.breaker.consecutiveFailures", "is not between 1 and 100");
    }
    if !(Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&breaker.open_min) {
        problems.add("settings.breaker.openMinMs", "is not between 1000 and 3600000");
    }
    if !(breaker.open_min..=Duration::from_secs(86_400)).contains(&breaker.open_max) {
        problems.add("settings.breaker.openMaxMs", "is not between openMinMs and 86400000");
    }
    breaker
}

fn timeouts(
    written: &TimeoutsDocument,
    defaults: &Timeouts,
    connect: Duration,
    path: &str,
    problems: &mut Problems,
) -> (Timeouts, Duration) {
    let mut read = |name: &str, value: Option<u64>, default: Duration, min: u64, max: u64| {
        let Some(value) = value else { return default };
        if !(min..=max).contains(&value) {
            problems.add(format!("{path}.{name}"), format!("is not between {min} and {max} ms"));
        }
        Duration::from_millis(value)
    };
    let connect = read("connectTimeoutMs", written.connect_timeout_ms, connect, 100, 60_000);
    const HOUR: u64 = 3_600_000;
    let response_header = written.response_header_timeout_ms;
    let timeouts = Timeouts {
        response_header: read(
            "responseHeaderTimeoutMs",
            response_header,
            defaults.response_header,
            1000,
            HOUR,
        ),
        first_content: read(
            "firstContentTimeoutMs",
            written.first_content_timeout_ms,
            defaults.first_content,
            1000,
            HOUR,
        ),
        idle: read("idleTimeoutMs", written.idle_timeout_ms, defaults.idle, 1000, HOUR),
        total: read("totalTimeoutMs", written.total_timeout_ms, defaults.total, 1000, 24 * HOUR),
    };
    (timeouts, connect)
}

/// An id stands in URLs and is unique among its kind.
fn check_id<'a>(id: &'a str, seen: &mut BTreeSet<&'a str>, path: &str, problems: &mut Problems) {
    if id.is_empty() {
        problems.add(path, "is missing");
    } else if id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        problems.add(path, "is not made of at most 64 letters, digits, `_` and `-`");
    } else if !seen.insert(id) {
        problems.add(path, "is used twice");
    }
}

#[cfg(test)]
mod tests;
