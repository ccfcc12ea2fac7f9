//! Reads an answer that was not streamed, told as the events of one that was.

use crate::codec::json;
use crate::ir::Event;
use crate::protocol::convert::Invalid;
use crate::protocol::messages::stream::decode::Decoder;

/// # Errors
/// When `body` is no Messages answer.
pub(in crate::protocol) fn decode(body: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Invalid> {
    let raw = json::read(body).map_err(|error| Invalid(format!("the answer is no JSON object: {error}")))?;
    Decoder::default().document(raw, each)
}
