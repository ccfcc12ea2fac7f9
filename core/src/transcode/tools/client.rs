//! Tools that a vendor defines and the client runs, as functions.

use serde_json::{Value, json};

use super::Shape;
use crate::config::Protocol;
use crate::ir::{Raw, Tool, ToolKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientTool {
    /// <https://developers.openai.com/api/docs/guides/tools-local-shell>
    LocalShell,
    /// <https://developers.openai.com/api/docs/guides/tools-shell>
    Shell,
    /// <https://developers.openai.com/api/docs/guides/tools-apply-patch>
    ApplyPatch,
    /// <https://developers.openai.com/api/docs/guides/tools-tool-search>
    ToolSearch,
    /// <https://docs.claude.com/en/docs/agents-and-tools/tool-use/bash-tool>
    Bash,
    /// <https://docs.claude.com/en/docs/agents-and-tools/tool-use/text-editor-tool>; `undo`: an edition
    /// that can take edits back.
    TextEditor { undo: bool },
    /// <https://docs.claude.com/en/docs/agents-and-tools/tool-use/memory-tool>
    Memory,
}

impl ClientTool {
    /// The tool that `owner` calls `kind`; `None` for one that the vendor runs itself.
    pub(super) fn of(owner: Protocol, kind: &str, raw: &Raw) -> Option<Self> {
        match (owner, kind) {
            (Protocol::Responses, "local_shell") => Some(Self::LocalShell),
            (Protocol::Responses, "shell") => {
                let place = raw.value();
                let place = place.pointer("/environment/type").and_then(Value::as_str);
                matches!(place, None | Some("local")).then_some(Self::Shell)
            }
            (Protocol::Responses, "apply_patch") => Some(Self::ApplyPatch),
            (Protocol::Responses, "tool_search") => {
                let client = raw.value().get("execution").and_then(Value::as_str) == Some("client");
                client.then_some(Self::ToolSearch)
            }
            (Protocol::Messages, kind) if kind.starts_with("bash_") => Some(Self::Bash),
            (Protocol::Messages, kind) if kind.starts_with("text_editor_") => {
                let undo = matches!(kind, "text_editor_20241022" | "text_editor_20250124");
                Some(Self::TextEditor { undo })
            }
            (Protocol::Messages, kind) if kind.starts_with("memory_") => Some(Self::Memory),
            _ => None,
        }
    }

    pub(super) const fn feature(self) -> &'static str {
        match self {
            Self::LocalShell => "local_shell",
            Self::Shell => "shell",
            Self::ApplyPatch => "apply_patch",
            Self::ToolSearch => "tool_search",
            Self::Bash => "bash",
            Self::TextEditor { .. } => "text_editor",
            Self::Memory => "memory",
        }
    }

    pub(super) const fn shape(self) -> Shape {
        match self {
            Self::LocalShell => Shape::LocalShell,
            Self::Shell => Shape::Shell,
            Self::ApplyPatch => Shape::ApplyPatch,
            Self::ToolSearch => Shape::ToolSearch,
            Self::Bash | Self::TextEditor { .. } | Self::Memory => Shape::Same,
        }
    }

    /// The function that stands for `tool`.
    pub(super) fn function(self, tool: &Tool) -> Tool {
        let raw = match &tool.kind {
            ToolKind::Builtin { raw, .. } => raw.value(),
            ToolKind::Function { .. } | ToolKind::Custom { .. } => Value::Null,
        };
        let declared = raw.get("description").and_then(Value::as_str).map(str::to_owned);
        let own = raw.get("parameters").filter(|schema| schema.is_object()).cloned();
        let description = tool.description.clone().or(declared);
        let kind = ToolKind::Function {
            parameters: Some(own.unwrap_or_else(|| self.parameters()).into()),
            strict: None,
        };
        Tool {
            description: Some(description.unwrap_or_else(|| self.description().to_owned())),
            cache: tool.cache,
            ..Tool::new(tool.name.clone(), kind)
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::LocalShell => "Runs a command on the user's computer and returns its output.",
            Self::Shell => {
                "Runs shell commands on the user's computer, one after the other, and returns their output."
            }
            Self::ApplyPatch => {
                "Creates, changes or deletes one file on the user's computer. A diff is in the V4A form: the file's \
                 lines, each led by ` ` if it stays, `-` if it goes or `+` if it is new; `@@` starts a further place \
                 of the file. In the diff of a new file every line is led by `+`."
            }
            Self::ToolSearch => {
                "Finds further tools by what they do. Those found can be called from then on."
            }
            Self::Bash => "Runs a command in a shell that stays open between calls.",
            Self::TextEditor { .. } => "Shows, creates and edits text files.",
            Self::Memory => "Reads and writes files below `/memories`, which are kept between conversations.",
        }
    }

    fn parameters(self) -> Value {
        match self {
            Self::LocalShell => object(
                json!({
                    "command": {"type": "array", "items": {"type": "string"}, "description": "The program and its arguments."},
                    "workdir": {"type": "string", "description": "The folder to run it in."},
                    "timeout_ms": {"type": "integer", "description": "How many milliseconds it may take."},
                    "env": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Variables to set."},
                }),
                &["command"],
            ),
            Self::Shell => object(
                json!({
                    "commands": {"type": "array", "items": {"type": "string"}, "description": "Shell commands, in their order."},
                    "timeout_ms": {"type": "integer", "description": "How many milliseconds they may take."},
                    "max_output_length": {"type": "integer", "description": "How many characters of output to return."},
                }),
                &["commands"],
            ),
            Self::ApplyPatch => object(
                json!({
                    "operation": object(
                        json!({
                            "type": {"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
                            "path": {"type": "string", "description": "The file, relative to the workspace."},
                            "diff": {"type": "string", "description": "What changes; not for `delete_file`."},
                        }),
                        &["type", "path"],
                    ),
                }),
                &["operation"],
            ),
            Self::ToolSearch => object(
                json!({
                    "query": {"type": "string", "description": "What the tool should do."},
                    "limit": {"type": "integer", "description": "How many tools to return at most."},
                }),
                &["query"],
            ),
            Self::Bash => object(
                json!({
                    "command": {"type": "string", "description": "The command; needed unless `restart` is true."},
                    "restart": {"type": "boolean", "description": "Starts the shell anew."},
                }),
                &[],
            ),
            Self::TextEditor { undo } => object(editor(undo), &["command", "path"]),
            Self::Memory => object(memory(), &["command"]),
        }
    }
}

fn editor(undo: bool) -> Value {
    let mut commands = vec!["view", "create", "str_replace", "insert"];
    let inserted = if undo {
        commands.push("undo_edit");
        "new_str"
    } else {
        "insert_text"
    };
    let mut properties = json!({
        "command": {"type": "string", "enum": commands},
        "path": {"type": "string", "description": "The file or folder."},
        "view_range": {"type": "array", "items": {"type": "integer"}, "description": "For `view`: first and last line; -1 is the end."},
        "file_text": {"type": "string", "description": "For `create`: the content."},
        "old_str": {"type": "string", "description": "For `str_replace`: what goes; it occurs once in the file."},
        "new_str": {"type": "string", "description": "For `str_replace`: what takes its place."},
        "insert_line": {"type": "integer", "description": "For `insert`: the line to insert after; 0 is the start."},
    });
    if let Some(properties) = properties.as_object_mut() {
        properties.entry(inserted).or_insert_with(
            || json!({"type": "string", "description": "For `insert`: the lines to insert."}),
        );
    }
    properties
}

fn memory() -> Value {
    json!({
        "command": {"type": "string", "enum": ["view", "create", "str_replace", "insert", "delete", "rename"]},
        "path": {"type": "string", "description": "The file or folder, below `/memories`."},
        "view_range": {"type": "array", "items": {"type": "integer"}, "description": "For `view`: first and last line."},
        "file_text": {"type": "string", "description": "For `create`: the content."},
        "old_str": {"type": "string", "description": "For `str_replace`: what goes."},
        "new_str": {"type": "string", "description": "For `str_replace`: what takes its place."},
        "insert_line": {"type": "integer", "description": "For `insert`: the line to insert after."},
        "insert_text": {"type": "string", "description": "For `insert`: the lines to insert."},
        "old_path": {"type": "string", "description": "For `rename`: the path now."},
        "new_path": {"type": "string", "description": "For `rename`: the path from then on."},
    })
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}
