//! List prices of vendors' current models at their standard tier.
//!
//! Each comes from the vendor's page, as that stood on the day given. A model that is not here has no price until the
//! operator sets one.

use std::sync::LazyLock;

use super::{Book, Price};

/// A vendor's page.
struct Page {
    url: &'static str,
    as_of: &'static str,
    /// Its busy hours, and what the rates are multiplied by then.
    peak: Option<(&'static str, f64)>,
}

impl Page {
    const fn new(url: &'static str, as_of: &'static str) -> Self {
        Self { url, as_of, peak: None }
    }
}

/// One price: the model, the prompt above which it holds, and [`Columns`].
struct Row(&'static Page, &'static str, u32, Columns);

/// Input, read from a cache, written to it for minutes and for an hour, output, in millionths of a dollar for a million
/// tokens; and a thousand web searches. What the page does not name is 0.
type Columns = [u32; 6];

const ANTHROPIC: Page = Page::new("https://platform.claude.com/docs/en/about-claude/pricing", "2026-10-24");
const OPENAI: Page = Page::new("https://developers.openai.com/api/docs/pricing", "2026-11-18");
const GEMINI: Page = Page::new("https://ai.google.dev/gemini-api/docs/pricing", "2026-10-07");
/// Public holidays in China are as cheap as a weekend, which is not known here.
const DEEPSEEK: Page = Page {
    peak: Some(("1-4,6-10", 2.0)),
    ..Page::new("https://api-docs.deepseek.com/quick_start/pricing", "2026-10-27")
};
const GLM: Page = Page::new("https://docs.z.ai/guides/overview/pricing", "2026-08-19");
const MINIMAX: Page = Page::new("https://platform.minimax.io/docs/guides/pricing-paygo", "2026-09-11");
const KIMI: Page = Page::new("https://platform.kimi.ai/docs/pricing/chat-k3", "2026-07-18");

/// Of Claude's own searches; the same for every model.
const SEARCH: u32 = 10_000_000;

#[rustfmt::skip]
static ROWS: [Row; 52] = [
    Row(&ANTHROPIC, "claude-fable-5-1", 0, [10_000_000, 250_000, 12_500_000, 20_000_000, 50_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-fable-5", 0, [10_000_000, 1_000_000, 12_500_000, 20_000_000, 50_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-opus-5-5", 0, [4_000_000, 200_000, 5_000_000, 8_000_000, 20_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-opus-5", 0, [5_000_000, 500_000, 6_250_000, 10_000_000, 25_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-opus-4-8", 0, [5_000_000, 500_000, 6_250_000, 10_000_000, 25_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-opus-4-7", 0, [5_000_000, 500_000, 6_250_000, 10_000_000, 25_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-opus-4-6", 0, [5_000_000, 500_000, 6_250_000, 10_000_000, 25_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-opus-4-5", 0, [5_000_000, 500_000, 6_250_000, 10_000_000, 25_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-sonnet-5-5", 0, [2_000_000, 100_000, 2_500_000, 4_000_000, 10_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-sonnet-5", 0, [2_000_000, 200_000, 2_500_000, 4_000_000, 10_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-sonnet-4-6", 0, [3_000_000, 300_000, 3_750_000, 6_000_000, 15_000_000, SEARCH]),
    Row(&ANTHROPIC, "claude-haiku-5-5", 0, [100_000, 10_000, 125_000, 200_000, 500_000, SEARCH]),
    Row(&ANTHROPIC, "claude-haiku-5-5", 100_000, [500_000, 50_000, 625_000, 1_000_000, 2_500_000, SEARCH]),
    Row(&ANTHROPIC, "claude-haiku-4-5", 0, [1_000_000, 100_000, 1_250_000, 2_000_000, 5_000_000, SEARCH]),
    Row(&OPENAI, "gpt-6.2-astra", 0, [8_000_000, 400_000, 10_000_000, 0, 40_000_000, 0]),
    Row(&OPENAI, "gpt-6.2-astra", 272_000, [16_000_000, 800_000, 20_000_000, 0, 60_000_000, 0]),
    Row(&OPENAI, "gpt-6.2-sol", 0, [2_000_000, 100_000, 2_500_000, 0, 10_000_000, 0]),
    Row(&OPENAI, "gpt-6.2-sol", 272_000, [4_000_000, 200_000, 5_000_000, 0, 15_000_000, 0]),
    Row(&OPENAI, "gpt-6.1-sol", 0, [2_000_000, 100_000, 2_500_000, 0, 10_000_000, 0]),
    Row(&OPENAI, "gpt-6.1-sol", 272_000, [4_000_000, 200_000, 5_000_000, 0, 15_000_000, 0]),
    Row(&OPENAI, "gpt-6-astra", 0, [10_000_000, 1_000_000, 12_500_000, 0, 50_000_000, 0]),
    Row(&OPENAI, "gpt-6-astra", 272_000, [20_000_000, 2_000_000, 25_000_000, 0, 75_000_000, 0]),
    Row(&OPENAI, "gpt-6-sol", 0, [2_000_000, 200_000, 2_500_000, 0, 10_000_000, 0]),
    Row(&OPENAI, "gpt-6-sol", 272_000, [4_000_000, 400_000, 5_000_000, 0, 15_000_000, 0]),
    Row(&OPENAI, "gpt-6-luna", 0, [100_000, 10_000, 125_000, 0, 500_000, 0]),
    Row(&OPENAI, "gpt-6-luna", 272_000, [200_000, 20_000, 250_000, 0, 750_000, 0]),
    Row(&OPENAI, "gpt-5.6-sol", 0, [4_000_000, 400_000, 5_000_000, 0, 20_000_000, 0]),
    Row(&OPENAI, "gpt-5.6-sol", 272_000, [8_000_000, 800_000, 10_000_000, 0, 30_000_000, 0]),
    Row(&OPENAI, "gpt-5.6-terra", 0, [2_000_000, 200_000, 2_500_000, 0, 12_000_000, 0]),
    Row(&OPENAI, "gpt-5.6-terra", 272_000, [4_000_000, 400_000, 5_000_000, 0, 18_000_000, 0]),
    Row(&OPENAI, "gpt-5.6-luna", 0, [200_000, 20_000, 250_000, 0, 1_200_000, 0]),
    Row(&OPENAI, "gpt-5.6-luna", 272_000, [400_000, 40_000, 500_000, 0, 1_800_000, 0]),
    Row(&OPENAI, "gpt-5.4-mini", 0, [750_000, 75_000, 0, 0, 4_500_000, 0]),
    Row(&OPENAI, "gpt-5.4-nano", 0, [200_000, 20_000, 0, 0, 1_250_000, 0]),
    Row(&GEMINI, "gemini-3.8-flash", 0, [750_000, 75_000, 0, 0, 3_750_000, 0]),
    Row(&GEMINI, "gemini-3.5-flash", 0, [1_500_000, 0, 0, 0, 9_000_000, 0]),
    Row(&GEMINI, "gemini-3.5-flash-lite", 0, [300_000, 0, 0, 0, 2_500_000, 0]),
    Row(&GEMINI, "gemini-3.1-pro-preview", 0, [2_000_000, 0, 0, 0, 12_000_000, 0]),
    Row(&GEMINI, "gemini-3.1-pro-preview", 200_000, [4_000_000, 0, 0, 0, 18_000_000, 0]),
    Row(&DEEPSEEK, "deepseek-flash", 0, [150_000, 3_000, 0, 0, 600_000, 0]),
    Row(&DEEPSEEK, "deepseek-v4-flash", 0, [150_000, 3_000, 0, 0, 600_000, 0]),
    Row(&DEEPSEEK, "deepseek-v4-pro", 0, [660_000, 22_000, 0, 0, 1_980_000, 0]),
    Row(&GLM, "glm-5.3", 0, [1_400_000, 260_000, 0, 0, 4_400_000, 0]),
    Row(&GLM, "glm-5.2", 0, [1_400_000, 260_000, 0, 0, 4_400_000, 0]),
    Row(&GLM, "glm-5.1", 0, [1_400_000, 260_000, 0, 0, 4_400_000, 0]),
    Row(&GLM, "glm-5-turbo", 0, [1_200_000, 240_000, 0, 0, 4_000_000, 0]),
    Row(&GLM, "glm-5", 0, [1_000_000, 200_000, 0, 0, 3_200_000, 0]),
    Row(&GLM, "glm-4.7", 0, [600_000, 110_000, 0, 0, 2_200_000, 0]),
    Row(&GLM, "glm-4.6", 0, [600_000, 110_000, 0, 0, 2_200_000, 0]),
    Row(&MINIMAX, "MiniMax-M3", 0, [300_000, 60_000, 0, 0, 1_200_000, 0]),
    Row(&MINIMAX, "MiniMax-M3", 524_288, [600_000, 120_000, 0, 0, 2_400_000, 0]),
    Row(&KIMI, "kimi-k3", 0, [3_000_000, 300_000, 0, 0, 15_000_000, 0]),
];

/// Every built-in price.
pub fn built_in() -> impl Iterator<Item = Price> {
    ROWS.iter().map(|Row(page, model, over, columns)| {
        let [input, cached_input, cache_write, cache_write_1h, output, web_search] =
            columns.map(|micros| (micros > 0).then(|| f64::from(micros) / 1e6));
        Price {
            model: (*model).to_owned(),
            over: *over,
            input,
            cached_input,
            cache_write,
            cache_write_1h,
            output,
            web_search,
            peak_hours: page.peak.map(|(hours, _)| hours.to_owned()),
            peak_factor: page.peak.map(|(_, factor)| factor),
            source: Some(page.url.to_owned()),
            as_of: Some(page.as_of.to_owned()),
            ..Price::default()
        }
    })
}

/// The same to look up in, also under the names of dated snapshots: `claude-haiku-4-5-20251001`.
pub(super) fn book() -> &'static Book {
    static BOOK: LazyLock<Book> = LazyLock::new(|| {
        let dated = |price: Price| {
            let model = format!("{}-20*", price.model);
            [Price { model, ..price.clone() }, price]
        };
        let prices: Vec<Price> = built_in().flat_map(dated).collect();
        Book::new(&prices, |_, _, _| {})
    });
    &BOOK
}
