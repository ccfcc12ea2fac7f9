//! What the deployment gives the Worker: secrets and bindings.
//!
//! <https://developers.cloudflare.com/workers/configuration/secrets/>

use std::collections::BTreeMap;

use causeway_core::config::ClientKeyId;
use causeway_core::config::access::{Access, check_strength};
use causeway_core::config::secret_key::SecretKeys;
use causeway_core::record::retention::Retention;
use worker::{Env, KvStore};

use crate::control::link::ControlLink;
use crate::document;
use crate::ledger::link::LedgerLink;

/// The namespace of the object that all isolates share.
const CONTROL: &str = "CONTROL";
/// The namespace of the object with the database.
const LEDGER: &str = "LEDGER";
const PROXY_ACCESS_KEY: &str = "PROXY_ACCESS_KEY";
const ADMIN_ACCESS_KEY: &str = "ADMIN_ACCESS_KEY";
const SECRET_KEY: &str = "SECRET_KEY";
const REQUEST_RETENTION_DAYS: &str = "REQUEST_RETENTION_DAYS";
const STATS_RETENTION_DAYS: &str = "STATS_RETENTION_DAYS";
const CAPTURE_RETENTION_HOURS: &str = "CAPTURE_RETENTION_HOURS";
const MAX_REQUEST_BODY_SIZE_MB: &str = "MAX_REQUEST_BODY_SIZE_MB";

/// An isolate has 128 MB for all its requests, and a body is held two or three times on its way.
const BODY_MEGABYTES: usize = 20;

/// Everything the gateway needs from outside.
#[derive(Clone)]
pub(crate) struct Environment {
    pub(crate) kv: KvStore,
    pub(crate) link: ControlLink,
    pub(crate) ledger: LedgerLink,
    /// The client key and the admin key.
    pub(crate) access: Access,
    /// Seals upstream keys where they are kept; the session secret derives from it.
    pub(crate) secrets: SecretKeys,
    /// Of a request, after decompression.
    pub(crate) max_body_bytes: usize,
    pub(crate) retention: Retention,
}

/// What is missing or unfit, by name. Holds no secret.
pub(crate) type Problems = BTreeMap<&'static str, String>;

impl Environment {
    /// # Errors
    /// Names everything that stands in the way at once.
    pub(crate) fn read(env: &Env) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let secret = |name: &'static str| env.secret(name).ok().map(|secret| secret.to_string());
        let client = strong(PROXY_ACCESS_KEY, secret(PROXY_ACCESS_KEY), &mut problems);
        let admin = strong(ADMIN_ACCESS_KEY, secret(ADMIN_ACCESS_KEY), &mut problems);
        if client.is_some() && client == admin {
            problems.insert(ADMIN_ACCESS_KEY, "must differ from PROXY_ACCESS_KEY".into());
        }
        let secrets = match secret(SECRET_KEY) {
            None => note(&mut problems, SECRET_KEY, "is missing: `wrangler secret put SECRET_KEY`"),
            Some(text) => SecretKeys::parse(&text).or_else(|| {
                note(&mut problems, SECRET_KEY, "must be 32 bytes as 64 hex digits or as base64")
            }),
        };
        let kv = document::namespace(env).ok().or_else(|| {
            note(
                &mut problems,
                document::NAMESPACE,
                "is missing: create the KV namespace and bind it in wrangler.toml",
            )
        });
        let link = control(env).ok().or_else(|| {
            note(&mut problems, CONTROL, "is missing: bind the Durable Object class ControlObject to it")
        });
        let ledger = env.durable_object(LEDGER).ok().map(LedgerLink).or_else(|| {
            note(&mut problems, LEDGER, "is missing: bind the Durable Object class LedgerObject to it")
        });
        let megabytes = env.var(MAX_REQUEST_BODY_SIZE_MB).map_or(Some(BODY_MEGABYTES), |text| {
            text.to_string().trim().parse().ok().or_else(|| {
                note(&mut problems, MAX_REQUEST_BODY_SIZE_MB, "must be a whole number of megabytes")
            })
        });
        let max_body_bytes = megabytes.unwrap_or(BODY_MEGABYTES).saturating_mul(1 << 20);
        match (kv, link, ledger, client, admin, secrets) {
            (Some(kv), Some(link), Some(ledger), Some(client), Some(admin), Some(secrets))
                if problems.is_empty() =>
            {
                let mut access = Access::default();
                access.add_client(ClientKeyId::new("ck_environment"), PROXY_ACCESS_KEY, &client);
                access.set_admin(&admin);
                Ok(Self { kv, link, ledger, access, secrets, max_body_bytes, retention: retention(env) })
            }
            _ => Err(problems),
        }
    }
}

/// The way to the object that all isolates share.
///
/// # Errors
/// When the deployment has none.
pub(crate) fn control(env: &Env) -> worker::Result<ControlLink> {
    env.durable_object(CONTROL).map(ControlLink)
}

/// How long records are kept; a value that is none counts as unset.
pub(crate) fn retention(env: &Env) -> Retention {
    let kept = Retention::default();
    let number = |name, unset| {
        env.var(name).ok().and_then(|text| text.to_string().trim().parse().ok()).unwrap_or(unset)
    };
    Retention {
        request_days: number(REQUEST_RETENTION_DAYS, kept.request_days),
        stats_days: number(STATS_RETENTION_DAYS, kept.stats_days),
        capture_hours: number(CAPTURE_RETENTION_HOURS, kept.capture_hours).min(kept.capture_hours),
    }
}

fn strong(name: &'static str, value: Option<String>, problems: &mut Problems) -> Option<String> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return note(problems, name, &format!("is missing: `wrangler secret put {name}`"));
    };
    match check_strength(&value) {
        Ok(()) => Some(value),
        Err(problem) => note(problems, name, &problem),
    }
}

fn note<T>(problems: &mut Problems, name: &'static str, problem: &str) -> Option<T> {
    problems.insert(name, problem.to_owned());
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_key_is_named_and_not_shown() {
        let mut problems = Problems::new();
        assert_eq!(strong(PROXY_ACCESS_KEY, Some("hunter2".into()), &mut problems), None);
        let problem = &problems[PROXY_ACCESS_KEY];
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}
