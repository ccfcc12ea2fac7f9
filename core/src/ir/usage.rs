//! Token counts, in counters that do not overlap.

/// What a request consumed, as its upstream told. Each protocol's totals derive from these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input tokens neither read from nor written to a prompt cache.
    pub input: Option<u64>,
    pub cache_read: Option<u64>,
    /// Written to a cache; the five-minute and one-hour parts are within it.
    pub cache_write: Option<u64>,
    pub cache_write_1h: Option<u64>,
    /// Output tokens without reasoning.
    pub output: Option<u64>,
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Takes every counter `later` knows over the ones held: streams refine their usage as they go.
    pub fn merge(&mut self, later: &Self) {
        self.input = later.input.or(self.input);
        self.cache_read = later.cache_read.or(self.cache_read);
        self.cache_write = later.cache_write.or(self.cache_write);
        self.cache_write_1h = later.cache_write_1h.or(self.cache_write_1h);
        self.output = later.output.or(self.output);
        self.reasoning = later.reasoning.or(self.reasoning);
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
