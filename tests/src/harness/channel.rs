//! A channel as an operator writes it.

use serde_json::{Value, json};

use crate::mock::Protocol;

/// Builds one entry of `channels`.
#[derive(Clone, Debug)]
pub struct Channel {
    name: String,
    endpoints: Vec<Value>,
    keys: Vec<Value>,
    fields: serde_json::Map<String, Value>,
}

impl Channel {
    /// A channel of priority 1 with no endpoint and no key yet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            endpoints: Vec::new(),
            keys: Vec::new(),
            fields: serde_json::Map::new(),
        }
    }

    /// A channel that serves all six protocols from one base URL, with one key named after it.
    pub fn every(name: &str, base: &str) -> Self {
        let channel = Self::new(name).key(&format!("sk-{name}-1"));
        Protocol::ALL.into_iter().fold(channel, |channel, protocol| channel.endpoint(protocol, base))
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn endpoint(mut self, protocol: Protocol, base: &str) -> Self {
        self.endpoints.push(json!({ "protocol": protocol.as_str(), "baseUrl": base }));
        self
    }

    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.keys.push(json!({ "key": key }));
        self
    }

    #[must_use]
    pub fn priority(self, priority: u32) -> Self {
        self.with("priority", json!(priority))
    }

    /// Any other field of the document.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.fields.insert(field.to_owned(), value);
        self
    }

    pub fn json(&self) -> Value {
        let mut fields = serde_json::Map::new();
        fields.insert("name".to_owned(), json!(self.name));
        fields.insert("endpoints".to_owned(), json!(self.endpoints));
        fields.insert("keys".to_owned(), json!(self.keys));
        fields.extend(self.fields.clone());
        Value::Object(fields)
    }
}
