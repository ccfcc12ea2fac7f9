//! Records looked for, newest first, a page at a time.

use crate::config::Protocol;
use crate::database::{Column, Row, Statement, Value};
use crate::time::Timestamp;

/// So many records a page looks through where no index leads to what it wants.
const WINDOW: u64 = 10_000;

/// What of a request is read, in the order of [`Found`] and of an export's columns.
pub(crate) const COLUMNS: [&str; 34] = [
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
    "error",
];

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
    /// An id, or a part of a model's name or of an error.
    pub(crate) text: Option<String>,
}

/// Which statuses are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusFilter {
    Exactly(u16),
    /// 2 for 200 to 299.
    Hundred(u16),
    /// 400 and above.
    Failed,
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

/// SQL put together from conditions.
#[derive(Default)]
struct Conditions {
    text: String,
    params: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, condition: &str, params: impl IntoIterator<Item = Value>) {
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(condition);
        self.params.extend(params);
    }

    fn add_some<T: Into<Value>>(&mut self, condition: &str, value: Option<T>) {
        if let Some(value) = value {
            self.add(condition, [value.into()]);
        }
    }
}

impl Filter {
    /// Rows of [`COLUMNS`], the newest below `cursor` first, at most `limit`.
    pub(crate) fn page(&self, cursor: Option<Cursor>, limit: u64) -> Statement {
        let Conditions { text: indexed, params } = self.indexed(cursor);
        let mut rest = self.rest();
        let columns = COLUMNS.join(", ");
        let mut sql = format!("SELECT {columns} FROM request{indexed} ORDER BY at DESC, seq DESC LIMIT ?");
        let mut params = params;
        if rest.text.is_empty() {
            params.push(limit.into());
        } else {
            params.push(WINDOW.into());
            sql = format!("SELECT * FROM ({sql}){} LIMIT ?", rest.text);
            params.append(&mut rest.params);
            params.push(limit.into());
        }
        Statement { sql: sql.into(), params }
    }

    /// Where a page that is not full stopped looking: one row as in [`Cursor::of`], or none when it has seen all.
    /// `None` where a page always sees all.
    pub(crate) fn stopped(&self, cursor: Option<Cursor>) -> Option<Statement> {
        if self.rest().text.is_empty() {
            return None;
        }
        let Conditions { text, mut params } = self.indexed(cursor);
        let sql =
            format!("SELECT seq, NULL, at FROM request{text} ORDER BY at DESC, seq DESC LIMIT 1 OFFSET ?");
        params.push((WINDOW - 1).into());
        Some(Statement { sql: sql.into(), params })
    }

    /// What one index leads to. It is the one that likely leads to the fewest records; what else is wanted is looked for
    /// among those.
    fn indexed(&self, cursor: Option<Cursor>) -> Conditions {
        let mut all = Conditions::default();
        all.add_some("at >= ?", self.since);
        all.add_some("at < ?", self.until);
        if let Some(Cursor { at, seq }) = cursor {
            all.add("(at, seq) < (?, ?)", [at.into(), seq.into()]);
        }
        if let Some((condition, value)) = self.indices().next() {
            all.add(condition, value);
        }
        all
    }

    fn rest(&self) -> Conditions {
        let mut all = Conditions::default();
        self.indices().skip(1).for_each(|(condition, value)| all.add(condition, value));
        match self.status {
            Some(StatusFilter::Exactly(status)) => all.add("status = ?", [status.into()]),
            Some(StatusFilter::Hundred(hundred)) => {
                let first = hundred.saturating_mul(100);
                all.add("status >= ? AND status < ?", [first.into(), first.saturating_add(100).into()]);
            }
            Some(StatusFilter::Failed) | None => {}
        }
        all.add_some("protocol = ?", self.protocol.map(Protocol::as_str));
        if let Some(text) = self.text.as_deref().filter(|_| self.id().is_none()) {
            let text = text.to_lowercase();
            let parts = "(instr(lower(model), ?) OR instr(lower(ifnull(upstream_model, '')), ?) \
                         OR instr(lower(ifnull(error, '')), ?))";
            all.add(parts, [text.as_str().into(), text.as_str().into(), text.as_str().into()]);
        }
        all
    }

    /// The conditions that have an index, the most telling first.
    fn indices(&self) -> impl Iterator<Item = (&'static str, Option<Value>)> {
        let equal = [
            ("id = ?", self.id()),
            ("session = ?", self.session.as_deref()),
            ("model = ?", self.model.as_deref()),
            ("client_key = ?", self.client_key.as_deref()),
            ("channel = ?", self.channel.as_deref()),
        ];
        let failed = self.status.is_some_and(StatusFilter::fails).then_some(("status >= 400", None));
        equal
            .into_iter()
            .filter_map(|(condition, value)| Some((condition, Some(value?.into()))))
            .chain(failed)
    }

    fn id(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| text.starts_with("req_"))
    }
}

impl StatusFilter {
    const fn fails(self) -> bool {
        match self {
            Self::Exactly(status) => status >= 400,
            Self::Hundred(hundred) => hundred >= 4,
            Self::Failed => true,
        }
    }
}

/// One request: the row of [`COLUMNS`] and what stood in the way of each candidate, as JSON.
pub(crate) fn request(id: &str) -> Statement {
    let columns = COLUMNS.join(", ");
    Statement::new(format!("SELECT {columns}, left_out FROM request WHERE id = ?1")).bind(id)
}

/// The attempts of a request in their order.
pub(crate) fn attempts(id: &str) -> Statement {
    let sql = "SELECT at, channel, key, endpoint, protocol, model, rule, class, status, first_byte, first_content, \
               duration, message, considered FROM attempt WHERE request = ?1 ORDER BY number";
    Statement::new(sql).bind(id)
}
