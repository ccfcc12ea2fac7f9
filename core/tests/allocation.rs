//! A decision of the scheduler allocates nothing.

use causeway_core::config::document::Document;
use causeway_core::config::outside::Outside;
use causeway_core::config::{Protocol, validate};
use causeway_core::schedule::{Ask, Class, Outcome, Rng, State};
use causeway_core::time::Timestamp;
use serde_json::json;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

#[test]
fn a_decision_and_its_report_allocate_nothing() {
    let channel = |n: usize| {
        json!({
            "id": format!("ch_{n}"),
            "name": format!("channel-{n}"),
            "priority": n / 50,
            "endpoints": [{"protocol": "messages", "baseUrl": "https://upstream.example"}],
            "keys": (0..10).map(|key| json!({"id": format!("k_{n}_{key}"), "key": format!("sk-{key}")})).collect::<Vec<_>>(),
            "modelMap": {"claude-*": "mapped"},
            "limits": {"requestsPerMinute": 1_000_000},
        })
    };
    let document = json!({ "channels": (0..200).map(channel).collect::<Vec<_>>() });
    let document = Document::parse(document.to_string().as_bytes()).unwrap();
    let config = validate::compile(document, &Outside::default()).unwrap();
    let (mut state, mut rng) = (State::new(), Rng::new(1));
    let ask = Ask::of(Protocol::Messages, "claude-opus");
    let mut decide = |rounds: u64, class: Class| {
        for n in 0..rounds {
            let now = Timestamp::from_millis(1_700_000_000_000 + n);
            let lease = state.acquire(&config, &ask, now, &mut rng).unwrap();
            state.report(&lease, &Outcome::of(class), &config.settings.breaker, now, &mut rng);
        }
    };
    // Windows grow to their size first.
    decide(50_000, Class::Success);
    decide(2, Class::ServerError);
    decide(50_000, Class::Success);

    let _profiler = dhat::Profiler::builder().testing().build();
    decide(10_000, Class::Success);
    let stats = dhat::HeapStats::get();
    dhat::assert_eq!(stats.total_blocks, 0);
}
