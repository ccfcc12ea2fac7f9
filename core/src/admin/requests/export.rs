//! Requests as a file, a piece at a time: however many there are, one page of them is in memory.

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use utoipa::ToSchema;

use super::super::error::{ErrorBody, Problem};
use super::super::parameters::Parameters;
use super::{FILTERS, filter};
use crate::database::{Row, Statement, Value};
use crate::record::query::{COLUMNS, Cursor, Filter};

/// How many requests are read at once.
const PAGE: u64 = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Format {
    /// <https://www.rfc-editor.org/rfc/rfc4180>, with a line of names.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// What is left of a file.
#[derive(Debug)]
pub(crate) struct Export {
    filter: Filter,
    format: Format,
    cursor: Option<Cursor>,
    /// Where what the pages look through ends, for now.
    end: Option<Cursor>,
    next: Next,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    End,
    Page,
    Nothing,
}

/// Gives the requests that the filters of `GET /api/requests` leave, the newest first, as a file.
#[utoipa::path(get, path = "/api/requests/export.{format}", operation_id = "exportRequests", tag = "requests",
    params(
        ("format" = inline(Format), Path, description = "Of the file."),
        ("since" = Option<u64>, Query, description = "Arrived then or later."),
        ("until" = Option<u64>, Query, description = "Arrived before."),
        ("status" = Option<String>, Query, description = "A status, `2xx`, `4xx`, `5xx`, `failed`, as answers that broke off have too, or `gone`: the client left."),
        ("protocol" = Option<String>, Query, description = "The client's."),
        ("channel" = Option<String>, Query, description = "Id of the channel that served, or was tried last."),
        ("model" = Option<String>, Query, description = "As the client asked for it."),
        ("clientKey" = Option<String>, Query, description = "Id of a client key."),
        ("session" = Option<String>, Query, description = "As a request shows it."),
        ("q" = Option<String>, Query, description = "A request's id, or a part of a model's name or of an error."),
    ),
    responses((status = 200, description = "The file.", content((String = "text/csv"), (String = "application/jsonl"))),
        (status = 400, description = "A parameter is wrong.", body = ErrorBody),
        (status = 404, description = "There is no such format.", body = ErrorBody)))]
pub(crate) fn export(request: &Request<Bytes>, format: Format) -> Result<Response<Export>, Problem> {
    let filter = filter(&Parameters::read(request, &FILTERS)?)?;
    let mut response = Response::new(Export { filter, format, cursor: None, end: None, next: Next::End });
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"requests.csv\""),
        Format::Jsonl => ("application/jsonl", "attachment; filename=\"requests.jsonl\""),
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

impl Export {
    /// What goes before all requests.
    pub(crate) fn heading(&self) -> Bytes {
        match self.format {
            Format::Csv => (names().collect::<Vec<_>>().join(",") + "\r\n").into(),
            Format::Jsonl => Bytes::new(),
        }
    }

    /// What is to be read next; `None` at the end.
    pub(crate) fn statement(&mut self) -> Option<Statement> {
        if self.next == Next::End {
            let end = self.filter.end(self.cursor);
            if end.is_some() {
                return end;
            }
            self.next = Next::Page;
        }
        (self.next == Next::Page).then(|| self.filter.page(self.cursor, self.end, PAGE))
    }

    /// Takes in what was read, and gives the piece of the file that it makes.
    pub(crate) fn take(&mut self, rows: Vec<Row>) -> Bytes {
        if self.next == Next::End {
            (self.end, self.next) = (rows.first().and_then(Cursor::of), Next::Page);
            return Bytes::new();
        }
        if rows.len() as u64 >= PAGE {
            self.cursor = rows.last().and_then(Cursor::of);
        } else {
            self.next = if self.end.is_some() { Next::End } else { Next::Nothing };
            self.cursor = self.end.take();
        }
        let mut piece = Vec::new();
        rows.iter().for_each(|row| self.format.write(row, &mut piece));
        piece.into()
    }
}

impl Format {
    fn write(self, row: &Row, out: &mut Vec<u8>) {
        match self {
            Self::Csv => {
                let fields: Vec<String> = row.0.iter().take(COLUMNS.len()).skip(1).map(field).collect();
                out.extend(fields.join(",").bytes().chain(*b"\r\n"));
            }
            Self::Jsonl => {
                let fields = names().zip(row.0.iter().skip(1));
                let object: serde_json::Map<_, _> = fields.map(|(name, value)| (name, json(value))).collect();
                out.extend(serde_json::Value::Object(object).to_string().bytes().chain([b'\n']));
            }
        }
    }
}

/// The columns that are exported, as the API spells names.
fn names() -> impl Iterator<Item = String> {
    COLUMNS.iter().skip(1).map(|column| {
        let mut words = column.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |name, word| {
            let (initial, rest) = word.split_at(word.len().min(1));
            name + &initial.to_ascii_uppercase() + rest
        })
    })
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(integer) => (*integer).into(),
        Value::Real(real) => (*real).into(),
        Value::Text(text) => text.as_str().into(),
    }
}

/// A field of CSV. What a client named so that a spreadsheet would take it for a formula gets an apostrophe in front:
/// <https://owasp.org/www-community/attacks/CSV_Injection>.
fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => real.to_string(),
        Value::Text(text) => {
            let apostrophe = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
            format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_csv_stays_one_and_starts_no_formula() {
        let mut out = Vec::new();
        let row =
            Row(vec![7_u64.into(), "req_1".into(), Value::Null, "=cmd|'x'".into(), "a \"b\",\nc".into()]);
        Format::Csv.write(&row, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "\"req_1\",,\"'=cmd|'x'\",\"a \"\"b\"\",\nc\"\r\n");
    }

    #[test]
    fn names_are_those_of_the_api() {
        let names: Vec<String> = names().collect();
        for name in ["id", "clientKey", "upstreamModel", "cacheWrite1h", "error"] {
            assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
        }
    }
}
