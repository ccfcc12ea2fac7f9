//! What the wire protocols have in common: the model between them.
//!
//! A superset of all four. A request and an answer are flat, ordered lists of typed [`Item`]s; a stream
//! is a sequence of [`Event`]s over indexed blocks, and an answer that is not streamed is its fold.
//! Everything optional is an `Option`: an explicit zero is not an absence. What only one protocol knows
//! is kept in [`Ext`] and [`Opaque`] and goes back to that protocol alone; whatever a target cannot hold
//! is a [`Loss`].

mod accumulate;
mod block;
mod item;
mod loss;
mod raw;
mod reasoning;
mod replay;
mod request;
mod response;
mod stream;
mod tool;
pub mod usage;

#[cfg(test)]
mod tests;

pub use accumulate::Accumulator;
pub use block::{Audio, Block, CacheControl, CacheTtl, Citation, File, Image, Source, Text, Video};
pub use item::{
    CallKind, Compaction, Executor, Item, Message, Opaque, Reasoning, ResultContent, Role, SealKind, Sealed,
    ToolCall, ToolResult,
};
pub use loss::{How, Loss, Losses};
pub use raw::Raw;
pub use reasoning::{Effort, ReasoningConfig, ReasoningMode};
pub use replay::replay;
pub use request::{Format, Identity, Output, Request, Sampling, State};
pub use response::{Choice, Finish, FinishReason, Response};
pub use stream::{BlockStart, Delta, Event, Start};
pub use tool::{Namespace, Tool, ToolChoice, ToolKind};
pub use usage::Usage;

/// Fields that only the protocol they came from knows, in their order.
pub type Ext = serde_json::Map<String, serde_json::Value>;
