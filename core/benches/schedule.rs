//! What a decision of the scheduler costs, with 1,000 channels of 10 keys: the time that the lock is held.
#![expect(clippy::expect_used, reason = "a benchmark of what cannot be has no figure")]

use std::hint::black_box;
use std::time::Duration;

use causeway_core::config::document::Document;
use causeway_core::config::outside::Outside;
use causeway_core::config::{Config, Protocol, validate};
use causeway_core::schedule::{Ask, Class, Outcome, Rng, State};
use causeway_core::time::Timestamp;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};

const ASK: Ask<'static> = Ask::of(Protocol::Messages, "claude-opus-4-8");

fn at(secs: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1000)
}

/// `fields` are those of channel `n`.
fn config(channels: usize, keys: usize, fields: impl Fn(usize) -> Value) -> Config {
    let channel = |n: usize| {
        let keys: Vec<String> = (0..keys).map(|key| format!("sk-{n}-{key}")).collect();
        let mut channel = json!({
            "name": format!("channel-{n}"),
            "endpoints": [{"protocol": "messages", "baseUrl": format!("https://{n}.example")}],
            "keys": keys,
            "modelMap": {"claude-*": "mapped"},
        });
        if let (Value::Object(channel), Value::Object(fields)) = (&mut channel, fields(n)) {
            channel.extend(fields);
        }
        channel
    };
    let document = json!({ "channels": (0..channels).map(channel).collect::<Vec<_>>() });
    let mut document = Document::parse(document.to_string().as_bytes()).expect("a document");
    let mut next = 0_u64;
    document.assign_ids(&mut |bytes| {
        next += 1;
        let number = next.to_le_bytes();
        let length = bytes.len().min(number.len());
        bytes.get_mut(..length).expect("a slice").copy_from_slice(number.get(..length).expect("a slice"));
    });
    validate::compile(document, &Outside::default()).expect("a configuration")
}

/// A decision and its report, at a state in which every channel for which `broken` holds has failed for good.
fn decide(criterion: &mut Criterion, name: &str, config: &Config, broken: impl Fn(&str) -> bool) {
    let (mut state, mut rng) = (State::new(), Rng::new(1));
    let breaker = &config.settings.breaker;
    for channel in config.channels.iter().filter(|channel| broken(&channel.name)) {
        for _ in 0..5 {
            let ask = Ask { pin: Some(&channel.name), ..ASK };
            let lease = state.acquire(config, &ask, at(0), &mut rng).expect("a lease");
            state.report(&lease, &Outcome::of(Class::Transport), breaker, at(0), &mut rng);
        }
    }
    let served = Outcome { first_content: Some(Duration::from_millis(300)), ..Outcome::of(Class::Success) };
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            let lease = state.acquire(config, black_box(&ASK), at(1), &mut rng).expect("a lease");
            state.report(&lease, &served, breaker, at(1), &mut rng);
        });
    });
}

fn decisions(criterion: &mut Criterion) {
    let tier = config(1_000, 10, |_| json!({"priority": 1}));
    let tiers = config(1_000, 10, |n| json!({"priority": n + 1}));
    let limited = config(1_000, 10, |_| json!({"priority": 1}));
    decide(criterion, "one tier of 1,000 channels", &tier, |_| false);
    decide(criterion, "1,000 tiers, the first serves", &tiers, |_| false);
    decide(criterion, "one tier, half of it tripped", &limited, |name| {
        name.ends_with(['1', '3', '5', '7', '9'])
    });
    decide(criterion, "1,000 tiers, the first ten tripped", &tiers, |name| name.len() == "channel-0".len());
    decide(criterion, "one channel of one key", &config(1, 1, |_| json!({})), |_| false);
}

criterion_group!(benches, decisions);
criterion_main!(benches);
