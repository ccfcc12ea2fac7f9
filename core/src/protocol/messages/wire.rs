//! The wire of Claude Messages: how its objects are read, and its blocks as they are written.

pub(super) mod block;
pub(super) mod citation;
pub(super) mod object;
pub(super) mod seal;
