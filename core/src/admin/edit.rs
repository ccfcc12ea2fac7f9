//! Changing the stored document.

use super::Context;
use super::error::{Current, Problem};
use crate::config::document::{ChannelDocument, Document};
use crate::config::validate::compile;
use crate::config::{Config, FieldErrors};
use crate::platform::{ConfigStore, Entropy, Platform, StoreError};
use crate::sorted;

/// Somebody else's change of another part only means doing ours again, this often.
const TRIES: usize = 8;

/// What a change has to tell.
pub(super) struct Edited<T> {
    pub(super) value: T,
    /// Where in the document the request's fields stand: `channels[2].`.
    pub(super) path: String,
}

/// Loads the document, lets `change` work on it, checks, stores and puts it in force, and notes what came of
/// it for the audit. `change` runs again when the store was changed meanwhile, so it looks at versions itself.
pub(super) async fn edit<P: Platform, T: Send>(
    context: &Context<'_, P>,
    change: impl Fn(&mut Document) -> Result<Edited<T>, Problem> + Send,
) -> Result<T, Problem> {
    let store = context.platform.config();
    for _ in 0..TRIES {
        let before = context.config.current().version.clone();
        let stored = store.load().await.map_err(store_problem)?;
        let expected = stored.as_ref().map(Document::version);
        let previous = stored.unwrap_or_default();
        let mut document = previous.clone();
        let Edited { value, path } = change(&mut document)?;
        document.assign_ids(&mut |bytes| context.platform.entropy().fill(bytes));
        let config = compile(document.clone(), context.outside)
            .map_err(|errors| Problem::invalid(relative(errors, &path)))?;
        match store.replace(expected.as_ref(), &document).await {
            Ok(()) => {
                context.journal.note(previous, &document);
                if !context.config.install_after(&before, config) {
                    reload(context).await?;
                }
                return Ok(value);
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(store_problem(error)),
        }
    }
    Err(Problem::conflict(None::<Current>))
}

/// The channel with this id and its position.
pub(super) fn find_channel<'a>(
    document: &'a mut Document,
    id: &str,
) -> Result<(usize, &'a mut ChannelDocument), Problem> {
    document
        .channels
        .iter_mut()
        .enumerate()
        .find(|(_, channel)| channel.id == id)
        .ok_or_else(|| no_channel(id))
}

pub(super) fn no_channel(id: &str) -> Problem {
    Problem::not_found(format!("no channel has the id {id}"))
}

/// Puts in force what the store holds, whoever wrote it last.
async fn reload<P: Platform>(context: &Context<'_, P>) -> Result<(), Problem> {
    for _ in 0..TRIES {
        let before = context.config.current().version.clone();
        let document = context.platform.config().load().await.map_err(store_problem)?.unwrap_or_default();
        let config: Config = compile(document, context.outside).map_err(|errors| {
            let paths = errors.into_keys().collect::<Vec<_>>().join(", ");
            Problem::store_invalid(format!("the stored configuration is invalid at {paths}"))
        })?;
        if context.config.install_after(&before, config) {
            return Ok(());
        }
    }
    Ok(())
}

/// Paths as the request knows them.
fn relative(errors: FieldErrors, path: &str) -> FieldErrors {
    let strip = |field: String| field.strip_prefix(path).map(ToOwned::to_owned).unwrap_or(field);
    sorted::map(errors.into_iter().map(|(field, problem)| (strip(field), problem)))
}

fn store_problem(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict => Problem::conflict(None::<Current>),
        StoreError::Invalid(_) => Problem::store_invalid(error.to_string()),
        StoreError::Unavailable(_) => Problem::store_unavailable(error.to_string()),
    }
}
