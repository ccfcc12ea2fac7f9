//! Which paths there are, and which methods they take.

use http::Method;

use super::requests::export::Format;

/// What a path means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    Bootstrap,
    Session,
    Channels,
    Presets,
    Paste,
    Prices,
    Settings,
    Overview,
    Stats,
    Series,
    Metrics,
    Requests,
    Request(&'a str),
    Sessions,
    CapturedRequest(&'a str),
    Capture,
    Export(Format),
    Live,
    Explain,
    ConfigExport,
    ConfigImport,
    History,
    Rollback,
    Audit,
    Reorder,
    Channel(&'a str),
    Action(&'a str, Action),
    UpstreamModels(&'a str),
    Keys(&'a str),
    Key(&'a str, &'a str),
    RestoreKey(&'a str, &'a str),
    ClientKeys,
    ClientKey(&'a str),
    RotateClientKey(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Promote,
    Pause,
    Resume,
    Test,
    Duplicate,
}

impl<'a> Target<'a> {
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        if path == "/metrics" {
            return Some(Self::Metrics);
        }
        let segments: Vec<&str> = path.strip_prefix("/api/")?.split('/').collect();
        if segments.iter().any(|segment| segment.is_empty()) {
            return None;
        }
        Some(match *segments.as_slice() {
            ["bootstrap"] => Self::Bootstrap,
            ["session"] => Self::Session,
            ["channels"] => Self::Channels,
            ["presets"] => Self::Presets,
            ["paste"] => Self::Paste,
            ["prices"] => Self::Prices,
            ["settings"] => Self::Settings,
            ["overview"] => Self::Overview,
            ["stats"] => Self::Stats,
            ["stats", "series"] => Self::Series,
            ["requests"] => Self::Requests,
            ["requests", "export.csv"] => Self::Export(Format::Csv),
            ["requests", "export.jsonl"] => Self::Export(Format::Jsonl),
            ["requests", id] => Self::Request(id),
            ["requests", id, "capture"] => Self::CapturedRequest(id),
            ["sessions"] => Self::Sessions,
            ["capture"] => Self::Capture,
            ["live"] => Self::Live,
            ["route", "explain"] => Self::Explain,
            ["config", "export"] => Self::ConfigExport,
            ["config", "import"] => Self::ConfigImport,
            ["config", "history"] => Self::History,
            ["config", "rollback"] => Self::Rollback,
            ["audit"] => Self::Audit,
            ["channels", "reorder"] => Self::Reorder,
            ["channels", id] => Self::Channel(id),
            ["channels", id, "promote"] => Self::Action(id, Action::Promote),
            ["channels", id, "pause"] => Self::Action(id, Action::Pause),
            ["channels", id, "resume"] => Self::Action(id, Action::Resume),
            ["channels", id, "test"] => Self::Action(id, Action::Test),
            ["channels", id, "duplicate"] => Self::Action(id, Action::Duplicate),
            ["channels", id, "upstream-models"] => Self::UpstreamModels(id),
            ["channels", id, "keys"] => Self::Keys(id),
            ["channels", id, "keys", key] => Self::Key(id, key),
            ["channels", id, "keys", key, "restore"] => Self::RestoreKey(id, key),
            ["client-keys"] => Self::ClientKeys,
            ["client-keys", id] => Self::ClientKey(id),
            ["client-keys", id, "rotate"] => Self::RotateClientKey(id),
            _ => return None,
        })
    }

    pub(super) const fn methods(self) -> &'static [Method] {
        match self {
            Self::Bootstrap | Self::Presets | Self::Overview | Self::Stats => &[Method::GET],
            Self::History | Self::Audit | Self::Metrics | Self::Live | Self::Series => &[Method::GET],
            Self::Requests | Self::UpstreamModels(_) | Self::Request(_) | Self::Export(_) => &[Method::GET],
            Self::CapturedRequest(_) | Self::Sessions => &[Method::GET],
            Self::Capture => &[Method::GET, Method::POST, Method::DELETE],
            Self::Settings | Self::Prices => &[Method::GET, Method::PUT],
            Self::Session => &[Method::POST, Method::DELETE],
            Self::Channels | Self::ClientKeys | Self::ConfigExport => &[Method::GET, Method::POST],
            Self::Channel(_) | Self::ClientKey(_) => &[Method::GET, Method::PATCH, Method::DELETE],
            Self::Key(..) => &[Method::PATCH, Method::DELETE],
            Self::Paste
            | Self::Explain
            | Self::ConfigImport
            | Self::Rollback
            | Self::Reorder
            | Self::Action(..)
            | Self::Keys(_)
            | Self::RestoreKey(..)
            | Self::RotateClientKey(_) => &[Method::POST],
        }
    }
}
