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
    /// How much of the input, cached or not, is audio.
    pub input_audio: Option<u64>,
    /// How much of the output is audio.
    pub output_audio: Option<u64>,
    /// How much of the output was predicted by the client, and how much of the prediction was in vain.
    pub prediction_accepted: Option<u64>,
    pub prediction_rejected: Option<u64>,
    /// Searches the vendor ran; no tokens.
    pub web_searches: Option<u64>,
    /// The gateway's own estimate; no upstream said so.
    pub estimated: bool,
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
        self.input_audio = later.input_audio.or(self.input_audio);
        self.output_audio = later.output_audio.or(self.output_audio);
        self.prediction_accepted = later.prediction_accepted.or(self.prediction_accepted);
        self.prediction_rejected = later.prediction_rejected.or(self.prediction_rejected);
        self.web_searches = later.web_searches.or(self.web_searches);
        self.estimated = later.estimated;
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All input tokens, as OpenAI and Gemini count them.
    pub fn total_input(&self) -> u64 {
        [self.input, self.cache_read, self.cache_write].into_iter().flatten().fold(0, u64::saturating_add)
    }

    /// What counts against a limit on tokens: all input, cached or not, and all output; `None` where nothing is
    /// known of either.
    pub fn limited_tokens(&self) -> Option<u64> {
        let known = [self.input, self.cache_read, self.cache_write, self.output, self.reasoning];
        known.into_iter().flatten().reduce(u64::saturating_add)
    }

    /// All output tokens, as OpenAI and Claude count them.
    pub fn total_output(&self) -> u64 {
        [self.output, self.reasoning].into_iter().flatten().fold(0, u64::saturating_add)
    }
}
