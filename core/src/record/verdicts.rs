//! What is held against channels and accounts, and why, as it is kept for a scheduler's next life.

use serde::Serialize;

use crate::codec::json;
use crate::database::{Row, Statement};
use crate::schedule::share::Held;

const SAVE: &str = "INSERT INTO verdict (subject, name, verdict) VALUES (?1, ?2, ?3) \
    ON CONFLICT (subject, name) DO UPDATE SET verdict = excluded.verdict";

/// To be run in one transaction.
pub fn save(held: &Held) -> Vec<Statement> {
    let channels = held.channels.iter().map(|one| row("channel", one.channel.as_str(), one));
    let accounts = held.accounts.iter().map(|one| row("account", &one.group, one));
    let failures = held
        .failures
        .iter()
        .map(|one| row("failure", &format!("{}/{}/{}", one.channel, one.key, one.protocol), one));
    channels.chain(accounts).chain(failures).flatten().collect()
}

fn row(subject: &'static str, name: &str, verdict: &impl Serialize) -> Option<Statement> {
    let verdict = serde_json::to_string(verdict).ok()?;
    Some(Statement::new(SAVE).bind(subject).bind(name).bind(verdict))
}

pub fn load() -> Statement {
    Statement::new("SELECT subject, verdict FROM verdict")
}

/// What the rows of [`load`] say; those of another version of the gateway that cannot be read are left out.
pub fn read(rows: Vec<Row>) -> Held {
    let mut held = Held::default();
    for row in rows {
        let mut columns = row.columns();
        let (Ok(subject), Ok(verdict)) = (columns.next::<String>(), columns.next::<String>()) else {
            continue;
        };
        match subject.as_str() {
            "channel" => held.channels.extend(json::from_str(&verdict).ok()),
            "failure" => held.failures.extend(json::from_str(&verdict).ok()),
            _ => held.accounts.extend(json::from_str(&verdict).ok()),
        }
    }
    held
}
