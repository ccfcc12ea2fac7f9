//! Token counts where no upstream counts: the gateway's own estimate, marked as one.

use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::config::compat::Compat;
use crate::config::{Config, Protocol};
use crate::error::{Failure, FailureKind, Origin};
use crate::platform::Platform;
use crate::protocol::convert::Target;
use crate::protocol::{self, Operation, messages};
use crate::schedule::Ask;
use crate::transcode;

use super::body::Body;
use super::inbound::Inbound;

/// The answer is the gateway's own estimate.
const ESTIMATED: &str = "x-causeway-estimated";

/// An answer in place of `failure`: for a count that failed upstream, or that only channels which cannot
/// count would serve.
pub(super) fn estimate<P: Platform>(
    config: &Config,
    ask: &Ask<'_>,
    inbound: &Inbound<'_>,
    failure: &Failure,
) -> Option<Response<Body<P>>> {
    let served = failure.origin == Origin::Upstream
        || failure.origin == Origin::Gateway
            && failure.kind == FailureKind::NotFound
            && would_serve(config, ask);
    let tokens = if served { tokens(inbound)? } else { return None };
    let body = match inbound.operation {
        Operation::ResponsesInputTokens => json!({"object": "response.input_tokens", "input_tokens": tokens}),
        Operation::GeminiCountTokens => json!({"totalTokens": tokens}),
        _ => json!({"input_tokens": tokens}),
    };
    let mut response = super::json(StatusCode::OK, body.to_string().into());
    response.headers_mut().insert(ESTIMATED, HeaderValue::from_static("true"));
    Some(response)
}

/// Whether a channel would answer the conversation that is counted.
fn would_serve(config: &Config, ask: &Ask<'_>) -> bool {
    config.channels.iter().any(|channel| {
        channel.serves(ask.protocol)
            && channel.route_prefix.as_deref() == ask.prefix
            && channel.models.allows(ask.model)
    })
}

/// `None` for what is no count, or cannot be read.
fn tokens(inbound: &Inbound<'_>) -> Option<u64> {
    let body = match inbound.operation {
        Operation::CountTokens => return Some(messages::count::estimate(inbound.body)),
        Operation::GeminiCountTokens => protocol::counted_request(inbound.body),
        Operation::ResponsesInputTokens => inbound.body.as_ref(),
        _ => return None,
    };
    let model = &inbound.peek.model;
    let request = transcode::decode(inbound.operation, body, model, false).ok()?;
    let target = Target { model, stream: false, compat: &Compat::default() };
    let encoded = protocol::encode_request(Protocol::Messages, &request, &target).ok()?;
    Some(messages::count::estimate(&encoded.body))
}
