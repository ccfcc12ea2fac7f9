//! Tables over virtual time.

mod choice;
mod fixture;
mod learning;
mod traits;
mod walk;
