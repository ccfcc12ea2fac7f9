//! The fields of a body under way, as the upstream's sheet allows them.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::config::compat::Compat;
use crate::ir::{Losses, Raw};
use crate::protocol::convert::Encoded;

pub(super) struct Body<'c> {
    compat: &'c Compat,
    fields: Vec<(String, Raw)>,
    /// Where in `fields` each is.
    places: BTreeMap<String, usize>,
    pub(super) lost: Losses,
}

impl<'c> Body<'c> {
    pub(super) fn new(compat: &'c Compat, lost: Losses) -> Self {
        Self { compat, fields: Vec::new(), places: BTreeMap::new(), lost }
    }

    /// Sets a field, in place of an earlier value; one that the upstream must not see is lost.
    pub(super) fn set(&mut self, name: &str, value: &impl Serialize) {
        if self.compat.omits(name) {
            self.lost.dropped(name.to_owned());
        } else {
            self.put(name, value);
        }
    }

    /// Closes it; the sheet's own fields have the last word.
    pub(super) fn finish(mut self, headers: Vec<(HeaderName, HeaderValue)>) -> Encoded {
        for (name, value) in &self.compat.extra_body {
            self.put(name, value);
        }
        let body = serde_json::to_vec(&Fields(&self.fields)).unwrap_or_default();
        Encoded { body, headers, lost: self.lost }
    }

    fn put(&mut self, name: &str, value: &impl Serialize) {
        // Nothing that is written here has keys that are no strings, the one way this could fail.
        let Ok(value) = Raw::of(value) else { return };
        match self.places.get(name).and_then(|place| self.fields.get_mut(*place)) {
            Some((_, held)) => *held = value,
            None => {
                self.places.insert(name.to_owned(), self.fields.len());
                self.fields.push((name.to_owned(), value));
            }
        }
    }
}

struct Fields<'f>(&'f [(String, Raw)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
