//! What a channel's upstream says of itself.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::edit::no_channel;
use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::mask::without_secrets;
use crate::config::{Channel, ChannelId, Endpoint, Key, KeyId, Protocol};
use crate::gateway::call::Course;
use crate::gateway::models;
use crate::platform::{Clock, Platform};
use crate::protocol::models::Model;

/// For each list that is asked for.
const PATIENCE: Duration = Duration::from_secs(15);

/// Whose list is wanted; unset: that of the first endpoint that gives one.
#[derive(Debug, Default)]
struct Question {
    /// Of the endpoint.
    protocol: Option<Protocol>,
    /// The id of a key, a paused one too; unset: the first that is not paused.
    key: Option<String>,
}

/// The models that an upstream lists.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpstreamModels {
    /// Of the endpoint that was asked.
    protocol: Protocol,
    key_id: KeyId,
    /// As the upstream orders them.
    models: Vec<UpstreamModel>,
}

/// As far as the list tells.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpstreamModel {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    /// The longest input, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_limit: Option<u64>,
    /// The longest output, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    output_limit: Option<u64>,
}

/// Asks a channel's upstream for its models now, whatever the channel's health; what comes changes nothing.
#[utoipa::path(get, path = "/api/channels/{id}/upstream-models", operation_id = "listUpstreamModels",
    tag = "channels", params(("id" = String, Path, description = "The channel's id."),
        ("protocol" = Option<Protocol>, Query, description = "Of the endpoint; unset: the first that gives a list."),
        ("key" = Option<String>, Query, description = "The id of a key, a paused one too; unset: the first that is not.")),
    responses((status = 200, description = "The upstream's list.", body = UpstreamModels),
        (status = 400, description = "A parameter is wrong, or the channel has no such endpoint.", body = ErrorBody),
        (status = 404, description = "No such channel.", body = ErrorBody),
        (status = 502, description = "No endpoint gave a list; the message is the last one's.", body = ErrorBody)))]
pub(super) async fn models<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let question = Question::parse(request.uri().query().unwrap_or_default())?;
    let config = context.config.current();
    let channel = config.channel(&ChannelId::new(id)).ok_or_else(|| no_channel(id))?;
    let key = question.key(channel)?;
    let mut failed = Problem::invalid_field("protocol", "is spoken by no endpoint of this channel");
    for endpoint in question.endpoints(channel) {
        let mut course = Course::begin(context.platform.clock().now());
        let listed = models::fetch(context.platform, channel, endpoint, key, PATIENCE, &mut course).await;
        match listed {
            Ok(models) => {
                let models = models.into_iter().map(UpstreamModel::of).collect();
                let body = UpstreamModels { protocol: endpoint.protocol, key_id: key.id.clone(), models };
                return Ok(json::response(StatusCode::OK, &body));
            }
            Err(miss) => {
                let status = course.status.map(|status| format!("{}: ", status.as_u16())).unwrap_or_default();
                let message = without_secrets(channel, &format!("{status}{}", miss.message));
                failed = Problem::upstream_failed(message);
            }
        }
    }
    Err(failed)
}

impl Question {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut question = Self::default();
        for (name, value) in query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        {
            match name {
                "protocol" => {
                    let unknown = || Problem::invalid_field("protocol", "is no protocol");
                    question.protocol = Some(Protocol::named(value).ok_or_else(unknown)?);
                }
                "key" => question.key = Some(value.to_owned()),
                _ => {
                    return Err(Problem::invalid_field(
                        name,
                        "unknown parameter, expected `protocol` or `key`",
                    ));
                }
            }
        }
        Ok(question)
    }

    fn key<'a>(&self, channel: &'a Channel) -> Result<&'a Key, Problem> {
        let (position, problem) = match &self.key {
            Some(id) => {
                let position = channel.keys.iter().position(|key| key.id.as_str() == id);
                (position, "is not the id of a key of this channel")
            }
            None => (channel.first_key(), "the channel has none"),
        };
        let key = position.and_then(|position| channel.keys.get(position));
        key.ok_or_else(|| Problem::invalid_field("key", problem))
    }

    fn endpoints<'a>(&self, channel: &'a Channel) -> impl Iterator<Item = &'a Endpoint> {
        let wanted = self.protocol;
        channel
            .endpoints
            .iter()
            .filter(move |endpoint| wanted.is_none_or(|wanted| endpoint.protocol == wanted))
    }
}

impl UpstreamModel {
    fn of(model: Model) -> Self {
        let Model { id, display_name, input_limit, output_limit, .. } = model;
        Self { id, display_name, input_limit, output_limit }
    }
}
