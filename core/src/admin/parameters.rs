//! What stands behind the question mark.

use std::borrow::Cow;

use bytes::Bytes;
use http::Request;
use percent_encoding::percent_decode_str;

use super::error::Problem;
use crate::time::Timestamp;

/// How many entries a page has where nothing is asked for, and at most.
const PAGE: u64 = 50;
const LONGEST_PAGE: u64 = 200;

/// The last whole number that a double tells from the next, which is what a Durable Object counts in.
pub(super) const LARGEST: u64 = (1 << 53) - 1;

/// The parameters of a request; a text that is empty counts as left out.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// # Errors
    /// When there is one that is not among `known`, or one twice.
    pub(super) fn read(request: &Request<Bytes>, known: &[&str]) -> Result<Self, Problem> {
        let pairs = request.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Self::of(
            known,
            pairs.map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decoded(name), decoded(value))
            }),
        )
    }

    /// The same of names and values that came otherwise.
    pub(super) fn of(known: &[&str], pairs: impl Iterator<Item = (String, String)>) -> Result<Self, Problem> {
        let mut read: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                return Err(Problem::invalid_field(
                    name,
                    format!("is unknown; known are {}", known.join(", ")),
                ));
            }
            if read.iter().any(|(other, _)| *other == name) {
                return Err(Problem::invalid_field(name, "is there twice"));
            }
            read.push((name, value));
        }
        Ok(Self(read))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).filter(|value| !value.is_empty())
    }

    /// Off without the parameter, on by its name alone.
    ///
    /// # Errors
    /// When its value is neither `true` nor `false`.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.value(name) {
            None | Some("false") => Ok(false),
            Some("true" | "") => Ok(true),
            Some(_) => Err(Problem::invalid_field(name, "is neither true nor false")),
        }
    }

    /// How many entries a page shall have: `limit`.
    ///
    /// # Errors
    /// When it is not a number that a page may have.
    pub(super) fn limit(&self) -> Result<u64, Problem> {
        let within = |text: &str| text.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit));
        Ok(self.parsed("limit", within, "is not a number from 1 to 200")?.unwrap_or(PAGE))
    }

    /// A point in time, in milliseconds since 1970.
    ///
    /// # Errors
    /// When it is not a whole number up to [`LARGEST`].
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let time = |text: &str| whole(text).map(Timestamp::from_millis);
        self.parsed(name, time, "is not a number of milliseconds since 1970")
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// # Errors
    /// `wrong`, where `parse` makes nothing of the value.
    pub(super) fn parsed<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        wrong: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| Problem::invalid_field(name, wrong))
    }
}

/// Nothing beyond [`LARGEST`].
pub(super) fn whole(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number <= LARGEST)
}

fn decoded(text: &str) -> String {
    let text: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}
