//! Tools and which of them shall be called.
//!
//! <https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools>

use std::borrow::Cow;

use serde::Serialize;

use super::body::Body;
use super::schema;
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{self, Ext, Losses, Raw, Tool as Declared, ToolChoice, ToolKind};
use crate::protocol::messages::wire::block::CacheControl;

#[derive(Serialize)]
#[serde(untagged)]
enum Tool<'a> {
    Client {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        input_schema: Cow<'a, Raw>,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        defer_loading: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
        #[serde(flatten)]
        ext: Option<&'a Ext>,
    },
    Builtin(&'a Raw),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Choice<'a> {
    Auto {
        #[serde(skip_serializing_if = "Option::is_none")]
        disable_parallel_tool_use: Option<bool>,
    },
    Any {
        #[serde(skip_serializing_if = "Option::is_none")]
        disable_parallel_tool_use: Option<bool>,
    },
    Tool {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        disable_parallel_tool_use: Option<bool>,
    },
    None,
    #[serde(untagged)]
    Raw(&'a Raw),
}

/// `thinks`: the model is asked to think, and cannot be made to call a tool.
pub(super) fn encode(request: &ir::Request, compat: &Compat, thinks: bool, body: &mut Body<'_>) {
    let allowed = match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => Some(names),
        _ => None,
    };
    let tools: Vec<_> = request
        .tools
        .iter()
        .filter(|tool| allowed.is_none_or(|names| names.contains(&tool.name)))
        .filter_map(|declared| {
            tool(declared, request, compat, &mut body.lost).map(|tool| (&declared.name, tool))
        })
        .collect();
    if tools.is_empty() {
        return;
    }
    let choice = choice(request, compat, thinks, &mut body.lost, |name| {
        tools.iter().any(|(known, _)| known.as_str() == name)
    });
    body.set("tools", &tools.iter().map(|(_, tool)| tool).collect::<Vec<_>>());
    if let Some(choice) = choice {
        body.set("tool_choice", &choice);
    }
}

fn tool<'a>(
    declared: &'a Declared,
    request: &ir::Request,
    compat: &Compat,
    lost: &mut Losses,
) -> Option<Tool<'a>> {
    let own = request.origin == Protocol::Messages;
    if compat.tools == Some(false) {
        lost.dropped("tools");
        return None;
    }
    let (parameters, strict) = match &declared.kind {
        ToolKind::Function { parameters, strict } => (parameters, *strict),
        ToolKind::Builtin { owner: Protocol::Messages, raw, .. } => return Some(Tool::Builtin(raw)),
        ToolKind::Builtin { kind, .. } => {
            lost.dropped(format!("tools.{kind}"));
            return None;
        }
        ToolKind::Custom { .. } => {
            lost.dropped("tools.custom");
            return None;
        }
    };
    if declared.namespace.is_some() {
        lost.dropped("tools.namespace");
    }
    if !own {
        declared.ext.keys().for_each(|field| lost.dropped(format!("ext.{field}")));
    }
    let strict = strict.filter(|strict| own || *strict);
    if strict.is_some() && compat.strict == Some(false) {
        lost.dropped("tools.strict");
    }
    let defer = declared.defer_loading.filter(|defer| own || *defer);
    let searchable = own || request.tools.iter().any(is_search);
    if defer.is_some() && !searchable {
        lost.dropped("tools.defer_loading");
    }
    Some(Tool::Client {
        name: &declared.name,
        description: declared.description.as_deref().filter(|description| own || !description.is_empty()),
        input_schema: schema::of_input(parameters.as_ref()),
        strict: strict.filter(|_| compat.strict != Some(false)),
        defer_loading: defer.filter(|_| searchable),
        cache_control: declared.cache.map(Into::into),
        ext: own.then_some(&declared.ext),
    })
}

/// A deferred tool needs one that finds it.
/// <https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool>
fn is_search(tool: &Declared) -> bool {
    matches!(&tool.kind, ToolKind::Builtin { owner: Protocol::Messages, kind, .. } if kind.starts_with("tool_search"))
}

fn choice<'a>(
    request: &'a ir::Request,
    compat: &Compat,
    thinks: bool,
    lost: &mut Losses,
    is_declared: impl Fn(&str) -> bool,
) -> Option<Choice<'a>> {
    let mut single = (request.parallel_tool_calls == Some(false)).then_some(true);
    if single.is_some() && compat.parallel_tool_calls == Some(false) {
        lost.dropped("parallel_tool_calls");
        single = None;
    }
    let auto = Choice::Auto { disable_parallel_tool_use: single };
    let Some(asked) = &request.tool_choice else { return single.map(|_| auto) };
    let forced = match asked {
        ToolChoice::Auto | ToolChoice::Allowed { required: false, .. } => return Some(auto),
        ToolChoice::None => return Some(Choice::None),
        ToolChoice::Required | ToolChoice::Allowed { required: true, .. } => {
            Choice::Any { disable_parallel_tool_use: single }
        }
        ToolChoice::Named { name, .. } if is_declared(name) => {
            Choice::Tool { name, disable_parallel_tool_use: single }
        }
        ToolChoice::Builtin { owner: Protocol::Messages, raw } => return Some(Choice::Raw(raw)),
        ToolChoice::Named { .. } | ToolChoice::Builtin { .. } => {
            lost.dropped("tool_choice");
            return Some(auto);
        }
    };
    if thinks || compat.forced_tools == Some(false) {
        lost.approximated("tool_choice");
        return Some(auto);
    }
    Some(forced)
}
