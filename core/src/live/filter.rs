//! Which requests a watcher wants to see.

use crate::record::is_failure;
use crate::record::query::{Filter, StatusFilter};
use crate::schedule::Class;

/// What of a request a filter looks at, as lists of requests show it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) protocol: &'a str,
    /// That of the last attempt.
    pub(crate) channel: Option<&'a str>,
    pub(crate) model: &'a str,
    pub(crate) client_key: &'a str,
    pub(crate) session: Option<&'a str>,
    /// Status and class; `None` while it is under way: then no wanted status is its own.
    pub(crate) end: Option<(u16, &'a str)>,
}

impl Filter {
    /// Whether a request is wanted, by what a watcher may filter by.
    pub(super) fn lets(&self, seen: &Seen<'_>) -> bool {
        let is = |wanted: &Option<String>, seen: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| seen == Some(wanted))
        };
        self.protocol.is_none_or(|wanted| wanted.as_str() == seen.protocol)
            && self
                .status
                .is_none_or(|wanted| seen.end.is_some_and(|(status, class)| wanted.has(status, class)))
            && is(&self.channel, seen.channel)
            && is(&self.model, Some(seen.model))
            && is(&self.client_key, Some(seen.client_key))
            && is(&self.session, seen.session)
    }
}

impl StatusFilter {
    fn has(self, status: u16, class: &str) -> bool {
        match self {
            Self::Exactly(wanted) => status == wanted,
            Self::Hundred(wanted) => status / 100 == wanted,
            Self::Failed => is_failure(class),
            Self::Gone => Class::ClientGone.as_str() == class,
        }
    }
}
