//! Tools that an upstream does not know travel as functions, and their calls come back as what they were.
//!
//! Free text tools, namespaces, the shell, patch and search tools of Codex and Claude's client tools are
//! lowered, in declarations and in the conversation so far. What a vendor runs itself becomes the
//! upstream's own tool of that kind, or is dropped.

mod arguments;
mod client;
mod found;
mod freeform;
mod history;
mod hosted;
mod names;
mod raise;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use self::client::ClientTool;
use self::names::Names;
pub use self::raise::Raiser;
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{Losses, Raw, Request, Tool, ToolChoice, ToolKind};

/// What is kept of one call's arguments before they are passed on as they are.
const MAX_KEPT: usize = 1024 * 1024;

/// The kind of the calls of Responses' `shell`.
const SHELL: &str = "shell";

/// Which functions stand for other tools.
#[derive(Clone, Debug, Default)]
pub struct ToolBridge {
    originals: Arc<BTreeMap<String, Original>>,
}

/// A tool as its client knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Original {
    name: String,
    namespace: Option<String>,
    shape: Shape,
}

/// What becomes of a call's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    /// They stay; only the name differs.
    Same,
    /// The text of a custom call, in one string argument.
    Freeform,
    /// Responses' `local_shell`: one command.
    LocalShell,
    /// Responses' `shell`: a list of commands.
    Shell,
    ApplyPatch,
    ToolSearch,
}

/// Rewrites what `upstream` does not know of the tools of `request`, so that it sees functions.
pub fn lower(request: &mut Request, upstream: Protocol, compat: &Compat, lost: &mut Losses) -> ToolBridge {
    let codex = upstream == Protocol::Responses && compat.codex_tools != Some(false);
    let chat = upstream == Protocol::Chat && request.origin == Protocol::Chat;
    let custom = codex || upstream == Protocol::Chat && compat.codex_tools.unwrap_or(chat);
    let mut lowering = Lowering {
        upstream,
        codex,
        custom,
        names: Names::new(upstream),
        wires: BTreeMap::new(),
        originals: BTreeMap::new(),
        introduced: BTreeSet::new(),
        lost,
    };
    lowering.tools(request);
    lowering.history(&mut request.items);
    lowering.choice(request);
    ToolBridge { originals: Arc::new(lowering.originals) }
}

impl ToolBridge {
    pub fn is_empty(&self) -> bool {
        self.originals.is_empty()
    }

    /// What undoes it in one answer.
    pub fn raiser(&self) -> Raiser {
        Raiser::new(Arc::clone(&self.originals))
    }
}

struct Lowering<'l> {
    upstream: Protocol,
    /// Whether the upstream knows the tools of Codex.
    codex: bool,
    /// Whether it knows custom tools.
    custom: bool,
    names: Names,
    /// The upstream's name of each tool that has another one there, or another shape.
    wires: BTreeMap<Original, String>,
    originals: BTreeMap<String, Original>,
    /// Namespaces whose description was told.
    introduced: BTreeSet<String>,
    lost: &'l mut Losses,
}

impl Lowering<'_> {
    fn tools(&mut self, request: &mut Request) {
        let mut tools = std::mem::take(&mut request.tools);
        if !self.codex {
            found::add(&mut tools, &request.items);
        }
        if !self.codex && (self.upstream, request.origin) != (Protocol::Messages, Protocol::Messages) {
            self.undefer(&mut tools);
        }
        for tool in &tools {
            if tool.namespace.is_none() && matches!(tool.kind, ToolKind::Function { .. }) {
                self.names.reserve(&tool.name);
            }
        }
        let has_functions = tools.iter().any(|tool| !self.is_hosted(tool));
        request.tools = tools.into_iter().filter_map(|tool| self.tool(tool, has_functions)).collect();
    }

    /// Tools that only a search shows are not sent if the client can search, and plain ones otherwise.
    fn undefer(&mut self, tools: &mut Vec<Tool>) {
        let searches = tools.iter().any(|tool| self.client_tool(tool) == Some(ClientTool::ToolSearch));
        if tools.iter().any(|tool| tool.defer_loading == Some(true)) {
            self.lost.emulated("tools.defer_loading");
            tools.retain(|tool| !(searches && tool.defer_loading == Some(true)));
        }
        for tool in tools {
            tool.defer_loading = None;
        }
    }

    fn tool(&mut self, mut tool: Tool, has_functions: bool) -> Option<Tool> {
        if let Some(client) = self.client_tool(&tool) {
            self.lost.emulated(format!("tools.{}", client.feature()));
            let original = Original { name: tool.name.clone(), namespace: None, shape: client.shape() };
            return Some(Tool { name: self.wire(original), ..client.function(&tool) });
        }
        match &tool.kind {
            ToolKind::Builtin { owner, kind, raw } => {
                if *owner == self.upstream {
                    return Some(tool);
                }
                hosted::map(*owner, kind, raw, self.upstream, has_functions, self.lost)
            }
            ToolKind::Custom { .. } if !self.custom => {
                self.lost.emulated("tools.custom");
                Some(self.function(freeform(tool), Shape::Freeform))
            }
            ToolKind::Custom { .. } if self.codex => Some(tool),
            ToolKind::Function { .. } if self.codex && tool.namespace.is_some() => Some(tool),
            ToolKind::Function { .. } | ToolKind::Custom { .. } => {
                tool = self.function(tool, Shape::Same);
                Some(tool)
            }
        }
    }

    /// Gives a function the upstream's name.
    fn function(&mut self, mut tool: Tool, shape: Shape) -> Tool {
        let namespace = tool.namespace.take();
        if let Some(namespace) = &namespace {
            self.lost.emulated("tools.namespace");
            if let Some(about) = &namespace.description
                && self.introduced.insert(namespace.name.clone())
            {
                let own = tool.description.take().unwrap_or_default();
                tool.description = Some(format!("{about}\n\n{own}").trim_end().to_owned());
            }
        }
        let namespace = namespace.map(|namespace| namespace.name);
        let name = self.wire(Original { name: tool.name.clone(), namespace: namespace.clone(), shape });
        if name != tool.name && namespace.is_none() {
            self.lost.emulated("tools.name");
        }
        Tool { name, ..tool }
    }

    /// The upstream's name of a tool.
    fn wire(&mut self, original: Original) -> String {
        if let Some(wire) = self.wires.get(&original) {
            return wire.clone();
        }
        let Original { name, namespace, shape } = &original;
        if *shape == Shape::Same && namespace.is_none() && self.names.fits(name) {
            return name.clone();
        }
        let wire = self.names.take(namespace.as_deref(), name);
        self.wires.insert(original.clone(), wire.clone());
        self.originals.insert(wire.clone(), original);
        wire
    }

    fn client_tool(&self, tool: &Tool) -> Option<ClientTool> {
        let ToolKind::Builtin { owner, kind, raw } = &tool.kind else { return None };
        let known = *owner == self.upstream && (*owner != Protocol::Responses || self.codex);
        if known { None } else { ClientTool::of(*owner, kind, raw) }
    }

    fn is_hosted(&self, tool: &Tool) -> bool {
        matches!(tool.kind, ToolKind::Builtin { .. }) && self.client_tool(tool).is_none()
    }

    fn choice(&mut self, request: &mut Request) {
        match &mut request.tool_choice {
            Some(ToolChoice::Named { name, namespace }) => {
                if let Some(wire) = self.called(name, namespace.as_deref()) {
                    (*name, *namespace) = (wire, None);
                }
            }
            Some(ToolChoice::Allowed { names, .. }) => {
                for name in names {
                    if let Some(wire) = self.called(name, None) {
                        *name = wire;
                    }
                }
            }
            Some(ToolChoice::Builtin { owner, raw }) => {
                let choice = raw.value();
                let of = |field: &str| choice.get(field).and_then(|value| value.as_str());
                let wire = of("name").or_else(|| of("type")).and_then(|name| self.lowered(name, None));
                if let Some(name) = wire {
                    request.tool_choice = Some(ToolChoice::Named { name, namespace: None });
                } else if *owner != self.upstream {
                    self.lost.dropped("tool_choice");
                    request.tool_choice = Some(ToolChoice::Auto);
                }
            }
            Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::Required) | None => {}
        }
    }

    /// What a tool is called by now, if that is not what it was.
    fn called(&self, name: &str, namespace: Option<&str>) -> Option<String> {
        if namespace.is_none() && self.names.is_plain(name) {
            return None;
        }
        self.lowered(name, namespace)
    }

    fn lowered(&self, name: &str, namespace: Option<&str>) -> Option<String> {
        let same = |original: &&Original| {
            original.name == name && (namespace.is_none() || original.namespace.as_deref() == namespace)
        };
        self.wires.iter().find(|(original, _)| same(original)).map(|(_, wire)| wire.clone())
    }
}

/// A function in the place of a tool that takes free text.
fn freeform(tool: Tool) -> Tool {
    let ToolKind::Custom { format } = &tool.kind else { return tool };
    let format = format.as_ref().map(Raw::value).unwrap_or_default();
    let of = |field: &str| {
        format.get(field).or_else(|| format.get("grammar")?.get(field)).and_then(|value| value.as_str())
    };
    let mut description = tool.description.clone().unwrap_or_default();
    if !description.is_empty() {
        description.push_str("\n\n");
    }
    description.push_str(
        "Here the tool is called as a function: put its whole text, unchanged, into the string argument `input`.",
    );
    if let Some(definition) = of("definition") {
        let syntax = of("syntax").unwrap_or("following");
        description.push_str(&format!(" That text must match this {syntax} grammar:\n{definition}"));
    }
    let parameters = json!({
        "type": "object",
        "properties": {freeform::INPUT: {"type": "string", "description": "The text for the tool."}},
        "required": [freeform::INPUT],
        "additionalProperties": false,
    });
    let kind = ToolKind::Function { parameters: Some(parameters.into()), strict: None };
    Tool { description: Some(description), kind, ..tool }
}
