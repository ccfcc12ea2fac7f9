//! `GET …/models`, in the shape the client reads.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use http::request::Parts;
use http::{Response, StatusCode};

use crate::config::Protocol;
use crate::error::Failure;
use crate::platform::Platform;
use crate::protocol::models as wire;

use super::body::Body;
use super::models::no_such_model;
use super::route::ListShape;
use super::{Gateway, fail, json};

impl<P: Platform> Gateway<P> {
    /// The list, or one model of it, with the failure in the shape's own protocol.
    pub(crate) async fn list(
        self: &Arc<Self>,
        parts: &Parts,
        shape: ListShape,
        model: Option<Cow<'_, str>>,
        prefix: Option<&str>,
        client: Option<IpAddr>,
        id: &str,
    ) -> Response<Body<P>> {
        let protocol = reader(parts, shape);
        let listed = self.listed(parts, protocol, model.as_deref(), prefix, client).await;
        listed.map_or_else(|failure| fail(protocol, &failure, id), |body| json(StatusCode::OK, body))
    }

    async fn listed(
        &self,
        parts: &Parts,
        protocol: Protocol,
        model: Option<&str>,
        prefix: Option<&str>,
        client: Option<IpAddr>,
    ) -> Result<bytes::Bytes, Failure> {
        let config = self.config().current();
        let key = self.authenticate(&config, parts, protocol, client)?;
        let models = self.models(&config, served_to(protocol), prefix, &key).await;
        let Some(name) = model else {
            return Ok(wire::encode_list(protocol, &models));
        };
        let found = models.iter().find(|model| model.id == name).ok_or_else(|| no_such_model(name))?;
        Ok(wire::encode_one(protocol, found))
    }
}

/// Who reads the answer: on the path they share with OpenAI's, Anthropic's clients name their API version and
/// Google's carry their key in a header of their own.
fn reader(parts: &Parts, shape: ListShape) -> Protocol {
    match shape {
        ListShape::Gemini => Protocol::Gemini,
        ListShape::V1 if parts.headers.contains_key("anthropic-version") => Protocol::Messages,
        ListShape::V1 if parts.headers.contains_key("x-goog-api-key") => Protocol::Gemini,
        ListShape::V1 => Protocol::Chat,
    }
}

/// The protocols whose channels such a reader can use.
const fn served_to(reader: Protocol) -> &'static [Protocol] {
    match reader {
        Protocol::Messages => &[Protocol::Messages],
        Protocol::Gemini => &[Protocol::Gemini],
        _ => &[Protocol::Chat, Protocol::Responses, Protocol::Images, Protocol::Embeddings],
    }
}
