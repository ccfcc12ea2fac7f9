//! Files to import, as JSON or YAML.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::yaml;
use crate::env::Variables;

/// How LiteLLM's files name a variable of the environment.
const VARIABLE: &str = "os.environ/";

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: is neither JSON nor YAML: {problem}", path.display())]
    Parse { path: PathBuf, problem: String },
}

/// What the file holds. Where it names a variable that is set, its value stands there.
pub(super) fn parse(path: &Path, variables: &Variables) -> Result<Value, FileError> {
    let text = text(path)?;
    let mut value = match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(as_json) => {
            let problem = |as_yaml: String| {
                let is_json = text.trim_start().starts_with(['{', '[']);
                let problem = if is_json { as_json.to_string() } else { as_yaml };
                FileError::Parse { path: path.to_owned(), problem }
            };
            yaml::parse(&text).map_err(problem)?
        }
    };
    fill_in(&mut value, variables);
    Ok(value)
}

pub(super) fn first_line(path: &Path) -> Result<String, FileError> {
    Ok(text(path)?.lines().next().unwrap_or_default().to_owned())
}

fn text(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(|source| FileError::Read { path: path.to_owned(), source })
}

fn fill_in(value: &mut Value, variables: &Variables) {
    match value {
        Value::String(text) => {
            let set = text.strip_prefix(VARIABLE).and_then(|name| variables.text(name));
            if let Some(set) = set {
                set.clone_into(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, variables)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill_in(field, variables)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
