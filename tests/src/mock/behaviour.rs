//! What a lane does with a request: a good answer and its contents, or a fault.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One entry of a lane's script. As JSON: `{"do": {"status": {"code": 429}}}` or
/// `{"do": "ok", "reply": {"text": "hi", "delayMs": 5}}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    #[serde(default, rename = "do")]
    pub action: Action,
    /// What is said, as far as the action says anything.
    #[serde(default)]
    pub reply: Reply,
}

/// How the answer goes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A well-formed answer.
    #[default]
    Ok,
    /// An error answer in the protocol's shape, or with `body` verbatim.
    Status {
        code: u16,
        #[serde(default)]
        message: Option<String>,
        #[serde(default)]
        body: Option<String>,
    },
    /// The connection is reset once the request has been read.
    ResetBeforeHeaders,
    /// The connection is reset after so many bytes of the answer's body.
    ResetAfter { bytes: usize },
    /// The connection closes in an orderly way after so many events, without the terminal one.
    CutAfter { events: usize },
    /// No answer at all, for as long as the caller waits.
    StallHeaders,
    /// Silence after so many events, for as long as the caller waits.
    StallAfter { events: usize },
    /// `bytes` at a time, `delay_ms` between.
    SlowDrip { bytes: usize, delay_ms: u64 },
    /// Status 200, so many events, then the protocol's error event.
    ErrorEvent { after_events: usize },
    /// Status 200 and the stream's media type, then nothing.
    EmptyStream,
    /// A page as proxies and firewalls send it.
    Html { status: u16 },
    /// Compressed, whether asked for or not.
    Gzip,
    /// Lines end in CR LF.
    Crlf,
    /// A byte sequence that is no UTF-8 in the word `mock` of the text.
    InvalidUtf8,
    /// A stream of JSON lines without `data:`.
    BareJsonLines,
    /// A good answer called `text/plain`.
    WrongContentType,
}

/// What a good answer says, and how it is written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Reply {
    pub text: Option<String>,
    /// Said instead of the text to a request that wants JSON.
    pub structured: Option<serde_json::Value>,
    /// Reasoning before the text, with a signature where the protocol has one.
    pub thinking: Option<String>,
    /// Called when the request offers a tool of that name and brings no result yet.
    pub tool: Option<ToolCall>,
    /// Called beside it.
    pub tools: Vec<ToolCall>,
    /// Text deltas of a stream; by default one a word.
    pub events: Option<usize>,
    /// Before anything is said, be it good or bad.
    pub wait_ms: u64,
    /// Between two events.
    pub delay_ms: u64,
    /// All events in one write instead of one each.
    pub burst: bool,
    /// Sent verbatim instead of a composed answer.
    pub body: Option<String>,
    /// With `body`: so many bytes in each write.
    pub write_bytes: Option<usize>,
    /// Over the default ones.
    pub headers: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// Empty: the first tool the request offers.
    #[serde(default)]
    pub name: String,
    /// Of a tool that takes free text, only the text in `input` is sent.
    pub arguments: serde_json::Value,
}

impl Behaviour {
    pub fn ok() -> Self {
        Self::default()
    }

    /// A well-formed answer with that text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().saying(text)
    }

    /// `body` verbatim with status 200.
    pub fn verbatim(content_type: &str, body: impl Into<String>) -> Self {
        let reply = Reply { body: Some(body.into()), ..Reply::default() };
        Self { reply, ..Self::default() }.header("content-type", content_type)
    }

    /// An error in the protocol's shape.
    pub fn status(code: u16) -> Self {
        Action::Status { code, message: None, body: None }.into()
    }

    /// An error in the protocol's shape with that message.
    pub fn status_saying(code: u16, message: impl Into<String>) -> Self {
        Action::Status { code, message: Some(message.into()), body: None }.into()
    }

    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        self.reply.text = Some(text.into());
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.reply.headers.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn events(mut self, events: usize) -> Self {
        self.reply.events = Some(events);
        self
    }

    #[must_use]
    pub fn after_ms(mut self, wait_ms: u64) -> Self {
        self.reply.wait_ms = wait_ms;
        self
    }

    #[must_use]
    pub fn every_ms(mut self, delay_ms: u64) -> Self {
        self.reply.delay_ms = delay_ms;
        self
    }
}

impl From<Action> for Behaviour {
    fn from(action: Action) -> Self {
        Self { action, reply: Reply::default() }
    }
}
