//! The environment: one table of variables, from which they are read, explained and documented.

mod parse;
#[cfg(test)]
mod tests;
mod variables;

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use causeway_core::config::Secret;
use causeway_core::config::secret_key::SecretKeys;
use causeway_core::config::validate::DEFAULT_TIMEOUTS;
use causeway_core::record::otlp::Service;
use causeway_core::record::retention::Retention;
use http::{HeaderMap, Uri};
use tracing::level_filters::LevelFilter;

pub use self::variables::Variables;
use crate::telemetry::Collector;

/// What the environment says, defaults filled in.
#[derive(Debug)]
pub struct Environment {
    pub port: u16,
    /// `None`: all interfaces.
    pub host: Option<String>,
    pub proxy_key: Option<Secret>,
    pub admin_key: Option<Secret>,
    pub web_ui: bool,
    /// `None`: the browser's.
    pub language: Option<String>,
    /// Logs for machines instead of people.
    pub production: bool,
    pub log_level: LevelFilter,
    pub request_logs: bool,
    pub retention: Retention,
    /// Where the configuration sets none.
    pub request_timeout: Duration,
    pub max_body_bytes: usize,
    pub config_dir: PathBuf,
    /// `None`: kept in a file of the configuration directory.
    pub secret_keys: Option<SecretKeys>,
    /// Origins whose pages may call; empty: none, `*`: all.
    pub cors_origins: Vec<String>,
    /// `None`: nobody gets traces.
    pub collector: Option<Collector>,
    pub shutdown_grace: Duration,
}

/// A variable that cannot be used. Shows no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct EnvError {
    pub name: String,
    /// `None` for a secret.
    pub value: Option<String>,
    /// What is wrong, or what is allowed.
    pub problem: String,
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value:?}: {}", self.name, self.problem),
            None => write!(f, "{}: {}", self.name, self.problem),
        }
    }
}

/// One row of the table.
struct Variable<T> {
    name: &'static str,
    /// For people; the value itself stands in [`Environment::read`] where it is not text.
    default: &'static str,
    meaning: &'static str,
    secret: bool,
    parse: fn(&str) -> Result<T, String>,
}

impl<T> Variable<T> {
    const fn plain(
        name: &'static str,
        default: &'static str,
        meaning: &'static str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Self {
        Self { name, default, meaning, secret: false, parse }
    }

    const fn secret(
        name: &'static str,
        default: &'static str,
        meaning: &'static str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Self {
        Self { name, default, meaning, secret: true, parse }
    }

    const fn row(&self) -> Row {
        Row { name: self.name, default: self.default, meaning: self.meaning }
    }
}

const PORT: Variable<u16> =
    Variable::plain("PORT", "3000", "Port to listen on; 0 takes a free one.", parse::port);
const BIND_HOST: Variable<String> = Variable::plain(
    "BIND_HOST",
    "all interfaces",
    "Address or host name to listen on, such as `127.0.0.1`.",
    parse::text,
);
const PROXY_ACCESS_KEY: Variable<Secret> = Variable::secret(
    "PROXY_ACCESS_KEY",
    "generated at the first start",
    "A key clients may use, beside those in the configuration. At least 16 characters.",
    parse::access_key,
);
const ADMIN_ACCESS_KEY: Variable<Secret> = Variable::secret(
    "ADMIN_ACCESS_KEY",
    "generated at the first start",
    "The key of the web UI and the management API, instead of the one in the configuration. Never a client's key.",
    parse::access_key,
);
const ENABLE_WEB_UI: Variable<bool> =
    Variable::plain("ENABLE_WEB_UI", "true", "Whether the web UI is served under `/ui/`.", parse::switch);
const APP_UI_LANGUAGE: Variable<String> = Variable::plain(
    "APP_UI_LANGUAGE",
    "the browser's",
    "Language of the web UI as a language tag, such as `en` or `zh-CN`.",
    parse::language,
);
const ENV: Variable<bool> = Variable::plain(
    "ENV",
    "development",
    "`production` writes logs as JSON lines, `development` as text.",
    parse::production,
);
const LOG_LEVEL: Variable<LevelFilter> =
    Variable::plain("LOG_LEVEL", "info", "`error`, `warn`, `info`, `debug` or `trace`.", parse::level);
const ENABLE_REQUEST_LOGS: Variable<bool> = Variable::plain(
    "ENABLE_REQUEST_LOGS",
    "true",
    "Whether each request is logged in one line, without prompts and answers.",
    parse::switch,
);
const REQUEST_RETENTION_DAYS: Variable<u32> = Variable::plain(
    "REQUEST_RETENTION_DAYS",
    "30",
    "How long what happened to each request is kept, without prompts and answers; 0 records nothing.",
    parse::days,
);
const STATS_RETENTION_DAYS: Variable<u32> = Variable::plain(
    "STATS_RETENTION_DAYS",
    "400",
    "How long sums over requests are kept, by the hour.",
    parse::days,
);
const CAPTURE_RETENTION_HOURS: Variable<u32> = Variable::plain(
    "CAPTURE_RETENTION_HOURS",
    "24",
    "How long prompts and answers are kept that were captured while an operator had switched that on; 24 at most.",
    parse::capture_hours,
);
const REQUEST_TIMEOUT: Variable<Duration> = Variable::plain(
    "REQUEST_TIMEOUT",
    "300000",
    "Milliseconds in which a request must be answered, over all attempts (a stream: must have begun), where the configuration sets no `totalTimeoutMs`.",
    parse::request_timeout,
);
const MAX_REQUEST_BODY_SIZE_MB: Variable<usize> = Variable::plain(
    "MAX_REQUEST_BODY_SIZE_MB",
    "50",
    "Largest request body in MiB, after decompression.",
    parse::mebibytes,
);
const CONFIG_DIR: Variable<PathBuf> = Variable::plain(
    "CONFIG_DIR",
    ".config",
    "Directory of `config.json`, its backups, `causeway.db` and `secret.key`.",
    parse::path,
);
const SECRET_KEY: Variable<SecretKeys> = Variable::secret(
    "SECRET_KEY",
    "`secret.key` in CONFIG_DIR, generated at the first start",
    "Seals the upstream keys in `config.json`: 32 bytes as 64 hexadecimal digits or base64. Of several, with commas \
     between, the first seals and all open: `causeway rotate-secret` replaces one.",
    parse::secret_keys,
);
const ENABLE_CORS: Variable<bool> = Variable::plain(
    "ENABLE_CORS",
    "false",
    "Whether web pages of other origins may call the gateway.",
    parse::switch,
);
const CORS_ORIGIN: Variable<Vec<String>> = Variable::plain(
    "CORS_ORIGIN",
    "*",
    "With ENABLE_CORS: the origins that may call, separated by commas; `*` for all.",
    parse::origins,
);
const OTEL_EXPORTER_OTLP_ENDPOINT: Variable<[Uri; 2]> = Variable::plain(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "no traces, no metrics",
    "Base URL of an OpenTelemetry collector, such as `http://collector:4318`: each request and each of its attempts is sent there as a span, without prompts and answers, and metrics once a minute.",
    parse::collector,
);
const OTEL_METRICS_EXPORTER: Variable<bool> = Variable::plain(
    "OTEL_METRICS_EXPORTER",
    "otlp",
    "`none`: the collector gets traces alone.",
    parse::exporter,
);
const OTEL_EXPORTER_OTLP_HEADERS: Variable<HeaderMap> = Variable::secret(
    "OTEL_EXPORTER_OTLP_HEADERS",
    "no headers",
    "Headers for the collector: `name=value`, separated by commas.",
    parse::headers,
);
const OTEL_SERVICE_NAME: Variable<String> = Variable::plain(
    "OTEL_SERVICE_NAME",
    "causeway",
    "What traces and metrics call this gateway.",
    parse::text,
);
const SHUTDOWN_GRACE_SECONDS: Variable<Duration> = Variable::plain(
    "SHUTDOWN_GRACE_SECONDS",
    "30",
    "How long open requests may take to end after SIGTERM or Ctrl-C.",
    parse::grace,
);

/// A variable for people.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub name: &'static str,
    pub default: &'static str,
    pub meaning: &'static str,
}

/// Every variable there is, in the order of the documentation.
pub const TABLE: [Row; 23] = [
    PORT.row(),
    BIND_HOST.row(),
    PROXY_ACCESS_KEY.row(),
    ADMIN_ACCESS_KEY.row(),
    CONFIG_DIR.row(),
    SECRET_KEY.row(),
    ENABLE_WEB_UI.row(),
    APP_UI_LANGUAGE.row(),
    ENV.row(),
    LOG_LEVEL.row(),
    ENABLE_REQUEST_LOGS.row(),
    REQUEST_RETENTION_DAYS.row(),
    STATS_RETENTION_DAYS.row(),
    CAPTURE_RETENTION_HOURS.row(),
    REQUEST_TIMEOUT.row(),
    MAX_REQUEST_BODY_SIZE_MB.row(),
    ENABLE_CORS.row(),
    CORS_ORIGIN.row(),
    OTEL_EXPORTER_OTLP_ENDPOINT.row(),
    OTEL_METRICS_EXPORTER.row(),
    OTEL_EXPORTER_OTLP_HEADERS.row(),
    OTEL_SERVICE_NAME.row(),
    SHUTDOWN_GRACE_SECONDS.row(),
];

impl Environment {
    /// Reads every variable; an empty one counts as unset.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn read(variables: &Variables) -> Result<Self, Vec<EnvError>> {
        let mut reader = Reader { variables, errors: Vec::new() };
        let cors = reader.read(&ENABLE_CORS).unwrap_or(false);
        let kept = Retention::default();
        let origins = reader.read(&CORS_ORIGIN).unwrap_or_else(|| vec!["*".to_owned()]);
        let environment = Self {
            port: reader.read(&PORT).unwrap_or(3000),
            host: reader.read(&BIND_HOST),
            proxy_key: reader.read(&PROXY_ACCESS_KEY),
            admin_key: reader.read(&ADMIN_ACCESS_KEY),
            web_ui: reader.read(&ENABLE_WEB_UI).unwrap_or(true),
            language: reader.read(&APP_UI_LANGUAGE),
            production: reader.read(&ENV).unwrap_or(false),
            log_level: reader.read(&LOG_LEVEL).unwrap_or(LevelFilter::INFO),
            request_logs: reader.read(&ENABLE_REQUEST_LOGS).unwrap_or(true),
            retention: Retention {
                request_days: reader.read(&REQUEST_RETENTION_DAYS).unwrap_or(kept.request_days),
                stats_days: reader.read(&STATS_RETENTION_DAYS).unwrap_or(kept.stats_days),
                capture_hours: reader.read(&CAPTURE_RETENTION_HOURS).unwrap_or(kept.capture_hours),
            },
            request_timeout: reader.read(&REQUEST_TIMEOUT).unwrap_or(DEFAULT_TIMEOUTS.total),
            max_body_bytes: reader.read(&MAX_REQUEST_BODY_SIZE_MB).unwrap_or(50 << 20),
            config_dir: reader.read(&CONFIG_DIR).unwrap_or_else(|| PathBuf::from(".config")),
            secret_keys: reader.read(&SECRET_KEY),
            cors_origins: if cors { origins } else { Vec::new() },
            collector: reader.collector(),
            shutdown_grace: reader.read(&SHUTDOWN_GRACE_SECONDS).unwrap_or(Duration::from_secs(30)),
        };
        if environment.admin_key.is_some() && environment.admin_key == environment.proxy_key {
            reader.errors.push(EnvError {
                name: ADMIN_ACCESS_KEY.name.to_owned(),
                value: None,
                problem: "is the same as PROXY_ACCESS_KEY; every client could change the configuration"
                    .to_owned(),
            });
        }
        if reader.errors.is_empty() { Ok(environment) } else { Err(reader.errors) }
    }
}

struct Reader<'a> {
    variables: &'a Variables,
    errors: Vec<EnvError>,
}

impl Reader<'_> {
    fn collector(&mut self) -> Option<Collector> {
        let headers = self.read(&OTEL_EXPORTER_OTLP_HEADERS).unwrap_or_default();
        let name = self.read(&OTEL_SERVICE_NAME).unwrap_or_else(|| "causeway".to_owned());
        let measures = self.read(&OTEL_METRICS_EXPORTER).unwrap_or(true);
        let [traces, metrics] = self.read(&OTEL_EXPORTER_OTLP_ENDPOINT)?;
        let service = Service { name, version: env!("CARGO_PKG_VERSION") };
        Some(Collector { traces, metrics: measures.then_some(metrics), headers, service })
    }

    fn read<T>(&mut self, variable: &Variable<T>) -> Option<T> {
        let value = self.variables.get(variable.name)?.to_string_lossy();
        let value = value.trim();
        if value.is_empty() {
            return None;
        }
        match (variable.parse)(value) {
            Ok(parsed) => Some(parsed),
            Err(problem) => {
                let value = (!variable.secret).then(|| value.to_owned());
                self.errors.push(EnvError { name: variable.name.to_owned(), value, problem });
                None
            }
        }
    }
}

/// The section of `--help`.
pub fn help() -> String {
    let mut text = String::from("Environment variables (also read from .env):\n");
    for Row { name, default, meaning } in TABLE {
        let _infallible = write!(text, "  {name}\n      {}\n      [default: {default}]\n", meaning);
    }
    text.replace('`', "")
}

/// The table of `docs/configuration.md`.
pub fn markdown() -> String {
    let mut text = String::from("| variable | default | meaning |\n|---|---|---|\n");
    for Row { name, default, meaning } in TABLE {
        let _infallible = writeln!(text, "| `{name}` | {default} | {meaning} |");
    }
    text
}
