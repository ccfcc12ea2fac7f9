//! The configuration as an operator writes it and a store keeps it.

use serde::{Deserialize, Serialize};

/// The stored form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {}
