//! What a shell adds to the document.

use std::time::Duration;

use super::access::Access;

/// Settings from outside the document, such as a process's environment.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Keys beside those of the document; an admin key replaces the document's.
    pub access: Access,
    /// The total timeout of requests where the document sets none.
    pub total_timeout: Option<Duration>,
    /// The most attempts a request may make here, whatever the document says.
    pub attempts_cap: Option<u32>,
}
