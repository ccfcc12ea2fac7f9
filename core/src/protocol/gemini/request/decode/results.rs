//! Calls and their results, found together whether the client repeats ids or not.

use std::collections::{HashSet, VecDeque};

use sha2::{Digest as _, Sha256};

use super::media;
use crate::ir::{Block, Ext, Raw, ResultContent, ToolResult};
use crate::protocol::convert::Invalid;
use crate::protocol::gemini::wire::object::Object;

/// The calls of a conversation so far.
#[derive(Default)]
pub(super) struct Calls {
    count: usize,
    ids: HashSet<String>,
    unanswered: VecDeque<Call>,
}

struct Call {
    /// As the client wrote it.
    given: Option<String>,
    id: String,
    name: String,
}

impl Calls {
    /// The id by which a call goes from now on: its own, unless it has none or an earlier call has the same.
    pub(super) fn open(&mut self, given: Option<String>, name: &str, arguments: &str) -> String {
        let given = given.filter(|id| !id.is_empty());
        let own = given.clone().filter(|id| !self.ids.contains(id));
        let id = own.unwrap_or_else(|| minted(self.count, name, arguments));
        self.count += 1;
        self.ids.insert(id.clone());
        self.unanswered.push_back(Call { given, id: id.clone(), name: name.to_owned() });
        id
    }

    /// The first unanswered call with this id, or else of this name. A result of no call keeps its id.
    fn answer(&mut self, given: Option<String>, name: &str) -> String {
        let same_id = self.unanswered.iter().position(|call| given.is_some() && call.given == given);
        let position = same_id.or_else(|| {
            let free = |call: &Call| call.name == name && (given.is_none() || call.given.is_none());
            self.unanswered.iter().position(free)
        });
        match position.and_then(|position| self.unanswered.remove(position)) {
            Some(call) => call.id,
            None => given.unwrap_or_else(|| minted(self.count, name, "")),
        }
    }
}

/// An id that the same call in the same place always gets, on every platform.
fn minted(ordinal: usize, name: &str, arguments: &str) -> String {
    let ordinal = u64::try_from(ordinal).unwrap_or(u64::MAX);
    let hash = Sha256::new()
        .chain_update(ordinal.to_le_bytes())
        .chain_update(name.as_bytes())
        .chain_update([0])
        .chain_update(arguments.as_bytes())
        .finalize();
    let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("call_{hex}")
}

/// <https://ai.google.dev/api/caching#FunctionResponse>
pub(super) fn decode(mut response: Object<'_>, calls: &mut Calls) -> Result<ToolResult, Invalid> {
    let Some(name) = response.text("name")? else { return Err(response.invalid("missing `name`")) };
    let id = response.text("id")?.filter(|id| !id.is_empty());
    let said = response.raw("response")?;
    let (mut content, is_error) = said.map_or((ResultContent::Text(String::new()), None), content);
    let mut shown = Vec::new();
    for mut part in response.objects("parts")? {
        shown.extend(media::decode(&mut part)?);
    }
    if !shown.is_empty() {
        let text = match content {
            ResultContent::Text(text) => text,
            ResultContent::Json(raw) => raw.get().to_owned(),
            ResultContent::Blocks(_) => String::new(),
        };
        let text = (!matches!(text.as_str(), "" | "{}")).then(|| Block::text(text));
        content = ResultContent::Blocks(text.into_iter().chain(shown).collect());
    }
    let mut ext = Ext::new();
    let call_id = calls.answer(id, &name);
    response.rest(&mut ext);
    Ok(ToolResult { name: Some(name), is_error, ext, ..ToolResult::function(call_id, content) })
}

/// `output` is what a tool said, `error` how it failed; any other object is all its own.
fn content(response: Raw) -> (ResultContent, Option<bool>) {
    let serde_json::Value::Object(mut fields) = response.value() else {
        return (ResultContent::Json(response), None);
    };
    let failed = fields.contains_key("error") && !fields.contains_key("output");
    let is_error = (failed && fields.len() == 1).then_some(true);
    let only = if failed { "error" } else { "output" };
    match fields.remove(only) {
        Some(serde_json::Value::String(text)) if fields.is_empty() => (ResultContent::Text(text), is_error),
        _ => (ResultContent::Json(response), is_error),
    }
}
