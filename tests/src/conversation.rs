//! A conversation with a tool as a client of each protocol holds it, one JSON answer at a time.

use serde_json::{Map, Value, json};

use crate::client::Call;
use crate::mock::{Behaviour, Protocol, ToolCall};
use crate::sample::Sample;

/// What the model thinks before it asks for the weather.
pub const THINKING: &str = "I must look outside.";
/// What the tool `weather` says.
pub const RESULT: &str = "24 °C";
/// What the model says at last.
pub const LAST_WORDS: &str = "It is sunny in Zürich.";

/// Asks for the weather and lets the model look it up.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub protocol: Protocol,
    pub body: Map<String, Value>,
    sample: Sample,
}

/// What an upstream does in such a conversation: it thinks, talks, calls, and has the last words.
pub fn upstream() -> Behaviour {
    let mut behaviour = Behaviour::text(LAST_WORDS);
    behaviour.reply.thinking = Some(THINKING.to_owned());
    behaviour.reply.tool =
        Some(ToolCall { name: "weather".to_owned(), arguments: json!({ "city": "Zürich" }) });
    behaviour
}

impl Conversation {
    pub fn new(protocol: Protocol) -> Self {
        let sample = Sample::of(protocol, false);
        let mut body: Map<String, Value> = serde_json::from_str(&sample.body).unwrap_or_default();
        let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        let (name, description) = ("weather", "Weather of a city.");
        let tools = match protocol {
            Protocol::Messages => {
                json!([{ "name": name, "description": description, "input_schema": schema }])
            }
            Protocol::Chat => {
                let function = json!({ "name": name, "description": description, "parameters": schema });
                json!([{ "type": "function", "function": function }])
            }
            Protocol::Responses => {
                body.insert("input".to_owned(), json!([{ "role": "user", "content": "hello" }]));
                body.insert("store".to_owned(), json!(false));
                body.insert("include".to_owned(), json!(["reasoning.encrypted_content"]));
                let strict = false;
                json!([{ "type": "function", "name": name, "description": description, "parameters": schema, "strict": strict }])
            }
            _ => {
                let function =
                    json!({ "name": name, "description": description, "parametersJsonSchema": schema });
                json!([{ "functionDeclarations": [function] }])
            }
        };
        body.insert("tools".to_owned(), tools);
        Self { protocol, body, sample }
    }

    /// The next request of it.
    pub fn call(&self, base: &str, key: &str) -> Call {
        self.sample.call(base, key).body("application/json", Value::Object(self.body.clone()).to_string())
    }

    /// Takes in the answer with the call, and says what the tool said.
    pub fn call_answered(&mut self, answer: &Value) {
        let calls = calls(self.protocol, answer);
        let results = calls.iter().map(|call| match self.protocol {
            Protocol::Messages => json!({ "type": "tool_result", "tool_use_id": call["id"], "content": RESULT }),
            Protocol::Chat => json!({ "role": "tool", "tool_call_id": call["id"], "content": RESULT }),
            Protocol::Responses => {
                json!({ "type": "function_call_output", "call_id": call["call_id"], "output": RESULT })
            }
            _ => {
                let response = json!({ "result": RESULT });
                json!({ "functionResponse": { "id": call["id"], "name": call["name"], "response": response } })
            }
        });
        let results: Vec<_> = results.collect();
        self.answered(answer);
        match self.protocol {
            Protocol::Messages => self.push(json!({ "role": "user", "content": results })),
            Protocol::Gemini => self.push(json!({ "role": "user", "parts": results })),
            _ => results.into_iter().for_each(|result| self.push(result)),
        }
    }

    /// Takes in an answer as it is.
    pub fn answered(&mut self, answer: &Value) {
        match self.protocol {
            Protocol::Messages => self.push(json!({ "role": "assistant", "content": answer["content"] })),
            Protocol::Chat => self.push(at(answer, "/choices/0/message").clone()),
            Protocol::Responses => {
                for item in answer["output"].as_array().into_iter().flatten() {
                    self.push(item.clone());
                }
            }
            _ => self.push(at(answer, "/candidates/0/content").clone()),
        }
    }

    /// The user's next words.
    pub fn say(&mut self, text: &str) {
        match self.protocol {
            Protocol::Gemini => self.push(json!({ "role": "user", "parts": [{ "text": text }] })),
            _ => self.push(json!({ "role": "user", "content": text })),
        }
    }

    fn push(&mut self, item: Value) {
        let list = match self.protocol {
            Protocol::Responses => "input",
            Protocol::Gemini => "contents",
            _ => "messages",
        };
        if let Some(list) = self.body.get_mut(list).and_then(Value::as_array_mut) {
            list.push(item);
        }
    }
}

/// The calls of an answer, as their protocol writes them.
pub fn calls(protocol: Protocol, answer: &Value) -> Vec<Value> {
    let list = |pointer: &str| at(answer, pointer).as_array().cloned().unwrap_or_default();
    let of_type = |pointer: &str, kind: &str| -> Vec<Value> {
        list(pointer).into_iter().filter(|it| it["type"] == kind).collect()
    };
    match protocol {
        Protocol::Messages => of_type("/content", "tool_use"),
        Protocol::Chat => list("/choices/0/message/tool_calls"),
        Protocol::Responses => of_type("/output", "function_call"),
        _ => {
            let parts = list("/candidates/0/content/parts");
            parts.iter().filter_map(|part| part.get("functionCall").cloned()).collect()
        }
    }
}

fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}
