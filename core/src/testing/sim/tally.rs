//! What clients waited.

/// What came of all requests.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Milliseconds to the first content; of a failed one the whole of its time.
    pub costs: Vec<u64>,
    pub failed: u32,
    pub left: u32,
    pub attempts: u32,
    pub steps: u64,
}

impl Tally {
    /// Adds what came of another run.
    pub fn add(&mut self, other: &Self) {
        self.costs.extend(&other.costs);
        self.failed += other.failed;
        self.left += other.left;
        self.attempts += other.attempts;
        self.steps += other.steps;
    }

    /// What all requests waited together.
    pub fn cost(&self) -> u64 {
        self.costs.iter().sum()
    }

    /// What so many of a hundred waited at most.
    pub fn percentile(&self, percent: usize) -> u64 {
        let mut costs = self.costs.clone();
        costs.sort_unstable();
        costs.get(costs.len() * percent / 100).or_else(|| costs.last()).copied().unwrap_or(0)
    }
}
