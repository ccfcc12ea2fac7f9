//! Any client on any upstream: one request in the client's protocol becomes one in the upstream's, and
//! the answer comes back.
//!
//! Between the codecs lie the stages, from IR to IR. On the way there: the vault opens what it sealed,
//! compaction and structured output are put into words, tools are lowered to what the upstream knows. On
//! the way back the same in reverse.

pub mod compact;
mod stream;
pub mod structured;
pub mod tools;
pub mod vault;

use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{Event, Losses, Request};
use crate::protocol::convert::{Answering, Encoded, Invalid, Target, Unsupported};
use crate::protocol::{self, Operation};

pub use stream::Transcoder;
pub use vault::{Issuer, Vault};

/// A client and the upstream that shall serve it.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    pub client: Operation,
    /// Whose conversation it is: the id of the client key.
    pub client_key: &'a str,
    /// The endpoint's.
    pub upstream: Protocol,
    /// The id of the endpoint's channel.
    pub channel: &'a str,
    /// As the upstream names it.
    pub model: &'a str,
    pub compat: &'a Compat,
    /// Whether the upstream is sent the reasoning that it signed or encrypted itself.
    pub takes_sealed: bool,
}

/// A request on its way: what to send, and how to read what comes back.
pub struct Exchange {
    /// What is asked of the upstream.
    pub operation: Operation,
    pub encoded: Encoded,
    client: Operation,
    streams: bool,
    stages: Vec<Stage>,
    answering: Answering,
}

/// Why a request cannot be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none of the client's protocol.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// It needs what this upstream does not have; another may.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

/// One step between the codecs, on the way back.
pub(crate) enum Stage {
    Structured(structured::Raiser),
    Tools(tools::Raiser),
    Compact(compact::Raiser),
    Seal(vault::Sealer),
}

impl Stage {
    fn push(&mut self, event: Event<'_>, each: &mut dyn FnMut(Event<'_>)) {
        match self {
            Self::Structured(stage) => stage.push(event, each),
            Self::Tools(stage) => stage.push(event, each),
            Self::Compact(stage) => stage.push(event, each),
            Self::Seal(stage) => stage.push(event, each),
        }
    }
}

/// Reads a client's request. `model` is what the client asked for.
///
/// # Errors
/// A sentence for the client.
pub fn decode(client: Operation, body: &[u8], model: &str, stream: bool) -> Result<Request, Invalid> {
    let mut request = protocol::decode_request(client.protocol(), body, model, stream)?;
    request.state.compact |= client == Operation::ResponsesCompact;
    Ok(request)
}

/// Converts `request` for the upstream of `parties`. `nonce` is random, and new for every exchange.
///
/// # Errors
/// When the upstream cannot serve the request even by leaving something out.
pub fn exchange(
    mut request: Request,
    parties: &Parties<'_>,
    vault: &Vault,
    nonce: [u8; 8],
    answering: Answering,
) -> Result<Exchange, Unsupported> {
    let Parties { client, client_key, upstream, channel, model, compat, takes_sealed } = *parties;
    let answering = Answering { include_usage: request.include_usage, ..answering };
    let issuer = Issuer { channel, protocol: upstream };
    let mut lost = Losses::default();
    let mut stages = Vec::with_capacity(4);
    vault.open(&mut request, client_key, issuer, &mut lost);
    if !takes_sealed {
        vault::unseal(&mut request, &mut lost);
    }
    let compacts = compact::lower(&mut request);
    stages.extend(
        structured::lower(&mut request, compat, &mut lost)
            .map(|emulation| Stage::Structured(emulation.raiser())),
    );
    let bridge = tools::lower(&mut request, upstream, compat, &mut lost);
    if !bridge.is_empty() {
        stages.push(Stage::Tools(bridge.raiser()));
    }
    if compacts {
        stages.push(Stage::Compact(compact::Raiser::default()));
    }
    stages.push(Stage::Seal(vault.sealer(client.protocol(), client_key, issuer, nonce)));
    let target = Target { model, stream: request.stream, compat };
    let mut encoded = protocol::encode_request(upstream, &request, &target)?;
    lost.extend(std::mem::take(&mut encoded.lost));
    encoded.lost = lost;
    let operation = Operation::answering(upstream, request.stream);
    Ok(Exchange { operation, encoded, client, streams: request.stream, stages, answering })
}

impl Exchange {
    /// The converter of the answer. `document`: whether the upstream's headers announce a JSON document.
    pub fn transcoder(self, document: bool) -> Transcoder {
        Transcoder::new(self.client, self.operation, self.streams, document, self.stages, self.answering)
    }
}
