use super::*;
use crate::config::document::Document;
use crate::config::outside::Outside;
use crate::config::validate::compile;
use crate::time::calendar;

/// A channel with this multiplier, as JSON.
fn channel(multiplier: f64) -> std::sync::Arc<Channel> {
    let document = serde_json::json!({ "channels": [{ "id": "ch_a", "name": "a", "costMultiplier": multiplier,
        "endpoints": [{ "protocol": "chat", "baseUrl": "https://a.example" }] }] });
    let document = Document::parse(document.to_string().as_bytes()).unwrap();
    compile(document, &Outside::default()).unwrap().channels[0].clone()
}

fn book(prices: serde_json::Value) -> Book {
    let prices: Vec<Price> = serde_json::from_value(prices).unwrap();
    Book::new(&prices, |index, field, problem| panic!("{index} {field} {problem}"))
}

#[test]
fn a_request_costs_the_sum_of_its_classes() {
    let book = book(serde_json::json!([
        { "model": "m", "input": 3, "cachedInput": 0.3, "cacheWrite": 3.75, "cacheWrite1h": 6, "output": 15,
          "reasoning": 20, "inputAudio": 40, "outputAudio": 80, "webSearch": 10 },
        { "model": "plain", "input": 0.0028, "output": 0.87 },
        { "model": "tiered", "input": 1, "output": 2 },
        { "model": "tiered", "over": 100, "input": 10, "output": 20 },
        { "model": "half", "output": 1 },
    ]));
    let none = Usage::default();
    let some = |count| Some(count);
    #[rustfmt::skip]
    let table: &[(&str, Usage, u64, bool)] = &[
        ("m", none, 0, false),
        ("m", Usage { input: some(1_000_000), ..none }, 3_000_000, false),
        ("m", Usage { cache_read: some(1_000), ..none }, 300, false),
        ("m", Usage { cache_write: some(1_000), cache_write_1h: some(400), ..none }, 600 * 15 / 4 + 400 * 6, false),
        ("m", Usage { output: some(100), reasoning: some(10), ..none }, 1_500 + 200, false),
        ("m", Usage { input: some(100), input_audio: some(40), ..none }, 60 * 3 + 40 * 40, false),
        ("m", Usage { output: some(100), output_audio: some(150), ..none }, 8_000, false),
        ("m", Usage { web_searches: some(3), ..none }, 30_000, false),
        ("plain", Usage { input: some(1_000), cache_read: some(1_000), cache_write: some(1_000), ..none }, 8, false),
        ("plain", Usage { output: some(1_000), reasoning: some(1_000), ..none }, 1_740, false),
        ("plain", Usage { output: some(100), web_searches: some(1), ..none }, 87, true),
        ("tiered", Usage { input: some(50), cache_read: some(50), output: some(10), ..none }, 120, false),
        ("tiered", Usage { input: some(51), cache_read: some(50), output: some(10), ..none }, 1_210, false),
        ("half", Usage { input: some(10), output: some(10), ..none }, 10, true),
        ("unknown", Usage { output: some(1), ..none }, 0, true),
        ("reseller/m", Usage { input: some(1_000_000), ..none }, 3_000_000, false),
        ("m", Usage { input: some(u64::MAX), ..none }, u64::MAX, false),
    ];
    for (model, usage, micros, unpriced) in table {
        let cost = book.cost(usage, &channel(1.0), model, Timestamp::default());
        assert_eq!(
            cost,
            Cost { micros: *micros, list_micros: *micros, unpriced: *unpriced },
            "{model} {usage:?}"
        );
    }
}

#[test]
fn a_channel_takes_its_share_of_the_list() {
    let book = book(serde_json::json!([{ "model": "m", "input": 3, "output": 15 }]));
    let usage = Usage { input: Some(1_000), ..Usage::default() };
    for (multiplier, micros) in [(1.0, 3_000), (0.5, 1_500), (1.25, 3_750), (0.0, 0), (0.000_1, 0)] {
        let cost = book.cost(&usage, &channel(multiplier), "m", Timestamp::default());
        assert_eq!((cost.micros, cost.list_micros), (micros, 3_000), "{multiplier}");
    }
}

#[test]
fn a_request_costs_more_in_the_hours_and_on_the_days_of_a_peak() {
    let book = book(serde_json::json!([
        { "model": "m", "input": 1, "output": 2, "peakHours": "1-4, 6-10", "peakFactor": 2 },
        { "model": "late", "input": 1, "output": 2, "peakHours": "23-24", "peakFactor": 1.5 },
    ]));
    let usage = Usage { input: Some(1_000_000), ..Usage::default() };
    #[rustfmt::skip]
    let table = [
        ("m", [11, 27, 0, 59, 59], 1_000_000),
        ("m", [11, 27, 1, 0, 0], 2_000_000),
        ("m", [11, 27, 3, 59, 59], 2_000_000),
        ("m", [11, 27, 4, 0, 0], 1_000_000),
        ("m", [11, 27, 9, 30, 0], 2_000_000),
        ("m", [11, 28, 9, 30, 0], 1_000_000),
        ("m", [11, 29, 9, 30, 0], 1_000_000),
        ("m", [11, 30, 9, 30, 0], 2_000_000),
        ("late", [11, 30, 23, 59, 59], 1_500_000),
        ("late", [12, 1, 0, 0, 0], 1_000_000),
    ];
    for (model, time, micros) in table {
        let [month, day, hour, minute, second] = time;
        let secs = ((calendar::days(2026, month, day) * 24 + hour) * 60 + minute) * 60 + second;
        let at = Timestamp::from_millis(u64::try_from(secs).unwrap() * 1000);
        assert_eq!(book.cost(&usage, &channel(1.0), model, at).micros, micros, "{model} {time:?}");
    }
}

#[test]
fn an_operators_price_goes_before_a_built_in_one() {
    let usage = Usage { input: Some(1_000_000), ..Usage::default() };
    let cost =
        |book: &Book, model: &str| book.cost(&usage, &channel(1.0), model, Timestamp::default()).micros;
    let own = book(serde_json::json!([{ "model": "claude-*", "input": 1, "output": 1 }]));
    assert_eq!(cost(&own, "claude-opus-5-5"), 1_000_000);
    let none = Book::default();
    assert_eq!(cost(&none, "claude-haiku-4-5-20251001"), 1_000_000);
    assert_eq!(
        cost(&none, "openai/gpt-6.2-sol"),
        4_000_000,
        "a prompt over 272,000 tokens costs twice as much"
    );
    assert_eq!(cost(&none, "deepseek-flash"), 150_000, "on Thursday at midnight");
}

#[test]
fn every_built_in_price_can_be_looked_up_and_says_where_it_is_from() {
    let prices: Vec<Price> = built_in().collect();
    Book::new(&prices, |index, field, problem| panic!("{index} {field} {problem}"));
    for price in prices {
        assert!(price.input > Some(0.0) && price.output > price.input && price.cached_input < price.input);
        assert!(price.source.unwrap().starts_with("https://") && price.as_of.unwrap().len() == 10);
    }
}

#[test]
fn a_wrong_price_is_refused_by_its_field() {
    let price = |model: &str, over, input| Price {
        model: model.to_owned(),
        over,
        input: Some(input),
        ..Price::default()
    };
    let problems = |prices: &[Price]| {
        let mut told = Vec::new();
        Book::new(prices, |index, field, _| told.push((index, field)));
        told
    };
    for wrong in [-1.0, f64::NAN, f64::INFINITY, 1e9] {
        assert_eq!(problems(&[price("m", 0, 1.0), price("n", 0, wrong)]), [(1, "input")]);
    }
    let peak = |hours: Option<&str>, factor| Price {
        peak_hours: hours.map(str::to_owned),
        peak_factor: factor,
        ..price("m", 0, 1.0)
    };
    for wrong in ["", "1", "4-1", "3-3", "1-25", "-1-4", "1-4;6-10", "1-4,", "a-b"] {
        assert_eq!(problems(&[peak(Some(wrong), Some(2.0))]), [(0, "peakHours")], "{wrong}");
    }
    assert_eq!(problems(&[peak(Some("1-4"), None)]), [(0, "peakFactor")]);
    assert_eq!(problems(&[peak(Some("1-4"), Some(-1.0))]), [(0, "peakFactor")]);
    assert_eq!(problems(&[peak(None, Some(2.0))]), [(0, "peakHours")]);
    assert_eq!(problems(&[price("a b", 0, 1.0)]), [(0, "model")]);
    assert_eq!(problems(&[price("m", 0, 1.0), price("m", 0, 2.0)]), [(1, "model")], "it stands twice");
    assert_eq!(problems(&[price("m", 0, 1.0), price("m", 9, 2.0)]), []);
}
