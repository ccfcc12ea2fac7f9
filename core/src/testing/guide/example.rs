//! An explanation, of a decision that is really made.

use serde::Serialize;

use crate::config::Protocol;
use crate::config::document::Document;
use crate::config::outside::Outside;
use crate::config::validate;
use crate::schedule::{Ask, Class, Outcome, Rng, State};
use crate::time::Timestamp;

/// One channel that was asked to wait, one that serves, and two that are not needed.
const DOCUMENT: &str = r#"{"channels": [
    {"id": "ch_east", "name": "east", "keys": [{"id": "k_1", "key": "sk-one"}],
     "endpoints": [{"protocol": "chat", "baseUrl": "https://east.example"}]},
    {"id": "ch_west", "name": "west", "keys": [{"id": "k_2", "key": "sk-two"}],
     "endpoints": [{"protocol": "chat", "baseUrl": "https://west.example"}]},
    {"id": "ch_old", "name": "old", "status": "paused", "keys": [{"id": "k_3", "key": "sk-three"}],
     "endpoints": [{"protocol": "chat", "baseUrl": "https://old.example"}]},
    {"id": "ch_spare", "name": "spare", "keys": [{"id": "k_4", "key": "sk-four"}], "priority": 2,
     "endpoints": [{"protocol": "messages", "baseUrl": "https://spare.example"}]}
]}"#;

const NOW: Timestamp = Timestamp::from_millis(1_760_000_000_000);

/// One candidate a line. `None` when the example above is none.
pub(super) fn explanation() -> Option<String> {
    let document = Document::parse(DOCUMENT.as_bytes()).ok()?;
    let config = validate::compile(document, &Outside::default()).ok()?;
    let (mut state, mut rng) = (State::new(), Rng::new(1));
    let lease = state.acquire(&config, &Ask { pin: Some("east"), ..ask() }, NOW, &mut rng).ok()?;
    let retry_after = Some(std::time::Duration::from_secs(30));
    let limited = Outcome { retry_after, ..Outcome::of(Class::Rate) };
    state.report(&lease, &limited, &config.settings.breaker, NOW, &mut rng);
    let told = state.explain(&config, &ask(), NOW, &rng);
    let candidates: Option<Vec<String>> = told.candidates.iter().map(line).collect();
    Some(format!(
        "{{\"chosen\":{},\n \"refusal\":{},\n \"candidates\":[\n  {}]}}",
        line(&told.chosen)?,
        line(&told.refusal)?,
        candidates?.join(",\n  ")
    ))
}

fn line(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

fn ask() -> Ask<'static> {
    Ask::of(Protocol::Chat, "gpt-5")
}
