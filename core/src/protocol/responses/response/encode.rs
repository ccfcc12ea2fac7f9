//! An answer to a Responses document.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::codec::json;
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

/// What `/v1/responses/compact` answers with.
/// <https://developers.openai.com/api/reference/resources/responses/methods/compact>
#[derive(Serialize)]
struct Compacted<'a> {
    id: Option<&'a RawValue>,
    created_at: Option<&'a RawValue>,
    object: &'static str,
    output: Option<&'a RawValue>,
    usage: Option<&'a RawValue>,
}

/// The same answer as the shortened conversation that it holds.
pub(in crate::protocol) fn encode_compact(response: &Response, answering: &Answering) -> Encoded {
    let whole = encode(response, answering);
    let fields: BTreeMap<&str, &RawValue> = json::read(&whole.body).unwrap_or_default();
    let field = |name: &str| fields.get(name).copied();
    let compacted = Compacted {
        id: field("id"),
        created_at: field("created_at"),
        object: "response.compaction",
        output: field("output"),
        usage: field("usage"),
    };
    Encoded { body: serde_json::to_vec(&compacted).unwrap_or_default(), ..whole }
}
