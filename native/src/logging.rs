//! Where log lines go: standard error, as text for people or JSON for machines.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

/// Starts logging. Libraries never log below warnings: their details hold headers, and so keys.
///
/// # Errors
/// When logging was started before.
pub fn start(level: LevelFilter, json: bool) -> Result<(), tracing_subscriber::util::TryInitError> {
    let filter = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("causeway", level);
    let layer = fmt::layer().with_writer(io::stderr);
    let layer = if json {
        layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    } else {
        layer.with_ansi(io::stderr().is_terminal()).boxed()
    };
    registry().with(layer.with_filter(filter)).try_init()
}
