//! An answer to a Responses document.

use crate::ir::{Response, replay};
use crate::protocol::convert::{Answering, Encoded, StreamEncoder};
use crate::protocol::responses::stream::encode::Encoder;

/// The object that a stream's last event would hold.
pub(in crate::protocol) fn encode(response: &Response, answering: &Answering) -> Encoded {
    let mut encoder = Encoder::quiet(answering.clone());
    let mut events = Vec::new();
    replay(response, &mut |event| encoder.encode(&event, &mut events));
    let (body, lost) = encoder.document();
    Encoded { body, headers: Vec::new(), lost }
}
