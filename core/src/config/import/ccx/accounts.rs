//! Where version 3 keeps its keys: accounts with credentials, which channels name.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::import::NotCarried;
use crate::config::import::fields::{Fields, Reason};

/// Keys by the ids of credentials and of accounts.
pub(super) struct Accounts<'a> {
    credentials: BTreeMap<&'a str, &'a str>,
    accounts: BTreeMap<&'a str, Vec<&'a str>>,
}

const REASONS: &[Reason<'_>] = &[(
    &["volcengineAccessKey", "mimoConsole", "compshareConsole", "kimiConsole"],
    "signs in to a vendor's console, which is not used here",
)];

impl<'a> Accounts<'a> {
    pub(super) fn read(accounts: &'a [Value], notes: &mut Vec<NotCarried>) -> Self {
        let mut found = Self { credentials: BTreeMap::new(), accounts: BTreeMap::new() };
        for (index, value) in accounts.iter().enumerate() {
            let mut account = Fields::of(value, format!("managedAccounts[{index}]"));
            account.skip(&["providerId", "name"]);
            let id = account.text("accountUid").unwrap_or_default();
            for (position, value) in account.items("credentials").iter().enumerate() {
                let mut credential =
                    Fields::of(value, format!("{}[{position}]", account.path("credentials")));
                if let Some(key) = credential.text("apiKey") {
                    found.accounts.entry(id).or_default().push(key);
                    if let Some(id) = credential.text("credentialUid") {
                        found.credentials.insert(id, key);
                    }
                }
                credential.finish(REASONS, notes);
            }
            account.finish(&[], notes);
        }
        found
    }

    pub(super) fn key(&self, credential: &str) -> Option<&'a str> {
        self.credentials.get(credential).copied()
    }

    pub(super) fn keys(&self, account: &str) -> &[&'a str] {
        self.accounts.get(account).map_or(&[], Vec::as_slice)
    }
}
