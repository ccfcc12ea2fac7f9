//! Records looked for, newest first, a page at a time.

use super::NO_FAILURES;
use crate::config::Protocol;
use crate::database::{Column, Row, Statement, Value};
use crate::schedule::Class;
use crate::time::Timestamp;

/// So many records a page looks through for what it wants, in the index alone and where each has to be read.
const WINDOW: u64 = 100_000;
const TEXT_WINDOW: u64 = 10_000;

/// The columns of the index, which are those of the conditions of [`Filter::indexed`].
const INDEXED: &str = "at, seq, status, class, protocol, channel, model, client_key, session";

/// What of a request is read, in the order of [`Found`] and of an export's columns.
pub(crate) const COLUMNS: [&str; 36] = [
    "seq",
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
    pub(crate) seq: u64,
}

impl Cursor {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at, seq) = text.split_once('-')?;
        Some(Self { at: Timestamp::from_millis(at.parse().ok()?), seq: seq.parse().ok()? })
    }

    pub(crate) fn to_text(self) -> String {
        format!("{}-{}", self.at.as_millis(), self.seq)
    }

    /// Of a row that begins with `seq`, `id`, `at`.
    pub(crate) fn of(row: &Row) -> Option<Self> {
        let [seq, _, at, ..] = row.0.as_slice() else { return None };
        Some(Self { at: Timestamp::read(at.clone())?, seq: u64::read(seq.clone())? })
    }
}

const WHERE: &str = " WHERE ";

/// SQL put together from conditions.
#[derive(Default)]
struct Conditions {
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

    fn add_some<T: Into<Value>>(&mut self, condition: &str, value: Option<T>) {
        if let Some(value) = value {
            self.add(condition, [value.into()]);
        }
    }
}

impl Filter {
    /// Rows of [`COLUMNS`] and whether bodies are kept, the newest below `cursor` first, at most `limit`.
    pub(crate) fn page(&self, cursor: Option<Cursor>, limit: u64) -> Statement {
        let mut found = self.found(cursor, limit);
        found.params.push(limit.into());
        let (columns, found_text) = (COLUMNS.join(", "), found.text);
        let sql = format!(
            "SELECT {columns}, {CAPTURED} FROM request{found_text} ORDER BY at DESC, seq DESC LIMIT ?"
        );
        Statement { sql: sql.into(), params: found.params }
    }

    fn found(&self, cursor: Option<Cursor>, limit: u64) -> Conditions {
        if let Some(id) = self.id() {
            let mut place = self.place(cursor);
            place.add("id = ?", [id.into()]);
            return place.and(self.indexed());
        }
        let text = self.text();
        let looked_through = if self.is_whole() { limit } else { self.window() };
        let most = text.is_empty().then_some(limit);
        let Statement { sql, params } = self.among("seq", cursor, looked_through, most);
        let mut found = Conditions::default();
        found.add(&format!("seq IN ({sql})"), params);
        found.and(text)
    }

    /// `columns` of those that the index alone finds among the newest `looked_through` below `cursor`, the newest first,
    /// and `most` of them at most.
    pub(super) fn among(
        &self,
        columns: &str,
        cursor: Option<Cursor>,
        looked_through: u64,
        most: Option<u64>,
    ) -> Statement {
        let (Conditions { text: place, mut params }, indexed) = (self.place(cursor), self.indexed());
        let newest = format!("SELECT {INDEXED} FROM request{place} ORDER BY at DESC, seq DESC LIMIT ?");
        params.push(looked_through.into());
        params.extend(indexed.params);
        let mut sql = format!("SELECT {columns} FROM ({newest}){}", indexed.text);
        if let Some(most) = most {
            sql.push_str(" LIMIT ?");
            params.push(most.into());
        }
        Statement { sql: sql.into(), params }
    }

    /// Where a page that is not full stopped looking: one row as in [`Cursor::of`], or none when it has seen all.
    /// `None` where a page always sees all.
    pub(crate) fn stopped(&self, cursor: Option<Cursor>) -> Option<Statement> {
        if self.id().is_some() || self.is_whole() {
            return None;
        }
        let Conditions { text, mut params } = self.place(cursor);
        let sql =
            format!("SELECT seq, NULL, at FROM request{text} ORDER BY at DESC, seq DESC LIMIT 1 OFFSET ?");
        params.push((self.window() - 1).into());
        Some(Statement { sql: sql.into(), params })
    }

    /// Whether every record of the range is wanted.
    fn is_whole(&self) -> bool {
        self.indexed().is_empty() && self.words().is_none()
    }

    /// How many records a page looks through.
    pub(super) fn window(&self) -> u64 {
        if self.words().is_some() { TEXT_WINDOW } else { WINDOW }
    }

    /// Where in the order of time a page lies.
    fn place(&self, cursor: Option<Cursor>) -> Conditions {
        let mut all = Conditions::default();
        all.add_some("at >= ?", self.since);
        all.add_some("at < ?", self.until);
        if let Some(Cursor { at, seq }) = cursor {
            all.add("(at, seq) < (?, ?)", [at.into(), seq.into()]);
        }
        all
    }

    /// What the index alone tells.
    fn indexed(&self) -> Conditions {
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
        all
    }

    /// What each record has to be read for.
    fn text(&self) -> Conditions {
        let mut all = Conditions::default();
        let Some(words) = self.words() else { return all };
        let text = words.to_ascii_lowercase();
        let parts = "(instr(lower(model), ?) OR instr(lower(ifnull(upstream_model, '')), ?) \
                     OR instr(lower(ifnull(error, '')), ?))";
        all.add(parts, [text.as_str().into(), text.as_str().into(), text.as_str().into()]);
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

/// One request: the row of [`COLUMNS`], whether bodies are kept, its attempts and what stood in the way of each candidate, both as JSON.
pub(crate) fn request(id: &str) -> Statement {
    let columns = COLUMNS.join(", ");
    Statement::new(format!("SELECT {columns}, {CAPTURED}, attempt_log, left_out FROM request WHERE id = ?1"))
        .bind(id)
}
