//! What upstreams answer: a chunk of a stream, or a whole completion.
//! <https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events>

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::annotation::Annotation;
use super::detail::Detail;
use super::text::Str;
use crate::codec::json;

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Chunk<'a> {
    #[serde(borrow)]
    pub(in crate::protocol::chat) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) object: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) created: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) model: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) service_tier: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) system_fingerprint: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) x_groq: Option<Groq<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) error: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Groq<'a> {
    #[serde(borrow)]
    pub(in crate::protocol::chat) usage: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Choice<'a> {
    pub(in crate::protocol::chat) index: Option<u32>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) delta: Option<Delta<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) message: Option<Box<Delta<'a>>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) finish_reason: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) logprobs: Option<Logprobs<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) error: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Logprobs<'a> {
    #[serde(borrow)]
    pub(in crate::protocol::chat) content: Option<&'a RawValue>,
}

/// More of a message, or all of it.
#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Delta<'a> {
    #[serde(borrow)]
    pub(in crate::protocol::chat) content: Option<Content<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) reasoning_content: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) reasoning: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) reasoning_details: Option<Vec<Detail<'a>>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) refusal: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) tool_calls: Option<Vec<Call<'a>>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) function_call: Option<Box<Function<'a>>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) audio: Option<Box<Audio<'a>>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) annotations: Option<Vec<Annotation<'a>>>,
    /// OpenRouter's.
    #[serde(borrow)]
    pub(in crate::protocol::chat) images: Option<Vec<Part<'a>>>,
}

/// Text, or parts, as Mistral has them.
#[derive(Debug)]
pub(in crate::protocol::chat) enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Part<'a> {
    #[serde(borrow)]
    pub(in crate::protocol::chat) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) thinking: Option<Content<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) image_url: Option<Url<'a>>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Url<'a> {
    #[serde(borrow)]
    pub(in crate::protocol::chat) url: Option<Str<'a>>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Call<'a> {
    pub(in crate::protocol::chat) index: Option<i64>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) function: Option<Function<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) custom: Option<Custom<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) extra_content: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Function<'a> {
    #[serde(borrow)]
    pub(in crate::protocol::chat) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) arguments: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Custom<'a> {
    #[serde(borrow)]
    pub(in crate::protocol::chat) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) input: Option<Str<'a>>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::chat) struct Audio<'a> {
    #[serde(borrow)]
    pub(in crate::protocol::chat) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in crate::protocol::chat) transcript: Option<Str<'a>>,
}

/// Arguments as text; some vendors send an object instead.
pub(in crate::protocol::chat) fn arguments(raw: &RawValue) -> Cow<'_, str> {
    if raw.get().starts_with('"') {
        json::from_str::<Str<'_>>(raw.get()).unwrap_or_default().0
    } else {
        Cow::Borrowed(raw.get())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or parts")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<Self::Value, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(parts)).map(Content::Parts)
            }
        }

        deserializer.deserialize_any(Either)
    }
}
