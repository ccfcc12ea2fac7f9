//! Where the variables come from: the process and `.env` files.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::EnvError;

/// Names and values: the process's, then those of `.env` files it did not set itself.
#[derive(Clone, Debug, Default)]
pub struct Variables(HashMap<String, OsString>);

impl Variables {
    /// The process's environment over `.env` in the working directory over `.env` beside the binary.
    ///
    /// # Errors
    /// When a `.env` file exists and cannot be read.
    pub fn gather() -> Result<Self, EnvError> {
        let mut variables = Self::default();
        for (name, value) in std::env::vars_os() {
            if let Ok(name) = name.into_string() {
                variables.0.insert(name, value);
            }
        }
        variables.add_file(Path::new(".env"))?;
        if let Some(beside) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
            variables.add_file(&beside.join(".env"))?;
        }
        Ok(variables)
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str)
    }

    /// A variable that is set, whether it is one of the gateway's or not.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }

    /// Takes from a `.env` file what is not set yet; a missing file holds nothing.
    pub(super) fn add_file(&mut self, path: &Path) -> Result<(), EnvError> {
        let unreadable = |error: dotenvy::Error| EnvError {
            name: path.display().to_string(),
            value: None,
            problem: match error {
                // The line may hold a secret.
                dotenvy::Error::LineParse(..) => "a line is not of the form NAME=value".to_owned(),
                other => other.to_string(),
            },
        };
        let lines = match dotenvy::from_path_iter(path) {
            Ok(lines) => lines,
            Err(error) if error.not_found() => return Ok(()),
            Err(error) => return Err(unreadable(error)),
        };
        // Within a file the last line wins.
        let mut found = BTreeMap::new();
        for line in lines {
            let (name, value) = line.map_err(unreadable)?;
            found.insert(name, value);
        }
        for (name, value) in found {
            self.0.entry(name).or_insert_with(|| value.into());
        }
        Ok(())
    }

    /// Names that look as if they were meant for us and are not: a typo would otherwise be silent.
    pub fn unknown(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.0.keys().map(String::as_str).filter(|name| name.starts_with("CAUSEWAY_")).collect();
        names.sort_unstable();
        names
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Variables {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }
}
