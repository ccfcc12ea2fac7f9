//! What not every runtime has.

/// Named as in `GET /api/bootstrap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// A configuration file that people edit, beside other files of the gateway's own.
    Files,
}

impl Feature {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
        }
    }
}
