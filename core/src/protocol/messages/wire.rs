//! The wire of Claude Messages: how its objects are read, and its blocks and events as they are written.

pub(super) mod answer;
pub(super) mod block;
pub(super) mod citation;
pub(super) mod event;
pub(super) mod name;
pub(super) mod object;
pub(super) mod seal;
pub(super) mod stop;
