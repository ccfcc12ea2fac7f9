//! The parameters of a request's query.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use percent_encoding::percent_decode_str;

use super::error::Problem;
use crate::config::FieldErrors;

/// Values by name; the last of several counts. A parameter that is not `known` is a problem that names it.
pub(super) fn read<'a>(
    request: &'a Request<Bytes>,
    known: &[&str],
) -> Result<BTreeMap<&'a str, String>, Problem> {
    let pairs = request.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let mut values = BTreeMap::new();
    let mut unknown = FieldErrors::new();
    for pair in pairs {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if known.contains(&name) {
            let value = value.replace('+', " ");
            values.insert(name, percent_decode_str(&value).decode_utf8_lossy().into_owned());
        } else {
            unknown.insert(name.to_owned(), format!("is not known; there is {}", known.join(", ")));
        }
    }
    if unknown.is_empty() { Ok(values) } else { Err(Problem::invalid(unknown)) }
}
