//! An answer to the completion a client gets.

use serde::Serialize;
use serde_json::{Value, json};

use crate::codec::json;
use crate::ir::{
    Audio, Block, CallKind, Choice, Executor, FinishReason, Item, Losses, Raw, Reasoning, Response, SealKind,
    Source, ToolCall,
};
use crate::protocol::chat::answer::{BREAK, Head, Told};
use crate::protocol::chat::call::Call;
use crate::protocol::chat::finish::{self, Did};
use crate::protocol::chat::wire::annotation::{Annotation, Place};
use crate::protocol::convert::{Answering, Encoded};
use crate::protocol::openai::usage::encode_chat;

pub(in crate::protocol) fn encode(response: &Response, answering: &Answering) -> Encoded {
    let mut lost = Losses::default();
    let told = Told {
        id: response.id.as_deref(),
        model: response.model.as_deref(),
        created: response.created,
        service_tier: response.service_tier.as_deref(),
        ext: Some(&response.ext),
    };
    let choices =
        response.choices.iter().zip(0..).map(|(choice, index)| Wire::of(choice, index, answering, &mut lost));
    let completion = Completion {
        head: Head::new("chat.completion", &told, answering),
        choices: choices.collect(),
        usage: response.usage.as_ref().map(encode_chat),
    };
    let body = serde_json::to_vec(&completion).unwrap_or_default();
    Encoded { body, headers: Vec::new(), lost }
}

#[derive(Serialize)]
struct Completion<'a, U> {
    #[serde(flatten)]
    head: Head<'a>,
    choices: Vec<Wire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<U>,
}

#[derive(Serialize)]
struct Wire<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<Logprobs>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Logprobs {
    content: Vec<Value>,
    refusal: Option<Value>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_details: Option<Raw>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
}

impl<'a> Wire<'a> {
    fn of(choice: &'a Choice, index: u32, answering: &Answering, lost: &mut Losses) -> Self {
        let mut collect =
            Collect { answering, message: Message::default(), logprobs: Vec::new(), details: Vec::new() };
        choice.items.iter().for_each(|item| collect.item(item, lost));
        let Collect { mut message, logprobs, details, .. } = collect;
        if !details.is_empty() {
            message.reasoning_details = Raw::of(&details).ok();
        }
        let finish = choice.finish.as_ref();
        let reason = finish.map_or(FinishReason::Length, |finish| finish.reason);
        if reason == FinishReason::Refusal && message.refusal.is_none() {
            message.refusal = finish.and_then(|finish| finish.message.clone());
        }
        if let Some(feature) = finish::loss(reason) {
            lost.approximated(feature);
        }
        let did = Did { call: !message.tool_calls.is_empty(), refuse: message.refusal.is_some() };
        Self {
            index,
            message,
            logprobs: (!logprobs.is_empty()).then_some(Logprobs { content: logprobs, refusal: None }),
            finish_reason: finish::encode(reason, did),
        }
    }
}

impl Default for Message<'_> {
    fn default() -> Self {
        Self {
            role: "assistant",
            content: None,
            refusal: None,
            reasoning_content: None,
            reasoning_details: None,
            annotations: Vec::new(),
            audio: None,
            tool_calls: Vec::new(),
        }
    }
}

struct Collect<'a, 'n> {
    answering: &'n Answering,
    message: Message<'a>,
    logprobs: Vec<Value>,
    details: Vec<Value>,
}

impl<'a> Collect<'a, '_> {
    fn item(&mut self, item: &'a Item, lost: &mut Losses) {
        match item {
            Item::Message(message) => {
                for (position, block) in message.blocks.iter().enumerate() {
                    self.block(block, position > 0, lost);
                }
            }
            Item::Reasoning(reasoning) => self.reasoning(reasoning, lost),
            Item::ToolCall(call) => self.call(call, lost),
            Item::Compaction(compaction) => {
                match compaction.summary.as_deref().filter(|summary| !summary.is_empty()) {
                    Some(summary) => {
                        lost.approximated("items.compaction");
                        append(&mut self.message.content, summary, BREAK);
                    }
                    None => lost.dropped("items.compaction"),
                }
            }
            Item::Opaque(opaque) => lost.dropped(format!("items.{}", opaque.kind)),
            // Results are what a client sends; no answer has one.
            Item::ToolResult(_) => {}
        }
    }

    fn block(&mut self, block: &'a Block, joins: bool, lost: &mut Losses) {
        match block {
            Block::Text(text) => {
                append(&mut self.message.content, &text.text, if joins { "" } else { BREAK });
                if let Some(Value::Array(logprobs)) = text.logprobs.as_ref().map(Raw::value) {
                    self.logprobs.extend(logprobs);
                }
                for citation in &text.citations {
                    let length = text.text.chars().count();
                    let whole = self.message.content.as_deref().unwrap_or_default().chars().count();
                    let place = Place { start: whole.saturating_sub(length) as u64, length: length as u64 };
                    match Annotation::encode(citation, &place) {
                        Some(annotation) => self.message.annotations.push(annotation),
                        None => lost.dropped("citations"),
                    }
                }
                if text.sealed.is_some() {
                    lost.dropped("text.sealed");
                }
            }
            Block::Refusal(refusal) => append(&mut self.message.refusal, refusal, ""),
            Block::Audio(audio) => self.audio(audio),
            Block::Image(_) => lost.dropped("items.image"),
            Block::File(_) => lost.dropped("items.file"),
            Block::Video(_) => lost.dropped("items.video"),
            Block::Opaque(opaque) => lost.dropped(format!("items.{}", opaque.kind)),
        }
    }

    /// Who gave no id for later turns keeps nothing that expires.
    fn audio(&mut self, audio: &Audio) {
        let Source::Base64 { data, .. } = &audio.source else { return };
        let minted = format!("audio_{}", self.answering.seed);
        self.message.audio = Some(json!({
            "id": audio.id.as_deref().unwrap_or(&minted),
            "data": data,
            "expires_at": self.answering.now,
            "transcript": audio.transcript.as_deref().unwrap_or_default(),
        }));
    }

    fn reasoning(&mut self, reasoning: &Reasoning, lost: &mut Losses) {
        let thought = &mut self.message.reasoning_content;
        for summary in &reasoning.summary {
            append(thought, summary, BREAK);
        }
        append(thought, reasoning.text.as_deref().unwrap_or_default(), BREAK);
        let Some(sealed) = &reasoning.sealed else { return };
        match (sealed.kind, json::from_str(&sealed.data)) {
            (SealKind::Details, Ok(Value::Array(details))) => self.details.extend(details),
            _ => lost.dropped("reasoning.sealed"),
        }
    }

    fn call(&mut self, call: &'a ToolCall, lost: &mut Losses) {
        if call.executor == Executor::Server {
            return match &call.kind {
                CallKind::Other(kind) => lost.dropped(format!("items.{kind}")),
                _ => lost.dropped("items.tool_call"),
            };
        }
        self.message.tool_calls.push(Call::of(call, None, lost));
    }
}

fn append(whole: &mut Option<String>, more: &str, between: &str) {
    if more.is_empty() {
        return;
    }
    let whole = whole.get_or_insert_default();
    if !whole.is_empty() {
        whole.push_str(between);
    }
    whole.push_str(more);
}
