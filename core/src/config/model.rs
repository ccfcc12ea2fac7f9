//! Which models a channel serves, and under which names.

/// Allow and deny patterns.
#[derive(Clone, Debug, Default)]
pub struct ModelFilter {}

/// Client's name to upstream's name.
#[derive(Clone, Debug, Default)]
pub struct ModelMap {}
