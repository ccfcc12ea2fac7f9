//! One small request to one endpoint with one key, for an operator to see what comes of it.
//!
//! It is written and read as a client's would be, but outside of the scheduler: a pause, a breaker or a limit
//! does not keep it back, what comes of it is held against nobody, and no record is written.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::codec::json;
use crate::config::access::Digest;
use crate::config::client_key::ClientKey;
use crate::config::{Channel, ClientKeyId, Protocol};
use crate::platform::{ByteBody, Clock, Platform};
use crate::protocol::{self, Operation};
use crate::schedule::Lease;
use crate::transcode::Vault;

use super::attempt::Miss;
use super::call::{self, Course};
use super::inbound::Inbound;
use super::observer::Observer;
use super::outbound::{self, Means, NotSent};
use super::passage::Passage;
use super::pull::{Gathered, Pull, pull};
use super::shape::is_json;

/// The longest answer that is read; an image may be large.
const MAX_ANSWER: usize = 8 * 1024 * 1024;
/// Characters of what the model said.
const MAX_SAID: usize = 200;
const TOOL: &str = "get_weather";

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// For a word, a vector or an image, whatever the endpoint makes.
    Answer,
    /// For a word, streamed.
    Stream,
    /// For a tool call.
    Tools,
}

/// An endpoint of a channel with one of its keys, by their positions.
pub(crate) struct Trial<'a, P> {
    pub(crate) platform: &'a P,
    pub(crate) vault: &'a Vault,
    pub(crate) channel: &'a Arc<Channel>,
    pub(crate) endpoint: usize,
    pub(crate) key: usize,
}

impl<P: Platform> Trial<'_, P> {
    /// Asks `model`, by the upstream's name, for no longer than `patience`; returns what it said.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub(crate) async fn ask(
        &self,
        question: Question,
        model: &str,
        patience: Duration,
        course: &mut Course,
    ) -> Result<String, Miss> {
        let lease = Lease::unscheduled(self.channel, self.key, self.endpoint, model, course.started);
        let (Some(endpoint), Some(key)) = (lease.endpoint(), lease.key()) else {
            return Err(Miss::transport("the channel lost its endpoint or key".to_owned()));
        };
        let operation = asked_of(endpoint.protocol);
        let body = Bytes::from(question.body(operation, model).to_string());
        let headers = HeaderMap::new();
        let peek = protocol::peek(operation, &headers, &body, None).map_err(Miss::unfit)?;
        let client_key = ClientKey::unrestricted(ClientKeyId::new("ck_test"), "test", Digest::of(""));
        let client_key = Arc::new(client_key);
        let inbound = Inbound {
            id: "req_test",
            client_key: &client_key,
            arrived: course.started,
            operation,
            headers: &headers,
            query: None,
            body: &body,
            peek,
            deadline: course.started + patience,
            tape: None,
        };
        let means = Means { vault: self.vault, entropy: self.platform.entropy() };
        let outbound = if operation.converts() {
            outbound::converted(&means, &inbound, &lease, endpoint, key)
        } else {
            outbound::prepare(&means, &inbound, &lease, endpoint, key)
        };
        let outbound = outbound.map_err(|not_sent| match not_sent {
            NotSent::Unfit(miss) => miss,
            NotSent::Wrong(failure) => Miss::unfit(failure.message),
        })?;
        let mut timer = pin!(self.platform.clock().sleep(patience));
        let (headers, mut body) =
            call::send(self.platform, self.channel, outbound.request, course, timer.as_mut()).await?;
        let mut passage = match outbound.exchange {
            Some(exchange) => Passage::transcoded(exchange.transcoder(is_json(&headers))),
            None => Passage::through(Observer::of_document(operation)),
        };
        let read = self.read(&mut body, &mut passage, timer.as_mut(), course).await?;
        let document = question != Question::Stream;
        if !document && is_json(&headers) {
            return Err(Miss::bad_answer("one document where a stream was asked for"));
        }
        if !passage.ends_cleanly() {
            return Err(Miss::bad_answer(if document {
                "no complete JSON"
            } else {
                "a stream without its end"
            }));
        }
        if operation.converts() && !passage.content() {
            return Err(Miss::bad_answer("an empty answer"));
        }
        if document { question.said(operation, &read).map_err(Miss::bad_answer) } else { Ok(String::new()) }
    }

    /// The answer to its end, as the client of `passage` would get it.
    async fn read<B: ByteBody>(
        &self,
        body: &mut B,
        passage: &mut Passage,
        mut timer: Pin<&mut (impl Future<Output = ()> + Send)>,
        course: &mut Course,
    ) -> Result<Bytes, Miss> {
        let mut ready = Gathered::default();
        let mut taken = 0;
        while !passage.ended() {
            match pull(body, timer.as_mut()).await {
                Pull::Data(chunk) => {
                    course.keep(&chunk);
                    taken += chunk.len();
                    passage.take(chunk, &mut ready);
                }
                Pull::End => break,
                Pull::Broken => return Err(Miss::transport("the connection broke off".to_owned())),
                Pull::Late => return Err(Miss::late("the answer took too long".to_owned())),
            }
            if passage.content() && course.first_content.is_none() {
                course.first_content = Some(self.platform.clock().now().since(course.started));
            }
            if taken > MAX_ANSWER {
                return Err(Miss::bad_answer("an answer without end"));
            }
        }
        passage.finish(&mut ready);
        match passage.failed() {
            Some(error) => Err(Miss::told(StatusCode::OK, error, self.platform.clock().now())),
            None => Ok(ready.into_bytes()),
        }
    }
}

/// An endpoint that answers conversations is asked in the protocol whose requests all others can take.
const fn asked_of(protocol: Protocol) -> Operation {
    match protocol {
        Protocol::Images => Operation::ImageGenerate,
        Protocol::Embeddings => Operation::Embeddings,
        Protocol::Messages | Protocol::Chat | Protocol::Responses | Protocol::Gemini => Operation::Chat,
    }
}

impl Question {
    /// The limits on tokens leave room to think for those who must.
    fn body(self, operation: Operation, model: &str) -> Value {
        let say = |text: &str| json!([{"role": "user", "content": text}]);
        match (operation, self) {
            (Operation::Embeddings, _) => json!({"model": model, "input": "ping"}),
            (Operation::ImageGenerate, _) => json!({"model": model, "prompt": "a dot", "n": 1}),
            (_, Self::Tools) => json!({
                "model": model,
                "messages": say("What is the weather in Paris? Use the tool."),
                "max_tokens": 1024,
                "tools": [{"type": "function", "function": {
                    "name": TOOL,
                    "description": "Tells the weather in a city.",
                    "parameters": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                    },
                }}],
            }),
            (_, Self::Answer | Self::Stream) => json!({
                "model": model,
                "messages": say("Reply with the word pong."),
                "max_tokens": 64,
                "stream": self == Self::Stream,
            }),
        }
    }

    /// What a whole answer says.
    ///
    /// # Errors
    /// What came instead.
    fn said(self, operation: Operation, answer: &[u8]) -> Result<String, &'static str> {
        let answer: Value = json::read(answer).unwrap_or_default();
        if !operation.converts() {
            let made = answer.pointer("/data/0").is_some();
            return if made { Ok(String::new()) } else { Err("a document without `data`") };
        }
        let message = answer.pointer("/choices/0/message").unwrap_or(&Value::Null);
        let called = message.pointer("/tool_calls/0/function/name").and_then(Value::as_str);
        if self == Self::Tools && called != Some(TOOL) {
            return Err("no tool call, though it was asked for one");
        }
        let text = message.get("content").and_then(Value::as_str).unwrap_or_default();
        Ok(text.chars().take(MAX_SAID).collect())
    }
}
