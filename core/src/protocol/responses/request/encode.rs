//! A request to a Responses body.

mod body;
mod content;
mod items;
mod output;
mod tools;

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use self::body::Body;
use super::decode::{INCLUDE_LOGPROBS, INCLUDE_SEALED};
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{Block, Effort, Format, Losses, Raw, Request, Sampling};
use crate::protocol::convert::{Encoded, Target, Unsupported};
use crate::protocol::openai;

/// The least `max_output_tokens` that is taken.
const MIN_OUTPUT: u64 = 16;

/// What an encoder of parts of a request needs to know, and what those parts lost.
struct Encoding<'a> {
    compat: &'a Compat,
    /// Whether the client speaks Responses too.
    of_responses: bool,
    lost: Losses,
}

/// Writes a body for `/v1/responses`.
pub(in crate::protocol) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, Unsupported> {
    check(request)?;
    let mut encoding = Encoding {
        compat: target.compat,
        of_responses: request.origin == Protocol::Responses,
        lost: Losses::default(),
    };
    let mut body = Body::new(target.compat);
    body.own("model", &target.model);
    body.own("stream", &target.stream);
    body.put("instructions", "instructions", encoding.instructions(&request.instructions));
    let input = items::input(&mut encoding, request);
    body.json("input", &input);
    let tools = encoding.tools(request);
    if !tools.is_empty() {
        body.put("tools", "tools", Some(&tools));
        body.put("tool_choice", "tool_choice", encoding.tool_choice(request));
    }
    let parallel = request.parallel_tool_calls;
    if target.compat.parallel_tool_calls == Some(false) {
        if parallel == Some(false) {
            encoding.lost.dropped("parallel_tool_calls");
        }
    } else {
        body.put("parallel_tool_calls", "parallel_tool_calls", parallel);
    }
    encoding.sampling(&request.sampling, &mut body);
    encoding.reasoning(request, &mut body);
    encoding.output(request, &mut body);
    encoding.state(request, &mut body);
    encoding.identity(request, &mut body);
    if let Some(ext) = encoding.ext(&request.ext) {
        let known = |name: &str| name == "reasoning" || name == "stream_options" && !target.stream;
        for (name, value) in ext.iter().filter(|(name, _)| !known(name)) {
            if target.compat.omits(name) {
                encoding.lost.dropped(format!("ext.{name}"));
            }
            body.own(name, value);
        }
    }
    let (body, omitted) = body.finish();
    encoding.lost.extend(omitted);
    Ok(Encoded { body, headers: Vec::new(), lost: encoding.lost })
}

/// What the upstream would have to hold, and cannot.
fn check(request: &Request) -> Result<(), Unsupported> {
    let refuse = |what: &str| Err(Unsupported(format!("{what} cannot be used on a Responses upstream")));
    if request.state.cached_content.is_some() {
        return refuse("cached content");
    }
    if request.state.container.is_some() {
        return refuse("a container");
    }
    Ok(())
}

impl<'a> Encoding<'a> {
    fn instructions(&mut self, blocks: &'a [Block]) -> Option<String> {
        let mut texts = Vec::new();
        for block in blocks {
            match block {
                Block::Text(text) => {
                    if text.cache.is_some() {
                        self.lost.dropped("cache_control");
                    }
                    texts.push(text.text.as_str());
                }
                _ => self.lost.dropped("items.system"),
            }
        }
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }

    fn sampling(&mut self, sampling: &Sampling, body: &mut Body<'_>) {
        body.put("temperature", "temperature", sampling.temperature);
        body.put("top_p", "top_p", sampling.top_p);
        body.put("top_logprobs", "top_logprobs", sampling.top_logprobs);
        let cap = self.compat.max_output.unwrap_or(u64::MAX);
        let max_output = sampling.max_output.map(|wanted| wanted.min(cap).max(MIN_OUTPUT));
        if max_output != sampling.max_output {
            self.lost.approximated("max_output");
        }
        body.put("max_output_tokens", "max_output", max_output);
        let unknown = [
            ("top_k", sampling.top_k.is_some()),
            ("min_p", sampling.min_p.is_some()),
            ("frequency_penalty", sampling.frequency_penalty.is_some_and(|penalty| penalty != 0.0)),
            ("presence_penalty", sampling.presence_penalty.is_some_and(|penalty| penalty != 0.0)),
            ("seed", sampling.seed.is_some()),
            ("stop", !sampling.stop.is_empty()),
            ("n", sampling.n.is_some_and(|n| n > 1)),
            ("logit_bias", sampling.logit_bias.is_some()),
        ];
        unknown.into_iter().filter(|(_, asked)| *asked).for_each(|(feature, _)| self.lost.dropped(feature));
    }

    fn reasoning(&mut self, request: &Request, body: &mut Body<'_>) {
        let config = &request.reasoning;
        let mut reasoning = match request.ext.get("reasoning") {
            Some(Value::Object(only_ours)) if self.of_responses => only_ours.clone(),
            _ => Map::new(),
        };
        if let Some(effort) = config.implied_effort() {
            if config.budget.is_some() && !config.is_off() {
                self.lost.approximated("reasoning.budget");
            }
            let known = self.nearest(effort);
            if known != effort {
                self.lost.approximated("reasoning.effort");
            }
            reasoning.insert("effort".into(), known.as_str().into());
        }
        // Only who speaks of thinking at all can show it.
        let wanted = !config.is_off()
            && config.show != Some(false)
            && (config.show.is_some()
                || config.mode.is_some()
                || config.effort.is_some()
                || config.budget.is_some());
        let summary = match &config.summary {
            None if wanted && !self.of_responses => Some("auto"),
            summary => summary.as_deref(),
        };
        if let Some(summary) = summary {
            reasoning.insert("summary".into(), summary.into());
        }
        body.put("reasoning", "reasoning", (!reasoning.is_empty()).then_some(&reasoning));
        let sealed = if self.of_responses { config.include_sealed } else { !config.is_off() };
        let logprobs = request.sampling.logprobs == Some(true);
        let include: Vec<&str> = [(sealed, INCLUDE_SEALED), (logprobs, INCLUDE_LOGPROBS)]
            .into_iter()
            .filter_map(|(asked, name)| asked.then_some(name))
            .chain(request.state.include.iter().map(String::as_str))
            .collect();
        if !include.is_empty() {
            body.own("include", &include);
        }
    }

    /// The effort nearest to `effort` that the upstream knows; of two, the lower.
    fn nearest(&self, effort: Effort) -> Effort {
        let listed: Vec<Effort> = match &self.compat.efforts {
            Some(names) => names.iter().filter_map(|name| Effort::parse(name)).collect(),
            None => Effort::ALL.into_iter().filter(|known| *known <= Effort::XHigh).collect(),
        };
        let distance = |known: &Effort| (*known as u8).abs_diff(effort as u8);
        listed.into_iter().min_by_key(distance).unwrap_or(effort)
    }

    /// <https://developers.openai.com/api/docs/guides/structured-outputs>
    fn output(&mut self, request: &Request, body: &mut Body<'_>) {
        #[derive(Serialize)]
        struct Text<'t> {
            #[serde(skip_serializing_if = "Option::is_none")]
            format: Option<WireFormat<'t>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            verbosity: Option<&'t str>,
        }
        #[derive(Serialize)]
        #[serde(untagged)]
        enum WireFormat<'t> {
            Plain {
                r#type: &'static str,
            },
            Schema {
                r#type: &'static str,
                name: &'t str,
                #[serde(skip_serializing_if = "Option::is_none")]
                description: Option<&'t str>,
                schema: &'t Raw,
                #[serde(skip_serializing_if = "Option::is_none")]
                strict: Option<bool>,
            },
            Raw(&'t Raw),
        }
        let output = &request.output;
        let format = match &output.format {
            None => None,
            Some(Format::Text) => Some(WireFormat::Plain { r#type: "text" }),
            Some(Format::JsonObject) => Some(WireFormat::Plain { r#type: "json_object" }),
            Some(Format::JsonSchema { name, description, schema, strict }) => Some(WireFormat::Schema {
                r#type: "json_schema",
                name: name.as_deref().unwrap_or("answer"),
                description: description.as_deref(),
                schema,
                strict: self.strict(*strict, "output.format.strict"),
            }),
            Some(Format::Opaque { owner: Protocol::Responses, raw }) => Some(WireFormat::Raw(raw)),
            Some(Format::Opaque { .. }) => {
                self.lost.dropped("output.format");
                None
            }
        };
        let verbosity = output.verbosity.as_deref();
        let text = (format.is_some() || verbosity.is_some()).then_some(Text { format, verbosity });
        body.put("text", "output.format", text);
        let unknown = [
            ("output.prediction", output.prediction.is_some()),
            ("output.audio", output.audio.is_some()),
            ("output.modalities", output.modalities.iter().any(|modality| modality != "text")),
        ];
        unknown.into_iter().filter(|(_, asked)| *asked).for_each(|(feature, _)| self.lost.dropped(feature));
    }

    /// Nothing is kept by the upstream unless a Responses client lets it.
    fn state(&mut self, request: &Request, body: &mut Body<'_>) {
        let state = &request.state;
        if !self.of_responses {
            body.own("store", &false);
            let unknown = [
                ("store", state.store == Some(true)),
                ("background", state.background == Some(true)),
                ("truncation", state.truncation.as_deref().is_some_and(|asked| asked != "disabled")),
                ("context_management", state.context_management.is_some()),
            ];
            unknown
                .into_iter()
                .filter(|(_, asked)| *asked)
                .for_each(|(feature, _)| self.lost.dropped(feature));
            return;
        }
        body.put("store", "store", state.store);
        body.put("previous_response_id", "previous_response_id", state.previous_response_id.as_deref());
        body.put("conversation", "conversation", state.conversation.as_ref());
        body.put("background", "background", state.background);
        body.put("truncation", "truncation", state.truncation.as_deref());
        body.put("context_management", "context_management", state.context_management.as_ref());
        body.put("prompt", "prompt", state.prompt.as_ref());
    }

    fn identity(&mut self, request: &Request, body: &mut Body<'_>) {
        let identity = &request.identity;
        let tier = identity.service_tier.as_deref().map(|tier| match tier {
            "standard" | "standard_only" if !self.of_responses => "default",
            tier => tier,
        });
        body.put("service_tier", "service_tier", tier);
        body.put("metadata", "metadata", Some(&identity.metadata).filter(|metadata| !metadata.is_empty()));
        let user = self.key(identity.user.as_deref(), "user");
        body.put("user", "user", user);
        let safety_identifier = self.key(identity.safety_identifier.as_deref(), "safety_identifier");
        body.put("safety_identifier", "safety_identifier", safety_identifier);
        let key = self.key(identity.prompt_cache_key.as_deref(), "prompt_cache_key");
        if self.compat.prompt_cache_key == Some(false) {
            if key.is_some() {
                self.lost.dropped("prompt_cache_key");
            }
        } else {
            body.put("prompt_cache_key", "prompt_cache_key", key);
        }
        let retention = identity.prompt_cache_retention.as_deref();
        body.put("prompt_cache_retention", "prompt_cache_retention", retention);
        if identity.safety_settings.is_some() {
            self.lost.dropped("safety_settings");
        }
    }

    fn key<'k>(&mut self, key: Option<&'k str>, feature: &'static str) -> Option<Cow<'k, str>> {
        let key = key?;
        if self.of_responses {
            return Some(Cow::Borrowed(key));
        }
        let fitting = openai::key::fitting(key);
        if fitting != key {
            self.lost.emulated(feature);
        }
        Some(fitting)
    }
}
