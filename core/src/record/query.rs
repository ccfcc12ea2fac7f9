//! Records looked for, newest first, a page at a time.

use std::time::Duration;

use super::NO_FAILURES;
use crate::config::Protocol;
use crate::database::{Column, Row, Statement, Value};
use crate::gateway::ids;
use crate::schedule::Class;
use crate::time::Timestamp;

/// So many records a page looks through for what it wants, in their first columns alone and where each is read as a
/// whole.
const WINDOW: u64 = 50_000;
const TEXT_WINDOW: u64 = 10_000;

/// Of what came at some time or later, and before it.
const FROM: &str = "seq >= ? << 21";
pub(super) const BEFORE: &str = "seq < ? << 21";
/// A place in the order of the table.
const SEQ: &str = "(? << 21) + ?";
/// The last that this order has room for.
const LAST_INSTANT: u64 = (1 << 42) - 1;
const LAST_PLACE: u64 = (1 << 21) - 1;

/// What of a request is read, in the order of an export's columns.
pub(crate) const COLUMNS: [&str; 36] = [
    "place",
    "id",
    "at",
    "client_key",
    "session",
    "protocol",
    "model",
    "stream",
    "status",
    "class",
    "finish",
    "attempts",
    "channel",
    "key",
    "upstream_protocol",
    "upstream_model",
    "queued",
    "first_byte",
    "first_content",
    "duration",
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "output",
    "reasoning",
    "input_audio",
    "output_audio",
    "web_searches",
    "estimated",
    "cost",
    "request_bytes",
    "response_bytes",
    "lost",
    "code",
    "error",
];

/// Whether bodies of it are kept.
const CAPTURED: &str = "EXISTS (SELECT 1 FROM capture WHERE capture.request = request.id)";

/// Which records are wanted; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) status: Option<StatusFilter>,
    pub(crate) protocol: Option<Protocol>,
    /// The id of the channel that served, or was tried last.
    pub(crate) channel: Option<String>,
    /// As the client asked for it.
    pub(crate) model: Option<String>,
    pub(crate) client_key: Option<String>,
    pub(crate) session: Option<String>,
    /// Only those that belong to some session.
    pub(crate) in_session: bool,
    /// An id, or a part of a model's name or of an error.
    pub(crate) text: Option<String>,
}

/// Which statuses or ends are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusFilter {
    Exactly(u16),
    /// 2 for 200 to 299.
    Hundred(u16),
    /// [`Record::failed`](super::Record::failed), whatever the status.
    Failed,
    /// [`Record::gone`](super::Record::gone).
    Gone,
}

/// The place of a record in the order of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) at: Timestamp,
    /// Among those of the same millisecond.
    pub(crate) place: u64,
}

impl Cursor {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at, place) = text.split_once('-')?;
        Some(Self { at: Timestamp::from_millis(at.parse().ok()?), place: place.parse().ok()? })
    }

    pub(crate) fn to_text(self) -> String {
        format!("{}-{}", self.at.as_millis(), self.place)
    }

    /// The parameters of [`SEQ`].
    fn seq(self) -> [Value; 2] {
        [instant(self.at), self.place.min(LAST_PLACE).into()]
    }

    /// Of a row that begins with `place`, `id`, `at`.
    pub(crate) fn of(row: &Row) -> Option<Self> {
        let [place, _, at, ..] = row.0.as_slice() else { return None };
        Some(Self { at: Timestamp::read(at.clone())?, place: u64::read(place.clone())? })
    }
}

const WHERE: &str = " WHERE ";

/// SQL put together from conditions.
#[derive(Default)]
pub(super) struct Conditions {
    text: String,
    params: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, condition: &str, params: impl IntoIterator<Item = Value>) {
        self.text.push_str(if self.text.is_empty() { WHERE } else { " AND " });
        self.text.push_str(condition);
        self.params.extend(params);
    }

    fn and(mut self, other: Self) -> Self {
        if let Some(conditions) = other.text.strip_prefix(WHERE) {
            self.add(conditions, other.params);
        }
        self
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What holds for all of them, newest first.
    pub(super) fn select(mut self, columns: &str, limit: &str, number: u64) -> Statement {
        self.params.push(number.into());
        let sql = format!("SELECT {columns} FROM request{} ORDER BY seq DESC {limit}", self.text);
        Statement { sql: sql.into(), params: self.params }
    }

    fn add_some<T: Into<Value>>(&mut self, condition: &str, value: Option<T>) {
        if let Some(value) = value {
            self.add(condition, [value.into()]);
        }
    }
}

impl Filter {
    /// Where what a page below `cursor` looks through ends: one row as in [`Cursor::of`], or none where it sees all.
    /// `None`: every page sees all.
    pub(crate) fn end(&self, cursor: Option<Cursor>) -> Option<Statement> {
        let sees_all = self.id().is_some() || self.conditions().is_empty();
        let end = || self.range(cursor).select("place, NULL, at", "LIMIT 1 OFFSET ?", self.window() - 1);
        (!sees_all).then(end)
    }

    /// Rows of [`COLUMNS`] and whether bodies are kept, the newest below `cursor` first, at most `limit`, up to
    /// [`end`](Self::end).
    pub(crate) fn page(&self, cursor: Option<Cursor>, end: Option<Cursor>, limit: u64) -> Statement {
        self.wanted(cursor, end).select(&columns(), "LIMIT ?", limit)
    }

    /// What holds for those from below `cursor` to `end`.
    pub(super) fn wanted(&self, cursor: Option<Cursor>, end: Option<Cursor>) -> Conditions {
        let mut all = self.id().map_or_else(Conditions::default, with_id).and(self.range(cursor));
        if let Some(end) = end {
            all.add(&format!("seq >= {SEQ}"), end.seq());
        }
        all.and(self.conditions())
    }

    /// How many records a page looks through.
    fn window(&self) -> u64 {
        if self.words().is_some() { TEXT_WINDOW } else { WINDOW }
    }

    /// Where in the order of time a page lies.
    fn range(&self, cursor: Option<Cursor>) -> Conditions {
        let mut all = Conditions::default();
        all.add_some(FROM, self.since.map(instant));
        all.add_some(BEFORE, self.until.map(instant));
        if let Some(cursor) = cursor {
            all.add(&format!("seq < {SEQ}"), cursor.seq());
        }
        all
    }

    /// What is asked of each record, of its first columns before others.
    fn conditions(&self) -> Conditions {
        let mut all = Conditions::default();
        match self.status {
            Some(StatusFilter::Exactly(status)) => all.add("status = ?", [status.into()]),
            Some(StatusFilter::Hundred(hundred)) => {
                let first = hundred.saturating_mul(100);
                all.add("status >= ? AND status < ?", [first.into(), first.saturating_add(100).into()]);
            }
            Some(StatusFilter::Failed) => {
                all.add("class NOT IN (?, ?)", NO_FAILURES.map(|class| class.as_str().into()));
            }
            Some(StatusFilter::Gone) => all.add("class = ?", [Class::ClientGone.as_str().into()]),
            None => {}
        }
        all.add_some("protocol = ?", self.protocol.map(Protocol::as_str));
        all.add_some("channel = ?", self.channel.as_deref());
        all.add_some("model = ?", self.model.as_deref());
        all.add_some("client_key = ?", self.client_key.as_deref());
        all.add_some("session = ?", self.session.as_deref());
        if self.in_session {
            all.add("session IS NOT NULL", []);
        }
        if let Some(words) = self.words() {
            let text = words.to_ascii_lowercase();
            let parts = "(instr(lower(model), ?) OR instr(lower(ifnull(upstream_model, '')), ?) \
                         OR instr(lower(ifnull(error, '')), ?))";
            all.add(parts, [text.as_str().into(), text.as_str().into(), text.as_str().into()]);
        }
        all
    }

    /// The text, where it is looked for within records.
    fn words(&self) -> Option<&str> {
        self.text.as_deref().filter(|_| self.id().is_none())
    }

    fn id(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| text.starts_with("req_"))
    }
}

/// One request: a row as of [`Filter::page`], then its attempts and what stood in the way of each candidate, both as
/// JSON.
pub(crate) fn request(id: &str) -> Statement {
    with_id(id).select(&format!("{}, attempt_log, left_out", columns()), "LIMIT ?", 1)
}

/// [`COLUMNS`], and whether bodies are kept.
fn columns() -> String {
    format!("{}, {CAPTURED}", COLUMNS.join(", "))
}

pub(super) fn instant(at: Timestamp) -> Value {
    at.as_millis().min(LAST_INSTANT).into()
}

/// An id tells when its request came. In what an earlier version recorded, that was up to a millisecond before.
fn with_id(id: &str) -> Conditions {
    let at = ids::time(id).unwrap_or_default();
    let mut all = Conditions::default();
    all.add(FROM, [instant(at)]);
    all.add(BEFORE, [instant(at + Duration::from_millis(2))]);
    all.add("id = ?", [id.into()]);
    all
}
