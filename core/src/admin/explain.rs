//! Who would serve a request, and why not the others.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::Protocol;
use crate::platform::{Coordinator, Platform};
use crate::protocol::Operation;
use crate::schedule::explain::Explanation;
use crate::schedule::{Ask, Needs, SessionKey};

/// A request as the scheduler sees it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RouteQuestion {
    /// The client's.
    protocol: Protocol,
    /// As the client names it.
    model: String,
    /// As in `X-Channel`: the name or id of a channel.
    pin: Option<String>,
    /// The route prefix of the path.
    prefix: Option<String>,
    /// Whether the client wants a stream. No rule asks for it today.
    #[serde(default)]
    stream: bool,
    /// What the client names its conversation by; needs `clientKey`.
    session: Option<String>,
    /// The id of a client key: which models and channels it may use, and which conversations are its own.
    client_key: Option<String>,
    #[serde(default)]
    needs: RouteNeeds,
}

/// What the request asks of the model; what is left out is not asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct RouteNeeds {
    /// Of the prompt.
    input_tokens: u32,
    /// The most tokens of output it asks for.
    output_tokens: u32,
    /// Whether it shows images.
    vision: bool,
    /// Whether it offers tools.
    tools: bool,
}

/// Tells who would serve a request now, and what keeps the others from it. Nothing is sent or remembered.
#[utoipa::path(post, path = "/api/route/explain", operation_id = "explainRoute", tag = "routing",
    request_body = RouteQuestion,
    responses((status = 200, description = "The decision.", body = Explanation),
        (status = 400, description = "A field is wrong.", body = ErrorBody)))]
pub(super) async fn explain<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let question: RouteQuestion = json::read(request)?;
    if question.model.is_empty() {
        return Err(Problem::invalid_field("model", "is empty"));
    }
    let session = match (&question.client_key, &question.session) {
        (Some(client_key), Some(hint)) => Some(SessionKey::of(client_key, hint)),
        (None, Some(_)) => return Err(Problem::invalid_field("clientKey", "is missing beside `session`")),
        (_, None) => None,
    };
    let config = context.config.current();
    let key = question.client_key.as_deref().map(|id| {
        let unknown = || Problem::invalid_field("clientKey", "is not the id of a client key");
        config.access.client_key(id).ok_or_else(unknown)
    });
    let key = key.transpose()?;
    let channels = key.and_then(|key| key.channels_for(&question.model));
    let ask = Ask { channels, ..question.ask(session) };
    let explanation = context.platform.coordinator().explain(&config, &ask).await;
    Ok(json::response(StatusCode::OK, &explanation))
}

impl RouteQuestion {
    fn ask(&self, session: Option<SessionKey>) -> Ask<'_> {
        let operation = match self.protocol {
            Protocol::Images => Operation::ImageGenerate,
            Protocol::Embeddings => Operation::Embeddings,
            protocol => Operation::answering(protocol, self.stream),
        };
        let RouteNeeds { input_tokens: input, output_tokens: output, vision, tools } = self.needs;
        Ask {
            protocol: self.protocol,
            model: &self.model,
            convertible: operation.converts(),
            embeds: operation.embeds(),
            pin: self.pin.as_deref().filter(|pin| !pin.is_empty()),
            prefix: self.prefix.as_deref().filter(|prefix| !prefix.is_empty()),
            channels: None,
            session,
            needs: Needs { input, output, vision, tools },
            waits_until: None,
            ticket: None,
            traced: false,
            tried: &[],
        }
    }
}
