//! What is captured of one request, from its beginning to its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::clip::{Clip, Readable};
use super::media;
use super::redaction::Redaction;
use super::switch::Ticket;
use super::view::{AnswerView, BodyView, CapturedAttempt, CapturedRequest, SentView};
use crate::config::{Channel, KeyId};
use crate::time::Timestamp;

/// Of more attempts the last are kept.
const MOST_ATTEMPTS: usize = 16;
/// A request is kept in one row of the database, which has to stay below 2 MB. Bodies that come after so many bytes are
/// left out.
const ROOM: usize = 1024 * 1024;

/// Grows while the request is under way; bounded in size.
#[derive(Debug)]
pub(crate) struct Reel {
    ticket: Ticket,
    credential: Option<String>,
    request: Sent,
    attempts: Vec<Tried>,
    answer: Option<Heard>,
}

/// A request, with headers that may be kept.
#[derive(Debug)]
pub(crate) struct Sent {
    method: String,
    url: String,
    headers: HeaderMap,
    body: Clip,
}

impl Sent {
    pub(crate) fn new(method: &str, url: String, headers: HeaderMap, body: &[u8]) -> Self {
        Self { method: method.to_owned(), url, headers, body: Clip::of(body) }
    }
}

#[derive(Debug)]
struct Tried {
    channel: Arc<Channel>,
    key: KeyId,
    sent: Sent,
    heard: Option<Heard>,
}

/// An answer, with headers that may be kept.
#[derive(Debug)]
struct Heard {
    status: StatusCode,
    headers: HeaderMap,
    body: Clip,
}

impl Heard {
    fn new(status: StatusCode, headers: HeaderMap) -> Self {
        Self { status, headers, body: Clip::default() }
    }
}

impl Reel {
    /// `credential` is what the client proved itself with.
    pub(crate) const fn new(ticket: Ticket, credential: Option<String>, request: Sent) -> Self {
        Self { ticket, credential, request, attempts: Vec::new(), answer: None }
    }

    pub(crate) const fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// Whether the request went where the order wants it.
    pub(crate) fn fits(&self) -> bool {
        let wanted = self.ticket.channel.as_deref();
        wanted.is_none_or(|wanted| self.attempts.iter().any(|tried| tried.channel.id.as_str() == wanted))
    }

    /// An attempt begins.
    pub(crate) fn tries(&mut self, channel: &Arc<Channel>, key: &KeyId, sent: Sent) {
        if self.attempts.len() >= MOST_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(Tried { channel: Arc::clone(channel), key: key.clone(), sent, heard: None });
    }

    /// The last attempt's answer begins.
    pub(crate) fn hears(&mut self, status: StatusCode, headers: HeaderMap) {
        if let Some(tried) = self.attempts.last_mut() {
            tried.heard = Some(Heard::new(status, headers));
        }
    }

    /// More of it.
    pub(crate) fn heard(&mut self, chunk: &[u8]) {
        if let Some(Tried { heard: Some(heard), .. }) = self.attempts.last_mut() {
            heard.body.push(chunk);
        }
    }

    /// The client's answer begins.
    pub(crate) fn answers(&mut self, status: StatusCode, headers: HeaderMap) {
        self.answer = Some(Heard::new(status, headers));
    }

    /// More of it.
    pub(crate) fn answered(&mut self, chunk: &[u8]) {
        if let Some(answer) = &mut self.answer {
            answer.body.push(chunk);
        }
    }

    /// As it is kept, in JSON.
    pub(crate) fn written(self, id: &str, at: Timestamp) -> String {
        let mut channels: Vec<Arc<Channel>> = Vec::new();
        for tried in &self.attempts {
            if !channels.iter().any(|channel| channel.id == tried.channel.id) {
                channels.push(Arc::clone(&tried.channel));
            }
        }
        let mut writer =
            Writer { redaction: Redaction { credential: self.credential, channels }, room: ROOM };
        let request = writer.sent(self.request, None);
        let mut attempts: Vec<CapturedAttempt> = Vec::new();
        for Tried { channel, key, sent, heard } in self.attempts {
            attempts.push(CapturedAttempt {
                channel: channel.id.to_string(),
                key: key.to_string(),
                request: writer.sent(sent, request.body.as_ref()),
                answer: heard.map(|heard| writer.heard(heard, None)),
            });
        }
        let last = attempts.last().and_then(|last| last.answer.as_ref()?.body.as_ref());
        let answer = self.answer.map(|answer| writer.heard(answer, last));
        let captured = CapturedRequest { id, at, request, attempts, answer };
        serde_json::to_string(&captured).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// Writes what may be kept, as long as there is room.
struct Writer {
    redaction: Redaction,
    room: usize,
}

impl Writer {
    /// Without the body where that is `known`.
    fn sent(&mut self, sent: Sent, known: Option<&BodyView>) -> SentView {
        let Sent { method, url, headers, body } = sent;
        let body = self.body(&body, &headers, known);
        SentView { method, url: self.redaction.of(&url), headers: self.headers(&headers), body }
    }

    fn heard(&mut self, heard: Heard, known: Option<&BodyView>) -> AnswerView {
        let Heard { status, headers, body } = heard;
        let body = self.body(&body, &headers, known);
        AnswerView { status: status.as_u16(), headers: self.headers(&headers), body }
    }

    fn headers(&self, headers: &HeaderMap) -> BTreeMap<String, String> {
        let mut kept = BTreeMap::<String, String>::new();
        for (name, value) in headers {
            let value = self.redaction.of(&String::from_utf8_lossy(value.as_bytes()));
            let values = kept.entry(name.as_str().to_owned()).or_default();
            if !values.is_empty() {
                values.push_str(", ");
            }
            values.push_str(&value);
        }
        kept
    }

    fn body(&mut self, clip: &Clip, headers: &HeaderMap, known: Option<&BodyView>) -> Option<BodyView> {
        let bytes = clip.bytes();
        let mut body = match clip.readable() {
            Readable::Whole(text) => BodyView { bytes, cut: false, text: self.text(&text), end: None },
            Readable::Ends(text, end) => {
                BodyView { bytes, cut: true, text: self.text(&text), end: Some(self.text(&end)) }
            }
            Readable::Binary => {
                let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
                let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or("binary");
                BodyView { bytes, cut: true, text: format!("[{kind}, {bytes} bytes]"), end: None }
            }
        };
        if known == Some(&body) {
            return None;
        }
        // JSON writes a control character in six bytes, and few of all characters in more than one.
        let size = |text: &str| text.len() + 5 * text.bytes().filter(|byte| *byte < 0x20).count();
        let size = 2 * (size(&body.text) + body.end.as_deref().map_or(0, size));
        match self.room.checked_sub(size) {
            Some(room) => self.room = room,
            None => body = BodyView { bytes, cut: true, text: String::new(), end: None },
        }
        Some(body)
    }

    fn text(&self, text: &str) -> String {
        let mut kept = Vec::with_capacity(text.len());
        media::without(text.as_bytes(), |piece| kept.extend_from_slice(piece));
        self.redaction.of(&String::from_utf8_lossy(&kept))
    }
}
