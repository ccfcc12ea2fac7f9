//! Who may call.

/// The keys clients and operators come with, as hashes.
#[derive(Clone, Debug, Default)]
pub struct Access {}
