//! Tools as a request declares them.

use super::Ext;
use super::block::CacheControl;
use super::raw::Raw;
use crate::config::Protocol;

#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    pub name: String,
    /// Responses: the group it belongs to; a call names both.
    pub namespace: Option<Namespace>,
    pub description: Option<String>,
    pub kind: ToolKind,
    pub cache: Option<CacheControl>,
    /// Not shown to the model before a tool search finds it.
    pub defer_loading: Option<bool>,
    pub ext: Ext,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ToolKind {
    Function {
        /// A JSON Schema; absent for a function without arguments.
        parameters: Option<Raw>,
        strict: Option<bool>,
    },
    /// Takes free text.
    Custom {
        /// `{"type":"text"}` or `{"type":"grammar",…}`, as Responses writes it.
        format: Option<Raw>,
    },
    /// A tool that `owner`'s vendor defines, whether it runs there or at the client.
    Builtin {
        owner: Protocol,
        /// The wire type: `web_search`, `local_shell`, `tool_search`, `bash_20250124`, `googleSearch`.
        kind: String,
        /// The whole declaration.
        raw: Raw,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Namespace {
    pub name: String,
    pub description: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ToolChoice {
    Auto,
    None,
    /// Any tool, but one.
    Required,
    Named {
        name: String,
        namespace: Option<String>,
    },
    /// Only some of the tools.
    Allowed {
        required: bool,
        names: Vec<String>,
    },
    /// A vendor's own tool, by its wire type.
    Builtin {
        owner: Protocol,
        raw: Raw,
    },
}

impl Tool {
    pub fn new(name: impl Into<String>, kind: ToolKind) -> Self {
        Self {
            name: name.into(),
            namespace: None,
            description: None,
            kind,
            cache: None,
            defer_loading: None,
            ext: Ext::new(),
        }
    }
}
