//! Who serves, and what the harness has to know of it beside HTTP.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::Environment;
use super::native::Native;
use super::workerd::Workerd;

pub(super) enum Shell {
    Native(Native),
    Workerd(Workerd),
    /// Started by somebody else.
    Elsewhere,
}

impl Shell {
    /// One of the kind that `CAUSEWAY_RUNTIME` names.
    pub(super) async fn start(document: &Value, environment: Environment<'_>) -> io::Result<Self> {
        match std::env::var("CAUSEWAY_RUNTIME").as_deref() {
            Err(_) | Ok("native") => Native::start(document, environment).map(Self::Native),
            Ok("workerd") => Workerd::start(document, environment).await.map(Self::Workerd),
            Ok(other) => {
                Err(io::Error::other(format!("CAUSEWAY_RUNTIME is neither native nor workerd: {other}")))
            }
        }
    }

    pub(super) async fn restart(&mut self) -> io::Result<()> {
        match self {
            Self::Native(native) => native.restart(),
            Self::Workerd(workerd) => workerd.restart().await,
            Self::Elsewhere => Err(elsewhere()),
        }
    }

    pub(super) fn url(&self) -> String {
        match self {
            Self::Native(native) => native.url(),
            Self::Workerd(workerd) => workerd.url(),
            Self::Elsewhere => String::new(),
        }
    }

    pub(super) fn log(&self) -> String {
        match self {
            Self::Native(native) => native.log(),
            Self::Workerd(workerd) => workerd.log(),
            Self::Elsewhere => String::new(),
        }
    }

    pub(super) fn state_dir(&self) -> io::Result<&Path> {
        match self {
            Self::Native(native) => Ok(native.config_dir()),
            Self::Workerd(workerd) => Ok(workerd.state_dir()),
            Self::Elsewhere => Err(elsewhere()),
        }
    }

    pub(super) fn failed_attempts(&self, channel: &str) -> usize {
        let attempt = match self {
            Self::Native(_) => format!("{channel}/"),
            Self::Workerd(_) => format!(r#"{{"channel":"{channel}","key":"#),
            Self::Elsewhere => return 0,
        };
        self.log().matches(&attempt).count()
    }

    pub(super) fn has_config_file(&self) -> bool {
        matches!(self, Self::Native(_))
    }

    pub(super) fn write_config(&self, text: &str) -> io::Result<()> {
        match self {
            Self::Native(native) => native.write_config(text),
            Self::Workerd(_) | Self::Elsewhere => {
                Err(io::Error::other("this gateway has no configuration file"))
            }
        }
    }

    pub(super) fn notices_a_close(&self) -> bool {
        !matches!(self, Self::Workerd(_))
    }
}

fn elsewhere() -> io::Error {
    io::Error::other("this gateway was started by somebody else")
}
