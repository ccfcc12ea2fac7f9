//! Parts as they are written. <https://ai.google.dev/api/caching#Part>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::codec::json;
use crate::ir::{Ext, Raw};

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub thought: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_data: Option<InlineData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_data: Option<FileData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_response: Option<FunctionResponse<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_metadata: Option<&'a Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_resolution: Option<MediaResolution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thought_signature: Option<Cow<'a, str>>,
    #[serde(flatten)]
    pub ext: Cow<'a, Ext>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct InlineData<'a> {
    pub mime_type: Cow<'a, str>,
    pub data: Cow<'a, str>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct FileData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<Cow<'a, str>>,
    pub file_uri: Cow<'a, str>,
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::protocol::gemini) struct FunctionCall<'a> {
    pub id: Cow<'a, str>,
    pub name: Cow<'a, str>,
    /// One object.
    pub args: Cow<'a, RawValue>,
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::protocol::gemini) struct FunctionResponse<'a> {
    pub id: Cow<'a, str>,
    pub name: Cow<'a, str>,
    /// One object.
    pub response: Raw,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part<'a>>,
    #[serde(flatten)]
    pub ext: Cow<'a, Ext>,
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::protocol::gemini) struct MediaResolution {
    pub level: String,
}

/// A part that is written as it came, or one made here.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(in crate::protocol::gemini) enum Written<'a> {
    Raw(&'a Raw),
    Part(Box<Part<'a>>),
}

impl<'a> Part<'a> {
    pub(in crate::protocol::gemini) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    pub(in crate::protocol::gemini) fn inline(
        mime: impl Into<Cow<'a, str>>,
        data: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            inline_data: Some(InlineData { mime_type: mime.into(), data: data.into() }),
            ..Self::default()
        }
    }

    pub(in crate::protocol::gemini) fn signed(mut self, signature: Option<impl Into<Cow<'a, str>>>) -> Self {
        self.thought_signature = signature.map(Into::into);
        self
    }
}

/// `arguments` as the one object that `args` has to be, on one line; `None` if they are no object.
pub(in crate::protocol::gemini) fn args(arguments: &str) -> Option<Cow<'_, RawValue>> {
    let arguments = arguments.trim();
    if arguments.is_empty() {
        return RawValue::from_string("{}".to_owned()).ok().map(Cow::Owned);
    }
    if !arguments.starts_with('{') {
        return None;
    }
    if arguments.contains(['\n', '\r']) {
        let tree: serde_json::Value = json::from_str(arguments).ok()?;
        return serde_json::value::to_raw_value(&tree).ok().map(Cow::Owned);
    }
    json::from_str::<&RawValue>(arguments).ok().map(Cow::Borrowed)
}

/// Arguments that are no object, made one.
pub(in crate::protocol::gemini) fn wrapped_args(arguments: &str) -> Cow<'static, RawValue> {
    let object = serde_json::json!({ "input": arguments });
    Cow::Owned(serde_json::value::to_raw_value(&object).unwrap_or_default())
}

/// Something where an object has to be: `{"output": "…"}`.
pub(in crate::protocol::gemini) fn object_of(name: &str, value: impl Serialize) -> Raw {
    let mut object = Ext::new();
    object.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
    Raw::from(serde_json::Value::Object(object))
}
