//! Taking in the configuration of another gateway, or an export.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::edit::{Edited, edit};
use super::error::{ErrorBody, Problem};
use super::parameters::Parameters;
use super::{Context, json};
use crate::config::import::plan::{Mode, Plan};
use crate::config::import::{Format, ImportError, Imported, read};
use crate::config::validate::compile;
use crate::config::{Secret, Version, seal::SealError};
use crate::platform::{Entropy, Platform};
use crate::sorted;

/// Other gateways write the same channels several times into one file.
const MAX_FILE: usize = 4 * 1024 * 1024;

/// A file to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ImportWrite {
    /// Whose file it is; found out where it is left out.
    format: Option<Format>,
    #[serde(default)]
    mode: Mode,
    /// Of an encrypted export.
    passphrase: Option<Secret>,
    /// The file, as JSON.
    #[schema(value_type = Value)]
    document: Value,
}

/// What an import does, or would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImportView {
    /// False for a dry run.
    applied: bool,
    /// Of the configuration, for `If-Match`: as it is after the import, or as it was before the dry run.
    version: Version,
    plan: Plan,
}

/// The version of the whole configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConfigState {
    version: Version,
}

/// Imports channels from CCX's `config.json`, one-api, LiteLLM or an export. What cannot be carried is told.
#[utoipa::path(post, path = "/api/config/import", operation_id = "importConfig", tag = "config",
    params(("dryRun" = Option<bool>, Query, description = "Only tells what would change."),
        ("If-Match" = Option<String>, Header, description = "The configuration's version.")),
    request_body = ImportWrite,
    responses((status = 200, description = "Done, or would be.", body = ImportView),
        (status = 400, description = "The file cannot be imported.", body = ErrorBody),
        (status = 409, description = "Changed meanwhile; `current` is the version now.", body = ErrorBody)))]
pub(super) async fn import<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let dry = Parameters::read(request, &["dryRun"])?.flag("dryRun")?;
    let ImportWrite { format, mode, passphrase, document } = json::read_within(request, MAX_FILE)?;
    let passphrase = passphrase.as_ref().map(Secret::expose);
    let imported = read(format, &document, passphrase).map_err(|error| problem(&error))?;
    let expected = json::if_match(request);
    let (version, plan) = if dry {
        try_out(context, &imported, mode, expected.as_ref())?
    } else {
        apply(context, &imported, mode, expected.as_ref()).await?
    };
    let view = ImportView { applied: !dry, version, plan };
    Ok(json::versioned(StatusCode::OK, &view.version, &view))
}

fn try_out<P: Platform>(
    context: &Context<'_, P>,
    imported: &Imported,
    mode: Mode,
    expected: Option<&Version>,
) -> Result<(Version, Plan), Problem> {
    let config = context.config.current();
    check_version(&config.version, expected)?;
    let plan = imported.plan(&config.document, mode, &mut |bytes| context.platform.entropy().fill(bytes));
    compile(plan.document.clone(), context.outside).map_err(Problem::invalid)?;
    Ok((config.version.clone(), plan))
}

async fn apply<P: Platform>(
    context: &Context<'_, P>,
    imported: &Imported,
    mode: Mode,
    expected: Option<&Version>,
) -> Result<(Version, Plan), Problem> {
    let plan = edit(context, |document| {
        check_version(&document.version(), expected)?;
        let plan = imported.plan(document, mode, &mut |bytes| context.platform.entropy().fill(bytes));
        document.clone_from(&plan.document);
        Ok(Edited { value: plan, path: String::new() })
    })
    .await?;
    Ok((plan.document.version(), plan))
}

/// Refuses a write of the whole configuration that was made for another version.
pub(super) fn check_version(version: &Version, expected: Option<&Version>) -> Result<(), Problem> {
    match expected {
        Some(expected) if expected != version => {
            Err(Problem::conflict(Some(ConfigState { version: version.clone() })))
        }
        _ => Ok(()),
    }
}

fn problem(error: &ImportError) -> Problem {
    match error {
        ImportError::Invalid(fields) => {
            let below = |(path, problem): (&String, &String)| (format!("document.{path}"), problem.clone());
            Problem::invalid(sorted::map(fields.iter().map(below)))
        }
        ImportError::NoPassphrase => {
            Problem::invalid_field("passphrase", "is missing: the file is encrypted")
        }
        ImportError::Decrypt(SealError::UnknownKey(_)) => {
            Problem::invalid_field("passphrase", "does not open this file")
        }
        ImportError::Unknown
        | ImportError::Encryption
        | ImportError::Decrypt(SealError::Malformed | SealError::Altered) => {
            Problem::invalid_field("document", error.to_string())
        }
    }
}
