//! Who may call, and what for.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Problems, check_id, limits};
use crate::config::access::{Access, Digest};
use crate::config::budget::Budget;
use crate::config::client_key::{ChannelSet, ClientKey};
use crate::config::document::{AccessDocument, ClientKeyDocument};
use crate::config::model::ModelFilter;
use crate::config::{Channel, ChannelId, ClientKeyId};

/// JSON's numbers hold no more without loss; so much money is a billion dollars.
const MOST: u64 = 1_000_000_000_000_000;

/// `channels` in their final order.
pub(super) fn compile(
    written: &AccessDocument,
    environment: &Access,
    channels: &[Arc<Channel>],
    problems: &mut Problems,
) -> Access {
    let mut ids = BTreeSet::new();
    let mut client_keys: Vec<Arc<ClientKey>> = Vec::new();
    for (index, key) in written.client_keys.iter().enumerate() {
        let path = format!("access.clientKeys[{index}]");
        check_id(&key.id, &mut ids, &format!("{path}.id"), problems);
        let compiled = client_key(key, channels, &path, problems);
        if let Some(compiled) = compiled {
            if client_keys.iter().any(|other| other.digest == compiled.digest) {
                problems.add(format!("{path}.hash"), "is the hash of a key listed before");
            }
            client_keys.push(Arc::new(compiled));
        }
    }
    client_keys.extend(environment.client_keys.iter().cloned());
    let written_admin = written
        .admin_key_hash
        .as_deref()
        .and_then(|hash| problems.take("access.adminKeyHash", Digest::parse(hash)));
    let admin = environment.admin.or(written_admin);
    if admin.is_some_and(|admin| client_keys.iter().any(|key| key.digest == admin)) {
        problems.add("access.adminKeyHash", "is a client's key too; operators need a key of their own");
    }
    Access { client_keys, admin }
}

fn client_key(
    written: &ClientKeyDocument,
    channels: &[Arc<Channel>],
    path: &str,
    problems: &mut Problems,
) -> Option<ClientKey> {
    limits::check(&written.limits, &format!("{path}.limits"), problems);
    check_budgets(&written.budgets, path, problems);
    let mut models = ModelFilter::default();
    for (index, pattern) in written.models.iter().enumerate() {
        problems.take(format!("{path}.models[{index}]"), models.add(pattern));
    }
    let digest = problems.take(format!("{path}.hash"), Digest::parse(&written.hash))?;
    // A channel that was deleted must not widen what a key may use: its id stays, and names nothing.
    let ids: Vec<_> = written.channels.iter().map(|id| ChannelId::new(id.as_str())).collect();
    Some(ClientKey {
        id: ClientKeyId::new(written.id.as_str()),
        name: written.name.clone(),
        digest,
        status: written.status,
        expires_at: written.expires_at,
        models,
        channels: (!ids.is_empty()).then(|| ChannelSet::new(channels, &ids)),
        limits: written.limits,
        budgets: written.budgets.clone(),
    })
}

fn check_budgets(budgets: &[Budget], path: &str, problems: &mut Problems) {
    let mut periods = BTreeSet::new();
    for (index, Budget { period, tokens, cost_micros }) in budgets.iter().enumerate() {
        let path = format!("{path}.budgets[{index}]");
        if !periods.insert(period) {
            problems.add(format!("{path}.period"), "has a budget before");
        }
        if tokens.is_none() && cost_micros.is_none() {
            problems.add(&path, "sets neither `tokens` nor `costMicros`");
        }
        for (name, most) in [("tokens", tokens), ("costMicros", cost_micros)] {
            match most {
                Some(0) => problems.add(format!("{path}.{name}"), "is 0; pause what shall not be used"),
                Some(most) if *most > MOST => {
                    problems.add(format!("{path}.{name}"), format!("is over {MOST}"));
                }
                _ => {}
            }
        }
    }
}
