//! An upstream's completion to events.

use crate::ir::Event;
use crate::protocol::chat::stream::decode::Decoder;
use crate::protocol::convert::Invalid;

/// Tells an answer as if it had been streamed.
///
/// # Errors
/// When `body` is no completion.
pub(in crate::protocol) fn decode(body: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Invalid> {
    Decoder::default().document(body, each)
}
