//! `causeway import`: another gateway's file, or an export, into the configuration.

mod file;
mod yaml;

use std::io::{self, Write};
use std::path::PathBuf;

use causeway_core::config::difference::{Change, Difference, Part};
use causeway_core::config::document::Document;
use causeway_core::config::import::plan::{Mode, Plan};
use causeway_core::config::import::{Format, ImportError, read};
use causeway_core::config::validate::compile;
use causeway_core::platform::{ConfigStore, Entropy, StoreError};

use self::file::FileError;
use crate::entropy::SystemEntropy;
use crate::env::Environment;
use crate::env::Variables;
use crate::keys;
use crate::store::{FileStore, OpenError, listed};

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct Order {
    pub format: Format,
    pub file: PathBuf,
    pub mode: Mode,
    /// Only tells what would change.
    pub dry_run: bool,
    /// Holds the passphrase of an encrypted export in its first line.
    pub passphrase: Option<PathBuf>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{file}: {problem}")]
    Import { file: String, problem: String },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the configuration would be invalid: {0}")]
    Invalid(String),
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

/// Does what was ordered and writes to `out` what that changes and what is not carried over. A server that runs on
/// the same directory takes the new configuration up by itself.
///
/// # Errors
/// When the file is not one of that gateway, or the configuration cannot be read or written.
pub async fn import(
    order: &Order,
    variables: &Variables,
    environment: &Environment,
    out: &mut impl Write,
) -> Result<(), Failed> {
    let file = file::parse(&order.file, variables)?;
    let passphrase = order.passphrase.as_deref().map(file::first_line).transpose()?;
    let imported = read(Some(order.format), &file, passphrase.as_deref()).map_err(|error| {
        let problem = match error {
            ImportError::Invalid(fields) => listed(&fields),
            other => other.to_string(),
        };
        Failed::Import { file: order.file.display().to_string(), problem }
    })?;
    let plan_for =
        |present: &Document| imported.plan(present, order.mode, &mut |bytes| SystemEntropy.fill(bytes));
    if order.dry_run && !environment.config_dir.join("config.json").exists() {
        return Ok(tell(&plan_for(&Document::default()), true, out)?);
    }
    let store = FileStore::open(&environment.config_dir, environment.secret_keys.clone())?;
    let stored = store.load().await?;
    let plan = plan_for(&stored.clone().unwrap_or_default());
    compile(plan.document.clone(), &keys::outside(environment))
        .map_err(|errors| Failed::Invalid(listed(&errors)))?;
    if !order.dry_run && !plan.changes.is_empty() {
        let version = stored.as_ref().map(Document::version);
        store.replace(version.as_ref(), &plan.document).await?;
    }
    Ok(tell(&plan, order.dry_run, out)?)
}

fn tell(plan: &Plan, dry_run: bool, out: &mut impl Write) -> io::Result<()> {
    for change in &plan.changes {
        writeln!(out, "{}", line(change))?;
    }
    for name in &plan.same {
        writeln!(out, "= channel {name}")?;
    }
    if !plan.not_carried.is_empty() {
        writeln!(out, "\nNot carried over:")?;
        for note in &plan.not_carried {
            writeln!(out, "  {}: {}", note.path, note.why)?;
        }
    }
    let end = match (plan.changes.is_empty(), dry_run) {
        (true, _) => "Nothing changes.",
        (false, true) => "Nothing was changed: this was a dry run.",
        (false, false) => "Done.",
    };
    writeln!(out, "\n{end}")?;
    out.flush()
}

/// `~ channel relay: keys, weight`.
fn line(difference: &Difference) -> String {
    let sign = match difference.change {
        Change::Added => '+',
        Change::Changed => '~',
        Change::Removed => '-',
    };
    let part = match difference.part {
        Part::Channel => "channel",
        Part::ClientKey => "client key",
        Part::AdminKey => "admin key",
        Part::Settings => "settings",
        Part::Prices => "prices",
        Part::Capture => "capture",
    };
    let name = if difference.name.is_empty() { String::new() } else { format!(" {}", difference.name) };
    if difference.change != Change::Changed {
        return format!("{sign} {part}{name}");
    }
    let mut fields: Vec<&str> =
        difference.before.keys().chain(difference.after.keys()).map(String::as_str).collect();
    fields.sort_unstable();
    fields.dedup();
    format!("{sign} {part}{name}: {}", fields.join(", "))
}

#[cfg(test)]
mod tests;
