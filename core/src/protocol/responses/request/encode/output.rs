//! What a tool said, as the kind of its call wants it.

use std::borrow::Cow;

use crate::ir::{CallKind, Raw};
use crate::protocol::responses::write::{self, Content, Said};

/// The item that answers a call of `kind`.
pub(super) fn output<'s>(kind: &CallKind, call_id: &'s str, said: Said<'s>, failed: bool) -> write::Item<'s> {
    let item = write::Item { call_id: Some(call_id), ..write::Item::default() };
    match kind {
        CallKind::Custom => write::Item { kind: "custom_tool_call_output", output: Some(said), ..item },
        CallKind::LocalShell => write::Item {
            kind: "local_shell_call_output",
            id: Some(call_id),
            call_id: None,
            output: Some(text_only(said)),
            ..item
        },
        CallKind::ApplyPatch => write::Item {
            kind: "apply_patch_call_output",
            status: Some(if failed { "failed" } else { "completed" }),
            output: Some(text_only(said)),
            ..item
        },
        CallKind::ToolSearch => write::Item {
            kind: "tool_search_output",
            status: Some("completed"),
            execution: Some("client"),
            tools: Some(list_only(said)),
            ..item
        },
        CallKind::Other(name) if name == "shell" => {
            write::Item { kind: "shell_call_output", output: Some(shell_output(said, failed)), ..item }
        }
        CallKind::Function | CallKind::Other(_) => {
            write::Item { kind: "function_call_output", output: Some(function_output(said)), ..item }
        }
    }
}

fn text_only(said: Said<'_>) -> Said<'_> {
    match said {
        Said::Text(text) => Said::Text(text),
        Said::Raw(raw) => Said::Text(Cow::Owned(raw.get().to_owned())),
        Said::Parts(parts) => {
            let texts = parts.into_iter().filter_map(|part| match part {
                Content::Part(part) => part.text,
                Content::Raw(_) => None,
            });
            Said::Text(Cow::Owned(texts.collect::<Vec<_>>().join("\n")))
        }
    }
}

/// A search that found nothing readable found no tools.
fn list_only(said: Said<'_>) -> Said<'_> {
    match said {
        Said::Raw(raw) => Said::Raw(raw),
        Said::Text(text) => {
            let list =
                Raw::parse(text.into_owned()).ok().filter(|raw| raw.get().trim_start().starts_with('['));
            list.map_or(Said::Parts(Vec::new()), |raw| Said::Raw(Cow::Owned(raw)))
        }
        Said::Parts(_) => Said::Parts(Vec::new()),
    }
}

/// <https://developers.openai.com/api/docs/guides/tools-shell>
fn shell_output(said: Said<'_>, failed: bool) -> Said<'_> {
    let text = match said {
        Said::Raw(raw) => return Said::Raw(raw),
        said => text_only(said),
    };
    Said::Raw(Cow::Owned(Raw::from(serde_json::json!([{
        "stdout": text,
        "stderr": "",
        "outcome": {"type": "exit", "exit_code": i32::from(failed)},
    }]))))
}

fn function_output(said: Said<'_>) -> Said<'_> {
    match said {
        Said::Raw(raw) => Said::Text(Cow::Owned(raw.get().to_owned())),
        said => said,
    }
}
