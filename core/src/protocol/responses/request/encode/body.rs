//! The fields of a body, one after the other.

use serde::Serialize;

use crate::config::compat::Compat;
use crate::ir::Losses;

/// A JSON object under way. What the sheet omits is left out; what it adds wins.
pub(super) struct Body<'c> {
    out: Vec<u8>,
    compat: &'c Compat,
    pub(super) lost: Losses,
}

impl<'c> Body<'c> {
    pub(super) fn new(compat: &'c Compat) -> Self {
        Self { out: vec![b'{'], compat, lost: Losses::default() }
    }

    /// Writes a field that the client asked for as `feature`, or notes that it was left out.
    pub(super) fn put(&mut self, name: &str, feature: &'static str, value: Option<impl Serialize>) {
        let Some(value) = value else { return };
        if self.compat.omits(name) {
            self.lost.dropped(feature);
        } else {
            self.own(name, &value);
        }
    }

    /// Writes a field of the gateway's, unless the sheet omits it.
    pub(super) fn own(&mut self, name: &str, value: &impl Serialize) {
        if self.compat.omits(name) || self.compat.extra_body.contains_key(name) {
            return;
        }
        self.write(name, value);
    }

    /// Writes a field that is JSON already.
    pub(super) fn json(&mut self, name: &str, value: &[u8]) {
        if !self.compat.omits(name) && !self.compat.extra_body.contains_key(name) {
            self.name(name);
            self.out.extend_from_slice(value);
        }
    }

    pub(super) fn finish(mut self) -> (Vec<u8>, Losses) {
        let compat = self.compat;
        for (name, value) in &compat.extra_body {
            self.write(name, value);
        }
        self.out.push(b'}');
        (self.out, self.lost)
    }

    fn write(&mut self, name: &str, value: &impl Serialize) {
        self.name(name);
        write(&mut self.out, value);
    }

    fn name(&mut self, name: &str) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        write(&mut self.out, &name);
        self.out.push(b':');
    }
}

/// Writing to memory cannot fail, and none of our maps has keys that are no strings.
fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"null");
    }
}
