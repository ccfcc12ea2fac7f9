//! From text to values; the errors say what is allowed.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use causeway_core::config::Secret;
use causeway_core::config::access::check_strength;
use causeway_core::config::secret_key::SecretKeys;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use tracing::level_filters::LevelFilter;

pub(super) fn text(value: &str) -> Result<String, String> {
    Ok(value.to_owned())
}

pub(super) fn path(value: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(value))
}

pub(super) fn port(value: &str) -> Result<u16, String> {
    value.parse().map_err(|_| "is not a port number from 0 to 65535".to_owned())
}

pub(super) fn switch(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("is not `true` or `false`".to_owned()),
    }
}

pub(super) fn production(value: &str) -> Result<bool, String> {
    match value {
        "production" => Ok(true),
        "development" => Ok(false),
        _ => Err("is not `production` or `development`".to_owned()),
    }
}

pub(super) fn level(value: &str) -> Result<LevelFilter, String> {
    match value.to_ascii_lowercase().as_str() {
        "error" => Ok(LevelFilter::ERROR),
        "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        _ => Err("is not `error`, `warn`, `info`, `debug` or `trace`".to_owned()),
    }
}

pub(super) fn language(value: &str) -> Result<String, String> {
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if value.len() <= 35 && value.split('-').all(subtag) {
        Ok(value.to_owned())
    } else {
        Err("is not a language tag such as `en` or `zh-CN`".to_owned())
    }
}

pub(super) fn access_key(value: &str) -> Result<Secret, String> {
    check_strength(value).map(|()| Secret::new(value))
}

pub(super) fn secret_keys(value: &str) -> Result<SecretKeys, String> {
    SecretKeys::parse(value).ok_or_else(|| "is not 32 bytes as 64 hexadecimal digits or base64".to_owned())
}

/// Where traces and metrics go: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp>.
pub(super) fn collector(value: &str) -> Result<[Uri; 2], String> {
    let fits = |url: &Uri| matches!(url.scheme_str(), Some("http" | "https")) && url.query().is_none();
    let url = |signal: &str| {
        let url = format!("{}/v1/{signal}", value.trim_end_matches('/')).parse::<Uri>();
        let no_base = || "is not the base URL of a collector, such as http://host:4318".to_owned();
        url.ok().filter(fits).ok_or_else(no_base)
    };
    Ok([url("traces")?, url("metrics")?])
}

/// <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#exporter-selection>
pub(super) fn exporter(value: &str) -> Result<bool, String> {
    match value {
        "otlp" => Ok(true),
        "none" => Ok(false),
        _ => Err("is not `otlp` or `none`".to_owned()),
    }
}

pub(super) fn headers(value: &str) -> Result<HeaderMap, String> {
    let header = |text: &str| {
        let (name, value) = text.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        Some((HeaderName::try_from(name.trim()).ok()?, HeaderValue::try_from(value.as_ref()).ok()?))
    };
    let headers: Option<HeaderMap> = value.split(',').map(header).collect();
    headers.ok_or_else(|| "is not `name=value`, separated by commas".to_owned())
}

pub(super) fn grace(value: &str) -> Result<Duration, String> {
    whole(value, 0..=3600, "seconds").map(Duration::from_secs)
}

pub(super) fn days(value: &str) -> Result<u32, String> {
    let days = whole(value, 0..=36_500, "days")?;
    u32::try_from(days).map_err(|error| error.to_string())
}

pub(super) fn capture_hours(value: &str) -> Result<u32, String> {
    let hours = whole(value, 1..=24, "hours")?;
    u32::try_from(hours).map_err(|error| error.to_string())
}

pub(super) fn request_timeout(value: &str) -> Result<Duration, String> {
    whole(value, 1000..=86_400_000, "milliseconds").map(Duration::from_millis)
}

pub(super) fn mebibytes(value: &str) -> Result<usize, String> {
    let mebibytes = whole(value, 1..=1024, "MiB")?;
    usize::try_from(mebibytes << 20).map_err(|_| "is more than this machine can address".to_owned())
}

pub(super) fn origins(value: &str) -> Result<Vec<String>, String> {
    let origins: Vec<String> = value.split(',').map(|origin| origin.trim().to_owned()).collect();
    let legal = |origin: &String| {
        let uri = origin.parse::<Uri>().ok();
        uri.is_some_and(|uri| uri.scheme().is_some() && uri.path() == "/" && !origin.ends_with('/'))
    };
    if value == "*" || origins.iter().all(legal) {
        Ok(origins)
    } else {
        Err("is neither `*` nor origins such as `https://chat.example.com`, separated by commas".to_owned())
    }
}

fn whole(value: &str, allowed: RangeInclusive<u64>, unit: &str) -> Result<u64, String> {
    value.parse().ok().filter(|number| allowed.contains(number)).ok_or_else(|| {
        format!("is not a whole number of {unit} from {} to {}", allowed.start(), allowed.end())
    })
}
