//! A whole answer to the events of one that is streamed.

use crate::ir::Event;
use crate::protocol::convert::{Invalid, StreamDecoder as _};
use crate::protocol::gemini::stream::decode::Decoder;

/// An answer is a stream of one chunk.
pub(in crate::protocol) fn decode(body: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Invalid> {
    let mut decoder = Decoder::default();
    match decoder.chunk(body, each)? {
        Some(error) => each(Event::Error(error)),
        None => decoder.finish(each),
    }
    Ok(())
}
