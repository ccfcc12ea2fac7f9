//! The response object, which ends a stream and is the whole of an unstreamed answer.
//! <https://developers.openai.com/api/reference/resources/responses/object>

use std::borrow::Cow;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{item, wire};
use crate::codec::json;
use crate::ir::{Block, Finish, FinishReason, Image, Item, Message, Opaque, Role, Source, Start, Usage};
use crate::protocol::convert::Invalid;
use crate::protocol::openai::usage;
use crate::protocol::{UpstreamError, event};

#[derive(Default, Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow, default, deserialize_with = "wire::cow")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "wire::cow")]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "wire::cow")]
    service_tier: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "wire::cow")]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    incomplete_details: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

/// How an answer ended.
pub(super) enum End {
    /// As its items tell.
    Whole,
    Finish(Finish),
    Error(UpstreamError),
}

impl<'a> Answer<'a> {
    pub(super) fn start(&self) -> Start<'_> {
        let created: Option<f64> = self.created_at.and_then(|raw| json::from_str(raw.get()).ok());
        Start {
            id: self.id.as_deref().map(Cow::Borrowed),
            model: self.model.as_deref().map(Cow::Borrowed),
            created: created.map(|seconds| seconds as u64),
            service_tier: self.service_tier.as_deref().map(Cow::Borrowed),
            ..Start::default()
        }
    }

    pub(super) fn output(&self) -> Vec<&'a RawValue> {
        self.output.map(wire::elements).unwrap_or_default()
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        #[derive(Deserialize)]
        struct ToolUsage {
            web_search: Option<WebSearch>,
        }
        #[derive(Deserialize)]
        struct WebSearch {
            num_requests: Option<u64>,
        }
        let tools = self.tool_usage.and_then(|raw| wire::read::<ToolUsage>(raw).ok());
        let searches = tools.and_then(|tools| tools.web_search?.num_requests).filter(|count| *count > 0);
        let usage = usage::decode(self.usage?.get().as_bytes())?;
        Some(Usage { web_searches: searches.or(usage.web_searches), ..usage })
    }

    /// What the status says; the name of the event that holds the answer stands in for a missing one.
    pub(super) fn end(&self, event: &str) -> End {
        let details = self.incomplete_details.and_then(|raw| wire::read::<Option<Incomplete>>(raw).ok()?);
        let incomplete = details.as_ref().and_then(|details| details.reason.as_deref());
        match (self.status.as_deref().unwrap_or(event), incomplete) {
            ("failed", _) => End::Error(self.error("The upstream failed to answer.")),
            ("cancelled", _) => End::Error(self.error("The upstream cancelled its answer.")),
            ("queued" | "in_progress", None) if self.output().is_empty() => {
                End::Error(self.error("The upstream answers in the background."))
            }
            (_, Some(reason)) => End::Finish(incompletion(reason)),
            ("incomplete", None) => End::Finish(incompletion("max_output_tokens")),
            _ => match self.error.and_then(|raw| event::error_of(raw.get().as_bytes())) {
                Some(error) => End::Error(error),
                None => End::Whole,
            },
        }
    }

    fn error(&self, fallback: &str) -> UpstreamError {
        let told = self.error.and_then(|raw| event::error_of(raw.get().as_bytes()));
        told.unwrap_or_else(|| UpstreamError { message: fallback.to_owned(), ..UpstreamError::default() })
    }
}

/// Items that the client is to act on.
const CALLS: [&[u8]; 6] = [
    br#""function_call""#,
    br#""custom_tool_call""#,
    br#""local_shell_call""#,
    br#""shell_call""#,
    br#""apply_patch_call""#,
    br#""computer_call""#,
];

/// Why an answer ended, from a response object of which nothing is built. `None` where it failed.
pub(in crate::protocol) fn finish(response: &[u8]) -> Option<FinishReason> {
    let status = event::field(response, "status").unwrap_or_default();
    let incomplete = event::at(response, &["incomplete_details", "reason"]).and_then(json::string);
    match (status, incomplete) {
        (br#""failed""# | br#""cancelled""#, _) => None,
        (_, Some(reason)) => Some(incompletion(&reason).reason),
        (br#""incomplete""#, None) => Some(FinishReason::Length),
        _ => {
            let output = event::field(response, "output").unwrap_or_default();
            let called = CALLS.iter().any(|call| event::mentions(output, &Finder::new(call)));
            Some(whole(called, event::mentions(output, &Finder::new(br#""refusal""#))).reason)
        }
    }
}

fn incompletion(reason: &str) -> Finish {
    match reason {
        "max_output_tokens" | "max_tokens" => Finish::new(FinishReason::Length),
        "content_filter" => Finish::new(FinishReason::ContentFilter),
        other => Finish { message: Some(other.to_owned()), ..Finish::new(FinishReason::Other) },
    }
}

/// An item of an answer. A picture the model made is content; results of tools that ran at the vendor, and
/// whatever cannot be read, stay what only Responses understands.
pub(super) fn item(raw: &RawValue) -> Result<Item, Invalid> {
    let head: item::Head<'_> = wire::read(raw)?;
    if head.kind() == "image_generation_call"
        && let Some(image) = image(raw)
    {
        return Ok(Item::Message(Message::new(Role::Assistant, vec![Block::Image(image)])));
    }
    Ok(match item::item(raw) {
        Ok(Item::ToolResult(_)) | Err(_) => item::opaque(raw, head.kind()),
        Ok(item) => item,
    })
}

fn image(raw: &RawValue) -> Option<Image> {
    #[derive(Deserialize)]
    struct Generated {
        result: Option<String>,
        output_format: Option<String>,
    }
    let Generated { result, output_format } = wire::read(raw).ok()?;
    let data = result.filter(|data| !data.is_empty())?;
    let format = output_format.unwrap_or_else(|| "png".into());
    let mime = if format == "svg" { "image/svg+xml".into() } else { format!("image/{format}") };
    Some(Image { source: Source::Base64 { mime, data }, detail: None, cache: None })
}

/// Whether the client is to act on an item before the model goes on.
pub(super) fn awaits_client(opaque: &Opaque) -> bool {
    matches!(opaque.kind.as_str(), "computer_call" | "mcp_approval_request")
}

/// Why an answer ended whose status says no more than that it is whole.
pub(super) fn whole(called: bool, refused: bool) -> Finish {
    Finish::new(match (called, refused) {
        (true, _) => FinishReason::ToolCalls,
        (false, true) => FinishReason::Refusal,
        (false, false) => FinishReason::Stop,
    })
}
