//! A Responses body to a request.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{
    Block, Effort, Ext, Format, Identity, Item, Message, Output, Raw, ReasoningConfig, Request, Role,
    Sampling, State, Tool,
};
use crate::protocol::convert::Invalid;
use crate::protocol::responses::{content, item, tool, wire};
use crate::sorted;

/// What asks for reasoning that only its issuer can read.
/// <https://developers.openai.com/api/docs/guides/reasoning#encrypted-reasoning-items>
pub(super) const INCLUDE_SEALED: &str = "reasoning.encrypted_content";

/// What asks for token probabilities.
pub(super) const INCLUDE_LOGPROBS: &str = "message.output_text.logprobs";

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "model")]
    _model: Option<IgnoredAny>,
    #[serde(rename = "stream")]
    _stream: Option<IgnoredAny>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    instructions: Option<&'a RawValue>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_choice: Option<&'a RawValue>,
    parallel_tool_calls: Option<bool>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_logprobs: Option<u64>,
    max_output_tokens: Option<u64>,
    reasoning: Option<Reasoning>,
    text: Option<Text>,
    include: Option<Vec<String>>,
    store: Option<bool>,
    previous_response_id: Option<String>,
    conversation: Option<Raw>,
    background: Option<bool>,
    truncation: Option<String>,
    context_management: Option<Raw>,
    prompt: Option<Raw>,
    service_tier: Option<String>,
    metadata: Option<Ext>,
    user: Option<String>,
    safety_identifier: Option<String>,
    prompt_cache_key: Option<String>,
    prompt_cache_retention: Option<String>,
    #[serde(flatten)]
    ext: Ext,
}

#[derive(Deserialize)]
struct Reasoning {
    effort: Option<String>,
    summary: Option<String>,
    generate_summary: Option<String>,
    #[serde(flatten)]
    ext: Ext,
}

#[derive(Deserialize)]
struct Text {
    format: Option<Raw>,
    verbosity: Option<String>,
}

/// Reads a body of `/v1/responses`.
pub(in crate::protocol) fn decode(body: &[u8], model: &str, stream: bool) -> Result<Request, Invalid> {
    let raw: &RawValue = json::read(body).map_err(|error| Invalid(format!("no JSON: {error}")))?;
    let body: Body<'_> = wire::read(raw).map_err(wire::at(|| "request".into()))?;
    let mut conversation = Conversation::default();
    if let Some(input) = body.input {
        conversation.read(input)?;
    }
    let mut tools = match present(body.tools) {
        Some(list) => tool::tools(list).map_err(wire::at(|| "tools".into()))?,
        None => Vec::new(),
    };
    for tool in conversation.tools {
        if !tools.iter().any(|known| known.name == tool.name && known.namespace == tool.namespace) {
            tools.push(tool);
        }
    }
    let mut include = body.include.unwrap_or_default();
    let mut asks = |name| {
        let before = include.len();
        include.retain(|included| included != name);
        include.len() < before
    };
    let (include_sealed, logprobs) = (asks(INCLUDE_SEALED), asks(INCLUDE_LOGPROBS));
    let mut ext = body.ext;
    Ok(Request {
        stream,
        instructions: body.instructions.map(instructions).transpose()?.unwrap_or_default(),
        items: conversation.items,
        tools,
        tool_choice: present(body.tool_choice)
            .map(|choice| tool::choice(choice).map_err(wire::at(|| "tool_choice".into())))
            .transpose()?,
        parallel_tool_calls: body.parallel_tool_calls,
        sampling: Sampling {
            temperature: body.temperature,
            top_p: body.top_p,
            // Asking for alternatives asks for the probabilities.
            logprobs: (logprobs || body.top_logprobs.is_some_and(|count| count > 0)).then_some(true),
            top_logprobs: body.top_logprobs,
            max_output: body.max_output_tokens,
            ..Sampling::default()
        },
        reasoning: reasoning(body.reasoning, include_sealed, &mut ext),
        output: output(body.text)?,
        state: State {
            store: body.store,
            previous_response_id: body.previous_response_id,
            conversation: body.conversation,
            background: body.background,
            truncation: body.truncation,
            context_management: body.context_management,
            include,
            prompt: body.prompt,
            compact: conversation.compact,
            ..State::default()
        },
        identity: Identity {
            service_tier: body.service_tier,
            metadata: sorted::map(
                body.metadata.unwrap_or_default().into_iter().map(|(key, value)| (key, said(value))),
            ),
            user: body.user,
            safety_identifier: body.safety_identifier,
            prompt_cache_key: body.prompt_cache_key,
            prompt_cache_retention: body.prompt_cache_retention,
            safety_settings: None,
        },
        ext,
        ..Request::new(Protocol::Responses, model)
    })
}

/// What `input` holds beside the items that stay where they are.
#[derive(Default)]
struct Conversation {
    items: Vec<Item>,
    /// Of `additional_tools` items, which add to the request's own.
    tools: Vec<Tool>,
    /// Whether there was a `compaction_trigger`.
    compact: bool,
}

impl Conversation {
    fn read(&mut self, input: &RawValue) -> Result<(), Invalid> {
        if let Some(text) = wire::string(input) {
            self.items.push(Item::Message(Message::new(Role::User, vec![Block::text(text)])));
            return Ok(());
        }
        let list: Vec<&RawValue> =
            wire::read(input).map_err(|_| Invalid("input: expected a string or a list of items".into()))?;
        for (position, raw) in list.into_iter().enumerate() {
            self.item(raw).map_err(wire::at(|| format!("input[{position}]")))?;
        }
        Ok(())
    }

    fn item(&mut self, raw: &RawValue) -> Result<(), Invalid> {
        #[derive(Deserialize)]
        struct AdditionalTools<'a> {
            #[serde(borrow)]
            tools: &'a RawValue,
        }
        let head: item::Head<'_> = wire::read(raw)?;
        match head.kind() {
            "compaction_trigger" => self.compact = true,
            "additional_tools" => {
                let AdditionalTools { tools } = wire::read(raw)?;
                self.tools.extend(tool::tools(tools).map_err(wire::at(|| ".tools".into()))?);
            }
            _ => self.items.push(item::item(raw)?),
        }
        Ok(())
    }
}

fn present(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get() != "null")
}

/// A string; some send a list of messages or texts.
fn instructions(raw: &RawValue) -> Result<Vec<Block>, Invalid> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        content: &'a RawValue,
    }
    if !raw.get().starts_with('[') {
        return content::blocks(Some(raw), Role::System).map_err(wire::at(|| "instructions".into()));
    }
    let mut blocks = Vec::new();
    for (position, element) in wire::elements(raw).into_iter().enumerate() {
        let read = match wire::read::<Message<'_>>(element) {
            Ok(message) => content::blocks(Some(message.content), Role::System),
            Err(_) => content::block(element, Role::System).map(|block| vec![block]),
        };
        blocks.extend(read.map_err(wire::at(|| format!("instructions[{position}]")))?);
    }
    Ok(blocks)
}

/// An effort that nobody knows stays with Responses, as do the settings no other protocol has.
fn reasoning(reasoning: Option<Reasoning>, include_sealed: bool, ext: &mut Ext) -> ReasoningConfig {
    let Some(mut reasoning) = reasoning else {
        return ReasoningConfig { include_sealed, ..ReasoningConfig::default() };
    };
    let effort = reasoning.effort.as_deref().and_then(Effort::parse);
    if let (None, Some(unknown)) = (effort, reasoning.effort) {
        reasoning.ext.insert("effort".into(), unknown.into());
    }
    if !reasoning.ext.is_empty() {
        ext.insert("reasoning".into(), Value::Object(reasoning.ext));
    }
    ReasoningConfig {
        effort,
        summary: reasoning.summary.or(reasoning.generate_summary),
        include_sealed,
        ..ReasoningConfig::default()
    }
}

fn output(text: Option<Text>) -> Result<Output, Invalid> {
    #[derive(Deserialize)]
    struct WireFormat {
        r#type: String,
        name: Option<String>,
        description: Option<String>,
        schema: Option<Raw>,
        strict: Option<bool>,
    }
    let Some(Text { format, verbosity }) = text else { return Ok(Output::default()) };
    let format = match format {
        None => None,
        Some(raw) => {
            let wire: WireFormat =
                json::from_str(raw.get()).map_err(|error| Invalid(format!("text.format: {error}")))?;
            Some(match (wire.r#type.as_str(), wire.schema) {
                ("text", _) => Format::Text,
                ("json_object", _) => Format::JsonObject,
                ("json_schema", Some(schema)) => Format::JsonSchema {
                    name: wire.name,
                    description: wire.description,
                    schema,
                    strict: wire.strict,
                },
                ("json_schema", None) => return Err(Invalid("text.format: missing `schema`".into())),
                _ => Format::Opaque { owner: Protocol::Responses, raw },
            })
        }
    };
    Ok(Output { format, verbosity, ..Output::default() })
}

fn said(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
