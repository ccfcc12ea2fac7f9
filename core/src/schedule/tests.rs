//! Tables over virtual time.

mod authority;
mod choice;
mod explain;
mod fingerprints;
mod fixture;
mod learning;
mod limits;
mod pace;
mod scopes;
mod traits;
mod walk;
